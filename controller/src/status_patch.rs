//! The difference between two statuses as a merge patch.

use crds::RolloutStatus;
use serde_json::{Map, Value};

/// The merge patch that makes `new` of `old`: only what differs, `null` for what goes. `None` when
/// nothing differs. Fields that this version does not know are in neither and stay as they are.
pub(crate) fn difference(old: &RolloutStatus, new: &RolloutStatus) -> Option<Value> {
    let to_value = |status: &RolloutStatus| serde_json::to_value(status).unwrap_or_default();
    merge_patch(&to_value(old), &to_value(new))
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
}
