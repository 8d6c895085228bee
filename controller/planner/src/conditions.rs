//! Conditions of a Rollout: their names, and how one is set.
//!
//! Source: `compat/status-and-events.md` §2.

pub(crate) mod rules;

use crds::{Time, rollout::status::Condition};

/// Types of conditions.
pub(crate) mod kind {
    pub(crate) const AVAILABLE: &str = "Available";
    pub(crate) const COMPLETED: &str = "Completed";
    pub(crate) const HEALTHY: &str = "Healthy";
    pub(crate) const INVALID_SPEC: &str = "InvalidSpec";
    pub(crate) const PAUSED: &str = "Paused";
    pub(crate) const PROGRESSING: &str = "Progressing";
    pub(crate) const REPLICA_FAILURE: &str = "ReplicaFailure";
    pub(crate) const READY: &str = "Ready";
    pub(crate) const RECONCILING: &str = "Reconciling";
    pub(crate) const STALLED: &str = "Stalled";
}

/// Reasons of the seven conditions that existing clients know.
pub(crate) mod reason {
    pub(crate) const ABORTED: &str = "RolloutAborted";
    pub(crate) const AVAILABLE: &str = "AvailableReason";
    pub(crate) const COMPLETED: &str = "RolloutCompleted";
    pub(crate) const CREATE_ERROR: &str = "ReplicaSetCreateError";
    pub(crate) const DEADLINE_EXCEEDED: &str = "ProgressDeadlineExceeded";
    pub(crate) const FOUND: &str = "FoundNewReplicaSet";
    pub(crate) const HEALTHY: &str = "RolloutHealthy";
    pub(crate) const CREATED: &str = "NewReplicaSetCreated";
    pub(crate) const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
    pub(crate) const NOT_AVAILABLE: &str = "ReplicaSetNotAvailable";
    pub(crate) const PAUSED: &str = "RolloutPaused";
    pub(crate) const RESUMED: &str = "RolloutResumed";
    pub(crate) const RETRY: &str = "RolloutRetry";
    pub(crate) const UPDATED: &str = "ReplicaSetUpdated";
}

/// Values of a condition's status.
pub(crate) mod is {
    pub(crate) const TRUE: &str = "True";
    pub(crate) const FALSE: &str = "False";
    pub(crate) const UNKNOWN: &str = "Unknown";

    pub(crate) const fn from(value: bool) -> &'static str {
        if value { TRUE } else { FALSE }
    }
}

/// The condition of this type.
pub(crate) fn find<'a>(list: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    list.iter().find(|condition| condition.kind == kind)
}

/// Whether the condition of this type has this reason.
pub(crate) fn has_reason(list: &[Condition], kind: &str, reason: &str) -> bool {
    find(list, kind).is_some_and(|condition| condition.reason == reason)
}

/// A list of conditions that is being brought up to date.
pub(crate) struct Setter<'a> {
    pub(crate) list: &'a mut Vec<Condition>,
    pub(crate) now: Time,
}

impl Setter<'_> {
    /// Sets a condition; one with the same status and reason stays as it is, message included.
    /// Returns whether it changed.
    pub(crate) fn set(&mut self, kind: &str, status: &str, reason: &str, message: &str) -> bool {
        let same =
            find(self.list, kind).is_some_and(|old| old.status == status && old.reason == reason);
        if !same {
            self.renew(kind, status, reason, message);
        }
        !same
    }

    /// Sets a condition anew, so that `lastUpdateTime` moves. `lastTransitionTime` moves only
    /// with the status.
    pub(crate) fn renew(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let since = find(self.list, kind)
            .filter(|old| old.status == status)
            .map(|old| old.last_transition_time);
        self.remove(kind);
        self.list.push(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            last_update_time: self.now,
            last_transition_time: since.unwrap_or(self.now),
            reason: reason.to_owned(),
            message: message.to_owned(),
            observed_generation: None,
        });
    }

    /// Sets a condition whose message may change while its reason stays.
    pub(crate) fn set_with_message(
        &mut self,
        kind: &str,
        status: &str,
        reason: &str,
        message: &str,
    ) -> bool {
        let same = find(self.list, kind).is_some_and(|old| {
            old.status == status && old.reason == reason && old.message == message
        });
        if !same {
            self.renew(kind, status, reason, message);
        }
        !same
    }

    /// Removes the condition of this type.
    pub(crate) fn remove(&mut self, kind: &str) {
        self.list.retain(|condition| condition.kind != kind);
    }
}
