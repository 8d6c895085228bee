//! Strategic merge patch: the patch form that knows how the lists of built-in kinds merge.
//!
//! Custom resources have no such knowledge; the API answers 415 for them before this is called.
//! Directives known: `$patch` (replace, delete, merge), `$retainKeys`, `$setElementOrder/x`,
//! `$deleteFromPrimitiveList/x`. Any other key that begins with `$` is a field.

mod lists;
mod order;

use serde_json::{Map, Value};

use crate::Gvk;
use lists::{Merge, merge_of};

/// What the object becomes.
///
/// # Errors
/// A sentence for a 400 answer: the patch is no object, or has a member of
/// a merged list without its key.
pub fn merge(gvk: &Gvk, current: &Value, patch: &Value) -> Result<Value, String> {
    let Value::Object(patch) = patch else {
        return Err("invalid JSON document: a strategic merge patch is an object".into());
    };
    let empty = Map::new();
    let current = current.as_object().unwrap_or(&empty);
    let merged = object(gvk, "", current, patch)?;
    Ok(Value::Object(merged.unwrap_or_default()))
}

/// Merges one object; `None` when the patch deletes it. `path` has no indexes.
fn object(
    gvk: &Gvk,
    path: &str,
    current: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, String> {
    let mut result = match patch.get("$patch").map(|d| d.as_str()) {
        None | Some(Some("merge")) => current.clone(),
        Some(Some("replace")) => Map::new(),
        Some(Some("delete")) => return Ok(None),
        Some(_) => return Err(format!("invalid JSON document: unknown $patch at {path:?}")),
    };
    if let Some(kept) = patch.get("$retainKeys") {
        let kept = kept
            .as_array()
            .ok_or("invalid patch format of retainKeys")?;
        result.retain(|key, _| kept.iter().any(|k| k.as_str() == Some(key)));
    }
    for (key, value) in patch {
        if key.starts_with('$') {
            directive(gvk, path, &mut result, patch, key)?;
            continue;
        }
        let at = join(path, key);
        let merged = match (value, result.get(key)) {
            (Value::Null, _) => None,
            // A directive about what is not there leaves nothing, whatever stands beside it.
            (Value::Object(new), None) if new.contains_key("$patch") => None,
            (Value::Object(new), old) => {
                let empty = Map::new();
                let old = old.and_then(Value::as_object).unwrap_or(&empty);
                object(gvk, &at, old, new)?.map(Value::Object)
            }
            (Value::Array(new), old) => {
                let old = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let order = patch.get(&format!("$setElementOrder/{key}"));
                Some(Value::Array(list(gvk, &at, old, new, order)?))
            }
            (plain, _) => Some(plain.clone()),
        };
        match merged {
            Some(value) => result.insert(key.clone(), value),
            None => result.remove(key),
        };
    }
    Ok(Some(result))
}

/// Applies one `$…` key of a patch object to the result.
fn directive(
    gvk: &Gvk,
    path: &str,
    result: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    key: &str,
) -> Result<(), String> {
    if let Some(name) = key.strip_prefix("$deleteFromPrimitiveList/") {
        let gone = patch.get(key).and_then(Value::as_array);
        let gone = gone.ok_or("invalid patch format of primitive list")?;
        if let Some(Value::Array(list)) = result.get_mut(name) {
            list.retain(|item| !gone.contains(item));
        }
        return Ok(());
    }
    if let Some(name) = key.strip_prefix("$setElementOrder/") {
        let order = patch.get(key);
        if !order.is_some_and(Value::is_array) {
            return Err("invalid patch format of setElementOrder list".into());
        }
        // Where the patch also has the list, merging it applies the order.
        if !patch.contains_key(name)
            && let Some(Value::Array(old)) = result.get(name)
        {
            let sorted = list(gvk, &join(path, name), old, &[], order)?;
            result.insert(name.to_owned(), Value::Array(sorted));
        }
        return Ok(());
    }
    if matches!(key, "$patch" | "$retainKeys") {
        return Ok(());
    }
    // Any other is taken for a field, which no kind has.
    if let Some(value) = patch.get(key) {
        result.insert(key.to_owned(), value.clone());
    }
    Ok(())
}

/// Merges one list.
fn list(
    gvk: &Gvk,
    path: &str,
    old: &[Value],
    new: &[Value],
    order: Option<&Value>,
) -> Result<Vec<Value>, String> {
    let is_directive = |item: &Value, word: &str| item.get("$patch").is_some_and(|d| d == word);
    let replaces = |item: &Value| is_directive(item, "replace");
    if new.iter().any(replaces) {
        // The replace marker stands alone, or in an element that is kept without it.
        let mut kept = Vec::new();
        for item in new
            .iter()
            .filter(|item| !replaces(item) || item.as_object().is_some_and(|map| map.len() > 1))
        {
            let mut item = item.clone();
            if let Some(map) = item.as_object_mut() {
                map.remove("$patch");
            }
            kept.push(item);
        }
        return Ok(kept);
    }
    let order = order.and_then(Value::as_array);
    match merge_of(gvk, path) {
        Merge::Atomic => Ok(new.to_vec()),
        Merge::Primitive => {
            let mut merged = old.to_vec();
            for item in new {
                if !merged.contains(item) {
                    merged.push(item.clone());
                }
            }
            let order = order.map_or(new, Vec::as_slice);
            Ok(order::sorted(merged, old, order, |item| Some(item)))
        }
        Merge::ByKey(key) => {
            let merged = by_key(gvk, path, old, new, key)?;
            let order = order.map_or(new, Vec::as_slice);
            Ok(order::sorted(merged, old, order, |item| item.get(key)))
        }
    }
}

/// Merges the members of a list that have the same value of `key`; new ones come last.
fn by_key(
    gvk: &Gvk,
    path: &str,
    old: &[Value],
    new: &[Value],
    key: &str,
) -> Result<Vec<Value>, String> {
    let mut merged = old.to_vec();
    for item in new {
        let (Some(map), Some(id)) = (item.as_object(), item.get(key)) else {
            return Err(format!(
                "map: {item} does not contain declared merge key: {key}"
            ));
        };
        let place = merged.iter().position(|other| other.get(key) == Some(id));
        let empty = Map::new();
        let before = place
            .and_then(|at| merged.get(at))
            .and_then(Value::as_object);
        let after = object(gvk, path, before.unwrap_or(&empty), map)?;
        match (place, after) {
            (Some(at), Some(after)) => {
                if let Some(slot) = merged.get_mut(at) {
                    *slot = Value::Object(after);
                }
            }
            (Some(at), None) => drop(merged.remove(at)),
            (None, Some(after)) => merged.push(Value::Object(after)),
            (None, None) => {}
        }
    }
    Ok(merged)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests;
