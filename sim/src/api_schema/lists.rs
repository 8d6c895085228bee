//! Which lists and maps of the built-in kinds have members with owners of their own.
//!
//! Lists are owned as one and maps key by key, but for these. The typed API library does not say so;
//! the real server's documents do, and a test of `tests/cluster` holds the two against each other.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Schema, field, and the keys that tell its members apart; a set has none.
const LISTS: &[(&str, &str, &str)] = &[
    ("DeploymentStatus", "conditions", "type"),
    ("ReplicaSetStatus", "conditions", "type"),
    ("Container", "env", "name"),
    ("Container", "ports", "containerPort,protocol"),
    ("Container", "volumeDevices", "devicePath"),
    ("Container", "volumeMounts", "mountPath"),
    ("ContainerRestartRuleOnExitCodes", "values", ""),
    ("ContainerStatus", "allocatedResourcesStatus", "name"),
    ("ContainerStatus", "volumeMounts", "mountPath"),
    ("EphemeralContainer", "env", "name"),
    ("EphemeralContainer", "ports", "containerPort,protocol"),
    ("EphemeralContainer", "volumeDevices", "devicePath"),
    ("EphemeralContainer", "volumeMounts", "mountPath"),
    ("NamespaceStatus", "conditions", "type"),
    ("NodeAllocatableResourceClaimStatus", "containers", ""),
    ("NodeSpec", "podCIDRs", ""),
    ("NodeStatus", "addresses", "type"),
    ("NodeStatus", "conditions", "type"),
    ("PodSpec", "containers", "name"),
    ("PodSpec", "ephemeralContainers", "name"),
    ("PodSpec", "hostAliases", "ip"),
    ("PodSpec", "imagePullSecrets", "name"),
    ("PodSpec", "initContainers", "name"),
    ("PodSpec", "resourceClaims", "name"),
    ("PodSpec", "schedulingGates", "name"),
    (
        "PodSpec",
        "topologySpreadConstraints",
        "topologyKey,whenUnsatisfiable",
    ),
    ("PodSpec", "volumes", "name"),
    ("PodStatus", "conditions", "type"),
    ("PodStatus", "podIPs", "ip"),
    ("PodStatus", "resourceClaimStatuses", "name"),
    ("ResourceRequirements", "claims", "name"),
    ("ResourceStatus", "resources", "resourceID"),
    ("ServiceAccount", "secrets", "name"),
    ("ServiceSpec", "ports", "port,protocol"),
    ("ServiceStatus", "conditions", "type"),
    ("Endpoint", "addresses", ""),
    ("CustomResourceDefinitionStatus", "conditions", "type"),
    ("JSONSchemaProps", "x-kubernetes-validations", "rule"),
    ("ObjectMeta", "finalizers", ""),
    ("ObjectMeta", "ownerReferences", "uid"),
];

/// Schemas whose objects are owned as one.
const WHOLE: &[&str] = &[
    "ConfigMapKeySelector",
    "EndpointAddress",
    "EndpointPort",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "SecretKeySelector",
    "TypedLocalObjectReference",
];

/// Fields whose maps are owned as one.
const WHOLE_MAPS: &[(&str, &str)] = &[("PodSpec", "nodeSelector"), ("ServiceSpec", "selector")];

/// Adds to the schemas what the tables here say.
pub(super) fn annotate(schemas: &mut BTreeMap<String, Value>) {
    for (name, schema) in schemas {
        let short = name.rsplit('.').next().unwrap_or(name);
        if WHOLE.contains(&short)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("x-kubernetes-map-type".into(), "atomic".into());
        }
        let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (field, node) in fields {
            let Some(node) = node.as_object_mut() else {
                continue;
            };
            if WHOLE_MAPS.contains(&(short, field)) {
                node.insert("x-kubernetes-map-type".into(), "atomic".into());
            }
            if node.get("type").is_some_and(|kind| kind == "array") {
                list(short, field, node);
            }
        }
    }
}

fn list(schema: &str, field: &str, node: &mut Map<String, Value>) {
    let row = LISTS
        .iter()
        .find(|(of, name, _)| *of == schema && *name == field);
    let kind = match row {
        None => return,
        Some((_, _, "")) => "set",
        Some((_, _, keys)) => {
            let keys: Vec<&str> = keys.split(',').collect();
            node.insert("x-kubernetes-list-map-keys".into(), keys.into());
            "map"
        }
    };
    node.insert("x-kubernetes-list-type".into(), kind.into());
}
