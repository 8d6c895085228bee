//! The end of every pass: counters, conditions, phase, and what is waited on.
//!
//! Source: `compat/canary.md` §4, `compat/status-and-events.md` §3.

use crds::reading::{Phase, computed_phase};
use crds::rollout::status::ObservedGeneration;

use crate::conditions::rules::{Progress, is_healthy, set_healthy, set_others, set_progressing};
use crate::conditions::{Setter, kind};
use crate::counters::count;
use crate::deadline::{abort_when_overdue, progressed, wake_for_deadline};
use crate::duration;
use crate::situation::{Draft, Situation};
use crate::{GenerationFormat, Plan, ReplicaSet, WaitingOn, Write, events, kstatus};

/// What a strategy knows and the end of a pass needs.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    /// The ReplicaSet whose pods an autoscaler and the counters look at; all when `None`.
    pub(crate) counted: Option<&'a ReplicaSet>,
    /// Whether users are served by as many pods as promised.
    pub(crate) has_minimum_availability: bool,
    /// Whether nothing is left to do for the strategy: its Services select the new version, or no
    /// other pods are left.
    pub(crate) is_complete: bool,
    /// Whether the present step may take as long as it likes.
    pub(crate) is_indefinite: bool,
    /// Whether template or steps are others than those status was written for.
    pub(crate) spec_changed: bool,
    /// How the update goes back, if it does.
    pub(crate) rollback: Option<duration::Rollback>,
    /// Whether a person has to act for the update to go on.
    pub(crate) manual_pause: bool,
    /// Name of the ReplicaSet that is being created in this pass.
    pub(crate) creating: Option<String>,
}

/// Completes the draft's status and makes the plan of it.
pub(crate) fn finish(
    situation: &Situation<'_>,
    mut draft: Draft<'_>,
    verdict: &Verdict<'_>,
) -> Plan {
    let now = situation.now.second();
    count(situation, &mut draft.status, verdict.counted);
    let progressed = progressed(situation, &mut draft);
    abort_when_overdue(situation, &mut draft, verdict, progressed);
    settle_pauses(situation, &mut draft);

    let was_paused = !situation.old.pause_conditions.is_empty();
    let is_paused = !draft.status.pause_conditions.is_empty();
    let mut conditions = std::mem::take(&mut draft.status.conditions);
    let mut set = Setter {
        list: &mut conditions,
        now,
    };
    set.remove(kind::INVALID_SPEC);
    let healthy = is_healthy(situation, &draft.status, verdict);
    let became_unhealthy = set_healthy(&mut set, situation, &draft.status, healthy);
    set_progressing(
        &mut set,
        situation,
        &mut draft,
        verdict,
        Progress {
            healthy,
            progressed,
            became_unhealthy,
        },
    );
    set_others(&mut set, situation, &mut draft, verdict);
    draft.status.conditions = conditions;

    if let Some(pause) = draft
        .status
        .pause_conditions
        .first()
        .filter(|_| !was_paused)
    {
        draft.events.push(events::paused(&pause.reason));
    } else if was_paused && !is_paused && !draft.status.abort {
        draft.events.push(events::resumed());
    }

    let facts = duration::Facts {
        spec_changed: verdict.spec_changed,
        completed: draft.status.stable_rs == draft.status.current_pod_hash
            && situation
                .new_rs()
                .is_some_and(|new| new.available() >= situation.replicas),
        at_stable: draft.status.stable_rs == draft.status.current_pod_hash,
        rollback: verdict.rollback,
        manual_pause: verdict.manual_pause || situation.spec.paused,
    };
    draft.status.duration = duration::record(situation.old, &draft.status, facts, now);
    wake_for_deadline(situation, &mut draft, verdict, healthy);
    seal(situation, draft)
}

/// Observed generation, phase, message, what is waited on, kstatus: the same for every plan.
pub(crate) fn seal(situation: &Situation<'_>, mut draft: Draft<'_>) -> Plan {
    let generation = situation.generation();
    draft.status.observed_generation =
        Some(match situation.observed.settings.observed_generation {
            GenerationFormat::Text => ObservedGeneration::Text(generation.to_string()),
            GenerationFormat::Number => ObservedGeneration::Number(generation),
        });
    if let Some(failure) = &situation.observed.failure {
        draft.waiting_on = Some(WaitingOn::WriteRefused {
            object: failure.object.clone(),
            message: failure.message.clone(),
            since: failure.since,
        });
    }
    let (phase, message) = computed_phase(situation.spec, &draft.status);
    if phase == Phase::Healthy
        && !matches!(
            draft.waiting_on,
            Some(WaitingOn::ScaleDownDelay { .. } | WaitingOn::WriteRefused { .. })
        )
    {
        draft.waiting_on = None;
    }
    let mut set = Setter {
        list: &mut draft.status.conditions,
        now: situation.now.second(),
    };
    if situation.observed.settings.kstatus_conditions {
        kstatus::set(&mut set, phase, &message, draft.waiting_on.as_ref());
    } else {
        for kind in [kind::READY, kind::RECONCILING, kind::STALLED] {
            set.remove(kind);
        }
    }
    for condition in &mut draft.status.conditions {
        condition.observed_generation = Some(generation);
    }
    draft.status.phase = Some(phase.to_string());
    draft.status.message = Some(message).filter(|message| !message.is_empty());
    draft.status.waiting_on = draft
        .waiting_on
        .as_ref()
        .map(|it| it.status(situation.name()));
    draft.into_plan(situation.old)
}

/// An abort has no pauses; without pauses the controller does not pause. Two things keep the note
/// that a user resumed it: `spec.paused`, which the same promotion clears a moment later, and a
/// blue-green rollout that has not been switched yet.
pub(crate) fn settle_pauses(situation: &Situation<'_>, draft: &mut Draft<'_>) {
    let status = &mut draft.status;
    if status.abort {
        status.aborted_at = status.aborted_at.or_else(|| Some(situation.now.second()));
        status.pause_conditions.clear();
        status.controller_pause = false;
        status.promote_full = false;
        // A promotion that was on its way is over too: a retry leads to the pause again.
        status.blue_green.scale_up_preview_check_point = false;
    } else {
        status.aborted_at = None;
    }
    let keeps_note = situation.spec.paused || situation.spec.strategy.blue_green.is_some();
    if status.pause_conditions.is_empty() && !keeps_note {
        status.controller_pause = false;
    }
    if !status.controller_pause {
        status.paused_step_index = None;
    }
}

/// A plan that only tells that a write to what exists was refused. What the spec asks for was not
/// done: status goes on speaking of the generation it was written for.
pub(crate) fn refused(situation: &Situation<'_>) -> Plan {
    let mut plan = seal(situation, Draft::of(situation));
    let old = situation.old;
    for action in &mut plan.actions {
        if let Write::WriteStatus { status } = &mut action.write {
            status.observed_generation = old.observed_generation.clone();
            let seen = old
                .observed_generation
                .as_ref()
                .and_then(ObservedGeneration::number);
            for condition in &mut status.conditions {
                condition.observed_generation = seen.filter(|seen| *seen >= 0);
            }
        }
    }
    plan.actions.retain(
        |action| !matches!(&action.write, Write::WriteStatus { status } if **status == *old),
    );
    plan
}
