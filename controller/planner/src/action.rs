//! What a plan consists of.

use std::collections::BTreeMap;

use crds::RolloutStatus;
use serde_json::Value;

use crate::{Now, WaitingOn};

/// What to do now, when to look again, and what is waited on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In this order; stop at the first that fails.
    pub actions: Vec<Action>,
    /// When to plan again if nothing new is observed; never earlier.
    pub wake_at: Option<Now>,
    /// The one thing that is waited on; `None` when there is nothing left to do.
    pub waiting_on: Option<WaitingOn>,
}

/// One write, and what to tell about it once it has succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The write.
    pub write: Write,
    /// Kubernetes Events on the Rollout, in this order, after the write has succeeded.
    pub events: Vec<Event>,
}

/// One request to the API server. All are in the Rollout's namespace.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Create this ReplicaSet as a dry-run with strict field validation, read the templates of
    /// the existing ones, and observe both as `TemplateCheck`. Writes nothing.
    CheckTemplate {
        /// Names the template.
        digest: String,
        /// The ReplicaSet.
        object: Box<Value>,
    },
    /// Create a ReplicaSet. Already there: observe `TakenName` unless it is one of ours.
    CreateReplicaSet {
        /// The ReplicaSet, with its owner reference.
        object: Box<Value>,
    },
    /// Merge-patch a ReplicaSet, with its resourceVersion.
    PatchReplicaSet {
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
        /// The version the decision was based on.
        resource_version: String,
        /// What changes.
        change: ReplicaSetChange,
    },
    /// Delete a ReplicaSet in the background, with uid and resourceVersion as preconditions.
    DeleteReplicaSet {
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
        /// The version the decision was based on.
        resource_version: String,
    },
    /// Merge-patch a Service's selector key, with its resourceVersion.
    PatchService {
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
        /// The version the decision was based on.
        resource_version: String,
        /// New value of `spec.selector["rollouts-pod-template-hash"]`.
        hash: String,
        /// New value of the managed-by annotation, when it must be written.
        managed_by: Option<String>,
    },
    /// Merge-patch a Service that the spec does not name any more, with its resourceVersion: our
    /// selector key and our mark are removed, so that it selects all pods again.
    ReleaseService {
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
        /// The version the decision was based on.
        resource_version: String,
    },
    /// Merge-patch annotations of the Rollout, with its resourceVersion.
    PatchRollout {
        /// Annotations to set.
        annotations: BTreeMap<String, String>,
    },
    /// Merge-patch `status`, with the Rollout's resourceVersion (of the last write of this plan).
    /// Always the last action. Never planned when nothing differs.
    WriteStatus {
        /// The status as a whole; the executor sends the difference to the one observed.
        status: Box<RolloutStatus>,
    },
}

impl Write {
    /// The ReplicaSet or Service that is changed, as a refusal of the write names it.
    #[must_use]
    pub fn object(&self) -> Option<String> {
        match self {
            Self::PatchReplicaSet { name, .. } | Self::DeleteReplicaSet { name, .. } => {
                Some(format!("ReplicaSet/{name}"))
            }
            Self::PatchService { name, .. } | Self::ReleaseService { name, .. } => {
                Some(format!("Service/{name}"))
            }
            Self::CheckTemplate { .. }
            | Self::CreateReplicaSet { .. }
            | Self::PatchRollout { .. }
            | Self::WriteStatus { .. } => None,
        }
    }
}

/// What changes on a ReplicaSet; `None` and empty mean: stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplicaSetChange {
    /// New `spec.replicas`.
    pub replicas: Option<i32>,
    /// New `spec.minReadySeconds`.
    pub min_ready_seconds: Option<i32>,
    /// Annotations to set (`Some`) or remove (`None`).
    pub annotations: BTreeMap<String, Option<String>>,
    /// Whether our Rollout becomes its controller.
    pub adopts: bool,
    /// The revision label, where somebody removed or changed it.
    pub label: Option<String>,
}

/// A Kubernetes Event on the Rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Normal or Warning.
    pub kind: EventKind,
    /// One word; see `compat/status-and-events.md` §5.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
}

/// Whether an Event is good or bad news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Normal.
    Normal,
    /// Warning.
    Warning,
}
