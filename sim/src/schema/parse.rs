//! From the JSON of an OpenAPI v3 schema to the tree that is enforced.

use serde_json::{Map, Value};

use super::{Bound, Checks, Kind, ListType, Node};

/// Keywords that describe and decide nothing.
const SILENT: &[&str] = &[
    "description",
    "title",
    "example",
    "externalDocs",
    "id",
    "$schema",
];

/// The node for one schema; `path` is where it stands in the CRD, for messages.
pub(super) fn node(schema: &Value, path: &str) -> Result<Node, String> {
    let map = object(schema, path)?;
    let mut node = Node::default();
    let mut exclusive = (false, false);
    for (key, value) in map {
        let at = format!("{path}.{key}");
        match key.as_str() {
            _ if SILENT.contains(&key.as_str()) => {}
            "type" => node.kind = Some(kind(value, &at)?),
            "nullable" => node.nullable = flag(value, &at)?,
            "default" => node.default = Some(value.clone()),
            "properties" => {
                for (name, schema) in object(value, &at)? {
                    let child = self::node(schema, &format!("{at}[{name}]"))?;
                    node.properties.insert(name.clone(), child);
                }
            }
            "additionalProperties" => match value {
                Value::Bool(true) => node.additional = Some(Box::new(anything())),
                Value::Bool(false) => {}
                schema => node.additional = Some(Box::new(self::node(schema, &at)?)),
            },
            "items" => node.items = Some(Box::new(self::node(value, &at)?)),
            "x-kubernetes-int-or-string" => node.int_or_string = flag(value, &at)?,
            "x-kubernetes-preserve-unknown-fields" => node.preserve_unknown = flag(value, &at)?,
            "x-kubernetes-embedded-resource" => node.embedded_resource = flag(value, &at)?,
            "x-kubernetes-list-type" | "x-kubernetes-list-map-keys" => {
                node.list_type = Some(list_type(map, path)?);
            }
            "x-kubernetes-map-type" => node.atomic_map = value == "atomic",
            "x-kubernetes-validations" => node.immutable = rules(value, &at)?,
            "exclusiveMinimum" => exclusive.0 = flag(value, &at)?,
            "exclusiveMaximum" => exclusive.1 = flag(value, &at)?,
            _ => check(&mut node.checks, key, value, &at)?,
        }
    }
    if let Some(bound) = node.checks.minimum.as_mut() {
        bound.exclusive = exclusive.0;
    }
    if let Some(bound) = node.checks.maximum.as_mut() {
        bound.exclusive = exclusive.1;
    }
    if node.embedded_resource {
        embed(&mut node);
    }
    Ok(node)
}

/// Reads one keyword that restricts values.
fn check(checks: &mut Checks, key: &str, value: &Value, at: &str) -> Result<(), String> {
    match key {
        "required" => {
            checks.required = list(value, at)?
                .iter()
                .map(|v| text(v, at).map(str::to_owned))
                .collect::<Result<_, _>>()?;
        }
        "enum" => checks.allowed = Some(list(value, at)?.clone()),
        "minimum" => checks.minimum = Some(bound(value, at)?),
        "maximum" => checks.maximum = Some(bound(value, at)?),
        "multipleOf" => {
            let step = value.as_i64().filter(|step| *step > 0);
            let step =
                step.ok_or_else(|| format!("{at}: only whole numbers above 0 are modelled"))?;
            checks.multiple_of = Some(step);
        }
        "minLength" => checks.min_length = Some(count(value, at)?),
        "maxLength" => checks.max_length = Some(count(value, at)?),
        "minItems" => checks.min_items = Some(count(value, at)?),
        "maxItems" => checks.max_items = Some(count(value, at)?),
        "minProperties" => checks.min_properties = Some(count(value, at)?),
        "maxProperties" => checks.max_properties = Some(count(value, at)?),
        "uniqueItems" => checks.unique_items = flag(value, at)?,
        "format" => checks.format = Some(text(value, at)?.to_owned()),
        "pattern" => {
            let pattern = text(value, at)?;
            let regex = regex::Regex::new(pattern)
                .map_err(|error| format!("{at}: must be a valid regular expression: {error}"))?;
            checks.pattern = Some(regex);
        }
        "allOf" => checks.all_of = nodes(value, at)?,
        "anyOf" => checks.any_of = nodes(value, at)?,
        "oneOf" => checks.one_of = nodes(value, at)?,
        "not" => checks.not = Some(Box::new(node(value, at)?)),
        _ => return Err(format!("{at}: this keyword is not modelled here")),
    }
    Ok(())
}

