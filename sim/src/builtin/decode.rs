//! Fields that a kind does not have, and values of the wrong type.

use serde_json::Value;

use crate::Gvk;
use crate::api_schema::{name_of, resolve, schemas};

/// Removes the fields that a built-in kind does not have, and nulls, which mean absence (but for the
/// values of a map of texts); says which fields were unknown: `spec.template.spec.containers[0].imag`.
pub fn prune(gvk: &Gvk, object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    if let Some(schema) = name_of(gvk).and_then(|name| schemas().get(&name)) {
        walk(schema, object, "", &mut unknown);
    }
    unknown
}

/// As [`prune`], for `metadata` alone: what custom resources share with the built-in kinds.
pub fn prune_metadata(object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let schema = schemas().get("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    if let (Some(schema), Some(metadata)) = (schema, object.get_mut("metadata")) {
        walk(schema, metadata, "metadata", &mut unknown);
    }
    unknown
}

/// The paths of fields that a built-in kind does not have.
pub fn unknown_fields(gvk: &Gvk, object: &Value) -> Vec<String> {
    prune(gvk, &mut object.clone())
}

fn walk(node: &Value, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    let (_, node) = resolve(node);
    match value {
        Value::Object(map) => {
            let properties = node.get("properties");
            let values = node.get("additionalProperties").filter(|v| v.is_object());
            // A schema that lists no fields (raw extensions, JSON) takes any.
            if properties.is_none() && values.is_none() {
                return;
            }
            map.retain(|key, value| {
                let at = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let Some(schema) = properties.and_then(|p| p.get(key)).or(values) else {
                    unknown.push(at);
                    return false;
                };
                if value.is_null() {
                    // What is null in a map of texts is read as a text without letters.
                    let is_key = properties.and_then(|p| p.get(key)).is_none();
                    if !is_key || !is_text(schema) {
                        return false;
                    }
                    *value = Value::from("");
                }
                walk(schema, value, &at, unknown);
                // The types of the API leave out what is empty, but for what must be there.
                !is_empty(schema, value) || is_required(node, key)
            });
        }
        Value::Array(list) => {
            if let Some(items) = node.get("items") {
                for (index, item) in list.iter_mut().enumerate() {
                    walk(items, item, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a schema is that of any text: no time, no quantity, nothing encoded.
fn is_text(node: &Value) -> bool {
    node.get("type").is_some_and(|is| is == "string") && node.get("format").is_none()
}

/// Whether it is a list or a map with nothing in it; a structure without fields is something.
fn is_empty(node: &Value, value: &Value) -> bool {
    match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) if map.is_empty() => {
            let values = resolve(node).1.get("additionalProperties");
            values.is_some_and(Value::is_object)
        }
        _ => false,
    }
}

fn is_required(node: &Value, key: &str) -> bool {
    let required = node.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == key))
}

/// The first value whose JSON type does not fit its field, in the words of the decoder:
/// `json: cannot unmarshal string into Go struct field ReplicaSetSpec.spec.replicas of type int32`.
///
/// Quantities are read here as well, since the real decoder does.
pub fn type_error(gvk: &Gvk, object: &Value) -> Option<String> {
    let name = name_of(gvk)?;
    let schema = schemas().get(&name)?;
    let owner = gvk.kind.clone();
    check(schema, object, &owner, "")
}

fn check(node: &Value, value: &Value, owner: &str, path: &str) -> Option<String> {
    let (name, node) = resolve(node);
    let short = name.map(|name| name.rsplit('.').next().unwrap_or(name));
    if short == Some("Quantity") {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        return super::quantity::parse(&text)
            .is_none()
            .then(|| super::quantity::MALFORMED.to_owned());
    }
    // These hold any JSON; what a CRD's schema may say is the business of its own parser.
    let free = ["JSON", "FieldsV1", "RawExtension"];
    if short.is_some_and(|s| free.contains(&s) || s.starts_with("JSONSchemaPropsOr")) {
        return None;
    }
    let mismatch = |wanted: &str| {
        let seen = match value {
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Null => return None,
        };
        Some(format!(
            "json: cannot unmarshal {seen} into Go struct field {owner}.{path} of type {wanted}"
        ))
    };
    match node.get("type").and_then(Value::as_str) {
        Some("string") if short == Some("Time") || short == Some("MicroTime") => match value {
            Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
                Some(format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                ))
            }
            Value::String(_) | Value::Null => None,
            _ => mismatch("v1.Time"),
        },
        Some("string") if !value.is_string() => mismatch("string"),
        Some("boolean") if !value.is_boolean() => mismatch("bool"),
        Some("integer") => {
            let format = node
                .get("format")
                .and_then(Value::as_str)
                .unwrap_or("int64");
            let fits = value
                .as_i64()
                .is_some_and(|n| format != "int32" || i32::try_from(n).is_ok());
            if fits { None } else { mismatch(format) }
        }
        Some("array") => match value {
            Value::Array(list) => {
                let items = node.get("items")?;
                list.iter().find_map(|item| check(items, item, owner, path))
            }
            _ => mismatch(&format!("[]{}", item_type(node))),
        },
        Some("object") => match value {
            Value::Object(map) => map.iter().find_map(|(key, value)| {
                let property = node.get("properties").and_then(|p| p.get(key));
                let values = node.get("additionalProperties").filter(|v| v.is_object());
                let schema = property.or(values)?;
                let at = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                check(schema, value, short.unwrap_or(owner), &at)
            }),
            _ => match short {
                Some(short) => mismatch(&format!("v1.{short}")),
                None => mismatch("map[string]string"),
            },
        },
        _ => match value {
            // int-or-string
            Value::Bool(_) | Value::Array(_) | Value::Object(_)
                if node.get("x-kubernetes-int-or-string").is_some() =>
            {
                mismatch("intstr.IntOrString")
            }
            _ => None,
        },
    }
}

fn item_type(node: &Value) -> String {
    let items = node.get("items").unwrap_or(&Value::Null);
    match resolve(items).0 {
        Some(name) => format!("v1.{}", name.rsplit('.').next().unwrap_or(name)),
        None => "string".to_owned(),
    }
}
