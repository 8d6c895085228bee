//! Filling in the defaults of a schema.

use serde_json::Value;

use super::Node;

/// Defaults below `value`; the place itself is the parent's business.
///
/// A null where null is not allowed counts as absent when there is a default, as on the API
/// server; without a default it stays, and validation names it.
pub(super) fn default(node: &Node, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, schema) in &node.properties {
                let Some(fallback) = &schema.default else {
                    continue;
                };
                let absent = match map.get(name) {
                    None => true,
                    Some(Value::Null) => !schema.nullable,
                    Some(_) => false,
                };
                if absent {
                    map.insert(name.clone(), fallback.clone());
                }
            }
            for (name, value) in map.iter_mut() {
                if let Some(schema) = node.properties.get(name) {
                    default(schema, value);
                } else if let Some(schema) = &node.additional {
                    fill(schema, value);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &node.items {
                for item in list {
                    fill(items, item);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A member of a list or map: its own default replaces a null, then what is below it.
fn fill(schema: &Node, value: &mut Value) {
    if value.is_null()
        && !schema.nullable
        && let Some(fallback) = &schema.default
    {
        *value = fallback.clone();
    }
    default(schema, value);
}
