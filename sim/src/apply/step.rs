//! One step of a path to a field, in the text that `fieldsV1` has for it: `f:spec`,
//! `k:{"name":"main"}`, `v:"a-finalizer"`.

use serde_json::{Map, Value};

/// The key of a map, or a field.
pub(super) fn field(name: &str) -> String {
    format!("f:{name}")
}

/// The name of a field, if the step is one.
pub(super) fn as_field(step: &str) -> Option<&str> {
    step.strip_prefix("f:")
}

/// The member of a list whose members are told apart by these keys. Keys that it does not have are
/// those of their defaults, or left out.
///
/// # Errors
/// A sentence, when it has none of them.
pub(super) fn keyed(item: &Value, keys: &[(&str, Option<&Value>)]) -> Result<String, String> {
    if item.is_null() {
        return Err("associative list with keys may not have a null element".into());
    }
    let Some(map) = item.as_object() else {
        return Err("associative list with keys may not have non-map elements".into());
    };
    let mut found = Map::new();
    for (key, default) in keys {
        if let Some(value) = map.get(*key).or(*default) {
            found.insert((*key).to_owned(), value.clone());
        }
    }
    if found.is_empty() {
        let names: Vec<String> = keys.iter().map(|(key, _)| format!("{key:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    Ok(format!("k:{}", Value::Object(found)))
}

/// The member of a set.
///
/// # Errors
/// A sentence, when it is no scalar.
pub(super) fn member(item: &Value) -> Result<String, String> {
    match item {
        Value::Object(_) => {
            Err("associative list without keys has an element that's a map type".into())
        }
        Value::Array(_) => Err("not supported: associative list with lists as elements".into()),
        Value::Null => {
            Err("associative list without keys has an element that's an explicit null".into())
        }
        scalar => Ok(format!("v:{scalar}")),
    }
}

/// As messages show it: `.spec`, `[name="main"]`, `[="a-finalizer"]`.
pub(super) fn shown(step: &str) -> String {
    let (kind, text) = step.split_at_checked(2).unwrap_or((step, ""));
    match kind {
        "k:" => {
            let keys: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("[{}]", keys.join(","))
        }
        "v:" => format!("[={text}]"),
        "i:" => format!("[{text}]"),
        _ => format!(".{text}"),
    }
}

/// Whether a step of `fieldsV1` that somebody sent can be read.
pub(super) fn is_sound(step: &str) -> bool {
    match step.split_at_checked(2) {
        Some(("f:", _)) => true,
        Some(("k:", keys)) => serde_json::from_str::<Map<String, Value>>(keys).is_ok(),
        Some(("v:", value)) => serde_json::from_str::<Value>(value).is_ok(),
        Some(("i:", index)) => index.parse::<i64>().is_ok(),
        _ => false,
    }
}
