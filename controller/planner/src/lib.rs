//! What to do next for one rollout: a pure function.
//!
//! `plan(&Observed, Now) -> Plan` reads nothing, writes nothing and waits for nothing: no I/O, no
//! clock, no randomness. Whatever it needs to know is in [`Observed`]; what it cannot know yet
//! (is this template accepted, which ReplicaSet means the same?) it asks for with an action and
//! finds in the next observation.
//!
//! Invariants of a plan:
//! - every prefix of its actions is safe to stop after;
//! - an action is justified by what was observed, never by an earlier action of the same plan;
//! - before `wake_at` the same observation gives the same plan;
//! - a converged observation gives no action.

pub mod action;
pub mod now;
pub mod observed;
pub mod waiting;

pub use action::{Action, Event, EventKind, OwnerChange, Plan, ReplicaSetChange, Write};
pub use now::Now;
pub use observed::{
    GenerationFormat, Observed, Owner, ReplicaSet, ReplicaSetFailure, Service, ServiceState,
    Settings, TakenName, TemplateCheck, TemplateOutcome, WriteFailure,
};
pub use waiting::WaitingOn;

/// What to do next for one rollout.
///
/// Same input, same plan. Nothing changes before [`Plan::wake_at`] unless something new is
/// observed.
#[must_use]
pub fn plan(_observed: &Observed, _now: Now) -> Plan {
    Plan::default()
}
