//! JSON text exactly as Go's `encoding/json` writes it, for hashes that must agree with the
//! peer's byte for byte.
//!
//! Differences to `serde_json`: `<`, `>`, `&`, U+2028 and U+2029 are escaped; the order of an
//! object's fields is the caller's (struct fields) or bytewise (maps). Nothing else here.

use serde_json::{Number, Value};

/// An object whose fields are written in the order of the calls; Go's struct.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    fields: String,
}

impl Struct {
    /// An object without fields.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a field with a value that is JSON already.
    pub(crate) fn field(mut self, name: &str, json: &str) -> Self {
        if !self.fields.is_empty() {
            self.fields.push(',');
        }
        self.fields.push_str(&string(name));
        self.fields.push(':');
        self.fields.push_str(json);
        self
    }

    /// Adds a field when there is a value: a pointer with `omitempty`.
    pub(crate) fn optional(self, name: &str, json: Option<String>) -> Self {
        match json {
            Some(json) => self.field(name, &json),
            None => self,
        }
    }

    /// Adds a text that is not empty: a string with `omitempty`.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        if text.is_empty() {
            self
        } else {
            self.field(name, &string(text))
        }
    }

    /// Adds a flag that is set: a bool with `omitempty`.
    pub(crate) fn flag(self, name: &str, set: bool) -> Self {
        if set { self.field(name, "true") } else { self }
    }

    /// Adds a list that is not empty: a slice with `omitempty`.
    pub(crate) fn list<T>(self, name: &str, items: &[T], json: impl Fn(&T) -> String) -> Self {
        if items.is_empty() {
            self
        } else {
            self.field(name, &list(items, json))
        }
    }

    /// The object's text.
    pub(crate) fn finish(self) -> String {
        format!("{{{}}}", self.fields)
    }
}

/// A list, also an empty one.
pub(crate) fn list<T>(items: &[T], json: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(json).collect();
    format!("[{}]", items.join(","))
}

/// A map, keys in bytewise order.
pub(crate) fn map<'a, T: 'a>(
    entries: impl IntoIterator<Item = (&'a String, &'a T)>,
    json: impl Fn(&T) -> String,
) -> String {
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
        .into_iter()
        .fold(Struct::new(), |object, (key, value)| {
            object.field(key, &json(value))
        })
        .finish()
}

/// Any JSON, objects with their keys in bytewise order.
pub(crate) fn value(json: &Value) -> String {
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(value) => number(value),
        Value::String(text) => string(text),
        Value::Array(items) => list(items, value),
        Value::Object(entries) => map(entries, value),
    }
}

/// A text in quotes.
pub(crate) fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

/// A number: integers as they are, others in the shortest form that reads back the same.
fn number(value: &Number) -> String {
    if value.is_i64() || value.is_u64() {
        return value.to_string();
    }
    let Some(float) = value.as_f64() else {
        return value.to_string();
    };
    let magnitude = float.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        // Go writes the sign of a positive exponent: 1e+21.
        let text = format!("{float:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{float}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_go_writes_them() {
        for (json, text) in [
            (
                json!({"b": 1, "a": [true, null]}),
                r#"{"a":[true,null],"b":1}"#,
            ),
            (
                json!("<a>&b\u{2028}\u{1}\u{7f}"),
                "\"\\u003ca\\u003e\\u0026b\\u2028\\u0001\u{7f}\"",
            ),
            (json!("\"\\\n\t\u{8}ü"), "\"\\\"\\\\\\n\\t\\bü\""),
            (json!(1.5), "1.5"),
            (json!(1.0), "1"),
            (json!(1e21), "1e+21"),
            (json!(1.5e-7), "1.5e-7"),
            (json!(-3), "-3"),
        ] {
            assert_eq!(value(&json), text);
        }
    }
}
