//! What a rollout waits on: one thing, named, with numbers.

use crds::{Time, rollout::status::WaitingOnStatus};

/// Why nothing more happens now.
///
/// Waiting is not an error. Each variant is one reason in `status.waitingOn`, in the plugin and
/// in the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingOn {
    /// The spec is invalid or asks for something this version does not have.
    InvalidSpec {
        /// True path of the field, e.g. `spec.strategy.canary.steps[1].setWeight`.
        field: String,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        fix: String,
    },
    /// The API server has not yet said what it makes of the pod template.
    TemplateCheck,
    /// The API server refused a write.
    WriteRefused {
        /// What was written, e.g. `ReplicaSet/web-7c9d8`.
        object: String,
        /// The server's words.
        message: String,
        /// Since when.
        since: Time,
    },
    /// The ReplicaSet controller has not yet seen our last change.
    ReplicaSetController {
        /// The ReplicaSet.
        replica_set: String,
        /// Generation it has seen.
        seen: i64,
        /// Generation it should see.
        needed: i64,
    },
    /// Pods of a ReplicaSet are not available yet.
    Pods {
        /// The ReplicaSet.
        replica_set: String,
        /// Available pods.
        available: i64,
        /// Pods needed.
        needed: i64,
    },
    /// Pods of older ReplicaSets are still there.
    OldPods {
        /// The ReplicaSet.
        replica_set: String,
        /// Its pods.
        seen: i64,
    },
    /// A timed pause, or the seconds before a blue-green switch.
    PauseEnd {
        /// When it ends.
        until: Time,
        /// When it began.
        since: Time,
    },
    /// A person must promote.
    Promotion {
        /// Since when.
        since: Option<Time>,
    },
    /// `spec.paused` is set.
    UserPause,
    /// The update was aborted; a person must retry or roll out something else.
    Retry {
        /// Since when.
        since: Option<Time>,
    },
    /// An old ReplicaSet stays for its scale-down delay.
    ScaleDownDelay {
        /// The ReplicaSet.
        replica_set: String,
        /// Until when.
        until: Time,
    },
}

impl WaitingOn {
    /// The form that is stored in `status.waitingOn`. `rollout` is the Rollout's name.
    #[must_use]
    pub fn status(&self, _rollout: &str) -> WaitingOnStatus {
        WaitingOnStatus::default()
    }
}
