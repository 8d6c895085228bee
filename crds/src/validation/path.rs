//! A field's path, twice: as the peer prints it and as it is.

use serde::Serialize;

use super::{ErrorKind, FieldError};

/// Where a field is. Both forms grow together; where the peer's is wrong they are told apart once.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    compat: String,
    real: String,
}

impl Path {
    /// `spec`.
    pub(crate) fn spec() -> Self {
        Self::both("spec", "spec")
    }

    /// `spec.strategy.canary`, which the peer prints as `spec.strategy`.
    pub(crate) fn canary() -> Self {
        Self::both("spec.strategy", "spec.strategy.canary")
    }

    /// `spec.strategy.blueGreen`, which the peer prints as `spec.strategy`.
    pub(crate) fn blue_green() -> Self {
        Self::both("spec.strategy", "spec.strategy.blueGreen")
    }

    fn both(compat: &str, real: &str) -> Self {
        Self {
            compat: compat.to_owned(),
            real: real.to_owned(),
        }
    }

    /// A field of this object.
    pub(crate) fn child(&self, name: &str) -> Self {
        self.compat_child(name).real_child(name)
    }

    /// A field that only the peer's path names.
    pub(crate) fn compat_child(&self, name: &str) -> Self {
        Self::both(&format!("{}.{name}", self.compat), &self.real)
    }

    /// A field that only the true path names.
    pub(crate) fn real_child(&self, name: &str) -> Self {
        Self::both(&self.compat, &format!("{}.{name}", self.real))
    }

    /// A member of this list.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self::both(
            &format!("{}[{index}]", self.compat),
            &format!("{}[{index}]", self.real),
        )
    }

    /// The field must be set.
    pub(crate) fn required(&self, detail: &str, fix: &str) -> FieldError {
        self.error(ErrorKind::Required, None, detail, fix)
    }

    /// The field must not be set.
    pub(crate) fn forbidden(&self, detail: &str, fix: &str) -> FieldError {
        self.error(ErrorKind::Forbidden, None, detail, fix)
    }

    /// The field contradicts another.
    pub(crate) fn internal(&self, detail: &str, fix: &str) -> FieldError {
        self.error(ErrorKind::Internal, None, detail, fix)
    }

    /// The value, a number, text or flag, is not allowed.
    pub(crate) fn invalid(&self, value: impl Serialize, detail: &str, fix: &str) -> FieldError {
        // Plain values serialise without failing; if one did, its place stays empty.
        let value = serde_json::to_string(&value).unwrap_or_default();
        self.invalid_json(value, detail, fix)
    }

    /// The value, given as JSON, is not allowed.
    pub(crate) fn invalid_json(&self, json: String, detail: &str, fix: &str) -> FieldError {
        self.error(ErrorKind::Invalid, Some(json), detail, fix)
    }

    /// The text is none of a closed set.
    pub(crate) fn not_supported(&self, value: &str, allowed: &[&str], fix: &str) -> FieldError {
        let allowed: Vec<String> = allowed.iter().map(|text| format!("\"{text}\"")).collect();
        let detail = format!("supported values: {}", allowed.join(", "));
        let value = serde_json::to_string(value).unwrap_or_default();
        self.error(ErrorKind::NotSupported, Some(value), &detail, fix)
    }

    fn error(&self, kind: ErrorKind, value: Option<String>, detail: &str, fix: &str) -> FieldError {
        FieldError {
            compat_path: self.compat.clone(),
            path: self.real.clone(),
            kind,
            value,
            detail: detail.to_owned(),
            fix: fix.to_owned(),
        }
    }
}
