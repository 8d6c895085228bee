//! From what schemars writes to what the API server accepts: a structural schema.
//!
//! Every node has a type; no references, no `null` alternatives, no defaults (those that we want
//! are added by name later), required fields in order, descriptions on one line.

use serde_json::{Map, Value, json};

/// Keys of a schema that the API server refuses or that say nothing there.
const DROPPED: &[&str] = &[
    "$schema",
    "$defs",
    "definitions",
    "title",
    "nullable",
    "default",
    "example",
    "examples",
    "minimum",
    "maximum",
];

/// Rewrites a schema and everything below it.
pub(crate) fn make_structural(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else {
        return;
    };
    drop_null_alternative(node);
    for key in DROPPED {
        node.remove(*key);
    }
    if let Some(Value::String(description)) = node.get_mut("description") {
        *description = on_one_line(description);
    }
    if let Some(Value::Array(required)) = node.get_mut("required") {
        required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    if node.contains_key("x-kubernetes-int-or-string") {
        node.remove("type");
        node.insert(
            "anyOf".to_owned(),
            json!([{"type": "integer"}, {"type": "string"}]),
        );
        return;
    }
    for_each_child(node, make_structural);
}

/// Removes the descriptions of a schema and of everything below it.
pub(crate) fn strip_descriptions(schema: &mut Value) {
    if let Some(node) = schema.as_object_mut() {
        node.remove("description");
        for_each_child(node, strip_descriptions);
    }
}

/// Gives a default to each key of a list that a user may leave out.
///
/// The API server demands it of keys that are not required: a port without a protocol is TCP, and
/// the name of a pull secret may be empty. There is no other default within a pod template.
pub(crate) fn default_optional_keys(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else {
        return;
    };
    let keys = node.get("x-kubernetes-list-map-keys").cloned();
    for key in keys
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Some(items) = node.get_mut("items") else {
            continue;
        };
        let required = items.get("required").and_then(Value::as_array);
        if required.is_some_and(|required| required.contains(key)) {
            continue;
        }
        let name = key.as_str().unwrap_or_default();
        if let Some(property) = items.pointer_mut(&format!("/properties/{name}")) {
            let default = if name == "protocol" { "TCP" } else { "" };
            super::set(property, "default", json!(default));
        }
    }
    for_each_child(node, default_optional_keys);
}

fn for_each_child(node: &mut Map<String, Value>, change: fn(&mut Value)) {
    if let Some(Value::Object(properties)) = node.get_mut("properties") {
        properties.values_mut().for_each(change);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = node.get_mut(key) {
            change(child);
        }
    }
}

/// An optional field is written as "this or null"; keeps "this".
fn drop_null_alternative(node: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = node.get("anyOf") else {
        return;
    };
    let is_null = |it: &Value| {
        it.get("nullable") == Some(&Value::Bool(true)) || it.get("enum") == Some(&json!([null]))
    };
    let kept: Vec<Value> = alternatives
        .iter()
        .filter(|it| !is_null(it))
        .cloned()
        .collect();
    if let [Value::Object(only)] = kept.as_slice() {
        node.remove("anyOf");
        for (key, value) in only {
            // The field's own description is more to the point than its type's.
            node.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
