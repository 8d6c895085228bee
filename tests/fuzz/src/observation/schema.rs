//! Values that the CRD's schema admits: every field there is, whatever it holds.
//!
//! A field that is added to the CRD is drawn without a change here.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{MOMENTS, REVISIONS, template};
use crate::draw::Draw;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let all = crds::manifests::definitions();
    let rollout = all
        .into_iter()
        .find(|crd| crd["spec"]["names"]["kind"] == "Rollout")
        .unwrap();
    rollout["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
});

/// The schema of a Rollout, as it is installed.
#[must_use]
pub fn rollout_schema() -> &'static Value {
    &SCHEMA
}

/// Replaces, adds or removes one thing somewhere in `value`, which the schema describes.
pub fn overlay(schema: &Value, value: &mut Value, draw: &mut Draw<'_>) {
    let properties = schema["properties"].as_object();
    if let Some(properties) = properties.filter(|it| !it.is_empty()) {
        let keys: Vec<&String> = properties.keys().collect();
        let key = keys[draw.below(keys.len())];
        if !value.is_object() {
            *value = json!({});
        }
        let map = value.as_object_mut().unwrap();
        match draw.below(4) {
            0 | 1 => overlay(
                &properties[key],
                map.entry(key).or_insert(Value::Null),
                draw,
            ),
            2 => {
                map.insert(key.clone(), any(&properties[key], key, draw, 0));
            }
            _ => {
                map.remove(key);
            }
        }
        // What the schema asks for has to be there.
        complete(schema, map, draw);
        return;
    }
    match value {
        Value::Array(items) if !items.is_empty() && draw.once_in(2) => {
            let at = draw.below(items.len());
            overlay(&schema["items"], &mut items[at], draw);
        }
        _ => *value = any(schema, "", draw, 0),
    }
}

fn complete(schema: &Value, map: &mut Map<String, Value>, draw: &mut Draw<'_>) {
    for key in schema["required"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap();
        if !map.contains_key(key) {
            map.insert(
                key.to_owned(),
                any(&schema["properties"][key], key, draw, 0),
            );
        }
    }
}

/// Any value that the schema admits.
fn any(schema: &Value, key: &str, draw: &mut Draw<'_>, depth: usize) -> Value {
    if key == "template" {
        return template(draw.below(4));
    }
    if schema["x-kubernetes-int-or-string"] == true {
        let odd = [
            json!(1),
            json!("25%"),
            json!(-1),
            json!("10s"),
            json!(i32::MAX),
            json!(""),
            json!("-5%"),
            json!("99999999999999999999%"),
            json!("1e9"),
            json!("\u{b5}s"),
        ];
        return draw.pick(&odd);
    }
    match schema["type"].as_str() {
        Some("object") => object(schema, draw, depth),
        Some("array") => {
            let length = if depth > 6 { 0 } else { draw.below(3) };
            (0..length)
                .map(|_| any(&schema["items"], "", draw, depth + 1))
                .collect()
        }
        Some("boolean") => json!(draw.once_in(2)),
        Some("integer") if schema["format"] == "int64" => {
            json!(draw.pick(&[1, 0, -1, i64::MAX, i64::MIN]))
        }
        Some("integer") => json!(draw.pick(&[1, 0, 3, 50, 100, -1, i32::MAX, i32::MIN])),
        Some("number") => json!(draw.pick(&[0.5, -1.0, 1e300])),
        Some("string") if schema["format"] == "date-time" => {
            json!(crds::Time::from_unix(draw.pick(&MOMENTS)))
        }
        Some("string") => text(draw),
        _ => json!({}),
    }
}

fn object(schema: &Value, draw: &mut Draw<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    if let Some(properties) = schema["properties"].as_object() {
        let keys: Vec<&String> = properties.keys().collect();
        let count = if depth > 6 {
            0
        } else {
            draw.below(4).min(keys.len())
        };
        for _ in 0..count {
            let key = keys[draw.below(keys.len())];
            map.insert(key.clone(), any(&properties[key], key, draw, depth + 1));
        }
        complete(schema, &mut map, draw);
    }
    let more = &schema["additionalProperties"];
    if more.is_object() {
        for _ in 0..draw.below(3) {
            let key = draw.text();
            map.insert(key, any(more, "", draw, depth + 1));
        }
    }
    Value::Object(map)
}

fn text(draw: &mut Draw<'_>) -> Value {
    let odd = [
        "active",
        "preview",
        "web",
        "10s",
        "25%",
        "",
        "-1",
        "9223372036854775808",
        "a.very.long/name~1with%everything",
        "\u{0}",
        "null",
    ];
    match draw.below(3) {
        0 => json!(draw.pick(&REVISIONS)),
        1 => json!(draw.pick(&odd)),
        _ => json!(draw.text()),
    }
}
