//! S1: available pods never drop below what was promised because of us.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::{Checker, Step};
use crate::history::{Actor, World};
use crate::reading::{
    canary, controller_uid, counted_on, name, number, replica_sets, replicas,
    surge_and_unavailable, text, uid,
};

/// S1: Σ avail + debt ≥ floor D − U at every revision, and no write of ours lowers the pods that
/// can be counted on below it.
///
/// `debt` counts pods that the cluster took from a ReplicaSet, until that ReplicaSet is whole
/// again. What was never reached is not owed: until the first D − U pods are available, and after
/// the promise itself changed, the most there were so far is owed.
#[derive(Default)]
pub(super) struct Floor {
    /// When each pod became Ready, by uid.
    ready_since: BTreeMap<String, Duration>,
    /// Pods that are available, by the uid of their ReplicaSet.
    available: BTreeMap<String, BTreeSet<String>>,
    /// Pods the cluster took, by the uid of their ReplicaSet.
    debt: BTreeMap<String, i64>,
    /// Debt of ReplicaSets that were made smaller before they were whole again, by uid of the
    /// Rollout: it is paid when the Rollout has what it promised.
    carried: BTreeMap<String, i64>,
    /// What each Rollout has reached, by uid.
    reached: BTreeMap<String, Reached>,
    /// ReplicaSets that somebody else made smaller last, by uid.
    tampered: BTreeSet<String>,
    /// `spec.replicas` at each generation, by uid of the Rollout.
    desired: BTreeMap<String, BTreeMap<i64, i64>>,
}

#[derive(Clone, Copy)]
struct Reached {
    promise: i64,
    most: i64,
}

impl Checker for Floor {
    fn id(&self) -> &'static str {
        "S1"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        match step.commit.resource() {
            "pods" => self.note_readiness(step),
            "rollouts" => self.note_desired(step),
            "replicasets" => self.note_hand(step),
            _ => return None,
        }
        self.recount(step);
        let rollouts: Vec<&Value> = step.after.list("rollouts").collect();
        rollouts
            .into_iter()
            .find_map(|rollout| self.judge(step, rollout))
    }
}

impl Floor {
    fn note_readiness(&mut self, step: &Step<'_>) {
        let Some(pod) = step.commit.object() else {
            return;
        };
        if step.commit.after.is_some() && is_ready(pod) {
            self.ready_since
                .entry(uid(pod).to_owned())
                // Pods say since when they are ready in whole seconds, cut.
                .or_insert(Duration::from_secs(step.commit.at.as_secs()));
        } else {
            self.ready_since.remove(uid(pod));
        }
    }

    fn note_desired(&mut self, step: &Step<'_>) {
        if let Some(rollout) = step.commit.after.as_deref() {
            self.desired
                .entry(uid(rollout).to_owned())
                .or_default()
                .insert(number(rollout, "/metadata/generation"), replicas(rollout));
        }
    }

    /// Somebody else removed a ReplicaSet or made it smaller: what it had is lost, and not because
    /// of us.
    fn note_hand(&mut self, step: &Step<'_>) {
        let by_us = step.commit.actor == Actor::Controller;
        if let Some((before, after)) = step.change("replicasets") {
            if by_us {
                self.tampered.remove(uid(after));
            } else if replicas(after) < replicas(before) {
                self.tampered.insert(uid(after).to_owned());
            }
        } else if step.commit.after.is_none() && !by_us {
            let removed = step.commit.before.as_deref();
            self.reached.remove(removed.map_or("", controller_uid));
        }
    }

    /// Brings the available pods up to date and books what the cluster took.
    fn recount(&mut self, step: &Step<'_>) {
        let mut now: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for set in step.after.list("replicasets") {
            now.insert(uid(set).to_owned(), BTreeSet::new());
        }
        for pod in step.after.list("pods") {
            let Some(ready) = self.ready_since.get(uid(pod)) else {
                continue;
            };
            let set = step
                .after
                .list("replicasets")
                .find(|set| uid(set) == controller_uid(pod));
            let needed = set.map_or(0, |set| number(set, "/spec/minReadySeconds"));
            let needed = Duration::from_secs(u64::try_from(needed).unwrap_or(0));
            if step.commit.at >= *ready + needed {
                now.entry(controller_uid(pod).to_owned())
                    .or_default()
                    .insert(uid(pod).to_owned());
            }
        }
        for set in step.after.list("replicasets") {
            let id = uid(set);
            let available = count(now.get(id));
            let lost = (count(self.available.get(id)) - available).max(0);
            let debt = self.debt.entry(id.to_owned()).or_default();
            if lost > 0 && self.tampered.contains(id) {
                self.reached.remove(controller_uid(set));
            } else if lost > 0 && (is_still_there(step) || !is_shrinking(step.before, set)) {
                *debt += lost;
            }
            // Whole again, or told to be smaller: nothing more is owed than is missing.
            let missing = (replicas(set) - available).max(0);
            let is_resized =
                step.commit.resource() == "replicasets" && step.commit.name() == name(set);
            if is_resized && *debt > missing {
                *self
                    .carried
                    .entry(controller_uid(set).to_owned())
                    .or_default() += *debt - missing;
            }
            *debt = (*debt).min(missing);
        }
        self.available = now;
    }

