//! Endpoints and EndpointSlices of Services that select pods.
//!
//! One slice a service, up to the 1,000 endpoints that the API allows in one. A pod that is going
//! away is `ready: false, terminating: true` in the slice, still `serving` while it is ready, and
//! no longer in the Endpoints.

use serde_json::{Value, json};
use std::sync::Arc;

use super::kubelet::condition;
use super::queue::{Actor, Change, Key, Next};
use crate::api::{Call, DeleteOptions};
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object::At as _;
use crate::object::{self, is_terminating, text};
use crate::resources::GroupResource;
use crate::selector::LabelSelector;

const WRITER: &str = "endpoint-controller";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The actor.
#[derive(Debug)]
pub(super) struct Endpoints;

impl Actor for Endpoints {
    fn concerns(&mut self, server: &Server, change: &Change<'_>) -> Vec<Key> {
        if change.is("", "services") {
            let key = change.object().map(|o| Key::of(change.resource, o));
            return key.into_iter().collect();
        }
        if !change.is("", "pods") {
            return Vec::new();
        }
        let services = GroupResource::new("", "services");
        let state = server.lock();
        let ns = change.object().map_or("", |p| object::namespace(p));
        state
            .store
            .list(&services, Some(ns))
            .filter(|s| {
                let pods = [change.before, change.after];
                selector(s).is_some_and(|sel| pods.iter().flatten().any(|p| sel.matches(p)))
            })
            .map(|s| Key::of(&services, s))
            .collect()
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        match server.call(WRITER, |call| sync(call, key)) {
            Ok(()) => Next::Done,
            Err(error) => {
                tracing::debug!(%error, name = key.name, "endpoints could not be written");
                Next::Failed
            }
        }
    }
}

/// The selector of a Service; `None` for one whose endpoints are not ours.
fn selector(service: &Value) -> Option<LabelSelector> {
    if text(service, "/spec/type") == "ExternalName" {
        return None;
    }
    let selector = LabelSelector::from_labels(service.at("/spec/selector")?);
    (!selector.is_empty()).then_some(selector)
}

fn sync(call: &mut Call<'_>, key: &Key) -> Result<(), ApiError> {
    let services = call.resource("", "services")?;
    let Ok(service) = call.get(&services, &key.namespace, &key.name) else {
        return clean(call, key);
    };
    let Some(selector) = selector(&service) else {
        return Ok(());
    };
    let pods = GroupResource::new("", "pods");
    let pods: Vec<Arc<Value>> = call
        .state
        .store
        .list(&pods, Some(&key.namespace))
        .filter(|p| selector.matches(p) && !text(p, "/status/podIP").is_empty())
        .filter(|p| !matches!(text(p, "/status/phase"), "Succeeded" | "Failed"))
        .cloned()
        .collect();
    write_endpoints(call, &service, &pods)?;
    write_slice(call, &service, &pods)
}

/// A deleted Service takes its endpoints with it.
fn clean(call: &mut Call<'_>, key: &Key) -> Result<(), ApiError> {
    let endpoints = call.resource("", "endpoints")?;
    let ours = call
        .get(&endpoints, &key.namespace, &key.name)
        .is_ok_and(|e| object::annotation(&e, MANAGED).is_some());
    if ours {
        let options = DeleteOptions::default();
        call.delete(&endpoints, &key.namespace, &key.name, &options)?;
    }
    if let Some(slice) = find_slice(call, &key.namespace, &key.name) {
        let slices = call.resource("discovery.k8s.io", "endpointslices")?;
        let options = DeleteOptions::default();
        call.delete(&slices, &key.namespace, object::name(&slice), &options)?;
    }
    Ok(())
}

/// Marks the Endpoints that this actor made.
const MANAGED: &str = "endpoints.kubernetes.io/managed-by";

fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| text(c, "/status") == "True")
}

fn target(pod: &Value) -> Value {
    json!({
        "kind": "Pod",
        "name": object::name(pod),
        "namespace": object::namespace(pod),
        "uid": object::uid(pod),
    })
}

