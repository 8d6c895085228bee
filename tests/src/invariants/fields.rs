//! What fields mean together: those that are not ours, and those that say nothing.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::reading::HASH;

/// Digest of labels, annotations that are not `ours`, these fields, and what of the status is not
/// in `status` (all of it, when `status` is empty, is the cluster's and no part of this).
pub(super) fn foreign(object: &Value, fields: &[&str], ours: &[&str], status: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut add = |pointer: &str, left_out: &[&str]| {
        let Some(Value::Object(all)) = object.pointer(pointer) else {
            return;
        };
        for (key, value) in all {
            if !left_out.contains(&key.as_str()) {
                (pointer, key, without_hash(value)).hash(&mut hasher);
            }
        }
    };
    add("/metadata/labels", &[HASH]);
    add("/metadata/annotations", ours);
    for field in fields {
        add(&format!("/{field}"), &[]);
    }
    if !status.is_empty() {
        add("/status", status);
    }
    hasher.finish()
}

/// As text, without the key that selects a revision: in the selector of a Service, and in the
/// labels and selector of an adopted ReplicaSet, it is ours.
fn without_hash(value: &Value) -> String {
    match value {
        Value::Object(map) if map.contains_key(HASH) => {
            let mut map = map.clone();
            map.remove(HASH);
            Value::Object(map).to_string()
        }
        Value::Object(map) if map.values().any(Value::is_object) => {
            let parts = map.iter().map(|(key, value)| (key, without_hash(value)));
            parts.map(|(key, value)| format!("{key}:{value}")).collect()
        }
        value => value.to_string(),
    }
}

/// What the API server adds to a pod template that does not say otherwise.
const DEFAULTS: [(&str, &str); 16] = [
    ("dnsPolicy", "\"ClusterFirst\""),
    ("restartPolicy", "\"Always\""),
    ("schedulerName", "\"default-scheduler\""),
    ("terminationGracePeriodSeconds", "30"),
    ("imagePullPolicy", "\"IfNotPresent\""),
    ("imagePullPolicy", "\"Always\""),
    ("terminationMessagePath", "\"/dev/termination-log\""),
    ("terminationMessagePolicy", "\"File\""),
    ("protocol", "\"TCP\""),
    ("apiVersion", "\"v1\""),
    ("timeoutSeconds", "1"),
    ("periodSeconds", "10"),
    ("successThreshold", "1"),
    ("failureThreshold", "3"),
    ("scheme", "\"HTTP\""),
    ("path", "\"/\""),
];

/// Takes away what says nothing: defaults, nulls and what is empty.
pub(super) fn strip_defaults(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(strip_defaults);
            map.retain(|key, value| {
                let is_empty = match value {
                    Value::Null => true,
                    Value::Object(map) => map.is_empty(),
                    Value::Array(list) => list.is_empty(),
                    Value::String(text) => text.is_empty(),
                    Value::Bool(_) | Value::Number(_) => false,
                };
                let is_default = || {
                    let written = value.to_string();
                    let mut defaults = DEFAULTS.iter().filter(|(name, _)| name == key);
                    defaults.any(|(_, default)| written == *default)
                };
                !is_empty && !is_default()
            });
        }
        Value::Array(list) => list.iter_mut().for_each(strip_defaults),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
