//! What the controller may do in a cluster, and why: the source of the RBAC that is installed.
//!
//! The tests refuse it everything else, and hold each right against a story that fails without it.

pub use crds::rights::{Place, Right};

/// Name of the Lease; with an instance id, `-` and the id follow. It is the name that the controller
/// uses which this one replaces, so that the two never act at once.
pub const LEASE: &str = "argo-rollouts-controller-lock";

/// Everything that the controller may do.
///
/// Source: `safety.md` §9. All of it is in the ClusterRole of existing installations
/// (`compat/controller.md` §7).
pub const RIGHTS: &[Right] = &[
    Right {
        group: "argoproj.io",
        resource: "rollouts",
        verbs: &["get", "list", "watch", "patch"],
        place: Place::Watched,
        why: "get: whether a Rollout is still there before a ReplicaSet is adopted or a Service is given back. \
              patch: the annotation with the number of the revision.",
    },
    Right {
        group: "argoproj.io",
        resource: "rollouts/status",
        verbs: &["patch"],
        place: Place::Watched,
        why: "Where a Rollout stands.",
    },
    Right {
        group: "argoproj.io",
        resource: "rollouts/finalizers",
        verbs: &["update"],
        place: Place::Watched,
        why: "Never asked for: an admission plugin of some clusters wants it of whoever writes an owner \
              that blocks its deletion, as a ReplicaSet's does.",
    },
    Right {
        group: "apps",
        resource: "replicasets",
        verbs: &["get", "list", "watch", "create", "patch", "delete"],
        place: Place::Watched,
        why: "get: how the API server stored a template, and a last look before something is changed. \
              delete: those beyond spec.revisionHistoryLimit.",
    },
    Right {
        group: "",
        resource: "services",
        verbs: &["get", "list", "watch", "patch"],
        place: Place::Watched,
        why: "get: a last look before one is switched or given back. patch: the selector.",
    },
    Right {
        group: "",
        resource: "events",
        verbs: &["create", "patch"],
        place: Place::Watched,
        why: "patch: the count of an Event that comes again.",
    },
    Right {
        group: "coordination.k8s.io",
        resource: "leases",
        verbs: &["create"],
        place: Place::Own,
        why: "A right to create cannot be bound to a name.",
    },
    Right {
        group: "coordination.k8s.io",
        resource: "leases",
        verbs: &["get", "update"],
        place: Place::OwnLease,
        why: "Who acts: one of several controllers.",
    },
];
