//! S11: steps are taken one by one, each when it is done.

use serde_json::Value;

use super::{Checker, Step, split::split};
use crate::history::World;
use crate::reading::{
    counted_on, hash, is_true, name, number, replica_set_of, replica_sets, replicas, steps,
    surge_and_unavailable, text, uid, weight_at,
};

/// S11: within an epoch `currentStepIndex` grows by one, and only when the step's predicate holds;
/// it is 0 on a new epoch or an abort; other jumps need a person or a way back to stable.
pub(super) struct Steps;

impl Checker for Steps {
    fn id(&self) -> &'static str {
        "S11"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.change("rollouts")?;
        if !step.is_ours("rollouts") || text(before, "/status/stableRS").is_empty() {
            return None;
        }
        let same = |field: &str| text(before, field) == text(after, field);
        let same_epoch = same("/status/currentPodHash") && same("/status/currentStepHash");
        let (old, new) = (index(before), index(after));
        let total = i64::try_from(steps(after).len()).unwrap_or(i64::MAX);
        if new == old {
            return None;
        }
        let at_stable = text(after, "/status/currentPodHash") == text(before, "/status/stableRS");
        if at_stable && new == Some(total) {
            return None;
        }
        let what = if !same_epoch {
            (new != Some(0) && new.is_some()).then(|| "a new epoch begins at 0".to_owned())
        } else if is_true(after, "/status/abort") {
            (new != Some(0)).then(|| "an abort leads to 0".to_owned())
        } else if new == Some(total) && is_true(before, "/status/promoteFull") {
            None
        } else {
            match (old, new) {
                (Some(old), Some(new)) if new == old + 1 => not_done(step.before, before, old),
                (None, Some(0)) => None,
                _ => Some("nobody asked for the jump".to_owned()),
            }
        };
        what.map(|what| {
            format!(
                "rollout {} went from step {old:?} to {new:?}: {what}",
                name(after)
            )
        })
    }
}

fn index(rollout: &Value) -> Option<i64> {
    rollout.pointer("/status/currentStepIndex")?.as_i64()
}

/// What is missing for step `index` to be done.
fn not_done(world: &World, rollout: &Value, index: i64) -> Option<String> {
    let index = usize::try_from(index).ok()?;
    let step = steps(rollout).get(index)?;
    if is_true(rollout, "/spec/paused") {
        return Some("spec.paused is set".to_owned());
    }
    // How pauses end is S12.
    step.get("setWeight")?;
    let (surge, _) = surge_and_unavailable(rollout);
    let (canary, stable) = split(replicas(rollout), weight_at(rollout, index), surge);
    let set = |field: &str| replica_set_of(world, rollout, text(rollout, field));
    let (new_rs, stable_rs) = (set("/status/currentPodHash")?, set("/status/stableRS"));
    if !enough(rollout, new_rs, canary) {
        return Some(format!(
            "{} of {} new pods are available, {canary} wanted",
            counted_on(new_rs),
            replicas(new_rs)
        ));
    }
    let stable_rs = stable_rs.filter(|set| hash(set) != hash(new_rs));
    let has_all =
        |set: &Value| replicas(set) == stable && number(set, "/status/replicas") == stable;
    if let Some(stable_rs) = stable_rs.filter(|set| !has_all(set)) {
        return Some(format!(
            "stable has {} pods of {}, {stable} wanted",
            number(stable_rs, "/status/replicas"),
            replicas(stable_rs)
        ));
    }
    let old: i64 = replica_sets(world, rollout)
        .into_iter()
        .filter(|set| uid(set) != uid(new_rs) && stable_rs.is_none_or(|it| uid(it) != uid(set)))
        .map(|set| number(set, "/status/availableReplicas"))
        .sum();
    (old > 0).then(|| format!("{old} pods of older revisions are still there"))
}

/// Whether the new ReplicaSet has the pods the step wants, or as many as
/// `replicaProgressThreshold` asks for.
fn enough(rollout: &Value, set: &Value, wanted: i64) -> bool {
    let available = counted_on(set);
    let threshold = rollout.pointer("/spec/strategy/canary/replicaProgressThreshold");
    match threshold {
        Some(threshold) if text(threshold, "/type") == "Pods" => {
            available >= number(threshold, "/value")
        }
        Some(threshold) => wanted == 0 || available * 100 >= number(threshold, "/value") * wanted,
        None => replicas(set) == wanted && available == wanted,
    }
}
