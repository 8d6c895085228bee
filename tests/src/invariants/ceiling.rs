//! S2: we never ask for more pods than allowed.

use serde_json::Value;

use super::{Checker, Step};
use crate::history::World;
use crate::reading::{
    blue_green, canary, hash, name, replica_sets, replicas, surge_and_unavailable, text,
};

/// S2: a write of ours may not raise Σ `spec.replicas` above D + S (basic canary); with blue-green
/// new + stable stay within 2 D, and an old ReplicaSet is never raised above D.
pub(super) struct Ceiling;

impl Checker for Ceiling {
    fn id(&self) -> &'static str {
        "S2"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if !step.is_ours("replicasets") {
            return None;
        }
        let rollout = step.owner()?;
        let set = step.commit.after.as_deref()?;
        let old_size = step.commit.before.as_deref().map_or(0, replicas);
        if replicas(set) <= old_size {
            return None;
        }
        let desired = replicas(rollout);
        let sum = |world: &World, counts: &dyn Fn(&Value) -> bool| -> i64 {
            replica_sets(world, rollout)
                .into_iter()
                .filter(|set| counts(set))
                .map(replicas)
                .sum()
        };
        let (total, allowed) = if canary(rollout).is_some() {
            let (surge, _) = surge_and_unavailable(rollout);
            (sum(step.after, &|_| true), desired + surge)
        } else if blue_green(rollout).is_some() {
            let (new, stable) = (
                text(rollout, "/status/currentPodHash"),
                text(rollout, "/status/stableRS"),
            );
            let is_old = hash(set) != new && hash(set) != stable;
            if is_old && replicas(set) > desired {
                return Some(format!(
                    "old ReplicaSet {} was raised to {}; {desired} is the most",
                    name(set),
                    replicas(set)
                ));
            }
            let total = sum(step.after, &|set| hash(set) == new || hash(set) == stable);
            (total, 2 * desired)
        } else {
            return None;
        };
        (total > allowed).then(|| {
            format!(
                "ReplicaSet {} was raised from {old_size} to {}: {total} pods in all, {allowed} allowed",
                name(set),
                replicas(set)
            )
        })
    }
}
