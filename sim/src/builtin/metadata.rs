//! Names, labels, annotations, owners and finalizers of any object.

use serde_json::Value;

use super::{at, members, names, text};
use crate::Gvk;
use crate::field_error::FieldError;

/// All keys and values of annotations together may be this large.
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// What the name of a kind must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// Lower case letters, digits, `-` and `.`, up to 253: most kinds and all custom resources.
    Subdomain,
    /// Lower case letters, digits and `-`, up to 63: namespaces.
    Label,
    /// As a label, but begins with a letter: Services.
    ServiceLabel,
    /// Whatever can be a part of a path: Events.
    Segment,
}

impl NameRule {
    /// The rule of a kind.
    pub fn of(gvk: &Gvk) -> Self {
        match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Namespace") => Self::Label,
            ("", "Service") => Self::ServiceLabel,
            ("", "Event") => Self::Segment,
            _ => Self::Subdomain,
        }
    }

    fn check(self, name: &str) -> Vec<String> {
        match self {
            Self::Subdomain => names::dns_subdomain(name),
            Self::Label => names::dns_label(name),
            Self::ServiceLabel => names::dns_1035(name),
            Self::Segment => names::segment(name),
        }
    }
}

/// What is wrong with `metadata`, after the server has generated a missing name.
///
/// Whether the namespace fits the kind is the API's own business.
pub fn validate_metadata(object: &Value, rule: NameRule, errors: &mut Vec<FieldError>) {
    let metadata = at(object, "metadata");
    let name = text(metadata, "name");
    if name.is_empty() {
        let detail = "name or generateName is required";
        errors.push(FieldError::required("metadata.name", detail));
    } else {
        for detail in rule.check(name) {
            errors.push(FieldError::invalid("metadata.name", &name.into(), &detail));
        }
    }
    labels(at(metadata, "labels"), "metadata.labels", errors);
    annotations(at(metadata, "annotations"), "metadata.annotations", errors);
    owners(metadata, errors);
    let mut cascades = Vec::new();
    for (_, finalizer) in members(metadata, "finalizers") {
        let name = finalizer.as_str().unwrap_or_default();
        if matches!(name, "orphan" | "foregroundDeletion") {
            cascades.push(name);
        }
        for detail in names::qualified(name) {
            errors.push(FieldError::invalid(
                "metadata.finalizers",
                finalizer,
                &detail,
            ));
        }
    }
    if cascades.contains(&"orphan") && cascades.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        let value = at(metadata, "finalizers");
        errors.push(FieldError::invalid("metadata.finalizers", value, detail));
    }
}

/// What must not change in `metadata`, besides what the API sets itself.
pub fn validate_metadata_update(object: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let (new, old) = (at(object, "metadata"), at(old, "metadata"));
    if old.get("deletionTimestamp").is_some() {
        let before: Vec<&Value> = members(old, "finalizers").map(|(_, f)| f).collect();
        let mut added: Vec<String> = members(new, "finalizers")
            .filter(|(_, finalizer)| !before.contains(finalizer))
            .map(|(_, finalizer)| finalizer.to_string())
            .collect();
        if !added.is_empty() {
            added.sort();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", &detail));
        }
    }
    for name in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        if new.get(name) != old.get(name) {
            let value = new.get(name).unwrap_or(&Value::Null);
            let field = format!("metadata.{name}");
            errors.push(FieldError::invalid(field, value, "field is immutable"));
        }
    }
}

/// What is wrong with a map of labels.
pub(super) fn labels(labels: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        for detail in names::qualified(key) {
            errors.push(FieldError::invalid(path, &key.as_str().into(), &detail));
        }
        match value.as_str() {
            Some(text) => {
                for detail in names::label_value(text) {
                    errors.push(FieldError::invalid(path, value, &detail));
                }
            }
            None => errors.push(FieldError::invalid(path, value, "must be a string")),
        }
    }
}

/// What is wrong with a map of annotations.
pub(super) fn annotations(annotations: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let mut size = 0_usize;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        for detail in names::qualified(&key.to_lowercase()) {
            errors.push(FieldError::invalid(path, &key.as_str().into(), &detail));
        }
        match value.as_str() {
            Some(text) => size = size.saturating_add(key.len()).saturating_add(text.len()),
            None => errors.push(FieldError::invalid(path, value, "must be a string")),
        }
    }
    if size > ANNOTATIONS_MAX {
        let max = u64::try_from(ANNOTATIONS_MAX).unwrap_or(u64::MAX);
        errors.push(FieldError::too_long(path, max));
    }
}

fn owners(metadata: &Value, errors: &mut Vec<FieldError>) {
    let path = "metadata.ownerReferences";
    let mut controller: Option<String> = None;
    for (_, owner) in members(metadata, "ownerReferences") {
        for (name, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if text(owner, name).is_empty() {
                let field = format!("{path}.{name}");
                errors.push(FieldError::invalid(field, &"".into(), detail));
            }
        }
        if (text(owner, "apiVersion"), text(owner, "kind")) == ("v1", "Event") {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(path, owner, detail));
        }
        if at(owner, "controller").as_bool() == Some(true) {
            let this = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
            if let Some(first) = &controller {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
                );
                let value = at(metadata, "ownerReferences");
                errors.push(FieldError::invalid(path, value, &detail));
            } else {
                controller = Some(this);
            }
        }
    }
}
