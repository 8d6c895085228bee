//! What goes when somebody applies less than the time before.

use serde_json::{Map, Value};

use super::fields::fields;
use super::place::{Form, Place};
use super::set::FieldSet;
use super::step;

/// The merged object without what only the last configuration had: `last` is what the applier owned,
/// `owned` what everybody owns now, the applier's new configuration included.
pub(super) fn prune(place: Place<'_>, merged: Value, last: &FieldSet, owned: &FieldSet) -> Value {
    let last = with_named(place, last);
    let pruned = remove(place, &merged, &last);
    let all = with_named(place, &fields(place, &merged));
    // Back comes what somebody owns ...
    let mut kept = with_named(place, &fields(place, &pruned));
    kept.add(&with_named(place, owned));
    let pruned = remove(place, &merged, &all.without(&kept));
    // ... and what nobody does, unless the applier did.
    let kept = with_named(place, &fields(place, &pruned));
    remove(place, &merged, &all.without(&kept).common(&last))
}

/// The set with all fields of the schema that have something of it below them.
fn with_named(place: Place<'_>, set: &FieldSet) -> FieldSet {
    let is_named = |place: Place<'_>, step: &str| {
        let is_map = matches!(place.form(None), Form::Map);
        is_map && step::as_field(step).is_some_and(|name| place.names(name))
    };
    fn after<'a>(place: Place<'a>, step: &str) -> Place<'a> {
        place.after(step)
    }
    set.with_members(place, &is_named, &after)
}

/// The value without these fields; what nothing is left of becomes null.
fn remove(place: Place<'_>, value: &Value, gone: &FieldSet) -> Value {
    let left = |place: Place<'_>, step: &str, value: &Value| {
        if gone.has(step) {
            return None;
        }
        Some(match gone.below(step) {
            Some(below) => remove(place, value, below),
            None => value.clone(),
        })
    };
    match (place.form(Some(value)), value) {
        (Form::Map, Value::Object(map)) => {
            let fields = map.iter().filter_map(|(name, value)| {
                let place = place.field(name).unwrap_or(Place::Whole);
                Some((name.clone(), left(place, &step::field(name), value)?))
            });
            let fields: Map<String, Value> = fields.collect();
            if fields.is_empty() {
                Value::Null
            } else {
                Value::Object(fields)
            }
        }
        (form @ (Form::Keyed(..) | Form::Set), Value::Array(items)) => {
            let items = items.iter().filter_map(|item| match form.step(item) {
                Ok(step) => left(form.item(), &step, item),
                Err(_) => Some(item.clone()),
            });
            let items: Vec<Value> = items.collect();
            if items.is_empty() {
                Value::Null
            } else {
                Value::Array(items)
            }
        }
        (Form::Leaf, value) if !value.is_object() && !value.is_array() => value.clone(),
        _ => Value::Null,
    }
}
