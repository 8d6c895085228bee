//! Defaults of built-in kinds, as the API server stores them.

mod fields;
mod pods;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::Gvk;
use fields::{absent, child, each, empty};
use pods::{pod, template};

pub(super) use pods::admit as admit_pod;

/// Fills in the defaults of one object.
pub(super) fn default(gvk: &Gvk, object: &mut Value) {
    let Some(map) = object.as_object_mut() else {
        return;
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => {
            pod(map);
            condition_times(map, &["lastProbeTime", "lastTransitionTime"]);
        }
        ("apps", "ReplicaSet") => {
            condition_times(map, &["lastTransitionTime"]);
            if let Some(spec) = child(map, "spec") {
                absent(spec, "replicas", json!(1));
                template(spec);
            }
        }
        ("apps", "Deployment") => {
            if let Some(spec) = child(map, "spec") {
                deployment(spec);
            }
        }
        ("", "Service") => service(map),
        ("", "Secret") => secret(map),
        ("", "Event") => {
            for time in ["eventTime", "firstTimestamp", "lastTimestamp"] {
                absent(map, time, Value::Null);
            }
            absent(map, "reportingComponent", json!(""));
            absent(map, "reportingInstance", json!(""));
            absent(map, "source", json!({}));
        }
        ("coordination.k8s.io", "Lease") => drop(child(map, "spec")),
        ("", "Namespace") => namespace(map),
        ("", "Endpoints") => each(map, "subsets", |subset| {
            each(subset, "ports", |port| {
                empty(port, "protocol", json!("TCP"))
            });
        }),
        ("discovery.k8s.io", "EndpointSlice") => each(map, "ports", |port| {
            absent(port, "name", json!(""));
            absent(port, "protocol", json!("TCP"));
        }),
        _ => {}
    }
}

/// Times of conditions are always there.
fn condition_times(map: &mut Map<String, Value>, times: &[&str]) {
    if let Some(Value::Object(status)) = map.get_mut("status") {
        each(status, "conditions", |condition| {
            times
                .iter()
                .for_each(|time| absent(condition, time, Value::Null));
        });
    }
}

/// Texts given in plain are stored encoded, over what `data` says.
fn secret(map: &mut Map<String, Value>) {
    empty(map, "type", json!("Opaque"));
    let Some(Value::Object(plain)) = map.remove("stringData") else {
        return;
    };
    if let Some(data) = child(map, "data") {
        for (key, text) in plain {
            let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
            data.insert(key, encoded.into());
        }
    }
}

fn namespace(map: &mut Map<String, Value>) {
    let name = map.get("metadata").and_then(|m| m.get("name")).cloned();
    if let Some(name) = name.filter(|name| name.as_str().is_some_and(|n| !n.is_empty())) {
        let labels = child(map, "metadata").and_then(|metadata| child(metadata, "labels"));
        if let Some(labels) = labels {
            labels.insert("kubernetes.io/metadata.name".into(), name);
        }
    }
    if let Some(spec) = child(map, "spec") {
        absent(spec, "finalizers", json!(["kubernetes"]));
    }
    if let Some(status) = child(map, "status") {
        empty(status, "phase", json!("Active"));
    }
}

fn deployment(spec: &mut Map<String, Value>) {
    absent(spec, "replicas", json!(1));
    absent(spec, "revisionHistoryLimit", json!(10));
    absent(spec, "progressDeadlineSeconds", json!(600));
    if let Some(strategy) = child(spec, "strategy") {
        empty(strategy, "type", json!("RollingUpdate"));
        let rolling = strategy.get("type").is_some_and(|t| t == "RollingUpdate");
        if let Some(rolling) = rolling.then(|| child(strategy, "rollingUpdate")).flatten() {
            absent(rolling, "maxUnavailable", json!("25%"));
            absent(rolling, "maxSurge", json!("25%"));
        }
    }
    template(spec);
}

fn service(map: &mut Map<String, Value>) {
    if let Some(status) = child(map, "status") {
        child(status, "loadBalancer");
    }
    let Some(spec) = child(map, "spec") else {
        return;
    };
    empty(spec, "type", json!("ClusterIP"));
    empty(spec, "sessionAffinity", json!("None"));
    if spec.get("sessionAffinity").is_some_and(|a| a == "ClientIP") {
        let config = child(spec, "sessionAffinityConfig");
        if let Some(client) = config.and_then(|config| child(config, "clientIP")) {
            absent(client, "timeoutSeconds", json!(10800));
        }
    } else {
        spec.remove("sessionAffinityConfig");
    }
    each(spec, "ports", |port| {
        empty(port, "protocol", json!("TCP"));
        if let Some(number) = port.get("port").cloned() {
            empty(port, "targetPort", number);
        }
    });
    let kind = spec
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if kind != "ExternalName" {
        absent(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        empty(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        absent(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}