    fn judge(&mut self, step: &Step<'_>, rollout: &Value) -> Option<String> {
        canary(rollout)?;
        if !rollout
            .pointer("/metadata/deletionTimestamp")
            .is_none_or(Value::is_null)
        {
            return None;
        }
        let sets = replica_sets(step.after, rollout);
        let pods = |set: &Value| {
            count(self.available.get(uid(set))) + self.debt.get(uid(set)).copied().unwrap_or(0)
        };
        let there: i64 = sets.iter().map(|set| pods(set)).sum();
        // Pods that a smaller size has already doomed, or that no status tells of yet, are there, but
        // nobody could build on them.
        let lasting: i64 = sets.iter().map(|set| pods(set).min(counted_on(set))).sum();
        let promise = self.promise(rollout);
        let carried = self.carried.entry(uid(rollout).to_owned()).or_default();
        *carried = (*carried).min((promise - there).max(0));
        let have = there + *carried;
        let reached = self
            .reached
            .entry(uid(rollout).to_owned())
            .or_insert(Reached { promise, most: 0 });
        if reached.promise != promise {
            *reached = Reached { promise, most: 0 };
        }
        reached.most = reached.most.max(lasting);
        let owed = promise.min(reached.most);
        if have < owed {
            return Some(format!(
                "rollout {} has {have} available pods (debt counted); at least {owed} are owed",
                name(rollout)
            ));
        }
        lowered(step, rollout, promise)
    }

    /// floor D − U.
    fn promise(&self, rollout: &Value) -> i64 {
        let desired = replicas(rollout);
        let observed: Option<i64> = text(rollout, "/status/observedGeneration")
            .parse()
            .ok()
            .or_else(|| rollout.pointer("/status/observedGeneration")?.as_i64());
        let at_observed = observed
            .and_then(|generation| self.desired.get(uid(rollout))?.get(&generation).copied())
            .unwrap_or(desired);
        let (_, unavailable) = surge_and_unavailable(rollout);
        (desired.min(at_observed) - unavailable).max(0)
    }
}

/// What is wrong when a write of ours lowered the pods that can be counted on below the promise.
fn lowered(step: &Step<'_>, rollout: &Value, promise: i64) -> Option<String> {
    if step.commit.actor != Actor::Controller || step.commit.resource() != "replicasets" {
        return None;
    }
    let sum = |world: &World| -> i64 {
        replica_sets(world, rollout)
            .into_iter()
            .map(counted_on)
            .sum()
    };
    let (before, after) = (sum(step.before), sum(step.after));
    (after < before && after < promise).then(|| {
        format!(
            "a write to {} lowered the pods of {} that can be counted on from {before} to {after}; \
             {promise} are promised",
            step.commit.name(),
            name(rollout)
        )
    })
}

/// Whether a ReplicaSet had more pods than it should have: then it chose which ones to lose.
fn is_shrinking(before: &World, set: &Value) -> bool {
    let pods = before
        .list("pods")
        .filter(|pod| controller_uid(pod) == uid(set))
        .filter(|pod| text(pod, "/metadata/deletionTimestamp").is_empty())
        .count();
    i64::try_from(pods).unwrap_or(i64::MAX) > replicas(set)
}

/// Whether the changed pod stays: then it was not chosen to go, it only stopped being ready.
fn is_still_there(step: &Step<'_>) -> bool {
    let pod = step.commit.after.as_deref();
    step.commit.resource() == "pods"
        && pod.is_some_and(|pod| text(pod, "/metadata/deletionTimestamp").is_empty())
}

fn is_ready(pod: &Value) -> bool {
    let ready = pod
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|condition| {
            text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
        });
    ready && text(pod, "/metadata/deletionTimestamp").is_empty()
}

fn count(pods: Option<&BTreeSet<String>>) -> i64 {
    i64::try_from(pods.map_or(0, BTreeSet::len)).unwrap_or(i64::MAX)
}
