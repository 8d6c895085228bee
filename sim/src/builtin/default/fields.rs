//! Setting fields that are not set.

use serde_json::{Map, Value};

/// The object at `name`, made when absent. A value of another type is replaced: callers refuse
/// such objects before.
pub(super) fn child<'a>(
    map: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    let slot = map.entry(name).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// Does something to each object of a list.
pub(super) fn each(
    map: &mut Map<String, Value>,
    list: &str,
    mut f: impl FnMut(&mut Map<String, Value>),
) {
    if let Some(Value::Array(items)) = map.get_mut(list) {
        items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(&mut f);
    }
}

/// Sets a field that is absent.
pub(super) fn absent(map: &mut Map<String, Value>, name: &str, value: Value) {
    if map.get(name).is_none_or(Value::is_null) {
        map.insert(name.to_owned(), value);
    }
}

/// Sets a field that is absent, or holds the empty text or zero, which mean the same to the server.
pub(super) fn empty(map: &mut Map<String, Value>, name: &str, value: Value) {
    let unset = match map.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(n)) => n.as_i64() == Some(0),
        Some(_) => false,
    };
    if unset {
        map.insert(name.to_owned(), value);
    }
}
