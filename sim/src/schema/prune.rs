//! Removal of fields that a schema does not know.

use serde_json::Value;

use super::{Node, child};

/// Prunes `value` at `path`, and adds the paths of what it removed to `unknown`.
pub(super) fn prune(node: &Node, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let keeps_all = node.preserve_unknown;
            map.retain(|key, value| {
                let at = child(path, key);
                if let Some(schema) = node.properties.get(key) {
                    prune(schema, value, &at, unknown);
                } else if let Some(schema) = &node.additional {
                    prune(schema, value, &at, unknown);
                } else if !keeps_all {
                    unknown.push(at);
                    return false;
                }
                true
            });
        }
        Value::Array(list) => {
            if let Some(items) = &node.items {
                for (index, item) in list.iter_mut().enumerate() {
                    prune(items, item, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
