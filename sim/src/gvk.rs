//! Group, version and kind: what an object says it is.

use serde_json::Value;
use std::fmt;

/// Group, version and kind of an object. The core group is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gvk {
    /// `apps`, `argoproj.io`, or empty for the core group.
    pub group: String,
    /// `v1`, `v1alpha1`.
    pub version: String,
    /// `ReplicaSet`.
    pub kind: String,
}

impl Gvk {
    /// A kind by its three names.
    pub fn new(
        group: impl Into<String>,
        version: impl Into<String>,
        kind: impl Into<String>,
    ) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// What the object's `apiVersion` and `kind` say; `None` when one is missing or not a text.
    pub fn of(object: &Value) -> Option<Self> {
        let (group, version) = split(object.get("apiVersion")?.as_str()?);
        Some(Self::new(group, version, object.get("kind")?.as_str()?))
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, Kind={}", self.api_version(), self.kind)
    }
}

/// Group and version of an `apiVersion`.
fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
