//! S13 and S14: after an abort nothing goes forward, and everything goes back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Checker, Step};
use crate::history::{Actor, World};
use crate::reading::{
    blue_green, canary, counted_on, hash, is_true, name, namespace, replica_set_of, replica_sets,
    replicas, selected_hash, surge_and_unavailable, text, uid,
};

/// S13: once an abort is committed, nothing in this epoch gives the new revision more pods of a
/// canary, the active Service or the mark of stable, and the controller does not clear the abort.
pub(super) struct AbortWins;

impl Checker for AbortWins {
    fn id(&self) -> &'static str {
        "S13"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if step.commit.actor != Actor::Controller {
            return None;
        }
        match step.commit.resource() {
            "rollouts" => cleared_or_promoted(step),
            "services" => switched(step),
            "replicasets" => grown(step),
            _ => None,
        }
    }
}

/// Whether the abort binds: it is committed, for this template, and a person has not overruled it.
fn is_aborted(rollout: &Value) -> bool {
    let current = text(rollout, "/status/currentPodHash");
    is_true(rollout, "/status/abort")
        && !is_true(rollout, "/status/promoteFull")
        && current != text(rollout, "/status/stableRS")
}

fn cleared_or_promoted(step: &Step<'_>) -> Option<String> {
    let (before, after) = step.change("rollouts")?;
    if !is_aborted(before) {
        return None;
    }
    let same = |field: &str| text(before, field) == text(after, field);
    if !same("/status/currentPodHash") || !same("/status/currentStepHash") {
        return None;
    }
    if !same("/status/stableRS") {
        return Some(format!("aborted rollout {} was promoted", name(after)));
    }
    (!is_true(after, "/status/abort"))
        .then(|| format!("the abort of rollout {} was cleared", name(after)))
}

fn switched(step: &Step<'_>) -> Option<String> {
    let (before, after) = step.change("services")?;
    let rollout = step.after.list("rollouts").find(|rollout| {
        namespace(rollout) == namespace(after)
            && text(rollout, "/spec/strategy/blueGreen/activeService") == name(after)
    })?;
    let to = selected_hash(after);
    (is_aborted(rollout)
        && selected_hash(before) != to
        && to != text(rollout, "/status/stableRS")
        && is_current_template(step.after, rollout))
    .then(|| {
        format!(
            "active service {} moved to '{to}' after the abort",
            name(after)
        )
    })
}

fn grown(step: &Step<'_>) -> Option<String> {
    let (before, after) = step.change("replicasets")?;
    let rollout = step.owner()?;
    (canary(rollout).is_some()
        && is_aborted(rollout)
        && is_current_template(step.after, rollout)
        && hash(after) == text(rollout, "/status/currentPodHash")
        && replicas(after) > replicas(before))
    .then(|| {
        format!(
            "aborted canary {} grew from {} to {}",
            name(after),
            replicas(before),
            replicas(after)
        )
    })
}

/// Whether status already speaks of the newest template: a new one ends the abort.
fn is_current_template(world: &World, rollout: &Value) -> bool {
    let image = |object: &Value, path: &str| object.pointer(path).cloned();
    replica_set_of(world, rollout, text(rollout, "/status/currentPodHash")).is_some_and(|set| {
        let path = "/spec/template/spec/containers/0/image";
        image(set, path) == image(rollout, path)
    })
}

/// S14: an abort moves the active Service to stable whatever the state of the new pods, and a
/// canary's pods go once stable is whole.
#[derive(Default)]
pub(super) struct AbortReturns {
    /// When the abort that holds was committed, by uid.
    since: BTreeMap<String, Duration>,
}

/// How long the controller may take to answer an abort in a cluster that is not disturbed.
const PATIENCE: Duration = Duration::from_secs(5);

impl Checker for AbortReturns {
    fn id(&self) -> &'static str {
        "S14"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if step.commit.resource() == "rollouts" {
            let rollout = step.commit.object()?;
            if is_true(rollout, "/status/abort") && step.commit.after.is_some() {
                self.since
                    .entry(uid(rollout).to_owned())
                    .or_insert(step.commit.at);
            } else {
                self.since.remove(uid(rollout));
            }
        }
        self.overdue(step.after, step.commit.at)
    }

    fn end(&mut self, world: &World, end: Duration) -> Option<String> {
        self.overdue(world, end).or_else(|| {
            world
                .list("rollouts")
                .find_map(|rollout| self.canary_left(world, rollout, end))
        })
    }
}

impl AbortReturns {
    fn is_due(&self, rollout: &Value, now: Duration) -> bool {
        is_aborted(rollout)
            && self
                .since
                .get(uid(rollout))
                .is_some_and(|since| now > *since + PATIENCE)
    }

    fn overdue(&self, world: &World, now: Duration) -> Option<String> {
        world.list("rollouts").find_map(|rollout| {
            let strategy = blue_green(rollout)?;
            if !self.is_due(rollout, now) {
                return None;
            }
            let service = text(strategy, "/activeService");
            let active = selected_hash(world.get("services", namespace(rollout), service)?);
            let stable = text(rollout, "/status/stableRS");
            let target = replica_set_of(world, rollout, stable)?;
            (active != stable && counted_on(target) > 0).then(|| {
                format!("active service {service} is on '{active}', not back on '{stable}'")
            })
        })
    }

    fn canary_left(&self, world: &World, rollout: &Value, now: Duration) -> Option<String> {
        canary(rollout)?;
        if !self.is_due(rollout, now) {
            return None;
        }
        let set = |field: &str| replica_set_of(world, rollout, text(rollout, field));
        let (new, stable) = (set("/status/currentPodHash")?, set("/status/stableRS")?);
        let desired = replicas(rollout);
        let (surge, _) = surge_and_unavailable(rollout);
        let sum: i64 = replica_sets(world, rollout).into_iter().map(replicas).sum();
        if replicas(stable) < desired && sum < desired + surge {
            return Some(format!(
                "stable {} has {} of {desired} pods, and nothing keeps it from growing",
                name(stable),
                replicas(stable)
            ));
        }
        (counted_on(stable) >= desired && replicas(new) > 0).then(|| {
            format!(
                "stable is whole, but aborted canary {} still has {} pods",
                name(new),
                replicas(new)
            )
        })
    }
}
