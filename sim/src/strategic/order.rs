//! The order of a merged list.

use serde_json::Value;

/// Puts a merged list in order: the members that the patch speaks of keep the order of the patch,
/// the others keep the order they had, and where both are known before, the old order decides.
///
/// A member that the patch adds therefore comes before the old ones, as with `kubectl patch`.
pub(super) fn sorted(
    merged: Vec<Value>,
    old: &[Value],
    order: &[Value],
    id: impl Fn(&Value) -> Option<&Value>,
) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| {
        let wanted = id(item);
        list.iter().position(|other| id(other) == wanted)
    };
    let (mut patched, others): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|item| place(order, item).is_some());
    patched.sort_by_key(|item| place(order, item));

    let mut result = Vec::with_capacity(patched.len().saturating_add(others.len()));
    let mut patched = patched.into_iter().peekable();
    for item in others {
        let here = place(old, &item);
        while let Some(next) = patched.peek() {
            let there = place(old, next);
            let item_first = matches!((here, there), (Some(here), Some(there)) if here < there);
            if item_first {
                break;
            }
            result.extend(patched.next());
        }
        result.push(item);
    }
    result.extend(patched);
    result
}
