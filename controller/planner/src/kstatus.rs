//! The conditions that kstatus reads: Flux, Helm, Skaffold and others judge health by them.
//!
//! Source: `field/ecosystem.md` 1.2.

use crds::reading::Phase;

use crate::WaitingOn;
use crate::conditions::{Setter, is, kind};

/// Sets `Ready`, `Reconciling` and `Stalled` to agree with the phase.
///
/// Healthy is ready; Degraded is stalled; all else is being reconciled. Their reasons differ from
/// those of the seven older conditions: clients match reasons on conditions of any type.
pub(crate) fn set(
    set: &mut Setter<'_>,
    phase: Phase,
    message: &str,
    waiting_on: Option<&WaitingOn>,
) {
    let waiting = match waiting_on {
        None => "Progress",
        Some(WaitingOn::InvalidSpec { .. }) => "SpecRefused",
        Some(WaitingOn::Retry { .. }) => "Aborted",
        Some(other) => other.reason(),
    };
    let message = if message.is_empty() {
        phase.as_str()
    } else {
        message
    };
    match phase {
        Phase::Healthy => {
            set.remove(kind::RECONCILING);
            set.remove(kind::STALLED);
            set.set_with_message(
                kind::READY,
                is::TRUE,
                "Healthy",
                "all pods are updated and available",
            );
        }
        Phase::Degraded => {
            set.remove(kind::RECONCILING);
            set.set_with_message(kind::STALLED, is::TRUE, waiting, message);
            set.set_with_message(kind::READY, is::FALSE, waiting, message);
        }
        Phase::Progressing | Phase::Paused => {
            set.remove(kind::STALLED);
            set.set_with_message(kind::RECONCILING, is::TRUE, waiting, message);
            set.set_with_message(kind::READY, is::FALSE, waiting, message);
        }
    }
}
