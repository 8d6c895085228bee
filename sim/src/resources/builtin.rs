//! The kinds that every cluster of ours has.

use super::{Generation, GroupResource, Resource, ScalePaths};
use crate::Gvk;

/// One row of the table below.
struct Row {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    short: &'static [&'static str],
    categories: &'static [&'static str],
    status: bool,
    scale: bool,
    generation: Generation,
}

const PLAIN: Row = Row {
    group: "",
    version: "v1",
    kind: "",
    plural: "",
    namespaced: true,
    short: &[],
    categories: &[],
    status: false,
    scale: false,
    generation: Generation::Never,
};

const ROWS: &[Row] = &[
    Row {
        kind: "ConfigMap",
        plural: "configmaps",
        short: &["cm"],
        ..PLAIN
    },
    Row {
        kind: "Endpoints",
        plural: "endpoints",
        short: &["ep"],
        ..PLAIN
    },
    Row {
        kind: "Event",
        plural: "events",
        short: &["ev"],
        ..PLAIN
    },
    Row {
        kind: "Namespace",
        plural: "namespaces",
        short: &["ns"],
        namespaced: false,
        status: true,
        ..PLAIN
    },
    Row {
        kind: "Node",
        plural: "nodes",
        short: &["no"],
        namespaced: false,
        status: true,
        ..PLAIN
    },
    Row {
        kind: "Pod",
        plural: "pods",
        short: &["po"],
        categories: &["all"],
        status: true,
        generation: Generation::Spec,
        ..PLAIN
    },
    Row {
        kind: "Secret",
        plural: "secrets",
        ..PLAIN
    },
    Row {
        kind: "ServiceAccount",
        plural: "serviceaccounts",
        short: &["sa"],
        ..PLAIN
    },
    Row {
        kind: "Service",
        plural: "services",
        short: &["svc"],
        categories: &["all"],
        status: true,
        ..PLAIN
    },
    Row {
        group: "apiextensions.k8s.io",
        kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions",
        namespaced: false,
        short: &["crd", "crds"],
        categories: &["api-extensions"],
        status: true,
        generation: Generation::Spec,
        ..PLAIN
    },
    Row {
        group: "apps",
        kind: "Deployment",
        plural: "deployments",
        short: &["deploy"],
        categories: &["all"],
        status: true,
        scale: true,
        generation: Generation::SpecOrAnnotations,
        ..PLAIN
    },
    Row {
        group: "apps",
        kind: "ReplicaSet",
        plural: "replicasets",
        short: &["rs"],
        categories: &["all"],
        status: true,
        scale: true,
        generation: Generation::Spec,
        ..PLAIN
    },
    Row {
        group: "coordination.k8s.io",
        kind: "Lease",
        plural: "leases",
        ..PLAIN
    },
    Row {
        group: "discovery.k8s.io",
        kind: "EndpointSlice",
        plural: "endpointslices",
        generation: Generation::AllButMetadata,
        ..PLAIN
    },
];

/// The built-in kinds as resources.
pub(super) fn all() -> Vec<Resource> {
    ROWS.iter().map(resource).collect()
}

fn resource(row: &Row) -> Resource {
    let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    Resource {
        id: GroupResource::new(row.group, row.plural),
        gvk: Gvk::new(row.group, row.version, row.kind),
        singular: row.kind.to_lowercase(),
        list_kind: format!("{}List", row.kind),
        namespaced: row.namespaced,
        short_names: owned(row.short),
        categories: owned(row.categories),
        status: row.status,
        scale: row.scale.then(|| ScalePaths {
            spec: "/spec/replicas".into(),
            status: "/status/replicas".into(),
            selector: Some("/spec/selector".into()),
        }),
        generation: row.generation,
        custom: None,
    }
}

/// Groups that a real API server serves by itself and this one does not.
const OTHER_GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Resources of served groups that a real API server has and this one does not.
const OTHER_RESOURCES: &[(&str, &str)] = &[
    ("", "bindings"),
    ("", "componentstatuses"),
    ("", "limitranges"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "podtemplates"),
    ("", "replicationcontrollers"),
    ("", "resourcequotas"),
    ("apps", "controllerrevisions"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("coordination.k8s.io", "leasecandidates"),
];

/// Whether a real cluster serves this resource and ours does not: the answer is 501, not 404.
pub fn is_known_elsewhere(group: &str, plural: &str) -> bool {
    OTHER_GROUPS.contains(&group) || OTHER_RESOURCES.contains(&(group, plural))
}

/// Subresources that the real server has for a kind and this one does not.
pub(crate) fn has_other_subresource(resource: &GroupResource, subresource: &str) -> bool {
    let others: &[&str] = match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "pods") => &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "exec",
            "log",
            "portforward",
            "proxy",
            "resize",
        ],
        ("", "services" | "nodes") => &["proxy"],
        ("", "namespaces") => &["finalize"],
        ("", "serviceaccounts") => &["token"],
        _ => &[],
    };
    others.contains(&subresource)
}
