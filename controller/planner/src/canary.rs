//! The canary strategy without a traffic router: the number of pods splits the traffic.
//!
//! Source: `compat/canary.md` §2–6.

mod resize;
mod waiting;

use resize::{resize, target};
use waiting::waiting_on;

use crds::{
    RolloutStatus,
    rollout::CanaryStrategy,
    rollout::status::{BlueGreenStatus, PauseCondition},
    step_hash::step_hash,
};

use crate::conditions::{is, kind};
use crate::duration::Rollback;
use crate::finish::{Verdict, finish};
use crate::situation::{Draft, Situation, end_update};
use crate::split::Split;
use crate::steps::{self, Steps};
use crate::{Now, Plan, ReplicaSet, create, events, old_sets};

/// Why a canary rollout is paused by a step.
pub(crate) const PAUSE_REASON: &str = "CanaryPauseStep";

pub(crate) fn plan(situation: &Situation<'_>, canary: &CanaryStrategy) -> Plan {
    let mut draft = Draft::of(situation);
    draft.status.blue_green = BlueGreenStatus::default();
    let hash = step_hash(&canary.steps);
    let steps_changed = situation.old.current_step_hash.as_ref() != Some(&hash);
    draft.status.current_step_hash = Some(hash);

    let Some(new) = situation.new_rs() else {
        let creation = create::new_replica_set(situation, &mut draft);
        let begins = creation.begins_update || steps_changed;
        if begins {
            reset(&mut draft, canary);
        }
        let verdict = Verdict {
            creating: Some(creation.name),
            ..verdict(situation, &draft.status, canary, begins)
        };
        return finish(situation, draft, &verdict);
    };
    draft.sync_revision(situation, new);
    old_sets::delete_beyond_history(situation, &mut draft);

    let another = situation.is_another_revision(&new.hash);
    draft.status.current_pod_hash = Some(new.hash.clone());
    if another || steps_changed {
        reset(&mut draft, canary);
        if !canary.steps.is_empty() && situation.stable_label() == Some(new.hash.as_str()) {
            draft.status.current_step_index = Some(count(canary));
            draft.events.push(events::steps_skipped());
        }
        let verdict = verdict(situation, &draft.status, canary, true);
        return finish(situation, draft, &verdict);
    }

    settle_wishes(situation, &mut draft, canary, new);
    let target = target(situation, &draft, canary);
    resize(situation, &mut draft, canary, target);
    if !promote(situation, &mut draft, canary, new) {
        advance(situation, &mut draft, canary, target);
    }
    draft.waiting_on = waiting_on(situation, &draft, canary, target);
    let verdict = verdict(situation, &draft.status, canary, false);
    finish(situation, draft, &verdict)
}

/// The sizes of an abort, whatever is wrong with the rest of the spec.
pub(crate) fn give_way<'a>(
    situation: &Situation<'a>,
    draft: &mut Draft<'a>,
    canary: &CanaryStrategy,
) {
    let target = target(situation, draft, canary);
    resize(situation, draft, canary, target);
}

fn count(canary: &CanaryStrategy) -> i32 {
    i32::try_from(canary.steps.len()).unwrap_or(i32::MAX)
}

/// Back to the first step, with nothing left of the update before.
fn reset(draft: &mut Draft<'_>, canary: &CanaryStrategy) {
    end_update(&mut draft.status);
    draft.status.current_step_index = (!canary.steps.is_empty()).then_some(0);
}

/// What users asked for: abort, promote --full.
fn settle_wishes(
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    canary: &CanaryStrategy,
    new: &ReplicaSet,
) {
    let fully_promoted = situation.stable_label() == Some(new.hash.as_str());
    let status = &mut draft.status;
    status.abort = situation.is_aborted(fully_promoted);
    let last = (!canary.steps.is_empty()).then(|| count(canary));
    if status.abort {
        status.promote_full = false;
        status.current_step_index = last.map(|_| 0);
    } else if status.promote_full || fully_promoted {
        status.pause_conditions.clear();
        status.current_step_index = last;
    } else if let Some(last) = last {
        // A client may have written any index; steps that were removed are done.
        status.current_step_index = Some(status.current_step_index.unwrap_or(0).clamp(0, last));
    } else {
        status.current_step_index = None;
    }
    // A client that writes an index leaves what belongs to the pause that it skipped: its condition, or
    // the note that it was there, which would look as if somebody had ended the one that comes.
    let steps = Steps::of(canary, status);
    let skipped = status
        .paused_step_index
        .is_some_and(|paused| paused != steps.index());
    if steps.pause().is_none() || skipped {
        status
            .pause_conditions
            .retain(|pause| pause.reason != PAUSE_REASON);
        status.controller_pause &= steps.pause().is_none();
        status.paused_step_index = None;
    }
}

