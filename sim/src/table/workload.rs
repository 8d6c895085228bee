//! The rows of ReplicaSets, Deployments and nodes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::builtin::{age_of, list, name, number, or_none, pairs, text};

pub(super) fn replica_set(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let mut cells = vec![
        name(o),
        json!(number(o, "/spec/replicas")),
        json!(number(o, "/status/replicas")),
        json!(number(o, "/status/readyReplicas")),
        json!(age_of(o, now)),
    ];
    cells.extend(template(o));
    cells
}

pub(super) fn deployment(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let ready = number(o, "/status/readyReplicas");
    let wanted = number(o, "/spec/replicas");
    let mut cells = vec![
        name(o),
        json!(format!("{ready}/{wanted}")),
        json!(number(o, "/status/updatedReplicas")),
        json!(number(o, "/status/availableReplicas")),
        json!(age_of(o, now)),
    ];
    cells.extend(template(o));
    cells
}

/// Container names, images and selector.
fn template(o: &Value) -> [Value; 3] {
    let containers = list(o, "/spec/template/spec/containers");
    let join = |field: &str| {
        let texts: Vec<&str> = containers.iter().map(|c| text(c, field)).collect();
        json!(texts.join(","))
    };
    let mut parts = Vec::new();
    for expression in list(o, "/spec/selector/matchExpressions") {
        let key = text(expression, "/key");
        let mut values: Vec<&str> = list(expression, "/values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.extend(pairs(o.pointer("/spec/selector/matchLabels")));
    parts.sort();
    [join("/name"), join("/image"), json!(parts.join(","))]
}

pub(super) fn node(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let ready = list(o, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == "Ready");
    let mut status = match ready.map(|c| text(c, "/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if o.pointer("/spec/unschedulable").is_some_and(|u| u == true) {
        status.push_str(",SchedulingDisabled");
    }
    let labels = o.pointer("/metadata/labels").and_then(Value::as_object);
    let roles: Vec<&str> = labels
        .into_iter()
        .flat_map(|labels| labels.keys())
        .filter_map(|key| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let address = |kind: &str| {
        let found = list(o, "/status/addresses")
            .iter()
            .find(|a| text(a, "/type") == kind);
        or_none(found.map(|a| text(a, "/address")).unwrap_or_default())
    };
    let info = |field: &str| match text(o, &format!("/status/nodeInfo/{field}")) {
        "" => "<unknown>".to_owned(),
        text => text.to_owned(),
    };
    let mut kernel = info("kernelVersion");
    let architecture = text(o, "/status/nodeInfo/architecture");
    if !architecture.is_empty() {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        name(o),
        json!(status),
        json!(or_none(&roles.join(","))),
        json!(age_of(o, now)),
        json!(text(o, "/status/nodeInfo/kubeletVersion")),
        json!(address("InternalIP")),
        json!(address("ExternalIP")),
        json!(info("osImage")),
        json!(kernel),
        json!(info("containerRuntimeVersion")),
    ]
}
