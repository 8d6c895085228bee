//! Defaults of built-in kinds, as the API server stores them.

use serde_json::{Map, Value, json};

use super::quantity;
use crate::Gvk;

/// Fills in the defaults of one object.
pub(super) fn default(gvk: &Gvk, object: &mut Value) {
    let Some(map) = object.as_object_mut() else {
        return;
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => pod(map),
        ("apps", "ReplicaSet") => {
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
        ("", "Secret") => empty(map, "type", json!("Opaque")),
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
        absent(spec, "ipFamilies", json!(["IPv4"]));
        absent(spec, "ipFamilyPolicy", json!("SingleStack"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        empty(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        absent(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

fn template(spec: &mut Map<String, Value>) {
    if let Some(template) = child(spec, "template") {
        child(template, "metadata");
        if let Some(spec) = child(template, "spec") {
            pod_spec(spec);
        }
    }
}

/// A pod gets what its spec gets in a template, and what admission adds.
fn pod(map: &mut Map<String, Value>) {
    let Some(spec) = child(map, "spec") else {
        return;
    };
    pod_spec(spec);
    absent(spec, "enableServiceLinks", json!(true));
    absent(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
    absent(spec, "priority", json!(0));
    empty(spec, "serviceAccountName", json!("default"));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        empty(spec, "serviceAccount", account);
    }
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
    tolerations(spec);
    let quality = quality(spec);
    if let Some(status) = child(map, "status") {
        empty(status, "phase", json!("Pending"));
        empty(status, "qosClass", json!(quality));
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
    let policy = if tag(image) == "latest" {
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

/// The object at `name`, made when absent. A value of another type is replaced: callers refuse
/// such objects before.
fn child<'a>(map: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    let slot = map.entry(name).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

fn each(map: &mut Map<String, Value>, list: &str, mut f: impl FnMut(&mut Map<String, Value>)) {
    if let Some(Value::Array(items)) = map.get_mut(list) {
        items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(&mut f);
    }
}

/// Sets a field that is absent.
fn absent(map: &mut Map<String, Value>, name: &str, value: Value) {
    if map.get(name).is_none_or(Value::is_null) {
        map.insert(name.to_owned(), value);
    }
}

/// Sets a field that is absent, or holds the empty text or zero, which mean the same to the server.
fn empty(map: &mut Map<String, Value>, name: &str, value: Value) {
    let unset = match map.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(n)) => n.as_i64() == Some(0),
        Some(_) => false,
    };
    if unset {
        map.insert(name.to_owned(), value);
    }
}
