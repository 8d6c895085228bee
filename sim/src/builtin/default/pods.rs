//! Defaults of pods and pod templates.

use serde_json::{Map, Value, json};

use super::fields::{absent, child, each, empty};
use crate::builtin::quantity;

/// Defaults of the pod template in a spec.
pub(super) fn template(spec: &mut Map<String, Value>) {
    if let Some(template) = child(spec, "template") {
        child(template, "metadata");
        if let Some(spec) = child(template, "spec") {
            pod_spec(spec);
        }
    }
}

/// A pod gets what its spec gets in a template, and a little more.
pub(super) fn pod(map: &mut Map<String, Value>) {
    let Some(spec) = child(map, "spec") else {
        return;
    };
    pod_spec(spec);
    absent(spec, "enableServiceLinks", json!(true));
    for list in ["containers", "initContainers"] {
        each(spec, list, |container| {
            let Some(resources) = child(container, "resources") else {
                return;
            };
            if let Some(Value::Object(limits)) = resources.get("limits").cloned()
                && let Some(requests) = child(resources, "requests")
            {
                for (name, amount) in limits {
                    absent(requests, &name, amount);
                }
            }
        });
    }
    if let Some(status) = child(map, "status") {
        empty(status, "phase", json!("Pending"));
    }
}

/// What admission gives a new pod, or a changed one that has lost it. Nobody owns these fields.
pub(in crate::builtin) fn admit(map: &mut Map<String, Value>, old: Option<&Value>) {
    let Some(spec) = child(map, "spec") else {
        return;
    };
    match old {
        None => {
            absent(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
            absent(spec, "priority", json!(0));
            empty(spec, "serviceAccountName", json!("default"));
            if let Some(account) = spec.get("serviceAccountName").cloned() {
                empty(spec, "serviceAccount", account);
            }
        }
        Some(old) => {
            for name in ["preemptionPolicy", "priority"] {
                if let Some(known) = old.get("spec").and_then(|spec| spec.get(name)) {
                    absent(spec, name, known.clone());
                }
            }
        }
    }
    tolerations(spec);
    let quality = quality(spec);
    if old.is_none()
        && let Some(status) = child(map, "status")
    {
        status.insert("qosClass".into(), json!(quality));
    }
}

/// Pods stay for five minutes on a node that is not reachable.
fn tolerations(spec: &mut Map<String, Value>) {
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let list = spec.entry("tolerations").or_insert_with(|| json!([]));
        let Some(list) = list.as_array_mut() else {
            return;
        };
        if !list.iter().any(|t| t.get("key").is_none_or(|k| k == key)) {
            list.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
}

fn quality(spec: &Map<String, Value>) -> &'static str {
    let mut any = false;
    let mut all = true;
    for list in ["containers", "initContainers"] {
        for container in spec
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let resources = container.get("resources").unwrap_or(&Value::Null);
            let limits = resources.get("limits").unwrap_or(&Value::Null);
            let requests = resources.get("requests").unwrap_or(&Value::Null);
            for name in ["cpu", "memory"] {
                let limit = limits.get(name);
                let request = requests.get(name);
                any |= limit.or(request).is_some();
                all &= limit.is_some() && limit == request;
            }
        }
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn pod_spec(spec: &mut Map<String, Value>) {
    empty(spec, "dnsPolicy", json!("ClusterFirst"));
    empty(spec, "restartPolicy", json!("Always"));
    empty(spec, "schedulerName", json!("default-scheduler"));
    absent(spec, "securityContext", json!({}));
    absent(spec, "terminationGracePeriodSeconds", json!(30));
    // The two names of one field hold the same.
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        empty(spec, "serviceAccount", account);
    } else if let Some(account) = spec.get("serviceAccount").cloned() {
        empty(spec, "serviceAccountName", account);
    }
    let host_network = spec.get("hostNetwork").is_some_and(|h| h == true);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        each(spec, list, |container| {
            self::container(container);
            if host_network {
                each(container, "ports", |port| {
                    if let Some(number) = port.get("containerPort").cloned() {
                        absent(port, "hostPort", number);
                    }
                });
            }
        });
    }
    each(spec, "volumes", volume);
}

