//! Every field that a schema has survives the way into the Rust type and back.
//!
//! Two sources: fixtures written by hand, which freeze the names of `compat/api.md`, and objects
//! made from the schemas, with any choice of fields.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

use std::sync::LazyLock;

use crds::Rollout;
use crds::analysis::{AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate};
use crds::experiment::Experiment;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(crds::manifests::definitions);

/// The schemas of `spec` and `status` of a kind.
fn schemas(kind: &str) -> Vec<(&'static str, &'static Value)> {
    let crd = DEFINITIONS
        .iter()
        .find(|crd| crd["spec"]["names"]["kind"] == kind)
        .unwrap();
    let properties = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    ["spec", "status"]
        .into_iter()
        .filter_map(|part| Some((part, properties.get(part)?)))
        .collect()
}

fn there_and_back<T: Serialize + DeserializeOwned>(json: &Value) -> Value {
    let typed: T = serde_json::from_value(json.clone()).unwrap();
    serde_json::to_value(typed).unwrap()
}

fn through_its_type(json: &Value) -> Value {
    match json["kind"].as_str().unwrap() {
        "Rollout" => there_and_back::<Rollout>(json),
        "AnalysisTemplate" => there_and_back::<AnalysisTemplate>(json),
        "ClusterAnalysisTemplate" => there_and_back::<ClusterAnalysisTemplate>(json),
        "AnalysisRun" => there_and_back::<AnalysisRun>(json),
        "Experiment" => there_and_back::<Experiment>(json),
        kind => panic!("no such kind: {kind}"),
    }
}

fn fixture(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

const FIXTURES: &[&str] = &[
    include_str!("fixtures/rollout.yaml"),
    include_str!("fixtures/analysis-template.yaml"),
    include_str!("fixtures/analysis-run.yaml"),
    include_str!("fixtures/experiment.yaml"),
];

const KINDS: &[&str] = &[
    "AnalysisRun",
    "AnalysisTemplate",
    "ClusterAnalysisTemplate",
    "Experiment",
    "Rollout",
];

#[test]
fn a_manifest_with_every_field_loses_none_of_them() {
    for text in FIXTURES {
        let json = fixture(text);
        assert_eq!(through_its_type(&json), json);
    }
    let mut cluster = fixture(FIXTURES[1]);
    cluster["kind"] = json!("ClusterAnalysisTemplate");
    assert_eq!(through_its_type(&cluster), cluster);
}

#[test]
fn the_manifests_have_every_field_of_the_schemas_and_no_other() {
    let mut missing = Vec::new();
    for text in FIXTURES {
        let json = fixture(text);
        for (part, schema) in schemas(json["kind"].as_str().unwrap()) {
            compare(schema, &[&json[part]], part, &mut missing);
        }
    }
    // The metrics of a run are those of a template, which has them all.
    missing.retain(|line| !line.starts_with("missing spec.metrics[]"));
    assert_eq!(missing, Vec::<String>::new());
}

/// Compares the fields of a schema with those of all values found at its place.
fn compare(schema: &Value, values: &[&Value], path: &str, wrong: &mut Vec<String>) {
    if path.ends_with(".template") || path.ends_with("job.spec") {
        return;
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (name, child) in properties {
            let path = format!("{path}.{name}");
            let found: Vec<&Value> = values.iter().filter_map(|it| it.get(name)).collect();
            if found.is_empty() {
                wrong.push(format!("missing {path}"));
            } else {
                compare(child, &found, &path, wrong);
            }
        }
        for name in values
            .iter()
            .filter_map(|it| it.as_object())
            .flat_map(Map::keys)
        {
            if !properties.contains_key(name) {
                wrong.push(format!("unknown {path}.{name}"));
            }
        }
    }
    if let Some(items) = schema.get("items") {
        let members: Vec<&Value> = values
            .iter()
            .filter_map(|it| it.as_array())
            .flatten()
            .collect();
        compare(items, &members, &format!("{path}[]"), wrong);
    }
    if let Some(of) = schema.get("additionalProperties") {
        let members: Vec<&Value> = values
            .iter()
            .filter_map(|it| it.as_object())
            .flat_map(Map::values)
            .collect();
        compare(of, &members, &format!("{path}[]"), wrong);
    }
}

/// Makes a value for a schema. `choices` says which optional fields are set, how long lists are
/// and which texts they hold; when it is used up everything is set.
fn make(schema: &Value, path: &str, choices: &mut std::slice::Iter<'_, u8>) -> Value {
    let mut choose = || choices.next().copied();
    if schema.get("x-kubernetes-int-or-string").is_some() {
        return match choose() {
            Some(odd) if odd % 2 == 1 => json!("17%"),
            _ => json!(17),
        };
    }
    let kind = schema.get("type").and_then(Value::as_str);
    if path.ends_with(".template") || kind.is_none() {
        return json!({"any": [1, "two", {"three": null}]});
    }
    match kind.unwrap() {
        "string" if schema["format"] == "date-time" => json!("2026-03-04T05:06:07Z"),
        "string" => match schema["enum"].as_array() {
            Some(words) => words[0].clone(),
            None => json!(format!("text {}", choose().unwrap_or(0))),
        },
        "integer" => json!(1 + i64::from(choose().unwrap_or(0))),
        "boolean" => json!(true),
        "array" => {
            let length = 1 + usize::from(choose().unwrap_or(0) % 2);
            let items = &schema["items"];
            (0..length)
                .map(|_| make(items, &format!("{path}[]"), choices))
                .collect()
        }
        "object" if schema.get("x-kubernetes-preserve-unknown-fields").is_some() => {
            json!({"any": {"thing": [1, "two"]}})
        }
        "object" if schema.get("additionalProperties").is_some() => {
            json!({"key": make(&schema["additionalProperties"], path, choices)})
        }
        "object" => {
            let required = schema["required"].as_array();
            let mut object = Map::new();
            for (name, child) in schema["properties"].as_object().into_iter().flatten() {
                let is_required = required.is_some_and(|it| it.contains(&json!(name)));
                if is_required || choices.next().is_none_or(|choice| choice % 3 > 0) {
                    object.insert(
                        name.clone(),
                        make(child, &format!("{path}.{name}"), choices),
                    );
                }
            }
            Value::Object(object)
        }
        kind => panic!("{path}: {kind}"),
    }
}

fn object(kind: &str, choices: &[u8]) -> Value {
    let mut json = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "made"},
    });
    let mut choices = choices.iter();
    for (part, schema) in schemas(kind) {
        json[part] = make(schema, part, &mut choices);
    }
    json
}

