//! `metadata.managedFields` as it is written and read.

use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::managers::{Manager, Managers, Who};
use super::set::FieldSet;

/// What a request says about `managedFields`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing, or nothing that can be read: they stay what they are.
    Nothing,
    /// They are to be forgotten.
    Reset,
    /// They are to be these.
    These(Managers),
}

/// As objects have them.
pub(crate) fn written(managers: &Managers) -> Value {
    managers.0.iter().map(entry).collect()
}

fn entry(manager: &Manager) -> Value {
    let who = &manager.who;
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| drop(entry.insert(key.to_owned(), value));
    put("manager", who.name.clone().into());
    put(
        "operation",
        if who.applies { "Apply" } else { "Update" }.into(),
    );
    put("apiVersion", who.api_version.clone().into());
    put("fieldsType", "FieldsV1".into());
    put("fieldsV1", manager.fields.to_json());
    if let Some(time) = &manager.time {
        put("time", time.clone().into());
    }
    if !who.subresource.is_empty() {
        put("subresource", who.subresource.clone().into());
    }
    Value::Object(entry)
}

/// Reads what a request sent.
///
/// Of a custom resource an empty list is nothing.
pub(crate) fn read(sent: Option<&Value>, is_custom: bool) -> Sent {
    let Some(entries) = sent.and_then(Value::as_array) else {
        return Sent::Nothing;
    };
    if entries.is_empty() && is_custom {
        return Sent::Nothing;
    }
    if entries.is_empty() || *entries == [json!({})] {
        return Sent::Reset;
    }
    let read: Option<Vec<Manager>> = entries.iter().map(manager).collect();
    read.map_or(Sent::Nothing, |managers| Sent::These(Managers(managers)))
}

fn manager(entry: &Value) -> Option<Manager> {
    let text = |key: &str| {
        entry
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let applies = match text("operation").as_str() {
        "Apply" => true,
        "Update" => false,
        _ => return None,
    };
    if text("apiVersion").is_empty() || text("fieldsType") != "FieldsV1" {
        return None;
    }
    let fields = match entry.get("fieldsV1") {
        Some(fields) => FieldSet::from_json(fields)?,
        None => FieldSet::default(),
    };
    Some(Manager {
        who: Who {
            name: text("manager"),
            applies,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
        },
        time: Some(text("time")).filter(|time| !time.is_empty()),
        fields: Arc::new(fields),
    })
}
