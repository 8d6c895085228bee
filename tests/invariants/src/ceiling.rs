//! S2: never more pods than allowed.

use crate::judge::{Checker, Step};
use crate::sizes::{asked_for, surge_and_unavailable};
use crate::vocabulary::{ReplicaSet, Strategy};

/// S2: a write of ours may not raise Σ `spec.replicas` above D + S (basic canary); with blue-green
/// new + stable stay within 2 D, and an old ReplicaSet is never raised above D.
#[derive(Clone)]
pub(crate) struct Ceiling;

impl Checker for Ceiling {
    fn id(&self) -> &'static str {
        "S2"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let pair = step.set().filter(|_| step.is_ours())?;
        let set = pair.after.as_deref()?;
        let before = pair.before.as_deref().map_or(0, |set| set.replicas);
        if set.replicas <= before {
            return None;
        }
        let rollout = step.owner(set)?;
        if step.is_overtaken(rollout.uid) {
            return None;
        }
        let sets = || step.world.sets_of(rollout.uid).iter().map(|set| &**set);
        let is_new_or_stable = |set: &ReplicaSet| {
            set.hash == rollout.status.current || set.hash == rollout.status.stable
        };
        let limits = step.specs(rollout.uid).map(|spec| {
            let desired = spec.replicas;
            match &spec.strategy {
                Strategy::Canary(canary) => {
                    let (surge, _) = surge_and_unavailable(canary, desired);
                    (asked_for(sets()), desired.saturating_add(surge))
                }
                // Before the first status nobody says which one is new.
                Strategy::BlueGreen(options)
                    if is_new_or_stable(set) || rollout.status.current.is_empty() =>
                {
                    // A preview may be asked to be larger than the Rollout. What somebody made
                    // larger by hand is not ours to count: neither of a preview, which may be that
                    // large, nor of stable, which is as large as the Rollout.
                    let preview = options.preview_replicas.unwrap_or(0).max(desired);
                    let is_it = |other: &ReplicaSet| other.uid == set.uid;
                    let both = sets().filter(|other| is_it(other) || is_new_or_stable(other));
                    let sizes = both.map(|other| {
                        if is_it(other) {
                            other.replicas
                        } else if other.hash == rollout.status.stable {
                            other.replicas.min(desired)
                        } else {
                            other.replicas.min(preview)
                        }
                    });
                    (sizes.sum(), desired.saturating_add(preview))
                }
                Strategy::BlueGreen(_) => (set.replicas, desired),
                Strategy::Invalid => (0, 0),
            }
        });
        let (total, allowed) = limits.min_by_key(|(total, allowed)| total - allowed)?;
        (total > allowed).then(|| {
            format!(
                "ReplicaSet {} was raised from {before} to {}: {total} pods, {allowed} allowed",
                set.name, set.replicas
            )
        })
    }
}