/// Whether `whole` holds everything that `part` does.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part.iter().all(|(key, value)| {
            // An empty object says nothing more than an absent one.
            whole
                .get(key)
                .map_or(is_empty(value), |it| holds(it, value))
        }),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(a, b)| holds(a, b))
        }
        _ => whole == part,
    }
}

fn is_empty(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|it| it.values().all(is_empty))
}

#[test]
fn an_object_with_every_field_of_its_schema_comes_back_the_same() {
    for kind in KINDS {
        let json = object(kind, &[]);
        assert_eq!(through_its_type(&json), json, "{kind}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_object_with_any_choice_of_fields_loses_nothing(
        kind in prop::sample::select(KINDS),
        choices in prop::collection::vec(any::<u8>(), 0..1500),
    ) {
        let json = object(kind, &choices);
        let back = through_its_type(&json);
        prop_assert!(holds(&back, &json), "{json:#}\nbecame\n{back:#}");
        prop_assert_eq!(through_its_type(&back), back);
    }
}

#[test]
fn a_status_with_fields_of_the_future_or_null_is_still_read() {
    let json = json!({
        "metadata": {"name": "web"},
        "spec": {"aFieldOfTheFuture": 1},
        "status": {
            "aFieldOfTheFuture": {"a": 1},
            "abort": null, "conditions": null, "pauseConditions": null, "canary": null,
            "blueGreen": null, "observedGeneration": 7, "albs": null, "promoteFull": null,
        },
    });
    let rollout: Rollout = serde_json::from_value(json).unwrap();
    let status = rollout.status.unwrap();
    assert!(!status.abort && status.conditions.is_empty());
    assert_eq!(status.observed_generation.unwrap().number(), Some(7));
}
