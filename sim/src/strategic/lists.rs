//! How each list of the built-in kinds merges.
//!
//! Source: the `patchStrategy` and `patchMergeKey` tags of the Kubernetes API types.

use crate::Gvk;

/// How a list merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// The new list replaces the old one.
    Atomic,
    /// Members are values; the lists are united.
    Primitive,
    /// Members with the same value of this field are merged.
    ByKey(&'static str),
}

/// Lists below a pod spec.
const POD_SPEC: &[(&str, &str)] = &[
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("volumes", "name"),
    ("imagePullSecrets", "name"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
    ("schedulingGates", "name"),
    ("resourceClaims", "name"),
];

/// Lists below each container of a pod spec.
const CONTAINER: &[(&str, &str)] = &[
    ("ports", "containerPort"),
    ("env", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
];

/// Lists of one kind: (kind, path, key).
const OTHER: &[(&str, &str, &str)] = &[
    ("Pod", "status.conditions", "type"),
    ("Pod", "status.hostIPs", "ip"),
    ("Pod", "status.podIPs", "ip"),
    ("Pod", "status.resourceClaimStatuses", "name"),
    ("ReplicaSet", "status.conditions", "type"),
    ("Deployment", "status.conditions", "type"),
    ("Service", "spec.ports", "port"),
    ("Service", "status.conditions", "type"),
    ("ServiceAccount", "secrets", "name"),
    ("Namespace", "status.conditions", "type"),
    ("Node", "status.conditions", "type"),
    ("Node", "status.addresses", "type"),
];

/// How the list at `path` (names joined by dots, no indexes) of a kind merges.
pub(super) fn merge_of(gvk: &Gvk, path: &str) -> Merge {
    match path {
        "metadata.finalizers" => return Merge::Primitive,
        "metadata.ownerReferences" => return Merge::ByKey("uid"),
        _ => {}
    }
    if let Some(rest) = below_pod_spec(gvk, path) {
        return pod_spec(rest);
    }
    OTHER
        .iter()
        .find(|(kind, place, _)| *kind == gvk.kind && *place == path)
        .map_or(Merge::Atomic, |(_, _, key)| Merge::ByKey(key))
}

fn pod_spec(rest: &str) -> Merge {
    let find = |table: &[(&str, &'static str)], name: &str| {
        let row = table.iter().find(|(list, _)| *list == name);
        row.map_or(Merge::Atomic, |(_, key)| Merge::ByKey(key))
    };
    match rest.split_once('.') {
        None => find(POD_SPEC, rest),
        Some(("containers" | "initContainers" | "ephemeralContainers", inner)) => {
            find(CONTAINER, inner)
        }
        Some(_) => Merge::Atomic,
    }
}

fn below_pod_spec<'a>(gvk: &Gvk, path: &'a str) -> Option<&'a str> {
    match gvk.kind.as_str() {
        "Pod" => path.strip_prefix("spec."),
        "ReplicaSet" | "Deployment" => path.strip_prefix("spec.template.spec."),
        _ => None,
    }
}
