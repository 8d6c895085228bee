//! One thing wrong with one field, in the words of the real API server.
//!
//! Not for problems of a whole request (not found, conflict); those are Status errors of their own.
//! Several of these become the causes of one Status with reason `Invalid`.

use serde_json::Value;
use std::fmt;

/// The machine-readable reason of a [`FieldError`], as it appears in `details.causes[].reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldReason {
    /// The field must be set.
    Required,
    /// The value is of the right type, and wrong.
    Invalid,
    /// The value has the wrong JSON type.
    TypeInvalid,
    /// The value is none of a closed set.
    NotSupported,
    /// The value occurs twice where it must be unique.
    Duplicate,
    /// The value names something that does not exist.
    NotFound,
    /// The field must not be set here.
    Forbidden,
    /// The text is too long.
    TooLong,
    /// The list or map has too many members.
    TooMany,
}

impl FieldReason {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::NotFound => "FieldValueNotFound",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
        }
    }

    /// The words that begin the message.
    fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::NotFound => "Not found",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

/// One thing wrong with one field.
///
/// `Display` gives `path: body`, which is what kubectl prints for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// What kind of mistake it is.
    pub reason: FieldReason,
    /// Where: `spec.template.spec.containers[0].name`, `metadata.labels`.
    pub field: String,
    /// The message without the path, e.g. `Required value: must specify a name`.
    pub body: String,
}

impl FieldError {
    /// A field that must be set; `detail` may be empty.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        Self::new(FieldReason::Required, field, None, detail)
    }

    /// A value that is wrong, with why.
    pub fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self::new(FieldReason::Invalid, field, Some(value), detail)
    }

    /// A value that is wrong and too large to repeat, with why.
    pub fn invalid_without_value(field: impl Into<String>, detail: &str) -> Self {
        Self::new(FieldReason::Invalid, field, None, detail)
    }

    /// A value of the wrong JSON type, with why.
    pub fn type_invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self::new(FieldReason::TypeInvalid, field, Some(value), detail)
    }

    /// A value outside a closed set; the set is listed in the order given.
    pub fn not_supported<S: AsRef<str>>(
        field: impl Into<String>,
        value: &Value,
        allowed: &[S],
    ) -> Self {
        let allowed: Vec<String> = allowed
            .iter()
            .map(|a| format!("{:?}", a.as_ref()))
            .collect();
        let detail = if allowed.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", allowed.join(", "))
        };
        Self::new(FieldReason::NotSupported, field, Some(value), &detail)
    }

    /// A value that occurs a second time.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self::new(FieldReason::Duplicate, field, Some(value), "")
    }

    /// A value that names something that does not exist.
    pub fn not_found(field: impl Into<String>, value: &Value) -> Self {
        Self::new(FieldReason::NotFound, field, Some(value), "")
    }

    /// A field that must not be set, or must not change.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::new(FieldReason::Forbidden, field, None, detail)
    }

    /// A text above `max` bytes.
    pub fn too_long(field: impl Into<String>, max: u64) -> Self {
        let noun = if max == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {max} {noun}");
        Self::new(FieldReason::TooLong, field, None, &detail)
    }

    /// A list or map of `actual` members where `max` are allowed.
    pub fn too_many(field: impl Into<String>, actual: usize, max: u64) -> Self {
        let noun = if max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {max} {noun}");
        let value = Value::from(actual);
        Self::new(FieldReason::TooMany, field, Some(&value), &detail)
    }

    fn new(
        reason: FieldReason,
        field: impl Into<String>,
        value: Option<&Value>,
        detail: &str,
    ) -> Self {
        let mut body = reason.words().to_owned();
        if let Some(value) = value {
            body.push_str(": ");
            body.push_str(&value.to_string());
        }
        if !detail.is_empty() {
            body.push_str(": ");
            body.push_str(detail);
        }
        Self {
            reason,
            field: field.into(),
            body,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// Several field errors in one sentence: one alone as it is, more in brackets, repeats once.
pub fn join(errors: &[FieldError]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for error in errors {
        let line = error.to_string();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_words_are_those_of_the_api_server() {
        let table = [
            (FieldError::required("spec", ""), "spec: Required value"),
            (
                FieldError::invalid("spec.replicas", &json!(-1), "must be positive"),
                "spec.replicas: Invalid value: -1: must be positive",
            ),
            (
                FieldError::not_supported("spec.type", &json!("A"), &["B", "C"]),
                r#"spec.type: Unsupported value: "A": supported values: "B", "C""#,
            ),
            (
                FieldError::duplicate("spec.ports[1]", &json!({"port": 80})),
                r#"spec.ports[1]: Duplicate value: {"port":80}"#,
            ),
            (
                FieldError::too_many("spec.items", 3, 2),
                "spec.items: Too many: 3: must have at most 2 items",
            ),
        ];
        for (error, words) in table {
            assert_eq!(error.to_string(), words);
        }
    }

    #[test]
    fn several_errors_are_listed_once_each_in_brackets() {
        let a = FieldError::required("a", "");
        let b = FieldError::required("b", "");
        assert_eq!(join(std::slice::from_ref(&a)), "a: Required value");
        assert_eq!(
            join(&[a.clone(), b, a]),
            "[a: Required value, b: Required value]"
        );
    }
}