fn container(container: &mut Map<String, Value>) {
    let image = container
        .get("image")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // A name that cannot be read has no tag either.
    let is_readable = !image.contains(char::is_whitespace);
    let policy = if is_readable && tag(image) == "latest" {
        "Always"
    } else {
        "IfNotPresent"
    };
    empty(container, "imagePullPolicy", json!(policy));
    empty(
        container,
        "terminationMessagePath",
        json!("/dev/termination-log"),
    );
    empty(container, "terminationMessagePolicy", json!("File"));
    if let Some(resources) = child(container, "resources") {
        amounts(resources);
    }
    each(container, "ports", |port| {
        empty(port, "protocol", json!("TCP"))
    });
    each(container, "env", |variable| {
        if let Some(Value::Object(field)) = variable
            .get_mut("valueFrom")
            .and_then(|v| v.get_mut("fieldRef"))
        {
            empty(field, "apiVersion", json!("v1"));
        }
    });
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(Value::Object(probe)) = container.get_mut(name) {
            empty(probe, "timeoutSeconds", json!(1));
            empty(probe, "periodSeconds", json!(10));
            empty(probe, "successThreshold", json!(1));
            empty(probe, "failureThreshold", json!(3));
            handler(probe);
        }
    }
    if let Some(Value::Object(lifecycle)) = container.get_mut("lifecycle") {
        for name in ["postStart", "preStop"] {
            if let Some(Value::Object(hook)) = lifecycle.get_mut(name) {
                handler(hook);
            }
        }
    }
}

/// Amounts are stored in their canonical form.
fn amounts(resources: &mut Map<String, Value>) {
    for list in ["limits", "requests"] {
        let amounts = resources.get_mut(list).and_then(Value::as_object_mut);
        for amount in amounts.into_iter().flat_map(Map::values_mut) {
            let text = amount
                .as_str()
                .map_or_else(|| amount.to_string(), str::to_owned);
            if let Some(canonical) = quantity::canonical(&text) {
                *amount = Value::from(canonical);
            }
        }
    }
}

fn handler(handler: &mut Map<String, Value>) {
    if let Some(Value::Object(get)) = handler.get_mut("httpGet") {
        empty(get, "path", json!("/"));
        empty(get, "scheme", json!("HTTP"));
    }
    if let Some(Value::Object(grpc)) = handler.get_mut("grpc") {
        absent(grpc, "service", json!(""));
    }
}

fn volume(volume: &mut Map<String, Value>) {
    if volume.keys().all(|key| key == "name") {
        volume.insert("emptyDir".into(), json!({}));
    }
    for name in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(Value::Object(source)) = volume.get_mut(name) {
            absent(source, "defaultMode", json!(420));
            each(source, "items", field_path);
            each(source, "sources", |projection| {
                if let Some(Value::Object(token)) = projection.get_mut("serviceAccountToken") {
                    absent(token, "expirationSeconds", json!(3600));
                }
                if let Some(Value::Object(downward)) = projection.get_mut("downwardAPI") {
                    each(downward, "items", field_path);
                }
            });
        }
    }
    if let Some(Value::Object(host)) = volume.get_mut("hostPath") {
        absent(host, "type", json!(""));
    }
}

fn field_path(item: &mut Map<String, Value>) {
    if let Some(Value::Object(field)) = item.get_mut("fieldRef") {
        empty(field, "apiVersion", json!("v1"));
    }
}

/// The tag of an image; `latest` where it has none, empty where a digest stands instead.
fn tag(image: &str) -> &str {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the last slash belongs to the registry's port.
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.split_once(':') {
        Some((_, tag)) => tag,
        None if digest.is_empty() => "latest",
        None => "",
    }
}
