//! When each condition holds.
//!
//! Source: `compat/status-and-events.md` §2–3.

use crds::RolloutStatus;

use crate::conditions::{Setter, find, has_reason, is, kind, reason};
use crate::deadline::{is_overdue, timed_out};
use crate::finish::Verdict;
use crate::situation::{Draft, Situation};
use crate::{Event, ReplicaSet, WriteFailure, events};

pub(crate) fn is_healthy(
    situation: &Situation<'_>,
    status: &RolloutStatus,
    verdict: &Verdict<'_>,
) -> bool {
    let all = |count: Option<i32>| i64::from(count.unwrap_or(0)) == situation.replicas;
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    !paused
        && !status.abort
        && all(status.updated_replicas)
        && all(status.available_replicas)
        && verdict.is_complete
}

/// Returns whether this made a healthy rollout unhealthy.
pub(crate) fn set_healthy(
    set: &mut Setter<'_>,
    situation: &Situation<'_>,
    status: &RolloutStatus,
    healthy: bool,
) -> bool {
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    if healthy {
        set.set(
            kind::HEALTHY,
            is::TRUE,
            reason::HEALTHY,
            "Rollout is healthy",
        );
        false
    } else if find(set.list, kind::HEALTHY).is_some() {
        set.set(
            kind::HEALTHY,
            is::FALSE,
            reason::HEALTHY,
            "Rollout is not healthy",
        ) && !paused
    } else {
        false
    }
}

/// How things have changed.
pub(crate) struct Progress {
    pub(crate) healthy: bool,
    pub(crate) progressed: bool,
    pub(crate) became_unhealthy: bool,
}

pub(crate) fn set_progressing(
    set: &mut Setter<'_>,
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    verdict: &Verdict<'_>,
    progress: Progress,
) {
    let status = &draft.status;
    let name = situation.new_rs().map(|new| new.name.as_str());
    let completed = status.stable_rs.is_some() && status.stable_rs == status.current_pod_hash;
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    if status.abort {
        let revision = situation
            .new_rs()
            .and_then(ReplicaSet::revision)
            .unwrap_or(0);
        let mut message = format!("Rollout aborted update to revision {revision}");
        if !situation.old.abort {
            message = format!("{message}: {}", timed_out(situation));
        }
        if set.set(kind::PROGRESSING, is::FALSE, reason::ABORTED, &message) {
            draft.events.push(events::aborted(message));
        }
        return;
    }
    if let Some(failure) = situation
        .observed
        .failure
        .as_ref()
        .filter(|failure| failure.creating)
    {
        if !progress.progressed && is_overdue(situation, verdict) {
            let (status, reason) = (is::FALSE, reason::DEADLINE_EXCEEDED);
            set.set(kind::PROGRESSING, status, reason, &timed_out(situation));
        } else {
            draft.events.extend(set_create_error(set, failure));
        }
        return;
    }
    if let Some(created) = &verdict.creating {
        set.renew(
            kind::PROGRESSING,
            is::TRUE,
            reason::CREATED,
            &format!("Created new replica set \"{created}\""),
        );
        return;
    }
    if paused && !completed {
        set.set(
            kind::PROGRESSING,
            is::UNKNOWN,
            reason::PAUSED,
            "Rollout is paused",
        );
        return;
    }
    if has_reason(set.list, kind::PROGRESSING, reason::ABORTED) {
        set.renew(
            kind::PROGRESSING,
            is::UNKNOWN,
            reason::RETRY,
            "Retrying Rollout after abort",
        );
        return;
    }
    let message = match name {
        Some(name) => format!("ReplicaSet \"{name}\" is progressing."),
        None => format!("Rollout \"{}\" is progressing.", situation.name()),
    };
    if progress.healthy {
        let message = format!(
            "ReplicaSet \"{}\" has successfully progressed.",
            name.unwrap_or_default()
        );
        set.set(kind::PROGRESSING, is::TRUE, reason::NEW_AVAILABLE, &message);
    } else if has_reason(set.list, kind::PROGRESSING, reason::PAUSED) {
        set.renew(
            kind::PROGRESSING,
            is::UNKNOWN,
            reason::RESUMED,
            "Rollout is resumed",
        );
    } else if progress.became_unhealthy && completed {
        let message = "Rollout does not have minimum availability";
        set.renew(kind::PROGRESSING, is::TRUE, reason::NOT_AVAILABLE, message);
    } else if progress.progressed || progress.became_unhealthy {
        set.renew(kind::PROGRESSING, is::TRUE, reason::UPDATED, &message);
    } else if is_overdue(situation, verdict) {
        set.set(
            kind::PROGRESSING,
            is::FALSE,
            reason::DEADLINE_EXCEEDED,
            &timed_out(situation),
        );
    } else if find(set.list, kind::PROGRESSING).is_none() {
        let message = format!("Found new replica set \"{}\"", name.unwrap_or_default());
        set.set(kind::PROGRESSING, is::TRUE, reason::FOUND, &message);
    }
}

