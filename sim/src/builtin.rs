//! What the API server does to objects of built-in kinds before it stores them: it names fields it
//! does not know, fills in defaults, and refuses what is invalid, in its own words.
//!
//! Custom resources have their schema for this ([`crate::schema`]); only [`validate_metadata`] is
//! for both.
//!
//! Source: the Kubernetes API reference and `pkg/apis/*/{v1/defaults.go,validation}` of v1.36.

mod container;
mod decode;
mod default;
mod metadata;
mod names;
mod pod;
mod quantity;
mod service;
mod workload;

use serde_json::Value;

use crate::Gvk;
use crate::field_error::FieldError;

pub use decode::{prune, prune_metadata, type_error, unknown_fields};
pub use metadata::{NameRule, validate_metadata, validate_metadata_update};
pub use names::{dns_label, dns_subdomain};

/// Fills in what the API server fills in for this kind. Unknown kinds stay as they are.
///
/// Not done here, because it needs the rest of the cluster: a Service's cluster IP, what the
/// scheduler and kubelet set.
pub fn default(gvk: &Gvk, object: &mut Value) {
    default::default(gvk, object);
}

/// What admission gives a pod; `old` is the stored one on updates.
pub(crate) fn admit_pod(pod: &mut Value, old: Option<&Value>) {
    if let Some(map) = pod.as_object_mut() {
        default::admit_pod(map, old);
    }
}

/// What is wrong with an object of a built-in kind; `old` is the stored object on updates.
///
/// Metadata is part of it. Kinds without rules of their own have only that.
pub fn validate(gvk: &Gvk, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    // Of a new event the metadata are looked at when all else is well.
    if (gvk.group.as_str(), gvk.kind.as_str()) == ("", "Event") {
        event(object, &mut errors);
        if old.is_none() && !errors.is_empty() {
            return errors;
        }
    }
    let rule = NameRule::of(gvk);
    validate_metadata(object, rule, &mut errors);
    if let Some(old) = old {
        validate_metadata_update(object, old, &mut errors);
    }
    match gvk.kind.as_str() {
        "Pod" => pod::validate(object, old, &mut errors),
        "ReplicaSet" => workload::replica_set(object, old, &mut errors),
        "Deployment" => workload::deployment(object, old, &mut errors),
        "Service" => service::validate(object, old, &mut errors),
        "ConfigMap" => service::config(object, old, &["data", "binaryData"], &mut errors),
        "Secret" => service::config(object, old, &["data", "stringData"], &mut errors),
        "Lease" => lease(object, &mut errors),
        _ => {}
    }
    errors
}

/// An event stands in the namespace of what it is about; about what has none, in `default`.
fn event(event: &Value, errors: &mut Vec<FieldError>) {
    let namespace = text(event, "metadata.namespace");
    let of = at(event, "involvedObject.namespace");
    let given = of.as_str().unwrap_or_default();
    let fits = match given {
        "" => matches!(namespace, "" | "default" | "kube-system"),
        given => given == namespace,
    };
    if !fits {
        let path = "involvedObject.namespace";
        errors.push(FieldError::invalid(
            path,
            &given.into(),
            "does not match event.namespace",
        ));
    }
}

fn lease(lease: &Value, errors: &mut Vec<FieldError>) {
    let duration = at(lease, "spec.leaseDurationSeconds");
    if duration.as_i64().is_some_and(|seconds| seconds <= 0) {
        let path = "spec.leaseDurationSeconds";
        errors.push(FieldError::invalid(
            path,
            duration,
            "must be greater than 0",
        ));
    }
}

/// The object or list at a dotted path without indexes; null where there is none.
fn at<'a>(object: &'a Value, path: &str) -> &'a Value {
    let mut place = object;
    for name in path.split('.') {
        place = place.get(name).unwrap_or(&Value::Null);
    }
    place
}

/// The members of the list at a dotted path, with their indexes.
fn members<'a>(object: &'a Value, path: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    at(object, path)
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
}

/// The text of a field; empty where absent.
fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    at(object, name).as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
