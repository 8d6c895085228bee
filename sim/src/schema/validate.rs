//! Checks of values against a schema.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{Bound, Checks, ListType, Node, child};
use crate::field_error::FieldError;

/// Adds what is wrong with `value` to `errors`.
///
/// A part equal to what stood at the same place before is not looked at: a stricter schema does
/// not stop other changes of an old object.
pub(super) fn validate(
    node: &Node,
    value: &Value,
    old: Option<&Value>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if old == Some(value) {
        return;
    }
    if value.is_null() && node.nullable {
        return;
    }
    if let Some(error) = wrong_type(node, value, path) {
        errors.push(error);
        return;
    }
    logic(&node.checks, value, path, errors);
    plain(&node.checks, value, path, errors);
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let schema = node.properties.get(name).or(node.additional.as_deref());
                if let Some(schema) = schema {
                    let before = old.and_then(|old| old.get(name));
                    validate(schema, value, before, &child(path, name), errors);
                }
            }
            if node.embedded_resource {
                embedded(value, path, errors);
            }
        }
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                if let Some(schema) = &node.items {
                    let before = same_member(node.list_type.as_ref(), item, old);
                    validate(schema, item, before, &format!("{path}[{index}]"), errors);
                }
            }
            repeats(node.list_type.as_ref(), list, path, errors);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The member of the old list that `item` is a new version of, where the list has keys.
fn same_member<'a>(
    list_type: Option<&ListType>,
    item: &Value,
    old: Option<&'a Value>,
) -> Option<&'a Value> {
    let old = old?.as_array()?;
    match list_type? {
        ListType::Map(keys) => old
            .iter()
            .find(|other| keys.iter().all(|key| other.get(key) == item.get(key))),
        ListType::Set | ListType::Atomic => None,
    }
}

/// The type error of a value, in the API server's words.
fn wrong_type(node: &Node, value: &Value, path: &str) -> Option<FieldError> {
    let seen = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() && !is_whole(n) => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let wanted = if node.int_or_string {
        "integer,string"
    } else {
        node.kind?.as_str()
    };
    let fits = if node.int_or_string {
        matches!(seen, "integer" | "string")
    } else {
        seen == wanted || (wanted == "number" && seen == "integer")
    };
    (!fits).then(|| {
        let detail = format!("{path} in body must be of type {wanted}: {seen:?}");
        FieldError::type_invalid(path, &Value::from(seen), &detail)
    })
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.as_f64().is_some_and(|n| n.fract() == 0.0)
}

/// `allOf`, `anyOf`, `oneOf` and `not`.
fn logic(checks: &Checks, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let failures = |node: &Node| {
        let mut errors = Vec::new();
        validate(node, value, None, path, &mut errors);
        errors
    };
    for node in &checks.all_of {
        errors.extend(failures(node));
    }
    if !checks.any_of.is_empty() {
        let all: Vec<Vec<FieldError>> = checks.any_of.iter().map(failures).collect();
        if !all.iter().any(Vec::is_empty) {
            let detail = format!("{path:?} must validate at least one schema (anyOf)");
            errors.push(FieldError::invalid("<nil>", &Value::from(""), &detail));
            errors.extend(all.into_iter().next().unwrap_or_default());
        }
    }
    if !checks.one_of.is_empty() {
        let valid = checks
            .one_of
            .iter()
            .filter(|n| failures(n).is_empty())
            .count();
        if valid != 1 {
            let found = match valid {
                0 => "Found none valid".to_owned(),
                many => format!("Found {many} valid alternatives"),
            };
            let detail = format!("{path:?} must validate one and only one schema (oneOf). {found}");
            errors.push(FieldError::invalid("<nil>", &Value::from(""), &detail));
        }
    }
    if let Some(not) = &checks.not
        && failures(not).is_empty()
    {
        let detail = format!("{path:?} must not validate the schema (not)");
        errors.push(FieldError::invalid("<nil>", &Value::from(""), &detail));
    }
}

