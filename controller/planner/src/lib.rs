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

mod abort;
pub mod action;
mod blue_green;
mod canary;
mod conditions;
mod counters;
mod create;
mod deadline;
mod duration;
mod events;
mod finish;
mod invalid;
mod kstatus;
pub mod now;
pub mod observed;
mod old_sets;
mod revisions;
mod services;
mod situation;
pub mod sizes;
pub mod split;
mod stable;
mod stake;
mod steps;
pub mod template;
pub mod waiting;

pub use action::{Action, Event, EventKind, Plan, ReplicaSetChange, Write};
pub use now::Now;
pub use observed::{
    GenerationFormat, Observed, Owner, ReplicaSet, ReplicaSetFailure, Service, ServiceState,
    Settings, TakenName, TemplateCheck, TemplateOutcome, WriteFailure,
};
pub use services::services_named;
pub use stake::Stake;
pub use waiting::WaitingOn;

use crds::RolloutStatus;
use revisions::Found;
use situation::{Draft, Situation};

/// What to do next for one rollout.
///
/// Same input, same plan. Nothing changes before [`Plan::wake_at`] unless something new is
/// observed.
#[must_use]
pub fn plan(observed: &Observed, now: Now) -> Plan {
    let none = RolloutStatus::default();
    let old = observed.rollout.status.as_ref().unwrap_or(&none);
    let situation = Situation::of(observed, old, now);
    if observed.rollout.metadata.deletion_timestamp.is_some() {
        return Plan::default();
    }
    let mut plan = decide(&situation);
    abort::put_first(&situation, &mut plan);
    plan
}

fn decide(situation: &Situation<'_>) -> Plan {
    if let Some(problem) = invalid::problem(situation) {
        return invalid::plan(situation, problem);
    }
    // Why a write was refused comes first: a plan stops at the write that fails and would never
    // come to its status.
    if let Some(refused) = say_what_was_refused(situation) {
        return refused;
    }
    // Orphans come before the question which ReplicaSet is the new one: it may be one of them.
    // What is refused here holds up nothing: it is tried again after all else.
    let tidying = tidy(situation);
    if tidying.iter().any(|action| is_refused(situation, action)) {
        let mut plan = update(situation);
        plan.actions.extend(tidying);
        return plan;
    }
    if tidying.is_empty() {
        return update(situation);
    }
    Plan {
        actions: tidying,
        ..Plan::default()
    }
}

/// Asks about the template where that is needed; else the strategy's plan.
fn update(situation: &Situation<'_>) -> Plan {
    if matches!(situation.revisions.new, Found::NotAsked) {
        return ask_about_template(situation);
    }
    by_strategy(situation)
}

fn by_strategy(situation: &Situation<'_>) -> Plan {
    let strategy = &situation.spec.strategy;
    match (&strategy.canary, &strategy.blue_green) {
        (Some(canary), _) => canary::plan(situation, canary),
        (None, Some(blue_green)) => blue_green::plan(situation, blue_green),
        // Validation has refused this.
        (None, None) => Plan::default(),
    }
}

/// Whether the last refused write was to the object of this action.
fn is_refused(situation: &Situation<'_>, action: &Action) -> bool {
    let failure = situation.observed.failure.as_ref();
    let object = action.write.object();
    failure.is_some_and(|failure| object.as_ref() == Some(&failure.object))
}

/// What is settled before anything else is decided: ReplicaSets that nobody controls and that match
/// the selector are taken, revision labels that somebody changed are put back, Services that the
/// spec names no more are given back.
fn tidy(situation: &Situation<'_>) -> Vec<Action> {
    let mut draft = Draft::of(situation);
    draft.status = situation.old.clone();
    for orphan in &situation.revisions.orphans {
        draft.adopt(orphan);
        draft.restore_label(orphan);
    }
    for set in &situation.revisions.all {
        draft.restore_label(set);
    }
    let mut actions = draft.into_plan(situation.old).actions;
    actions.extend(services::give_back(situation));
    actions
}

/// Asks the API server what it makes of a template that no ReplicaSet was made for.
fn ask_about_template(situation: &Situation<'_>) -> Plan {
    let write = create::template_check(situation);
    Plan {
        actions: vec![Action {
            write,
            events: Vec::new(),
        }],
        wake_at: None,
        waiting_on: Some(WaitingOn::TemplateCheck),
    }
}

/// After a refused write: its reason into the status. Once it is there, the write is tried again.
///
/// Where there is no ReplicaSet for the template yet, status is what it would be beside the
/// creation: it speaks of the new template, and the deadline counts. Otherwise it stays what it
/// was, with the reason.
fn say_what_was_refused(situation: &Situation<'_>) -> Option<Plan> {
    situation.observed.failure.as_ref()?;
    let mut plan = match situation.revisions.new {
        Found::Yes(_) => finish::refused(situation),
        Found::No | Found::NotAsked | Found::Refused { .. } => by_strategy(situation),
    };
    plan.actions
        .retain(|action| matches!(action.write, Write::WriteStatus { .. }));
    (!plan.actions.is_empty()).then_some(plan)
}
