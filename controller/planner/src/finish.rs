//! The end of every pass: counters, conditions, phase, and what is waited on.
//!
//! Source: `compat/canary.md` §4, `compat/status-and-events.md` §3.

use crds::label_selector::Selector;
use crds::reading::{Phase, computed_phase};
use crds::{RolloutStatus, defaults, rollout::status::ObservedGeneration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::conditions::{Setter, find, has_reason, is, kind, reason};
use crate::duration;
use crate::situation::{Draft, Situation};
use crate::{
    Event, GenerationFormat, Now, Plan, ReplicaSet, WaitingOn, WriteFailure, events, kstatus,
};

/// What a strategy knows and the end of a pass needs.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    /// The ReplicaSet whose pods an autoscaler and the counters look at; all when `None`.
    pub(crate) counted: Option<&'a ReplicaSet>,
    /// Whether users are served by as many pods as promised.
    pub(crate) has_minimum_availability: bool,
    /// Whether nothing is left to do.
    pub(crate) is_complete: bool,
    /// Whether the present step may take as long as it likes.
    pub(crate) is_indefinite: bool,
    /// Whether template or steps are others than those status was written for.
    pub(crate) spec_changed: bool,
    /// How the update goes back, if it does.
    pub(crate) rollback: Option<duration::Rollback>,
    /// Whether a person has to act for the update to go on.
    pub(crate) manual_pause: bool,
    /// Whether a ReplicaSet is being created in this pass.
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
    let progressed = progressed(situation, &mut draft.status);
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
        && !matches!(draft.waiting_on, Some(WaitingOn::ScaleDownDelay { .. }))
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

fn count(situation: &Situation<'_>, status: &mut RolloutStatus, counted: Option<&ReplicaSet>) {
    let all = &situation.revisions.all;
    let sum =
        |of: fn(&ReplicaSet) -> i32| all.iter().fold(0_i32, |sum, rs| sum.saturating_add(of(rs)));
    status.replicas = Some(sum(|rs| rs.current_replicas));
    status.updated_replicas = Some(situation.new_rs().map_or(0, |new| new.current_replicas));
    let selector = situation.spec.selector.as_ref();
    match counted {
        Some(rs) => {
            status.ready_replicas = Some(rs.ready_replicas);
            status.available_replicas = Some(rs.available_replicas);
            status.hpa_replicas = Some(rs.current_replicas);
            status.selector = selector.map(|selector| format_selector(selector, Some(&rs.hash)));
        }
        None => {
            status.ready_replicas = Some(sum(|rs| rs.ready_replicas));
            status.available_replicas = Some(sum(|rs| rs.available_replicas));
            status.hpa_replicas = status.replicas;
            status.selector = selector.map(|selector| format_selector(selector, None));
        }
    }
}

/// A label selector as text, as `/scale` shows it; with the revision label where one is given.
fn format_selector(selector: &LabelSelector, revision: Option<&str>) -> String {
    let mut selector = selector.clone();
    if let Some(revision) = revision {
        let labels = selector.match_labels.get_or_insert_default();
        labels.insert(
            crds::names::POD_TEMPLATE_HASH.to_owned(),
            revision.to_owned(),
        );
    }
    Selector::new(&selector).map_or_else(String::new, |selector| selector.to_string())
}

/// Whether something got better since status was written.
///
/// New pods count only beyond the most there were since template, step or promotion last changed:
/// pods that come and go do not put off the deadline (safety.md L2).
fn progressed(situation: &Situation<'_>, status: &mut RolloutStatus) -> bool {
    let old = situation.old;
    let old_pods = |status: &RolloutStatus| {
        status
            .replicas
            .unwrap_or(0)
            .saturating_sub(status.updated_replicas.unwrap_or(0))
    };
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
    epoch_changed
        || available.min(replicas) > most.min(replicas)
        || old.updated_replicas != status.updated_replicas
        || old_pods(status) < old_pods(old)
}

/// Whether the deadline of the persisted `Progressing` condition has passed.
fn is_overdue(situation: &Situation<'_>, verdict: &Verdict<'_>) -> bool {
    let waits_for_delay = situation
        .revisions
        .others()
        .iter()
        .any(|rs| rs.scale_down_deadline().is_some());
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

fn abort_when_overdue(
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

fn timed_out(situation: &Situation<'_>) -> String {
    let name = situation.new_rs().map_or("", |new| new.name.as_str());
    format!("ReplicaSet \"{name}\" has timed out progressing.")
}

/// An abort has no pauses; without pauses the controller does not pause, unless a blue-green
/// rollout keeps the note that a user resumed it.
fn settle_pauses(situation: &Situation<'_>, draft: &mut Draft<'_>) {
    let status = &mut draft.status;
    if status.abort {
        status.aborted_at = status.aborted_at.or_else(|| Some(situation.now.second()));
        status.pause_conditions.clear();
        status.controller_pause = false;
        status.promote_full = false;
    } else {
        status.aborted_at = None;
    }
    if status.pause_conditions.is_empty() && situation.spec.strategy.blue_green.is_none() {
        status.controller_pause = false;
    }
}

fn is_healthy(situation: &Situation<'_>, status: &RolloutStatus, verdict: &Verdict<'_>) -> bool {
    let all = |count: Option<i32>| i64::from(count.unwrap_or(0)) == situation.replicas;
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    !paused
        && !status.abort
        && all(status.updated_replicas)
        && all(status.available_replicas)
        && verdict.is_complete
}

/// Returns whether this made a healthy rollout unhealthy.
fn set_healthy(
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

struct Progress {
    healthy: bool,
    progressed: bool,
    became_unhealthy: bool,
}

fn set_progressing(
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
        draft.events.extend(set_create_error(set, failure));
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
fn set_others(
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

/// Looks again when the progress deadline may have passed.
fn wake_for_deadline(
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

/// A plan that only tells about a write that was refused.
pub(crate) fn refused(situation: &Situation<'_>) -> Plan {
    let mut draft = Draft::of(situation);
    if let Some(failure) = situation
        .observed
        .failure
        .as_ref()
        .filter(|failure| failure.creating)
    {
        let mut set = Setter {
            list: &mut draft.status.conditions,
            now: situation.now.second(),
        };
        draft.events.extend(set_create_error(&mut set, failure));
    }
    seal(situation, draft)
}

/// Returns the Event when this is news.
fn set_create_error(set: &mut Setter<'_>, failure: &WriteFailure) -> Option<Event> {
    let name = failure.object.trim_start_matches("ReplicaSet/");
    let message = format!(
        "Failed to create new replica set \"{name}\": {}",
        failure.message
    );
    set.set_with_message(kind::PROGRESSING, is::FALSE, reason::CREATE_ERROR, &message)
        .then(|| events::replica_set_create_error(message))
}
