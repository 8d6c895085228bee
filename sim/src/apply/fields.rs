//! The fields that an applied configuration has an opinion about.

use serde_json::Value;
use std::collections::BTreeSet;

use super::place::{Form, Place};
use super::set::FieldSet;
use super::step;

/// All fields of an object. Those of the schema that hold others are not among them, what a map or
/// a list has as its members is.
pub(super) fn fields(place: Place<'_>, object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    walk(place, object, &mut Vec::new(), &mut set);
    set
}

fn walk(place: Place<'_>, value: &Value, path: &mut Vec<String>, set: &mut FieldSet) {
    match place.form(Some(value)) {
        Form::Leaf => set.insert(path),
        Form::Map => {
            for (name, value) in value.as_object().into_iter().flatten() {
                path.push(step::field(name));
                walk(place.field(name).unwrap_or(Place::Whole), value, path, set);
                let is_empty = match value {
                    Value::Null => true,
                    Value::Object(map) => map.is_empty(),
                    _ => false,
                };
                if is_empty || !place.names(name) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        form @ (Form::Keyed(..) | Form::Set) => {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            let steps: Vec<_> = items.iter().map(|item| form.step(item)).collect();
            let mut seen = BTreeSet::new();
            let mut twice = BTreeSet::new();
            for step in steps.iter().flatten() {
                if !seen.insert(step) {
                    twice.insert(step);
                }
            }
            for (item, step) in items.iter().zip(&steps) {
                let Ok(step) = step else { continue };
                path.push(step.clone());
                if !twice.contains(step) {
                    walk(form.item(), item, path, set);
                }
                set.insert(path);
                path.pop();
            }
        }
    }
}