/// The messages of the rules, all of which must be the one form that can be evaluated.
fn rules(value: &Value, at: &str) -> Result<Vec<String>, String> {
    let mut messages = Vec::new();
    for (index, rule) in list(value, at)?.iter().enumerate() {
        let expression = rule.get("rule").and_then(Value::as_str).unwrap_or_default();
        let compact: String = expression.split_whitespace().collect();
        if compact != "self==oldSelf" && compact != "oldSelf==self" {
            return Err(format!(
                "{at}[{index}].rule: only the rule `self == oldSelf` can be evaluated here, not `{expression}`"
            ));
        }
        for key in [
            "messageExpression",
            "fieldPath",
            "optionalOldSelf",
            "reason",
        ] {
            if rule.get(key).is_some() {
                return Err(format!("{at}[{index}].{key}: is not modelled here"));
            }
        }
        let message = rule.get("message").and_then(Value::as_str);
        messages.push(message.unwrap_or_default().to_owned());
    }
    Ok(messages)
}

/// Adds what every embedded object has.
fn embed(node: &mut Node) {
    for name in ["apiVersion", "kind"] {
        node.properties
            .entry(name.into())
            .or_insert_with(|| Node::of(Kind::String));
    }
    let metadata = node
        .properties
        .entry("metadata".into())
        .or_insert_with(|| Node::of(Kind::Object));
    metadata.preserve_unknown = true;
}

fn anything() -> Node {
    Node {
        preserve_unknown: true,
        ..Node::default()
    }
}

fn list_type(map: &Map<String, Value>, path: &str) -> Result<ListType, String> {
    let name = map.get("x-kubernetes-list-type").and_then(Value::as_str);
    match name {
        Some("atomic") => Ok(ListType::Atomic),
        Some("set") => Ok(ListType::Set),
        Some("map") => {
            let keys = map
                .get("x-kubernetes-list-map-keys")
                .and_then(Value::as_array);
            let keys: Vec<String> = keys
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            if keys.is_empty() {
                return Err(format!(
                    "{path}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"
                ));
            }
            Ok(ListType::Map(keys))
        }
        _ => Err(format!(
            "{path}.x-kubernetes-list-type: must be one of atomic, set, map"
        )),
    }
}

fn nodes(value: &Value, at: &str) -> Result<Vec<Node>, String> {
    let list = list(value, at)?.iter().enumerate();
    list.map(|(i, schema)| node(schema, &format!("{at}[{i}]")))
        .collect()
}

fn kind(value: &Value, at: &str) -> Result<Kind, String> {
    match value.as_str() {
        Some("object") => Ok(Kind::Object),
        Some("array") => Ok(Kind::Array),
        Some("string") => Ok(Kind::String),
        Some("integer") => Ok(Kind::Integer),
        Some("number") => Ok(Kind::Number),
        Some("boolean") => Ok(Kind::Boolean),
        _ => Err(format!(
            "{at}: must be one of array, boolean, integer, number, object, string, not {value}"
        )),
    }
}

fn bound(value: &Value, at: &str) -> Result<Bound, String> {
    Ok(Bound {
        value: number(value, at)?,
        text: value.to_string(),
        exclusive: false,
    })
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{at}: must be an object"))
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a Vec<Value>, String> {
    value
        .as_array()
        .ok_or_else(|| format!("{at}: must be a list"))
}

fn text<'a>(value: &'a Value, at: &str) -> Result<&'a str, String> {
    value
        .as_str()
        .ok_or_else(|| format!("{at}: must be a text"))
}

fn flag(value: &Value, at: &str) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("{at}: must be true or false"))
}

fn number(value: &Value, at: &str) -> Result<f64, String> {
    value
        .as_f64()
        .ok_or_else(|| format!("{at}: must be a number"))
}

fn count(value: &Value, at: &str) -> Result<u64, String> {
    value
        .as_u64()
        .ok_or_else(|| format!("{at}: must be a number from 0 on"))
}
