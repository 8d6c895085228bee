//! Everything a plan may depend on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::{Rollout, Time};
use serde_json::Value;

/// One rollout and all that belongs to it, as last seen.
///
/// The controller fills it from caches that have seen every write of its own (safety.md S18).
#[derive(Debug, Clone)]
pub struct Observed {
    /// The Rollout itself.
    pub rollout: Arc<Rollout>,
    /// ReplicaSets of its namespace that are a version of something and either belong to it or
    /// have no controller and match its selector. Any order; the planner sorts.
    pub replica_sets: Vec<Arc<ReplicaSet>>,
    /// Every Service that the spec names, and every other one that carries this Rollout's mark, by
    /// name.
    pub services: BTreeMap<String, ServiceState>,
    /// What the API server said of the current template, once it was asked.
    pub template_check: Option<Arc<TemplateCheck>>,
    /// A ReplicaSet name that turned out to be taken when we tried to create it.
    pub taken_name: Option<TakenName>,
    /// The last write of ours that the API server refused, until one succeeds.
    pub failure: Option<WriteFailure>,
    /// How this controller is set up.
    pub settings: Settings,
}

/// How this controller is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether `Ready`, `Reconciling` and `Stalled` are written beside the seven conditions.
    pub kstatus_conditions: bool,
    /// How `status.observedGeneration` is written.
    pub observed_generation: GenerationFormat,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kstatus_conditions: true,
            observed_generation: GenerationFormat::Text,
        }
    }
}

/// How `status.observedGeneration` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationFormat {
    /// As decimal text: what existing clients read.
    Text,
    /// As a number: what kstatus reads.
    Number,
}

/// A ReplicaSet, cut down to what a plan can depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaSet {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`; every write carries it.
    pub resource_version: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.creationTimestamp`.
    pub created: Time,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// Who controls it.
    pub owner: Owner,
    /// Its version (`rollouts-pod-template-hash`): an opaque name, maybe empty. It is the one in its
    /// selector, which nobody can change and which its pods carry; the label where its selector
    /// names none.
    pub hash: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`, without `kubectl`'s last-applied configuration.
    pub annotations: BTreeMap<String, String>,
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.minReadySeconds`.
    pub min_ready_seconds: i32,
    /// `status.replicas`.
    pub current_replicas: i32,
    /// `status.readyReplicas`.
    pub ready_replicas: i32,
    /// `status.availableReplicas`.
    pub available_replicas: i32,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// Condition `ReplicaFailure`, when its status is True.
    pub failure: Option<ReplicaSetFailure>,
    /// Images of its containers, in order; for people.
    pub images: Vec<String>,
}

/// Who controls a ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Our Rollout, by uid.
    Us,
    /// Nobody.
    Nobody,
    /// Somebody else, by uid.
    Other(String),
}

/// Why a ReplicaSet cannot make its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSetFailure {
    /// The condition's reason, e.g. `FailedCreate`.
    pub reason: String,
    /// The API server's words.
    pub message: String,
    /// When the condition was last changed.
    pub since: Time,
}

/// Whether a Service that the spec names is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceState {
    /// It is not.
    NotFound,
    /// It is.
    Found(Arc<Service>),
}

/// A Service, cut down to what a plan can depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `spec.selector`.
    pub selector: BTreeMap<String, String>,
    /// Annotation `argo-rollouts.argoproj.io/managed-by-rollouts`.
    pub managed_by: Option<String>,
}

/// What the API server said of a pod template: the result of [`crate::Write::CheckTemplate`].
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateCheck {
    /// Digest of the template that was asked about; others are ignored.
    pub digest: String,
    /// The answer.
    pub outcome: TemplateOutcome,
}

/// The answer to a dry-run create of a ReplicaSet.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateOutcome {
    /// It would be stored like this.
    Accepted {
        /// `spec.template` after the server's defaulting.
        defaulted: Value,
        /// `spec.template` of every ReplicaSet in [`Observed::replica_sets`], read live, by uid.
        live: BTreeMap<String, Value>,
    },
    /// It would be refused (HTTP 400 or 422).
    Refused {
        /// The server's path of the first offending field, e.g. `spec.template.spec.containers[0].image`.
        field: Option<String>,
        /// The server's words for it.
        message: String,
    },
}

/// A ReplicaSet name that was taken (HTTP 409 AlreadyExists) by something that is not in
/// [`Observed::replica_sets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenName {
    /// The name.
    pub name: String,
}

/// A write that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFailure {
    /// What was written, e.g. `ReplicaSet/web-7c9d8`.
    pub object: String,
    /// Whether it was the creation of a ReplicaSet (or its dry-run).
    pub creating: bool,
    /// The API server's words.
    pub message: String,
    /// When it was first refused.
    pub since: Time,
}
