//! How long an update takes: `status.duration`.
//!
//! Source: `compat/status-and-events.md` §4. An update that another one replaces is overwritten by
//! the new record; the controller sees that from old and new status and counts it as Superseded.

use crds::{RolloutStatus, Time, rollout::status::RolloutDuration};

/// What the record depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// Template or steps are others than those status was written for (or nothing was written).
    pub(crate) spec_changed: bool,
    /// The new version is stable and has all its pods.
    pub(crate) completed: bool,
    /// The new version is the stable one.
    pub(crate) at_stable: bool,
    /// The update goes back to a version that was there before.
    pub(crate) rollback: Option<Rollback>,
    /// A person has to act for it to go on.
    pub(crate) manual_pause: bool,
}

/// How an update goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollback {
    /// Through all steps.
    Normal,
    /// At once.
    Fast,
}

/// The record for `next`, from the one in `old`.
pub(crate) fn record(
    old: &RolloutStatus,
    next: &RolloutStatus,
    facts: Facts,
    now: Time,
) -> Option<RolloutDuration> {
    let mut record = old.duration.clone();
    let mut running = record
        .as_ref()
        .is_some_and(|it| it.rollout_started_at.is_some() && it.finished_at.is_none());
    if running && facts.spec_changed {
        match facts.rollback {
            Some(rollback) => set_outcome(&mut record, outcome_of(rollback)),
            None => running = false,
        }
    }
    // A promotion notes its outcome before all pods are there.
    if running
        && old.stable_rs.is_some()
        && old.stable_rs != next.stable_rs
        && record
            .as_ref()
            .is_some_and(|it| it.completion_status.is_none())
    {
        set_outcome(
            &mut record,
            if old.promote_full {
                "FastPromoted"
            } else {
                "Promoted"
            },
        );
    }
    if running {
        if facts.completed {
            finish(&mut record, "Promoted", now);
        } else if next.abort {
            finish(&mut record, "Aborted", now);
        }
    } else if !facts.completed {
        let retried = old.abort && !next.abort;
        if (facts.spec_changed || retried) && !facts.at_stable {
            record = Some(RolloutDuration {
                rollout_started_at: Some(now),
                ..RolloutDuration::default()
            });
        }
    }
    if let Some(record) = &mut record {
        track_manual_pause(record, facts.manual_pause, now);
    }
    record
}

const fn outcome_of(rollback: Rollback) -> &'static str {
    match rollback {
        Rollback::Normal => "RolledBack",
        Rollback::Fast => "FastRolledBack",
    }
}

fn set_outcome(record: &mut Option<RolloutDuration>, outcome: &str) {
    if let Some(record) = record {
        record.completion_status = Some(outcome.to_owned());
    }
}

fn finish(record: &mut Option<RolloutDuration>, outcome: &str, now: Time) {
    if let Some(record) = record {
        record.finished_at = Some(now);
        record
            .completion_status
            .get_or_insert_with(|| outcome.to_owned());
    }
}

/// Adds up the whole seconds that a person kept the update waiting.
fn track_manual_pause(record: &mut RolloutDuration, paused: bool, now: Time) {
    let paused = paused && record.finished_at.is_none();
    match (paused, record.manual_pause_started_at) {
        (true, None) => record.manual_pause_started_at = Some(now),
        (false, Some(since)) => {
            let total = record.total_manual_pause_duration_seconds.unwrap_or(0);
            record.total_manual_pause_duration_seconds =
                Some(total.saturating_add(now.seconds_since(since).max(0)));
            record.manual_pause_started_at = None;
        }
        (true, Some(_)) | (false, None) => {}
    }
}
