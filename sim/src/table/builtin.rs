//! The columns and rows of the built-in kinds.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{age, column, event, name_column, network, pod, workload};
use crate::Gvk;

/// Cells of one object, in the order of the columns.
pub(super) type Print = fn(&Value, DateTime<Utc>) -> Vec<Value>;

/// Columns and row of a kind.
pub(super) fn of(gvk: &Gvk) -> (Vec<Value>, Print) {
    // (name, priority); `#` marks whole numbers.
    let (columns, print): (&[(&str, u8)], Print) = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => (
            &[
                ("Ready", 0),
                ("Status", 0),
                ("Restarts", 0),
                ("Age", 0),
                ("IP", 1),
                ("Node", 1),
                ("Nominated Node", 1),
                ("Readiness Gates", 1),
            ],
            pod::row,
        ),
        ("apps", "ReplicaSet") => (
            &[
                ("Desired#", 0),
                ("Current#", 0),
                ("Ready#", 0),
                ("Age", 0),
                ("Containers", 1),
                ("Images", 1),
                ("Selector", 1),
            ],
            workload::replica_set,
        ),
        ("apps", "Deployment") => (
            &[
                ("Ready", 0),
                ("Up-to-date", 0),
                ("Available", 0),
                ("Age", 0),
                ("Containers", 1),
                ("Images", 1),
                ("Selector", 1),
            ],
            workload::deployment,
        ),
        ("", "Service") => (
            &[
                ("Type", 0),
                ("Cluster-IP", 0),
                ("External-IP", 0),
                ("Port(s)", 0),
                ("Age", 0),
                ("Selector", 1),
            ],
            network::service,
        ),
        ("", "Endpoints") => (&[("Endpoints", 0), ("Age", 0)], network::endpoints),
        ("discovery.k8s.io", "EndpointSlice") => (
            &[
                ("AddressType", 0),
                ("Ports", 0),
                ("Endpoints", 0),
                ("Age", 0),
            ],
            network::endpoint_slice,
        ),
        ("", "Event") => return (event_columns(), event::row),
        ("", "Namespace") => (&[("Status", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/status/phase")),
                json!(age_of(o, now)),
            ]
        }),
        ("", "ConfigMap") => (&[("Data", 0), ("Age", 0)], |o, now| {
            let data = size(o, "/data").saturating_add(size(o, "/binaryData"));
            vec![name(o), json!(data), json!(age_of(o, now))]
        }),
        ("", "Secret") => (&[("Type", 0), ("Data", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/type")),
                json!(size(o, "/data")),
                json!(age_of(o, now)),
            ]
        }),
        ("", "Node") => (
            &[
                ("Status", 0),
                ("Roles", 0),
                ("Age", 0),
                ("Version", 0),
                ("Internal-IP", 1),
                ("External-IP", 1),
                ("OS-Image", 1),
                ("Kernel-Version", 1),
                ("Container-Runtime", 1),
            ],
            workload::node,
        ),
        ("coordination.k8s.io", "Lease") => (&[("Holder", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/spec/holderIdentity")),
                json!(age_of(o, now)),
            ]
        }),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => (&[("Created At", 0)], |o, _| {
            vec![name(o), json!(text(o, "/metadata/creationTimestamp"))]
        }),
        _ => (&[("Age", 0)], |o, now| vec![name(o), json!(age_of(o, now))]),
    };
    let mut definitions = vec![name_column()];
    for (title, priority) in columns {
        let (title, kind) = match title.strip_suffix('#') {
            Some(title) => (title, "integer"),
            None => (*title, "string"),
        };
        definitions.push(column(title, kind, "", *priority, ""));
    }
    (definitions, print)
}

/// Events show their name last.
fn event_columns() -> Vec<Value> {
    let first = [
        ("Last Seen", 0),
        ("Type", 0),
        ("Reason", 0),
        ("Object", 0),
        ("Subobject", 1),
        ("Source", 1),
        ("Message", 0),
        ("First Seen", 1),
        ("Count", 1),
    ];
    let mut columns: Vec<Value> = first
        .iter()
        .map(|(name, priority)| column(name, "string", "", *priority, ""))
        .collect();
    columns.push(column("Name", "string", "name", 1, ""));
    columns
}

/// The object's name as a cell.
pub(super) fn name(o: &Value) -> Value {
    json!(text(o, "/metadata/name"))
}

/// The text at a JSON pointer; empty where there is none.
pub(super) fn text<'a>(o: &'a Value, pointer: &str) -> &'a str {
    o.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number at a JSON pointer; 0 where there is none.
pub(super) fn number(o: &Value, pointer: &str) -> i64 {
    o.pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// The list at a JSON pointer; empty where there is none.
pub(super) fn list<'a>(o: &'a Value, pointer: &str) -> &'a [Value] {
    o.pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Time since the object was made.
pub(super) fn age_of(o: &Value, now: DateTime<Utc>) -> String {
    age::since(o.pointer("/metadata/creationTimestamp"), now)
}

fn size(o: &Value, pointer: &str) -> usize {
    o.pointer(pointer)
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len)
}

/// `key=value` of each label, sorted.
pub(super) fn pairs(labels: Option<&Value>) -> Vec<String> {
    let map = labels.and_then(Value::as_object).into_iter().flatten();
    let mut pairs: Vec<String> = map
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    pairs
}

/// The text, or `<none>`.
pub(super) fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>" } else { text }.to_owned()
}
