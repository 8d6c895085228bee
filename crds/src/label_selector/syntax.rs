//! The syntax of label keys and values, with the texts of the API server.

const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must \
start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex \
used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
'my_value',  or '12345', regex used for validation is \
'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const PREFIX: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case \
alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
'example.com', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED: &str = "a qualified name must consist of alphanumeric characters, '-', '_' or \
'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an \
optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

/// What is wrong with a label's or annotation's key; `None` when nothing is.
pub(crate) fn name_problem(key: &str) -> Option<&'static str> {
    let name = match key.split_once('/') {
        None => key,
        Some(("", _)) => return Some("prefix part must be non-empty"),
        Some((_, name)) if name.contains('/') => return Some(QUALIFIED),
        Some((prefix, _)) if prefix.len() > 253 => {
            return Some("prefix part must be no more than 253 characters");
        }
        Some((prefix, _)) if !is_subdomain(prefix) => return Some(PREFIX),
        Some((_, name)) => name,
    };
    if name.is_empty() {
        Some("name part must be non-empty")
    } else if name.len() > 63 {
        Some("name part must be no more than 63 characters")
    } else if is_word(name) {
        None
    } else {
        Some(NAME)
    }
}

/// What is wrong with a label's value; `None` when nothing is.
pub(crate) fn value_problem(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        Some("must be no more than 63 characters")
    } else if value.is_empty() || is_word(value) {
        None
    } else {
        Some(VALUE)
    }
}

fn is_word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_subdomain(text: &str) -> bool {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('.').all(|part| {
        part.starts_with(lower)
            && part.ends_with(lower)
            && part.chars().all(|c| lower(c) || c == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_judged_as_the_api_server_does() {
        for key in [
            "app",
            "example.com/app",
            "a-b_c.D",
            "rollouts-pod-template-hash",
        ] {
            assert_eq!(name_problem(key), None, "{key}");
        }
        for (key, start) in [
            ("", "name part must be non-empty"),
            ("-a", "name part must consist"),
            ("/a", "prefix part must be non-empty"),
            ("a/", "name part must be non-empty"),
            ("A.com/a", "prefix part a lowercase"),
            ("a/b/c", "a qualified name"),
        ] {
            assert!(name_problem(key).unwrap().starts_with(start), "{key}");
        }
        assert_eq!(name_problem(&"a".repeat(63)), None);
        assert!(name_problem(&"a".repeat(64)).is_some());
        for value in ["", "web", "1.2_3-x"] {
            assert_eq!(value_problem(value), None, "{value}");
        }
        assert!(value_problem("a b").is_some());
        assert!(value_problem(&"a".repeat(64)).is_some());
    }
}
