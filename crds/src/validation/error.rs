//! One thing wrong with one field.

/// What kind of mistake it is; `Display` gives Kubernetes' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The field must be set.
    Required,
    /// The value is not allowed.
    Invalid,
    /// The value is none of a closed set.
    NotSupported,
    /// The field must not be set.
    Forbidden,
    /// A contradiction that the peer reports as an internal error.
    Internal,
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Required => "Required value",
            Self::Invalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::Internal => "Internal error",
        })
    }
}

/// One thing wrong with one field of a Rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The path as the peer prints it; it lacks `canary` and `blueGreen`.
    pub compat_path: String,
    /// The true path of the field, e.g. `spec.strategy.canary.steps[2].setWeight`.
    pub path: String,
    /// What kind of mistake it is.
    pub kind: ErrorKind,
    /// The value as JSON (text in quotes), for the kinds that show it.
    pub value: Option<String>,
    /// The rule that is broken, in the peer's words; may be empty.
    pub detail: String,
    /// What to do about it, as a sentence without a full stop.
    pub fix: String,
}

impl FieldError {
    /// The message of the `InvalidSpec` condition, character by character the peer's.
    #[must_use]
    pub fn compat_message(&self, rollout_name: &str) -> String {
        format!(
            "The Rollout \"{rollout_name}\" is invalid: {}: {}",
            self.compat_path,
            self.body()
        )
    }

    /// The error with the field's true path, as the API server would print it.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}: {}", self.path, self.body())
    }

    fn body(&self) -> String {
        let mut body = self.kind.to_string();
        for part in [self.value.as_deref().unwrap_or_default(), &self.detail] {
            if !part.is_empty() {
                body.push_str(": ");
                body.push_str(part);
            }
        }
        body
    }
}
