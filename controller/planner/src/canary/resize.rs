//! How many pods each version should have, and one move towards it.

use crds::{defaults, rollout::CanaryStrategy};

use crate::situation::{Draft, Situation};
use crate::sizes::{Bounds, Size, next_sizes};
use crate::split::{Split, split_by_pods};
use crate::steps::Steps;
use crate::{ReplicaSet, old_sets};

/// How many pods each version should have in the end of the present step.
pub(super) fn target(
    situation: &Situation<'_>,
    draft: &Draft<'_>,
    canary: &CanaryStrategy,
) -> Split {
    let status = &draft.status;
    let all_new = Split {
        new: situation.replicas,
        stable: 0,
    };
    // Where the stable ReplicaSet is gone nothing else serves: capacity is repaired at once, while
    // steps and pauses still have to be gone through.
    let (Some(stable), Some(_)) = (situation.stable_label(), situation.revisions.stable) else {
        return all_new;
    };
    if status.promote_full || status.current_pod_hash.as_deref() == Some(stable) {
        return all_new;
    }
    let weight = if status.abort {
        0
    } else {
        Steps::of(canary, status).weight()
    };
    split_by_pods(
        situation.replicas,
        weight,
        defaults::max_surge(situation.spec) > 0,
    )
}

/// Brings sizes one move nearer: stable, else new, else the others.
pub(super) fn resize<'a>(
    situation: &Situation<'a>,
    draft: &mut Draft<'a>,
    canary: &CanaryStrategy,
    target: Split,
) {
    let bounds = Bounds {
        replicas: situation.replicas,
        surge: crds::percent::max_surge(canary, situation.replicas),
        unavailable: crds::percent::max_unavailable(canary, situation.replicas),
    };
    let new = situation.new_rs();
    let stable = situation.stable_beside_new();
    let others = situation.revisions.others();
    let size = |rs: &ReplicaSet| Size {
        spec: rs.spec(),
        available: rs.available(),
    };
    let old: i64 = others.iter().map(|rs| rs.spec()).sum();
    let target = match target_while_paused(situation, draft, target) {
        Paused::No => target,
        Paused::Sized(target) => target,
        Paused::Still => return,
    };
    let next = next_sizes(bounds, target, new.map(size), stable.map(size), old);

    // Counts of a ReplicaSet whose controller has not seen our last change describe the past:
    // growing on them is harmless, shrinking is not. It is a matter of moments.
    let counts_are_current = situation.revisions.all.iter().all(|rs| rs.is_current());
    let may = |rs: &ReplicaSet, to: i64| to >= rs.spec() || counts_are_current;
    let mut moved = false;
    if let Some(stable) = stable.filter(|stable| may(stable, next.stable)) {
        moved = draft.resize(stable, next.stable);
    }
    if let Some(new) = new.filter(|new| !moved && may(new, next.new)) {
        moved = draft.resize(new, next.new);
    }
    if !moved && counts_are_current {
        moved = old_sets::shrink(situation, draft, bounds);
    }
    if let (Some(new), Some(stable)) = (new, stable)
        && old > 0
        && !moved
        && counts_are_current
        && new.spec() < target.new
    {
        make_room(draft, target, stable);
    }
}

/// Pods of stable that do not work make room for the new version, where older versions are all that
/// serves and fill the rest: otherwise neither could ever move (safety.md L6).
fn make_room<'a>(draft: &mut Draft<'a>, target: Split, stable: &'a ReplicaSet) {
    let working = stable.available().max(target.stable);
    if stable.spec() > working {
        draft.resize(stable, working);
    }
}

enum Paused {
    No,
    Sized(Split),
    Still,
}

/// While a user holds the rollout nothing moves, except that a change of `spec.replicas` is
/// followed without advancing the update: new pods do not grow, stable pods make up the rest.
/// An abort is not held up (safety.md S14).
fn target_while_paused(situation: &Situation<'_>, draft: &Draft<'_>, target: Split) -> Paused {
    if !situation.spec.paused || draft.status.abort {
        return Paused::No;
    }
    let new = situation.new_rs();
    let stable = situation.stable_beside_new();
    let sized = [new, stable].into_iter().flatten();
    let rescaled = sized
        .filter(|rs| rs.spec() > 0)
        .any(|rs| !rs.was_sized_for(situation.replicas));
    let first = situation.stable_label().is_none();
    if stable.is_none() && (rescaled || first) {
        return Paused::Sized(target);
    }
    if !rescaled {
        return Paused::Still;
    }
    let kept = new.map_or(0, ReplicaSet::spec).min(situation.replicas);
    Paused::Sized(Split {
        new: kept,
        stable: situation.replicas - kept,
    })
}
