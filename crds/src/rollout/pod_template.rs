//! A pod template, kept as small as it was written.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A pod template as its user wrote it: canonical JSON (sorted keys, no white space), shared by all
/// copies.
///
/// A tree of values takes ten times the bytes of the text, and nothing looks into most templates
/// between two updates.
#[derive(Clone, Default)]
pub struct PodTemplate(Option<Arc<Content>>);

struct Content {
    text: Box<str>,
    digest: OnceLock<Box<str>>,
    facts: OnceLock<Facts>,
}

/// What the rules of a Rollout ask of a template, again and again.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Texts of `metadata.labels`, by key.
    pub(crate) labels: Box<[(Box<str>, Box<str>)]>,
    /// Whether there are labels or annotations.
    pub(crate) has_metadata: bool,
    /// Whether `spec.containers` has any.
    pub(crate) has_containers: bool,
    /// `spec.restartPolicy`, where it is a text.
    pub(crate) restart_policy: Option<Box<str>>,
    /// Whether `spec.activeDeadlineSeconds` is set.
    pub(crate) has_deadline: bool,
}

impl Facts {
    fn of(template: &Value) -> Self {
        let map = |pointer: &str| template.pointer(pointer).and_then(Value::as_object);
        let is_filled = |field: &&str| map(field).is_some_and(|map| !map.is_empty());
        let labels = map("/metadata/labels").into_iter().flatten();
        let containers = template.pointer("/spec/containers");
        let policy = template.pointer("/spec/restartPolicy");
        let deadline = template.pointer("/spec/activeDeadlineSeconds");
        Self {
            labels: labels
                .filter_map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into())))
                .collect(),
            has_metadata: ["/metadata/labels", "/metadata/annotations"]
                .iter()
                .any(is_filled),
            has_containers: containers
                .and_then(Value::as_array)
                .is_some_and(|all| !all.is_empty()),
            restart_policy: policy.and_then(Value::as_str).map(Into::into),
            has_deadline: deadline.is_some_and(|it| !it.is_null()),
        }
    }
}

impl PodTemplate {
    /// Whether there is none.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// Canonical JSON; `null` where there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.as_ref().map_or("null", |content| &content.text)
    }

    /// The template as a tree of values. Takes time in proportion to its size: ask once.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // The text was written from a value.
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// The text of a label of its pods.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        let mut labels = self.facts().labels.iter();
        labels
            .find(|(name, _)| **name == *key)
            .map(|(_, value)| &**value)
    }

    /// Read once for all copies.
    pub(crate) fn facts(&self) -> &Facts {
        match &self.0 {
            Some(content) => content.facts.get_or_init(|| Facts::of(&self.to_value())),
            None => {
                static OF_NONE: OnceLock<Facts> = OnceLock::new();
                OF_NONE.get_or_init(Facts::default)
            }
        }
    }

    /// Its name: 32 hexadecimal digits of the SHA-256 of the text. Asking again costs nothing.
    #[must_use]
    pub fn digest(&self) -> &str {
        match &self.0 {
            Some(content) => content.digest.get_or_init(|| digest(&content.text)),
            None => {
                static OF_NONE: OnceLock<Box<str>> = OnceLock::new();
                OF_NONE.get_or_init(|| digest("null"))
            }
        }
    }
}

fn digest(text: &str) -> Box<str> {
    let hash = Sha256::digest(text.as_bytes());
    let mut digits = String::with_capacity(32);
    for byte in hash.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits.into_boxed_str()
}

impl From<&Value> for PodTemplate {
    fn from(value: &Value) -> Self {
        if value.is_null() {
            return Self::default();
        }
        let mut text = String::new();
        write_canonical(&mut text, value);
        Self(Some(Arc::new(Content {
            text: text.into_boxed_str(),
            digest: OnceLock::new(),
            facts: OnceLock::new(),
        })))
    }
}

impl From<Value> for PodTemplate {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl PartialEq for PodTemplate {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two) || one.text == two.text,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Eq for PodTemplate {}

impl fmt::Debug for PodTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for PodTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PodTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// JSON with sorted keys and no white space, whatever map type `serde_json` was built with.
fn write_canonical(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_scalar(out, &Value::String(key.clone()));
                out.push(':');
                write_canonical(out, map.get(key).unwrap_or(&Value::Null));
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            write_scalar(out, value);
        }
    }
}

fn write_scalar(out: &mut String, value: &Value) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_change_a_template() {
        let read = |text: &str| -> PodTemplate { serde_json::from_str(text).unwrap() };
        let one = read(r#"{"a":1,"b":{"c":2,"d":[3]}}"#);
        let two = read(r#"{"b":{"d":[3],"c":2},"a":1}"#);
        assert_eq!(one, two);
        assert_eq!(one.digest(), two.digest());
        let other = PodTemplate::from(json!({"a": 1, "b": {"c": 2, "d": [4]}}));
        assert_ne!(one, other);
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn what_was_written_comes_back() {
        let written = json!({"spec": {"containers": [{"name": "a\"b", "x": 1.5, "y": null}]}});
        let template = PodTemplate::from(&written);
        assert_eq!(template.to_value(), written);
        assert_eq!(serde_json::to_value(&template).unwrap(), written);
        assert!(PodTemplate::from(Value::Null).is_null());
        assert!(
            serde_json::from_str::<PodTemplate>("null")
                .unwrap()
                .is_null()
        );
    }

    #[test]
    fn labels_are_known_by_their_keys() {
        let labels = json!({"app": "web", "odd": 3});
        let template = PodTemplate::from(json!({"metadata": {"labels": labels}}));
        assert_eq!(template.label("app"), Some("web"));
        assert_eq!(template.label("odd"), None);
        assert_eq!(PodTemplate::default().label("app"), None);
    }

    /// The digests of ReplicaSets in running clusters must not change: every Rollout would ask about
    /// its template again.
    #[test]
    fn a_digest_stays_what_it_was() {
        let template = PodTemplate::from(json!({"spec": {"containers": [{"image": "shop:v1"}]}}));
        assert_eq!(template.digest().len(), 32);
        assert_eq!(template.digest(), "ac9ed7246f9702dc30ff21577b8e1633");
        assert_eq!(PodTemplate::default().digest().len(), 32);
    }
}
