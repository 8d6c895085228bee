//! Progress, and the deadline for it.
//!
//! Source: `compat/canary.md` §8, `compat/status-and-events.md` §3.

use crds::{Time, defaults};

use crate::conditions::{find, kind, reason};
use crate::finish::Verdict;
use crate::revisions::Deadline;
use crate::situation::{Draft, Situation};
use crate::{Now, events};

/// Whether something got better since status was written, or a size is being changed.
///
/// New pods count only beyond the most there were since template, step or promotion last changed:
/// pods that come and go do not put off the deadline (safety.md L2).
pub(crate) fn progressed(situation: &Situation<'_>, draft: &mut Draft<'_>) -> bool {
    let resizes = draft.resizes();
    let status = &mut draft.status;
    let old = situation.old;
    let step_moved =
        old.current_step_index.is_some() && old.current_step_index != status.current_step_index;
    let epoch_changed = old.current_pod_hash != status.current_pod_hash
        || old.current_step_hash != status.current_step_hash
        || old.stable_rs != status.stable_rs
        || step_moved
        || old.abort != status.abort
        || old.blue_green.active_selector != status.blue_green.active_selector
        || old.blue_green.preview_selector != status.blue_green.preview_selector;
    let available = situation
        .new_rs()
        .map_or(0, |new| new.available_replicas.max(0));
    let most = if epoch_changed {
        0
    } else {
        old.most_updated_available.unwrap_or(0)
    };
    let replicas = i32::try_from(situation.replicas).unwrap_or(i32::MAX);
    status.most_updated_available = Some(most.max(available).min(replicas));
    // Counts of pods come and go; a size that is asked for does not.
    epoch_changed || resizes || available.min(replicas) > most.min(replicas)
}

/// Since when nothing has got better, and whether that is longer than it may take.
pub(crate) fn stalled(situation: &Situation<'_>) -> (Option<Time>, bool) {
    let Some(condition) = find(&situation.old.conditions, kind::PROGRESSING) else {
        return (None, false);
    };
    let overdue = condition.reason == reason::DEADLINE_EXCEEDED;
    // The condition was written anew when the deadline had passed.
    let before = if overdue {
        defaults::progress_deadline_seconds(situation.spec)
    } else {
        0
    };
    (
        Some(condition.last_update_time.plus_seconds(-before)),
        overdue,
    )
}

/// Whether the deadline of the persisted `Progressing` condition has passed.
pub(crate) fn is_overdue(situation: &Situation<'_>, verdict: &Verdict<'_>) -> bool {
    // A canary keeps nobody for a delay: what a deadline is left on goes like any other.
    let keeps_old = situation.spec.strategy.canary.is_none();
    let others = situation.revisions.others();
    let mut deadlines = others.iter().map(|rs| rs.scale_down_deadline());
    let waits_for_delay = keeps_old && deadlines.any(|it| it != Deadline::None);
    if verdict.is_indefinite || waits_for_delay {
        return false;
    }
    find(&situation.old.conditions, kind::PROGRESSING).is_some_and(|condition| {
        match condition.reason.as_str() {
            reason::ABORTED | reason::PAUSED => false,
            reason::DEADLINE_EXCEEDED => true,
            _ => situation.now.is_after(
                condition
                    .last_update_time
                    .plus_seconds(defaults::progress_deadline_seconds(situation.spec)),
            ),
        }
    })
}

pub(crate) fn abort_when_overdue(
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    verdict: &Verdict<'_>,
    progressed: bool,
) {
    let status = &mut draft.status;
    let completed = status.stable_rs == status.current_pod_hash;
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    let wanted = situation.spec.progress_deadline_abort
        && !status.abort
        && !completed
        && !progressed
        && !paused;
    if wanted && is_overdue(situation, verdict) {
        status.abort = true;
        status.current_step_index = status.current_step_index.map(|_| 0);
        draft.events.push(events::aborted(timed_out(situation)));
    }
}

pub(crate) fn timed_out(situation: &Situation<'_>) -> String {
    let failing = situation
        .observed
        .failure
        .as_ref()
        .map(|it| it.object.as_str());
    let created = failing.map_or("", |object| object.trim_start_matches("ReplicaSet/"));
    let name = situation.new_rs().map_or(created, |new| new.name.as_str());
    format!("ReplicaSet \"{name}\" has timed out progressing.")
}

/// Looks again when the progress deadline may have passed.
pub(crate) fn wake_for_deadline(
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    verdict: &Verdict<'_>,
    healthy: bool,
) {
    let paused = situation.spec.paused || !draft.status.pause_conditions.is_empty();
    if healthy || paused || draft.status.abort || verdict.is_indefinite {
        return;
    }
    let deadline = find(&draft.status.conditions, kind::PROGRESSING)
        .filter(|condition| condition.reason != reason::DEADLINE_EXCEEDED)
        .map(|condition| {
            condition
                .last_update_time
                .plus_seconds(defaults::progress_deadline_seconds(situation.spec))
        });
    if let Some(deadline) = deadline {
        let at = Now::just_after(deadline);
        // A deadline that has passed but does not count now (a delayed ReplicaSet) is looked at
        // again when something changes.
        if at > situation.now {
            draft.wake(at);
        }
    }
}
