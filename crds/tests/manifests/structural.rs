//! The API server's rules for a structural schema, as a list of what breaks them.
//!
//! Source: Kubernetes, "Specifying a structural schema" and the validation of
//! CustomResourceDefinitions.

use serde_json::{Map, Value};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const FORMATS: &[&str] = &["byte", "date-time", "double", "int32", "int64"];
const KEYS: &[&str] = &[
    "additionalProperties",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "properties",
    "required",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// What is wrong with a schema; empty when nothing is.
pub(crate) fn problems(schema: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    node(schema, "", &mut problems);
    problems
}

fn node(schema: &Value, path: &str, problems: &mut Vec<String>) {
    let Some(node) = schema.as_object() else {
        problems.push(format!("{path}: not an object"));
        return;
    };
    let mut wrong = |text: &str| problems.push(format!("{path}: {text}"));
    for key in node.keys() {
        if !KEYS.contains(&key.as_str()) {
            wrong(&format!("unexpected key {key}"));
        }
    }
    let kind = node.get("type").and_then(Value::as_str);
    let flag = |name: &str| node.get(name) == Some(&Value::Bool(true));
    let int_or_string = flag("x-kubernetes-int-or-string");
    match kind {
        None if int_or_string || flag("x-kubernetes-preserve-unknown-fields") => {}
        Some(kind) if TYPES.contains(&kind) && !int_or_string => {}
        other => wrong(&format!("type {other:?}")),
    }
    if node.contains_key("anyOf") && !int_or_string {
        wrong("anyOf is only for int-or-string");
    }
    if let Some(format) = node.get("format").and_then(Value::as_str)
        && !FORMATS.contains(&format)
    {
        wrong(&format!("format {format}"));
    }
    if node.contains_key("properties") && node.contains_key("additionalProperties") {
        wrong("properties and additionalProperties exclude each other");
    }
    if node.get("additionalProperties") == Some(&Value::Bool(false)) {
        wrong("additionalProperties: false is forbidden");
    }
    if (kind == Some("array")) != node.contains_key("items") {
        wrong("items belong to arrays, and arrays have items");
    }
    let empty = Map::new();
    let properties = node
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for required in node
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if !properties.contains_key(required.as_str().unwrap_or_default()) {
            wrong(&format!("requires {required}, which is no property"));
        }
    }
    if let Some(problem) = list_keys(node) {
        wrong(&problem);
    }
    if let Some(default) = node.get("default")
        && !fits(default, schema)
    {
        wrong("the default does not fit the schema");
    }
    for (name, child) in properties {
        self::node(child, &format!("{path}.{name}"), problems);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = node.get(key) {
            self::node(child, &format!("{path}[]"), problems);
        }
    }
}

fn list_keys(node: &Map<String, Value>) -> Option<String> {
    let keys = node.get("x-kubernetes-list-map-keys")?.as_array()?;
    if node.get("x-kubernetes-list-type")? != "map" {
        return Some("keys belong to lists of type map".to_owned());
    }
    let items = node.get("items")?;
    if items.get("type")? != "object" {
        return Some("keyed lists have objects".to_owned());
    }
    let required = items.get("required").and_then(Value::as_array);
    for key in keys {
        let name = key.as_str()?;
        let Some(property) = items.get("properties").and_then(|it| it.get(name)) else {
            return Some(format!("key {name} is no property"));
        };
        let is_required = required.is_some_and(|required| required.contains(key));
        if !is_required && property.get("default").is_none() {
            return Some(format!("key {name} is neither required nor has a default"));
        }
    }
    None
}

/// Whether a value has the types that a schema asks for, and no unknown field.
fn fits(value: &Value, schema: &Value) -> bool {
    if schema.get("x-kubernetes-int-or-string").is_some() {
        return value.is_i64() || value.is_string();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("object") => value.as_object().is_some_and(|fields| {
            fields.iter().all(|(name, field)| {
                schema
                    .get("properties")
                    .and_then(|properties| properties.get(name))
                    .is_some_and(|schema| fits(field, schema))
            })
        }),
        _ => false,
    }
}