/// Makes the new version stable once it may be. Returns whether it is stable now.
fn promote(
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    canary: &CanaryStrategy,
    new: &ReplicaSet,
) -> bool {
    let status = &mut draft.status;
    let first = situation.stable_label().is_none();
    let done = Steps::of(canary, status).is_past_the_end();
    let fully_promoted = situation.stable_label() == Some(new.hash.as_str());
    let enough = new.is_current()
        && (new.available() >= situation.replicas
            || steps::meets_threshold(canary, new, situation.replicas));
    let reason = if first {
        "Initial deploy".to_owned()
    } else if fully_promoted {
        String::new()
    } else if status.abort || !enough {
        return false;
    } else if status.promote_full {
        "Full promotion requested".to_owned()
    } else if done && !situation.spec.paused {
        format!("Completed all {} canary steps", canary.steps.len())
    } else {
        return false;
    };
    end_update(status);
    status.current_step_index = (!canary.steps.is_empty()).then(|| count(canary));
    if !fully_promoted {
        status.stable_rs = Some(new.hash.clone());
        draft.events.push(events::completed(
            new.revision().unwrap_or(0),
            &new.hash,
            &reason,
        ));
    }
    true
}

/// Completes the present step, and starts the pause that comes next.
fn advance(
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    canary: &CanaryStrategy,
    target: Split,
) {
    if situation.spec.paused || draft.status.abort {
        return;
    }
    let before = Steps::of(canary, &draft.status);
    if let Some(done) = before.completed_step(situation, &draft.status, target) {
        let index = before.index().saturating_add(1);
        draft.status.current_step_index = Some(index);
        draft.status.paused_step_index = None;
        draft
            .status
            .pause_conditions
            .retain(|pause| pause.reason != PAUSE_REASON);
        draft.events.push(events::step_completed(
            i64::from(index),
            canary.steps.len(),
            &done,
        ));
    }
    let now = Steps::of(canary, &draft.status);
    let paused = draft
        .status
        .pause_conditions
        .iter()
        .find(|pause| pause.reason == PAUSE_REASON);
    let resumed =
        paused.is_none() && draft.status.controller_pause && now.index() == before.index();
    if let Some(length) = now.pause().filter(|_| !resumed) {
        let start_time =
            paused.map_or_else(|| situation.now.next_second(), |pause| pause.start_time);
        if paused.is_none() {
            draft.status.pause_conditions.push(PauseCondition {
                reason: PAUSE_REASON.to_owned(),
                start_time,
            });
            draft.status.controller_pause = true;
        }
        draft.status.paused_step_index = Some(now.index());
        if let crds::durations::PauseLength::Seconds(seconds) = length {
            draft.wake(Now::just_after(start_time.plus_seconds(seconds)));
        }
    }
}

fn verdict<'a>(
    situation: &Situation<'a>,
    status: &RolloutStatus,
    canary: &CanaryStrategy,
    spec_changed: bool,
) -> Verdict<'a> {
    let available: i64 = situation
        .revisions
        .all
        .iter()
        .map(|rs| rs.available())
        .sum();
    let steps = Steps::of(canary, status);
    let new = situation.new_rs();
    let no_other_pods = situation
        .revisions
        .all
        .iter()
        .map(|rs| i64::from(rs.current_replicas))
        .sum::<i64>()
        == situation.replicas;
    let is_stable = new.is_some_and(|new| status.stable_rs.as_deref() == Some(new.hash.as_str()));
    let older = |new: &ReplicaSet| {
        situation
            .revisions
            .stable
            .is_some_and(|stable| new.created < stable.created)
    };
    let rollback = match new {
        Some(_) if is_stable => Some(Rollback::Fast),
        Some(new) if older(new) => Some(Rollback::Normal),
        Some(_) | None => None,
    };
    Verdict {
        counted: None,
        has_minimum_availability: available >= situation.replicas,
        is_complete: is_stable && no_other_pods,
        is_indefinite: steps.pause().is_some()
            || crate::conditions::find(&situation.old.conditions, kind::PAUSED)
                .is_some_and(|condition| condition.status == is::TRUE),
        spec_changed,
        rollback,
        manual_pause: steps.pause() == Some(crds::durations::PauseLength::UntilPromoted)
            && !status.pause_conditions.is_empty(),
        creating: None,
    }
}
