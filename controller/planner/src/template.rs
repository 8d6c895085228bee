//! Which pod templates are the same.
//!
//! A revision is what the user wrote, not a hash of a struct of ours: hashes over typed structs
//! change when a library gains a field, and every rollout of a cluster is redeployed. Two
//! comparisons stand in for it:
//! - the *digest* of the raw template, kept on each ReplicaSet: cheap, exact, asked first;
//! - the *meaning*: the template as the API server would store it, against the template of a live
//!   ReplicaSet. It finds ReplicaSets that another controller made, and those that a user rolls
//!   back to by copying their (defaulted) template.
//!
//! Source: `compat/api.md` §9–10, `field/peers.md` 3.3.

use std::fmt::Write as _;

use crds::names::POD_TEMPLATE_HASH;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Names a raw pod template: 32 hexadecimal digits of the SHA-256 of its canonical JSON.
///
/// Independent of the order of keys.
#[must_use]
pub fn digest(template: &Value) -> String {
    let mut text = String::new();
    write_canonical(&mut text, template);
    hex_prefix(&Sha256::digest(text.as_bytes()), 16)
}

/// The revision label of a ReplicaSet that we make: opaque, safe in names, different for each
/// `collision`.
#[must_use]
pub fn revision_label(digest: &str, collision: i32) -> String {
    let hash = Sha256::digest(format!("{digest}/{collision}").as_bytes());
    let number = hash
        .iter()
        .take(4)
        .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    crds::step_hash::safe_encode(number)
}

/// Whether two stored templates describe the same pods.
///
/// Left out on both sides: the revision label, anti-affinity terms that name a revision, and the
/// deprecated copy of the service account name. `live_injected` are label and annotation keys
/// that were put on the live template while it had a role (ephemeral metadata of the peer).
#[must_use]
pub fn same_meaning(defaulted: &Value, live: &Value, live_injected: &[(&str, String)]) -> bool {
    let mut live = essence(live);
    for (kind, key) in live_injected {
        if let Some(map) = live
            .pointer_mut(&format!("/metadata/{kind}"))
            .and_then(Value::as_object_mut)
        {
            map.remove(key);
        }
    }
    essence(defaulted) == prune_empty_metadata(live)
}

/// The template without what does not belong to its meaning.
fn essence(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.remove(POD_TEMPLATE_HASH);
    }
    if let Some(metadata) = template
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.remove("creationTimestamp");
    }
    if let Some(spec) = template.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.remove("serviceAccount");
        drop_injected_anti_affinity(spec);
    }
    prune_empty_metadata(template)
}

fn prune_empty_metadata(mut template: Value) -> Value {
    if let Some(metadata) = template
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.retain(|_, value| !matches!(value, Value::Object(map) if map.is_empty()));
    }
    template
}

/// Removes anti-affinity terms that select on the revision label: the peer injects them.
fn drop_injected_anti_affinity(spec: &mut Map<String, Value>) {
    let Some(affinity) = spec.get_mut("affinity").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(anti) = affinity
        .get_mut("podAntiAffinity")
        .and_then(Value::as_object_mut)
    {
        for terms in anti.values_mut().filter_map(Value::as_array_mut) {
            terms.retain(|term| !names_a_revision(term));
        }
        anti.retain(|_, terms| !terms.as_array().is_some_and(Vec::is_empty));
        if anti.is_empty() {
            affinity.remove("podAntiAffinity");
        }
    }
    if affinity.is_empty() {
        spec.remove("affinity");
    }
}

fn names_a_revision(term: &Value) -> bool {
    let term = term.get("podAffinityTerm").unwrap_or(term);
    term.pointer("/labelSelector/matchExpressions")
        .and_then(Value::as_array)
        .is_some_and(|list| {
            list.iter()
                .any(|e| e.get("key").and_then(Value::as_str) == Some(POD_TEMPLATE_HASH))
        })
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
            write_scalar(out, value)
        }
    }
}

fn write_scalar(out: &mut String, value: &Value) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

fn hex_prefix(bytes: &[u8], count: usize) -> String {
    bytes
        .iter()
        .take(count)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_change_the_digest() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":2,"d":[3]}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":{"d":[3],"c":2},"a":1}"#).unwrap();
        assert_eq!(digest(&one), digest(&two));
        assert_ne!(
            digest(&one),
            digest(&json!({"a": 1, "b": {"c": 2, "d": [4]}}))
        );
    }

    #[test]
    fn a_collision_gives_another_label() {
        let digest = digest(&json!({}));
        assert_ne!(revision_label(&digest, 0), revision_label(&digest, 1));
    }

    #[test]
    fn what_controllers_inject_is_not_part_of_the_meaning() {
        let wanted = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}});
        let live = json!({
            "metadata": {"labels": {"app": "web", "rollouts-pod-template-hash": "x"}, "annotations": {"role": "canary"}, "creationTimestamp": null},
            "spec": {"containers": [], "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchExpressions": [{"key": "rollouts-pod-template-hash", "operator": "In", "values": ["y"]}]}}]}}}
        });
        assert!(same_meaning(
            &wanted,
            &live,
            &[("annotations", "role".to_owned())]
        ));
        assert!(!same_meaning(&wanted, &live, &[]));
    }
}
