//! Transition rules: what must not change once set.

use serde_json::Value;

use super::{ListType, Node, child};
use crate::field_error::FieldError;

/// Applies the `self == oldSelf` rules to every place that both objects have.
///
/// Members of a list are the same place only where the list has map keys, as on the API server.
pub(super) fn transitions(
    node: &Node,
    new: &Value,
    old: &Value,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if new != old {
        for message in &node.immutable {
            let message = if message.is_empty() {
                "failed rule: self == oldSelf"
            } else {
                message
            };
            errors.push(match new {
                Value::Object(_) | Value::Array(_) => {
                    FieldError::invalid_without_value(path, message)
                }
                plain => FieldError::invalid(path, plain, message),
            });
        }
    }
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (name, value) in new {
                let schema = node.properties.get(name).or(node.additional.as_deref());
                if let (Some(schema), Some(before)) = (schema, old.get(name)) {
                    transitions(schema, value, before, &child(path, name), errors);
                }
            }
        }
        (Value::Array(new), Value::Array(old)) => {
            let (Some(items), Some(ListType::Map(keys))) = (&node.items, &node.list_type) else {
                return;
            };
            for (index, value) in new.iter().enumerate() {
                let same = |other: &&Value| keys.iter().all(|k| other.get(k) == value.get(k));
                if let Some(before) = old.iter().find(same) {
                    transitions(items, value, before, &format!("{path}[{index}]"), errors);
                }
            }
        }
        _ => {}
    }
}
