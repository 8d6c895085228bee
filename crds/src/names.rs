//! Names that other programs depend on: labels, annotations, the API group.
//!
//! Source: `compat/api.md` §8.

/// API group of all five kinds.
pub const GROUP: &str = "argoproj.io";
/// The one served and stored version.
pub const VERSION: &str = "v1alpha1";

/// Label on ReplicaSets and their pods, and key in the selectors of managed Services.
/// Its value names a revision and is opaque.
pub const POD_TEMPLATE_HASH: &str = "rollouts-pod-template-hash";
/// Label by which several controllers share a cluster.
pub const INSTANCE_ID: &str = "argo-rollouts.argoproj.io/controller-instance-id";
/// Annotation: decimal revision of a Rollout or ReplicaSet.
pub const REVISION: &str = "rollout.argoproj.io/revision";
/// Annotation on a ReplicaSet: comma list of its earlier revisions.
pub const REVISION_HISTORY: &str = "rollout.argoproj.io/revision-history";
/// Annotation on a ReplicaSet: `spec.replicas` of the Rollout when it was last sized.
pub const DESIRED_REPLICAS: &str = "rollout.argoproj.io/desired-replicas";
/// Annotation on a ReplicaSet: when it may be scaled to zero, RFC 3339 in UTC.
pub const SCALE_DOWN_DEADLINE: &str = "scale-down-deadline";
/// Annotation on a Service: the Rollout that switches its selector.
pub const MANAGED_BY: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";
/// Annotation of the peer's notification engine; never copied to ReplicaSets.
pub const NOTIFIED: &str = "notified.notifications.argoproj.io";
/// Annotation of `kubectl apply`; never copied to ReplicaSets.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotation on a ReplicaSet: digest of the raw pod template it was made for or adopted by.
/// Ours; it spares a converged fleet every dry-run.
pub const TEMPLATE_DIGEST: &str = "rollouts.argoproj.io/template-digest";
/// Annotation on a ReplicaSet of the peer: JSON of the labels and annotations it put on the pods.
pub const EPHEMERAL_METADATA: &str = "rollout.argoproj.io/ephemeral-metadata";
/// Annotation on a Rollout: decimal generation of the workload it refers to.
pub const WORKLOAD_GENERATION: &str = "rollout.argoproj.io/workload-generation";
