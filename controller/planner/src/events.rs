//! Kubernetes Events on the Rollout, word for word.
//!
//! Source: `compat/status-and-events.md` §5: users' tests and notification triggers match them.

use crate::{Event, EventKind, ReplicaSet};

fn normal(reason: &'static str, message: String) -> Event {
    Event {
        kind: EventKind::Normal,
        reason,
        message,
    }
}

fn warning(reason: &'static str, message: String) -> Event {
    Event {
        kind: EventKind::Warning,
        reason,
        message,
    }
}

pub(crate) fn rollout_updated(revision: i64) -> Event {
    normal(
        "RolloutUpdated",
        format!("Rollout updated to revision {revision}"),
    )
}

pub(crate) fn replica_set_created(name: &str, revision: i64) -> Event {
    normal(
        "NewReplicaSetCreated",
        format!("Created ReplicaSet {name} (revision {revision})"),
    )
}

pub(crate) fn replica_set_create_error(message: String) -> Event {
    warning("ReplicaSetCreateError", message)
}

pub(crate) fn scaled(rs: &ReplicaSet, to: i64) -> Event {
    let direction = if to > rs.spec() { "up" } else { "down" };
    let revision = rs.revision().unwrap_or(0);
    let message = format!(
        "Scaled {direction} ReplicaSet {} (revision {revision}) from {} to {to}",
        rs.name,
        rs.spec()
    );
    normal("ScalingReplicaSet", message)
}

pub(crate) fn not_completed(revision: i64, hash: &str) -> Event {
    let message = format!("Rollout not completed, started update to revision {revision} ({hash})");
    normal("RolloutNotCompleted", message)
}

pub(crate) fn completed(revision: i64, hash: &str, reason: &str) -> Event {
    let message = format!("Rollout completed update to revision {revision} ({hash}): {reason}");
    normal("RolloutCompleted", message)
}

pub(crate) fn step_completed(done: i64, count: usize, step: &str) -> Event {
    normal(
        "RolloutStepCompleted",
        format!("Rollout step {done}/{count} completed ({step})"),
    )
}

pub(crate) fn steps_skipped() -> Event {
    normal("SkipSteps", "Rollback to stable ReplicaSets".to_owned())
}

pub(crate) fn paused(reason: &str) -> Event {
    normal("RolloutPaused", format!("Rollout is paused ({reason})"))
}

pub(crate) fn resumed() -> Event {
    normal("RolloutResumed", "Rollout is resumed".to_owned())
}

pub(crate) fn aborted(message: String) -> Event {
    warning("RolloutAborted", message)
}

pub(crate) fn switched(service: &str, from: &str, to: &str) -> Event {
    let message = format!("Switched selector for service '{service}' from '{from}' to '{to}'");
    normal("SwitchService", message)
}