/// Paused, Available, ReplicaFailure, Completed.
pub(crate) fn set_others(
    set: &mut Setter<'_>,
    situation: &Situation<'_>,
    draft: &mut Draft<'_>,
    verdict: &Verdict<'_>,
) {
    let status = &draft.status;
    let paused = !status.abort && (situation.spec.paused || !status.pause_conditions.is_empty());
    if paused || find(set.list, kind::PAUSED).is_some() {
        set.set(
            kind::PAUSED,
            is::from(paused),
            reason::PAUSED,
            "Rollout is paused",
        );
    }
    let message = if verdict.has_minimum_availability {
        "Rollout has minimum availability"
    } else {
        "Rollout does not have minimum availability"
    };
    set.set(
        kind::AVAILABLE,
        is::from(verdict.has_minimum_availability),
        reason::AVAILABLE,
        message,
    );

    let failing = situation.new_rs().filter(|new| new.failure.is_some());
    let failing = failing.or_else(|| {
        situation
            .revisions
            .all
            .iter()
            .copied()
            .find(|rs| rs.failure.is_some())
    });
    match failing.and_then(|rs| rs.failure.as_ref()) {
        Some(failure) => {
            set.set_with_message(
                kind::REPLICA_FAILURE,
                is::TRUE,
                &failure.reason,
                &failure.message,
            );
        }
        None => set.remove(kind::REPLICA_FAILURE),
    }

    let completed = status.stable_rs.is_some() && status.stable_rs == status.current_pod_hash;
    // The first deployment of a blue-green rollout is promoted in its first full pass; users'
    // tests expect no RolloutNotCompleted before it.
    let first_blue_green =
        situation.stable_label().is_none() && situation.spec.strategy.blue_green.is_some();
    let changed = set.set(
        kind::COMPLETED,
        is::from(completed),
        reason::COMPLETED,
        reason::COMPLETED,
    );
    if changed && !completed && !first_blue_green {
        let revision = situation.revisions.wanted_revision();
        let revision = situation
            .new_rs()
            .and_then(ReplicaSet::revision)
            .unwrap_or(revision)
            .max(revision);
        let hash = status.current_pod_hash.clone().unwrap_or_default();
        draft.events.push(events::not_completed(revision, &hash));
    }
}

/// Returns the Event when this is news.
fn set_create_error(set: &mut Setter<'_>, failure: &WriteFailure) -> Option<Event> {
    let name = failure.object.trim_start_matches("ReplicaSet/");
    let message = format!(
        "Failed to create new replica set \"{name}\": {}",
        failure.message
    );
    // Other words for the same trouble do not put off the deadline.
    let since = find(set.list, kind::PROGRESSING)
        .filter(|old| old.reason == reason::CREATE_ERROR)
        .map(|old| old.last_update_time);
    let is_news =
        set.set_with_message(kind::PROGRESSING, is::FALSE, reason::CREATE_ERROR, &message);
    let condition = set.list.iter_mut().find(|it| it.kind == kind::PROGRESSING);
    if let (Some(condition), Some(since)) = (condition, since) {
        condition.last_update_time = since;
    }
    is_news.then(|| events::replica_set_create_error(message))
}
