//! What a canary rollout waits on.

use crds::durations::PauseLength;
use crds::rollout::CanaryStrategy;

use crate::deadline::stalled;
use crate::situation::{Draft, Situation};
use crate::split::Split;
use crate::steps::Steps;
use crate::{ReplicaSet, WaitingOn};

/// The first thing, in a fixed order, that keeps the rollout from going on.
pub(super) fn waiting_on(
    situation: &Situation<'_>,
    draft: &Draft<'_>,
    canary: &CanaryStrategy,
    target: Split,
) -> Option<WaitingOn> {
    let status = &draft.status;
    let new = situation.new_rs();
    let stable = situation.stable_beside_new();
    let others = situation.revisions.others();
    if situation.spec.paused && !status.abort {
        return Some(WaitingOn::UserPause);
    }
    if let Some(pause) = status.pause_conditions.first() {
        return Some(match Steps::of(canary, status).pause() {
            Some(PauseLength::Seconds(seconds)) => WaitingOn::PauseEnd {
                since: pause.start_time,
                until: pause.start_time.plus_seconds(seconds),
            },
            _ => WaitingOn::Promotion {
                since: pause.start_time,
            },
        });
    }
    let lagging = situation.revisions.all.iter().find(|rs| !rs.is_current());
    let (since, overdue) = stalled(situation);
    let pods = |rs: &ReplicaSet, needed: i64| WaitingOn::Pods {
        replica_set: rs.name.clone(),
        available: rs.available(),
        needed,
        failure: rs.failure.as_ref().map(|failure| failure.message.clone()),
        since,
        overdue,
    };
    let short = |rs: Option<&ReplicaSet>, needed: i64| {
        rs.filter(|rs| rs.available() < needed)
            .map(|rs| pods(rs, needed))
    };
    let leftover = |rs: &ReplicaSet, needed: i64| WaitingOn::OldPods {
        replica_set: rs.name.clone(),
        seen: i64::from(rs.current_replicas),
        needed,
    };
    let too_many = |rs: Option<&ReplicaSet>, needed: i64| {
        rs.filter(|rs| i64::from(rs.current_replicas) > needed)
            .map(|rs| leftover(rs, needed))
    };
    lagging
        .map(|rs| WaitingOn::ReplicaSetController {
            replica_set: rs.name.clone(),
        })
        .or_else(|| short(new, target.new))
        .or_else(|| short(stable, target.stable))
        .or_else(|| too_many(stable, target.stable))
        .or_else(|| too_many(new, target.new))
        .or_else(|| {
            others
                .iter()
                .find(|rs| rs.current_replicas > 0)
                .map(|rs| leftover(rs, 0))
        })
        .or_else(|| {
            status.abort.then_some(WaitingOn::Retry {
                since: situation.old.aborted_at,
            })
        })
}
