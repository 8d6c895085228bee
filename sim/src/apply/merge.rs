//! What a live object becomes when a configuration is laid over it.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::place::{Form, Place};

/// Everything that the configuration has, and of the live object what it does not have.
pub(super) fn merge(place: Place<'_>, live: &Value, config: &Value) -> Value {
    let form = place.form(Some(config));
    if !form.is_like(&place.form(Some(live))) {
        return config.clone();
    }
    match &form {
        Form::Leaf => config.clone(),
        Form::Map => maps(place, live, config),
        Form::Keyed(..) | Form::Set => lists(&form, live, config),
    }
}

fn maps(place: Place<'_>, live: &Value, config: &Value) -> Value {
    let empty = Map::new();
    let live = live.as_object().unwrap_or(&empty);
    let over = config.as_object().unwrap_or(&empty);
    if live.is_empty() && over.is_empty() {
        return config.clone();
    }
    let mut merged = live.clone();
    for (name, config) in over {
        let value = match live.get(name) {
            Some(live) => merge(place.field(name).unwrap_or(Place::Whole), live, config),
            None => config.clone(),
        };
        merged.insert(name.clone(), value);
    }
    Value::Object(merged)
}

/// The configuration says in which order its members stand; live members that it does not have keep
/// their place between those around them.
fn lists(form: &Form<'_>, live: &Value, config: &Value) -> Value {
    let (live, over) = (members(form, live), members(form, config));
    if live.is_empty() && over.is_empty() {
        return config.clone();
    }
    let configured: BTreeMap<&str, &Value> = over.iter().map(|(s, v)| (s.as_str(), *v)).collect();
    let mut known: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (step, item) in &live {
        known.entry(step).or_default().push(item);
    }
    let join = |step: &str, config: &Value| match known.get(step).map(Vec::as_slice) {
        Some([live]) => merge(form.item(), live, config),
        // One of several that look alike is not merged into.
        _ => config.clone(),
    };
    let mut shared: VecDeque<&str> = over
        .iter()
        .map(|(step, _)| step.as_str())
        .filter(|step| known.contains_key(step))
        .collect();
    let mut next = shared.pop_front();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut merged = Vec::new();
    let (mut live, mut over) = (live.iter().peekable(), over.iter().peekable());
    loop {
        if let (Some((step, _)), Some((wanted, config))) = (live.peek(), over.peek()) {
            if step == wanted {
                done.insert(step);
                merged.push(join(step, config));
                live.next();
                over.next();
                next = shared.pop_front();
                continue;
            }
            let is_configured = configured.contains_key(step.as_str());
            if is_configured && next.is_some_and(|next| next != step) {
                live.next();
                continue;
            }
        }
        if let Some((step, item)) = live.peek() {
            if !configured.contains_key(step.as_str()) {
                merged.push((*item).clone());
                live.next();
                continue;
            }
            if done.contains(step.as_str()) {
                live.next();
            }
        }
        let Some((step, config)) = over.next() else {
            if live.peek().is_none() {
                return Value::Array(merged);
            }
            continue;
        };
        done.insert(step);
        merged.push(join(step, config));
        if next == Some(step) {
            next = shared.pop_front();
        }
    }
}

fn members<'a>(form: &Form<'_>, list: &'a Value) -> Vec<(String, &'a Value)> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| Some((form.step(item).ok()?, item)))
        .collect()
}
