//! What differs between two states of an object, field by field.

use serde_json::{Map, Value};

use super::place::{Form, Place};
use super::set::FieldSet;
use super::step;

/// Fields that came, went, and changed.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) added: FieldSet,
    pub(super) removed: FieldSet,
    pub(super) changed: FieldSet,
}

impl Difference {
    /// Without these fields and what is below them.
    pub(super) fn except(self, ignored: &FieldSet) -> Self {
        Self {
            added: self.added.without_below(ignored),
            removed: self.removed.without_below(ignored),
            changed: self.changed.without_below(ignored),
        }
    }

    /// What has another value now.
    pub(super) fn gained(&self) -> FieldSet {
        let mut gained = self.added.clone();
        gained.add(&self.changed);
        gained
    }
}

/// What became of `old`.
pub(super) fn compare(place: Place<'_>, old: &Value, new: &Value) -> Difference {
    let mut difference = Difference::default();
    walk(place, Some(old), Some(new), &Path::ROOT, &mut difference);
    difference
}

/// The way to a place; its steps are written down only where something differs.
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Root,
    Field(&'a str),
    Member(&'a str),
}

impl Path<'_> {
    const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
    };

    fn steps(&self) -> Vec<String> {
        let mut steps = self.parent.map_or_else(Vec::new, Path::steps);
        match self.step {
            Step::Root => {}
            Step::Field(name) => steps.push(step::field(name)),
            Step::Member(text) => steps.push(text.to_owned()),
        }
        steps
    }
}

fn walk(
    place: Place<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &Path<'_>,
    out: &mut Difference,
) {
    let is_leaf = match (old, new) {
        (None, None) => return,
        (Some(old), None) => within(&place.form(Some(old)), place, Some(old), None, path, out),
        (None, Some(new)) => within(&place.form(Some(new)), place, None, Some(new), path, out),
        (Some(before), Some(after)) => {
            let (was, is) = (place.form(Some(before)), place.form(Some(after)));
            if !was.is_like(&is) {
                within(&was, place, old, new, path, out);
            }
            within(&is, place, old, new, path, out)
        }
    };
    match (old, new) {
        (None, Some(_)) if !is_leaf => out.added.insert(&path.steps()),
        (Some(_), None) if !is_leaf => out.removed.insert(&path.steps()),
        _ => {}
    }
}

/// Compares what is in a place; whether the place is one thing, and noted as such.
fn within(
    form: &Form<'_>,
    place: Place<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &Path<'_>,
    out: &mut Difference,
) -> bool {
    let is_empty = match form {
        Form::Leaf => true,
        Form::Map => {
            let (before, after) = (map(old), map(new));
            if before.is_none() && after.is_none() {
                true
            } else {
                of_maps(place, before, after, path, out);
                false
            }
        }
        Form::Keyed(..) | Form::Set => {
            let (before, after) = (list(old), list(new));
            if before.is_empty() && after.is_empty() {
                true
            } else {
                if before != after {
                    of_lists(form, before, after, path, out);
                }
                false
            }
        }
    };
    if is_empty {
        match (old, new) {
            (None, _) => out.added.insert(&path.steps()),
            (_, None) => out.removed.insert(&path.steps()),
            (old, new) if old != new => out.changed.insert(&path.steps()),
            _ => {}
        }
    }
    is_empty
}

/// A map that has something in it.
fn map(value: Option<&Value>) -> Option<&Map<String, Value>> {
    let map = value.and_then(Value::as_object);
    map.filter(|map| !map.is_empty())
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn of_maps(
    place: Place<'_>,
    old: Option<&Map<String, Value>>,
    new: Option<&Map<String, Value>>,
    path: &Path<'_>,
    out: &mut Difference,
) {
    for (name, before) in old.into_iter().flatten() {
        let after = new.and_then(|new| new.get(name));
        of_field(place, name, Some(before), after, path, out);
    }
    for (name, after) in new.into_iter().flatten() {
        if old.is_none_or(|old| !old.contains_key(name)) {
            of_field(place, name, None, Some(after), path, out);
        }
    }
}

fn of_field(
    place: Place<'_>,
    name: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &Path<'_>,
    out: &mut Difference,
) {
    let path = Path {
        parent: Some(path),
        step: Step::Field(name),
    };
    let place = place.field(name).unwrap_or(Place::Whole);
    walk(place, old, new, &path, out);
}

/// Members by what tells them apart; those of a list that has some twice stand in one row.
fn of_lists(form: &Form<'_>, old: &[Value], new: &[Value], path: &Path<'_>, out: &mut Difference) {
    let mut rows: Vec<(String, Vec<&Value>, Vec<&Value>)> = Vec::new();
    for (items, is_new) in [(old, false), (new, true)] {
        for item in items {
            let Ok(step) = form.step(item) else { continue };
            let known = rows.iter().position(|(other, _, _)| *other == step);
            let at = known.unwrap_or_else(|| {
                rows.push((step, Vec::new(), Vec::new()));
                rows.len().saturating_sub(1)
            });
            if let Some((_, before, after)) = rows.get_mut(at) {
                if is_new {
                    after.push(item)
                } else {
                    before.push(item)
                }
            }
        }
    }
    for (step, before, after) in rows {
        let path = Path {
            parent: Some(path),
            step: Step::Member(&step),
        };
        let item = form.item();
        match (before.as_slice(), after.as_slice()) {
            ([] | [_], [] | [_]) => {
                walk(
                    item,
                    before.first().copied(),
                    after.first().copied(),
                    &path,
                    out,
                );
            }
            ([_, _, ..], [_, _, ..]) => {
                if before != after {
                    out.changed.insert(&path.steps());
                }
            }
            ([_, _, ..], after) => {
                walk(item, None, after.first().copied(), &path, out);
                out.removed.insert(&path.steps());
            }
            (before, _) => {
                walk(item, before.first().copied(), None, &path, out);
                out.added.insert(&path.steps());
            }
        }
    }
}
