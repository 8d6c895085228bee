//! What is wrong with a configuration before it can be applied.

use serde_json::Value;
use std::collections::BTreeSet;

use super::place::{Form, Place};
use super::step;

/// Fields that the schema does not have, values of another type, members of lists that cannot be told
/// apart; each with its path in front: `.spec.replica: field not declared in schema`.
pub(crate) fn type_errors(place: Place<'_>, config: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    walk(place, config, "", &mut errors);
    errors
}

fn walk(place: Place<'_>, value: &Value, path: &str, errors: &mut Vec<String>) {
    match (place.form(Some(value)), value) {
        (_, Value::Null) => {}
        (Form::Map, Value::Object(_)) => fields(place, value, path, errors),
        (Form::Map, other) => errors.push(format!("{path}: expected map, got {}", shown(other))),
        (form @ (Form::Keyed(..) | Form::Set), Value::Array(items)) => {
            let mut seen = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                let step = match form.step(item) {
                    Ok(step) => step,
                    Err(why) => {
                        errors.push(format!("{path}: element {index}: {why}"));
                        return;
                    }
                };
                let text = step::shown(&step);
                if !seen.insert(step) {
                    errors.push(format!("{path}: duplicate entries for key {text}"));
                }
                walk(form.item(), item, &format!("{path}{text}"), errors);
            }
        }
        (Form::Keyed(..) | Form::Set, other) => {
            errors.push(format!("{path}: expected list, got {}", shown(other)));
        }
        (Form::Leaf, value) => whole(place, value, path, errors),
    }
}

fn fields(place: Place<'_>, value: &Value, path: &str, errors: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match place.field(name) {
            Some(place) => walk(place, value, &path, errors),
            None => errors.push(format!("{path}: field not declared in schema")),
        }
    }
}

/// Of what is owned as one the parts are still looked at.
fn whole(place: Place<'_>, value: &Value, path: &str, errors: &mut Vec<String>) {
    match (place.scalar(), value) {
        (Some(wanted), value) => {
            let fits = match wanted {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                _ => value.is_number(),
            };
            if !fits {
                let wanted = if wanted == "numeric" {
                    "numeric (int or float)"
                } else {
                    wanted
                };
                errors.push(format!("{path}: expected {wanted}, got {}", shown(value)));
            }
        }
        (None, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(place) = place.items() {
                    walk(place, item, &format!("{path}[{index}]"), errors);
                }
            }
        }
        (None, Value::Object(_)) if place.is_map() => fields(place, value, path, errors),
        (None, Value::Object(_)) if place.items().is_some() => {
            errors.push(format!("{path}: expected list, got {}", shown(value)));
        }
        (None, _) if place.items().is_some() => {
            errors.push(format!("{path}: expected list, got {}", shown(value)));
        }
        (None, value) if place.is_map() => {
            errors.push(format!("{path}: expected map, got {}", shown(value)));
        }
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    format!("&value.valueUnstructured{{Value:{value}}}")
}