/// Checks that look at one value alone.
fn plain(checks: &Checks, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(allowed) = &checks.allowed
        && !allowed.contains(value)
    {
        let words: Vec<String> = allowed
            .iter()
            .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
            .collect();
        errors.push(FieldError::not_supported(path, value, &words));
    }
    match value {
        Value::Number(n) => number(checks, n, path, errors),
        Value::String(text) => string(checks, text, path, errors),
        Value::Array(list) => {
            let len = count(list.len());
            if let Some(min) = checks.min_items.filter(|min| len < *min) {
                let detail = format!("{path} in body should have at least {min} items");
                errors.push(FieldError::invalid(path, &Value::from(len), &detail));
            }
            if let Some(max) = checks.max_items.filter(|max| len > *max) {
                errors.push(FieldError::too_many(path, list.len(), max));
            }
            if checks.unique_items
                && list
                    .iter()
                    .enumerate()
                    .any(|(i, v)| list.iter().take(i).any(|w| w == v))
            {
                let detail = format!("{path} in body shouldn't contain duplicates");
                errors.push(FieldError::invalid(path, &Value::from(""), &detail));
            }
        }
        Value::Object(map) => {
            for name in &checks.required {
                if !map.contains_key(name) {
                    errors.push(FieldError::required(child(path, name), ""));
                }
            }
            let len = count(map.len());
            if let Some(min) = checks.min_properties.filter(|min| len < *min) {
                let detail = format!("{path} in body should have at least {min} properties");
                errors.push(FieldError::invalid(path, &Value::from(len), &detail));
            }
            if let Some(max) = checks.max_properties.filter(|max| len > *max) {
                errors.push(FieldError::too_many(path, map.len(), max));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn number(checks: &Checks, n: &serde_json::Number, path: &str, errors: &mut Vec<FieldError>) {
    let value = Value::Number(n.clone());
    let Some(seen) = n.as_f64() else { return };
    if let Some(min) = &checks.minimum
        && (seen < min.value || (min.exclusive && seen <= min.value))
    {
        errors.push(limit(path, &value, min, "greater than"));
    }
    if let Some(max) = &checks.maximum
        && (seen > max.value || (max.exclusive && seen >= max.value))
    {
        errors.push(limit(path, &value, max, "less than"));
    }
    if let (Some(step), Some(whole)) = (checks.multiple_of, n.as_i64())
        && whole.checked_rem(step) != Some(0)
    {
        let detail = format!("{path} in body should be a multiple of {step}");
        errors.push(FieldError::invalid(path, &value, &detail));
    }
}

fn limit(path: &str, value: &Value, bound: &Bound, words: &str) -> FieldError {
    let or_equal = if bound.exclusive { "" } else { " or equal to" };
    let detail = format!("{path} in body should be {words}{or_equal} {}", bound.text);
    FieldError::invalid(path, value, &detail)
}

fn string(checks: &Checks, text: &str, path: &str, errors: &mut Vec<FieldError>) {
    let value = Value::from(text);
    let len = count(text.chars().count());
    if let Some(min) = checks.min_length.filter(|min| len < *min) {
        let detail = format!("{path} in body should be at least {min} chars long");
        errors.push(FieldError::invalid(path, &value, &detail));
    }
    if let Some(max) = checks.max_length.filter(|max| len > *max) {
        errors.push(FieldError::too_long(path, max));
    }
    if let Some(pattern) = &checks.pattern
        && !pattern.is_match(text)
    {
        let detail = format!("{path} in body should match '{pattern}'");
        errors.push(FieldError::invalid(path, &value, &detail));
    }
    // Formats that the API server does not know decide nothing there either.
    if checks.format.as_deref() == Some("date-time")
        && chrono::DateTime::parse_from_rfc3339(text).is_err()
    {
        let detail = format!("{path} in body must be of type date-time: {text:?}");
        errors.push(FieldError::type_invalid(path, &value, &detail));
    }
}

/// Members of sets and maps that occur twice.
fn repeats(list_type: Option<&ListType>, list: &[Value], path: &str, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, item) in list.iter().enumerate() {
        let identity = match list_type {
            Some(ListType::Set) => item.clone(),
            Some(ListType::Map(keys)) => keys
                .iter()
                .filter_map(|key| Some((key.clone(), item.get(key)?.clone())))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Some(ListType::Atomic) | None => return,
        };
        if !seen.insert(identity.to_string()) {
            errors.push(FieldError::duplicate(format!("{path}[{index}]"), &identity));
        }
    }
}

/// An embedded object says what it is.
fn embedded(value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for name in ["apiVersion", "kind"] {
        let at = child(path, name);
        match value.get(name) {
            None => errors.push(FieldError::required(at, "")),
            Some(Value::String(text)) if text.is_empty() => {
                errors.push(FieldError::invalid(
                    at,
                    &Value::from(""),
                    "must not be empty",
                ));
            }
            Some(_) => {}
        }
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
