//! JSON as YAML, the same text for the same value on every machine.
//!
//! Keys in bytewise order, lists not indented below their key, texts plain where no reader could
//! take them for something else and in JSON's quotes otherwise.

use serde_json::Value;

/// A document of its own.
pub(super) fn document(json: &Value) -> String {
    let mut text = String::new();
    block(json, 0, &mut text);
    text
}

/// Writes an object or list as lines indented by `indent`; anything else as one line.
fn block(json: &Value, indent: usize, text: &mut String) {
    match json {
        Value::Object(fields) if !fields.is_empty() => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            for (key, value) in fields {
                text.push_str(&" ".repeat(indent));
                text.push_str(&scalar(key));
                text.push(':');
                field_value(value, indent, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut lines = String::new();
                block(item, indent + 2, &mut lines);
                text.push_str(&" ".repeat(indent));
                text.push_str("- ");
                text.push_str(lines.trim_start());
            }
        }
        _ => {
            text.push_str(&inline(json));
            text.push('\n');
        }
    }
}

fn field_value(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            block(value, indent + 2, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, indent, text);
        }
        _ => {
            text.push(' ');
            text.push_str(&inline(value));
            text.push('\n');
        }
    }
}

fn inline(json: &Value) -> String {
    match json {
        Value::String(string) => scalar(string),
        _ => json.to_string(),
    }
}

fn scalar(string: &str) -> String {
    let plain_char = |c: char| c.is_ascii_alphanumeric() || " ,.;()/_-`'=+<>{}[]".contains(c);
    let is_plain = string.starts_with(|c: char| c.is_ascii_alphabetic())
        && string.chars().all(plain_char)
        && !string.ends_with(' ')
        && !matches!(
            string.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        string.to_owned()
    } else {
        Value::from(string).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_is_sorted_and_quotes_what_could_be_misread() {
        let json = json!({
            "b": {"empty": {}, "none": [], "flag": true},
            "a": ["plain text", "true", "-1", "a: b", 1],
            "c": [{"y": 1, "x": [{"z": "2"}]}],
            "": "",
        });
        assert_eq!(
            document(&json),
            "\"\": \"\"\n\
             a:\n\
             - plain text\n\
             - \"true\"\n\
             - \"-1\"\n\
             - \"a: b\"\n\
             - 1\n\
             b:\n  empty: {}\n  flag: true\n  none: []\n\
             c:\n\
             - x:\n  - z: \"2\"\n  \"y\": 1\n"
        );
    }
}
