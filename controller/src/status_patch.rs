//! The difference between two statuses as a merge patch, and what an older CRD does not keep of it.

use std::collections::BTreeSet;

use crds::RolloutStatus;
use serde_json::{Map, Value};

/// Paths of a status that the installed CRD does not keep, e.g. `waitingOn` or
/// `conditions[].observedGeneration`; they are not written.
pub(crate) type Pruned = BTreeSet<String>;

/// A status as JSON, without what is not kept.
pub(crate) fn json(status: &RolloutStatus, pruned: &Pruned) -> Value {
    let mut json = serde_json::to_value(status).unwrap_or_default();
    for path in pruned {
        leave_out(&mut json, path);
    }
    json
}

/// The merge patch that makes `new` of `old`: only what differs, `null` for what goes. `None` when
/// nothing differs. Fields that this version does not know are in neither and stay as they are.
pub(crate) fn difference(old: &Value, new: &Value) -> Option<Value> {
    merge_patch(old, new)
}

/// What was sent and is not in what was stored.
pub(crate) fn not_kept(sent: &Value, stored: &Value) -> Pruned {
    let mut missing = Pruned::new();
    collect(sent, stored, "", &mut missing);
    missing
}

fn collect(sent: &Value, stored: &Value, path: &str, missing: &mut Pruned) {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            for (key, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{key}");
                match stored.get(key) {
                    Some(kept) => collect(value, kept, &path, missing),
                    None => {
                        missing.insert(path);
                    }
                }
            }
        }
        (Value::Array(sent), Value::Array(stored)) if sent.len() == stored.len() => {
            for (sent, stored) in sent.iter().zip(stored) {
                collect(sent, stored, &format!("{path}[]"), missing);
            }
        }
        _ => {}
    }
}

fn leave_out(value: &mut Value, path: &str) {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let (name, in_list) = match head.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (head, false),
    };
    let Some(map) = value.as_object_mut() else {
        return;
    };
    match (rest, in_list) {
        (None, _) => {
            map.remove(name);
        }
        (Some(rest), false) => {
            if let Some(inner) = map.get_mut(name) {
                leave_out(inner, rest);
            }
        }
        (Some(rest), true) => {
            let items = map.get_mut(name).and_then(Value::as_array_mut);
            for item in items.into_iter().flatten() {
                leave_out(item, rest);
            }
        }
    }
}

/// The merge patch from `old` to `new`; lists are replaced as a whole.
fn merge_patch(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in new {
        let change = match old.get(key) {
            Some(before) => merge_patch(before, value),
            None => Some(value.clone()),
        };
        if let Some(change) = change {
            patch.insert(key.clone(), change);
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_patched() {
        let old = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]});
        let new = json!({"a": 1, "b": {"c": 4}, "e": [1, 2], "f": true});
        let patch = json!({"b": {"c": 4, "d": null}, "e": [1, 2], "f": true});
        assert_eq!(merge_patch(&old, &new), Some(patch));
        assert_eq!(merge_patch(&old, &old), None);
    }

    #[test]
    fn what_an_older_crd_drops_is_noticed_and_left_out() {
        let sent = json!({"phase": "Paused", "waitingOn": {"reason": "Promotion"}, "abort": null,
            "conditions": [{"type": "Healthy", "observedGeneration": 3}]});
        let stored = json!({"phase": "Paused", "conditions": [{"type": "Healthy"}], "more": 1});
        let pruned = not_kept(&sent, &stored);
        let paths: Vec<&str> = pruned.iter().map(String::as_str).collect();
        assert_eq!(paths, ["conditions[].observedGeneration", "waitingOn"]);
        let mut left = sent.clone();
        for path in &pruned {
            leave_out(&mut left, path);
        }
        assert_eq!(not_kept(&left, &stored), Pruned::new());
    }
}
