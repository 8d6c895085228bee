//! What a way into an object does not change, and what a new object has before anything is set.

use serde_json::{Value, json};

use super::set::FieldSet;
use crate::resources::Resource;

/// Fields that a subresource (or, with an empty one, the object itself) leaves as they are.
pub(crate) fn ignored(resource: &Resource, subresource: &str) -> FieldSet {
    match (subresource, resource.gvk.kind.as_str()) {
        ("", _) if resource.status => FieldSet::of(&["status"]),
        ("", "CustomResourceDefinition") => FieldSet::of(&["status"]),
        ("status", _) if resource.custom.is_some() => FieldSet::of(&["metadata", "spec"]),
        ("status", "Pod") => FieldSet::of(&[
            "spec",
            "metadata.deletionTimestamp",
            "metadata.ownerReferences",
        ]),
        ("status", "Deployment") => FieldSet::of(&["spec", "metadata.labels"]),
        ("status", "CustomResourceDefinition") => FieldSet::of(&["metadata", "spec"]),
        ("status", _) => FieldSet::of(&["spec"]),
        _ => FieldSet::default(),
    }
}

/// Without what nobody owns, because the server alone sets it or because it is the object's name.
pub(super) fn stripped(fields: &FieldSet) -> FieldSet {
    fields.without(&FieldSet::of(&[
        "apiVersion",
        "kind",
        "metadata",
        "metadata.name",
        "metadata.namespace",
        "metadata.creationTimestamp",
        "metadata.selfLink",
        "metadata.uid",
        "metadata.clusterName",
        "metadata.generation",
        "metadata.managedFields",
        "metadata.resourceVersion",
    ]))
}

/// An object of a kind with nothing set: what its fields hold that are always there.
pub(crate) fn blank(resource: &Resource) -> Value {
    let template = json!({"metadata": {}, "spec": {"containers": null}});
    let mut blank = match resource.gvk.kind.as_str() {
        _ if resource.custom.is_some() => json!({}),
        "Pod" => json!({"metadata": {}, "spec": {"containers": null}, "status": {}}),
        "ReplicaSet" => json!({
            "metadata": {}, "spec": {"selector": null, "template": template},
            "status": {"replicas": 0},
        }),
        "Deployment" => json!({
            "metadata": {}, "status": {},
            "spec": {"selector": null, "template": template, "strategy": {}},
        }),
        "Service" => json!({"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}}),
        "Node" => json!({
            "metadata": {}, "spec": {},
            "status": {
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
                "nodeInfo": {
                    "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "",
                    "osImage": "", "containerRuntimeVersion": "", "kubeletVersion": "",
                    "kubeProxyVersion": "", "operatingSystem": "", "architecture": "",
                },
            },
        }),
        "Event" => json!({
            "metadata": {}, "involvedObject": {}, "source": {}, "eventTime": null,
            "firstTimestamp": null, "lastTimestamp": null,
            "reportingComponent": "", "reportingInstance": "",
        }),
        "Namespace" => json!({"metadata": {}, "spec": {}, "status": {}}),
        "Lease" => json!({"metadata": {}, "spec": {}}),
        "Scale" => json!({"metadata": {}, "spec": {}, "status": {"replicas": 0}}),
        "EndpointSlice" => json!({
            "metadata": {}, "addressType": "", "endpoints": null, "ports": null,
        }),
        "CustomResourceDefinition" => json!({
            "metadata": {},
            "spec": {
                "group": "", "names": {"plural": "", "kind": ""}, "scope": "", "versions": null,
            },
            "status": {"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": null},
        }),
        _ => json!({"metadata": {}}),
    };
    let map = crate::object::as_map(&mut blank);
    map.insert("apiVersion".into(), resource.gvk.api_version().into());
    map.insert("kind".into(), resource.gvk.kind.clone().into());
    blank
}