fn write_endpoints(
    call: &mut Call<'_>,
    service: &Value,
    pods: &[Arc<Value>],
) -> Result<(), ApiError> {
    let all_ready = service.at("/spec/publishNotReadyAddresses") == Some(&json!(true));
    let (mut ready, mut not_ready) = (Vec::new(), Vec::new());
    for pod in pods.iter().filter(|p| !is_terminating(p)) {
        let address = json!({
            "ip": text(pod, "/status/podIP"),
            "nodeName": text(pod, "/spec/nodeName"),
            "targetRef": target(pod),
        });
        if all_ready || is_ready(pod) {
            ready.push(address);
        } else {
            not_ready.push(address);
        }
    }
    let ports = ports(service, pods);
    let mut subset = json!({"ports": ports});
    let map = object::as_map(&mut subset);
    let any = !ready.is_empty() || !not_ready.is_empty();
    if !ready.is_empty() {
        map.insert("addresses".into(), ready.into());
    }
    if !not_ready.is_empty() {
        map.insert("notReadyAddresses".into(), not_ready.into());
    }
    let wanted = json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": object::name(service),
            "namespace": object::namespace(service),
            "labels": service.at("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "annotations": {MANAGED: "endpoint-controller"},
        },
        "subsets": if any { json!([subset]) } else { json!([]) },
    });
    let endpoints = call.resource("", "endpoints")?;
    let (ns, name) = (object::namespace(service), object::name(service));
    match call.get(&endpoints, ns, name) {
        Ok(old) => call.update(&endpoints, ns, name, "", keep_metadata(&old, wanted))?,
        Err(_) => call.create(&endpoints, ns, wanted)?,
    };
    Ok(())
}

fn write_slice(call: &mut Call<'_>, service: &Value, pods: &[Arc<Value>]) -> Result<(), ApiError> {
    let (ns, name) = (object::namespace(service), object::name(service));
    let endpoints: Vec<Value> = pods
        .iter()
        .take(1_000)
        .map(|pod| {
            let serving = is_ready(pod);
            let terminating = is_terminating(pod);
            json!({
                "addresses": [text(pod, "/status/podIP")],
                "conditions": {
                    "ready": serving && !terminating,
                    "serving": serving,
                    "terminating": terminating,
                },
                "nodeName": text(pod, "/spec/nodeName"),
                "targetRef": target(pod),
            })
        })
        .collect();
    let slices = call.resource("discovery.k8s.io", "endpointslices")?;
    let wanted = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{name}-"),
            "namespace": ns,
            "labels": {SERVICE_NAME: name, MANAGED_BY: "endpointslice-controller.k8s.io"},
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Service", "name": name,
                "uid": object::uid(service), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports(service, pods),
    });
    match find_slice(call, ns, name) {
        Some(old) => {
            let new = keep_metadata(&old, wanted);
            call.update(&slices, ns, object::name(&old), "", new)?
        }
        None => call.create(&slices, ns, wanted)?,
    };
    Ok(())
}

/// The slice of a Service that this actor keeps.
fn find_slice(call: &Call<'_>, ns: &str, service: &str) -> Option<Arc<Value>> {
    let id = GroupResource::new("discovery.k8s.io", "endpointslices");
    let label = |object: &Value, key: &str| {
        let labels = object.at("/metadata/labels")?;
        labels.get(key)?.as_str().map(str::to_owned)
    };
    call.state
        .store
        .list(&id, Some(ns))
        .find(|s| {
            label(s, SERVICE_NAME).as_deref() == Some(service) && label(s, MANAGED_BY).is_some()
        })
        .cloned()
}

/// The wanted object under the metadata that the server gave the old one.
fn keep_metadata(old: &Value, mut wanted: Value) -> Value {
    let mut meta = old.get("metadata").cloned().unwrap_or_default();
    for key in ["labels", "annotations", "ownerReferences"] {
        if let Some(new) = wanted.at(&format!("/metadata/{key}")) {
            object::as_map(&mut meta).insert(key.into(), new.clone());
        }
    }
    object::as_map(&mut wanted).insert("metadata".into(), meta);
    wanted
}

/// The ports of a Service with their numbers on the pods; a named target port is looked up in the
/// first pod that has it.
fn ports(service: &Value, pods: &[Arc<Value>]) -> Vec<Value> {
    object::list(service, "/spec/ports")
        .iter()
        .filter_map(|port| {
            let number = match port.get("targetPort") {
                Some(Value::String(named)) => pods.iter().find_map(|p| container_port(p, named))?,
                Some(Value::Number(n)) if n.as_i64() != Some(0) => n.as_i64()?,
                _ => port.get("port")?.as_i64()?,
            };
            let mut value = json!({
                "name": text(port, "/name"),
                "port": number,
                "protocol": match text(port, "/protocol") { "" => "TCP", given => given },
            });
            if text(port, "/name").is_empty() {
                object::as_map(&mut value).remove("name");
            }
            Some(value)
        })
        .collect()
}

fn container_port(pod: &Value, name: &str) -> Option<i64> {
    object::list(pod, "/spec/containers")
        .iter()
        .flat_map(|c| object::list(c, "/ports"))
        .find(|p| text(p, "/name") == name)
        .map(|p| object::int(p, "/containerPort"))
}
