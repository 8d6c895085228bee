//! Phase and message of a Rollout, and the conditions that kstatus reads.
//!
//! Source: `compat/status-and-events.md` §1; `field/ecosystem.md` 1.2.

use crds::{RolloutSpec, RolloutStatus, defaults};

use crate::WaitingOn;
use crate::conditions::{Setter, is, kind, reason};

/// Phase and message for a status whose other fields are done; the first rule that holds wins.
pub(crate) fn phase(spec: &RolloutSpec, status: &RolloutStatus) -> (&'static str, String) {
    let degrading = status.conditions.iter().find(|condition| {
        condition.kind == kind::INVALID_SPEC
            || condition.reason == reason::ABORTED
            || condition.reason == reason::DEADLINE_EXCEEDED
    });
    if let Some(condition) = degrading {
        let word = if condition.kind == kind::INVALID_SPEC {
            kind::INVALID_SPEC
        } else {
            &condition.reason
        };
        return ("Degraded", format!("{word}: {}", condition.message));
    }
    if spec.paused {
        return ("Paused", "manually paused".to_owned());
    }
    if let Some(pause) = status.pause_conditions.first() {
        return ("Paused", pause.reason.clone());
    }
    match progressing(spec, status) {
        Some(message) => ("Progressing", message.to_owned()),
        None => ("Healthy", String::new()),
    }
}

fn progressing(spec: &RolloutSpec, status: &RolloutStatus) -> Option<&'static str> {
    let replicas = defaults::replicas(spec);
    let updated = i64::from(status.updated_replicas.unwrap_or(0));
    let available = i64::from(status.available_replicas.unwrap_or(0));
    let current = status.current_pod_hash.as_deref().unwrap_or_default();
    let stable = status.stable_rs.as_deref().unwrap_or_default();
    if updated < replicas {
        return Some("more replicas need to be updated");
    }
    if available < updated {
        return Some("updated replicas are still becoming available");
    }
    if spec.strategy.blue_green.is_some() {
        let active = status
            .blue_green
            .active_selector
            .as_deref()
            .unwrap_or_default();
        if active.is_empty() || active != current {
            return Some("active service cutover pending");
        }
        if stable != current {
            return Some("waiting for post-promotion verification to complete");
        }
    } else {
        if i64::from(status.replicas.unwrap_or(0)) > updated {
            return Some("old replicas are pending termination");
        }
        if stable.is_empty() || stable != current {
            return Some("waiting for all steps to complete");
        }
    }
    None
}

/// Sets `Ready`, `Reconciling` and `Stalled` to agree with the phase.
///
/// Healthy is ready; Degraded is stalled; all else is being reconciled. Their reasons differ from
/// those of the seven older conditions: clients match reasons on conditions of any type.
pub(crate) fn set_kstatus(
    set: &mut Setter<'_>,
    phase: &str,
    message: &str,
    waiting_on: Option<&WaitingOn>,
) {
    let waiting = match waiting_on {
        None => "Progress",
        Some(WaitingOn::InvalidSpec { .. }) => "SpecRefused",
        Some(WaitingOn::Retry { .. }) => "Aborted",
        Some(other) => other.reason(),
    };
    let message = if message.is_empty() { phase } else { message };
    match phase {
        "Healthy" => {
            set.remove(kind::RECONCILING);
            set.remove(kind::STALLED);
            set.set_with_message(
                kind::READY,
                is::TRUE,
                "Healthy",
                "all pods are updated and available",
            );
        }
        "Degraded" => {
            set.remove(kind::RECONCILING);
            set.set_with_message(kind::STALLED, is::TRUE, waiting, message);
            set.set_with_message(kind::READY, is::FALSE, waiting, message);
        }
        _ => {
            set.remove(kind::STALLED);
            set.set_with_message(kind::RECONCILING, is::TRUE, waiting, message);
            set.set_with_message(kind::READY, is::FALSE, waiting, message);
        }
    }
}
