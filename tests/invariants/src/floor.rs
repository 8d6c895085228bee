//! S1: available pods never drop below what was promised because of us.

use std::collections::BTreeMap;

use crate::history::{Changed, Pair};
use crate::judge::{Checker, Step};
use crate::sizes::surge_and_unavailable;
use crate::vocabulary::{Millis, Pod, ReplicaSet, Rollout, Spec, Strategy, Uid};

/// S1: Σ avail + debt ≥ floor D − U whenever an available pod goes because of us, and no write of
/// ours lowers Σ avail⁻ below it.
///
/// A pod goes because of us when its ReplicaSet has more pods than it should have and we made it
/// so, and the ReplicaSet had no pod left that is not available (those go first). Every other
/// loss is *debt* of its ReplicaSet, until the ReplicaSet is whole again and its status says so: no
/// sooner can anybody know. The exemptions, with numbers (10 pods, 2 may be missing, so 8 are promised):
///
/// - *Reached.* 5 pods were available when `replicas` went from 5 to 10: 5 are owed, and more as
///   more are known (`avail⁻`) to be there, up to 8.
/// - *Patience.* Pods that are ready for too short a time for a longer `minReadySeconds` that a user
///   asked for are debt like those that a node took, although the write to the ReplicaSet is ours.
/// - *Carried.* A ReplicaSet of 6 lost 3 to a node and was then made 3: it is whole, but the
///   Rollout still lacks them, until it is known to have 8.
#[derive(Clone, Default)]
pub(crate) struct Floor {
    sets: BTreeMap<Uid, Set>,
    rollouts: BTreeMap<Uid, Promise>,
}

#[derive(Clone, Default)]
struct Set {
    /// Whether a controller was the last one to make it smaller.
    smaller_by_us: bool,
    /// Pods that others took, until it is whole again.
    debt: i64,
}

#[derive(Clone, Default)]
struct Promise {
    /// floor D − U.
    pods: i64,
    /// The most pods that were known to be there since the promise changed.
    most: i64,
    /// Debt of ReplicaSets that were made smaller, or are gone.
    carried: i64,
}

impl Checker for Floor {
    fn id(&self) -> &'static str {
        "S1"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        match &step.change.what {
            Changed::Rollout(pair) => {
                let Some(rollout) = &pair.after else {
                    self.rollouts.remove(&pair.any()?.uid);
                    return None;
                };
                self.count(step, rollout);
                None
            }
            Changed::ReplicaSet(pair) => self.see_set(step, pair),
            Changed::Pod(pair) => self.see_pod(step, pair),
            Changed::Service(_) | Changed::Bookkeeping | Changed::Other { .. } => None,
        }
    }
}

impl Floor {
    fn see_set(&mut self, step: &Step<'_>, pair: &Pair<ReplicaSet>) -> Option<String> {
        let (before, after) = (pair.before.as_deref(), pair.after.as_deref());
        let uid = pair.any()?.uid;
        if let Some((before, after)) = pair.both() {
            let set = self.sets.entry(uid).or_default();
            let is_smaller = after.replicas < before.replicas;
            if after.replicas > before.replicas || is_smaller {
                // A size that was right before the user changed the spec is none of our doing.
                let overtaken = after.owner.is_some_and(|it| step.is_overtaken(it));
                set.smaller_by_us = is_smaller && step.is_ours() && !overtaken;
            }
        }
        let owner = before.and_then(|set| set.owner);
        let owner = owner.or_else(|| after.and_then(|set| set.owner));
        let rollout = step.world.rollout(owner?)?;
        let stays = after.filter(|set| set.owner == owner);
        let available = |set: &ReplicaSet| step.world.available(set, step.now());
        let lost = before.map_or(0, available) - stays.map_or(0, available);
        if stays.is_none() {
            // What was taken from it stays taken when it is gone.
            let debt = self.sets.remove(&uid).map_or(0, |set| set.debt);
            self.owe(rollout.uid, None, debt);
        }
        let by_others = if step.is_ours() {
            impatient(step, pair)
        } else {
            lost
        };
        if by_others > 0 {
            self.owe(rollout.uid, stays, by_others);
        }
        let have = self.count(step, rollout);
        if !step.is_ours() {
            return None;
        }
        let unseen = self.unseen(step, rollout);
        lowered(step, rollout, pair, unseen).or_else(|| {
            let owed = (lost > by_others).then(|| self.owed(rollout))?;
            too_few(rollout, have, owed)
        })
    }

    fn see_pod(&mut self, step: &Step<'_>, pair: &Pair<Pod>) -> Option<String> {
        let set = step.world.set(pair.any()?.set?)?;
        let rollout = step.owner(set)?;
        let ready = |pod: Option<&Pod>| pod.is_some_and(|pod| is_available(pod, set, step.now()));
        let was_lost = ready(pair.before.as_deref()) && !ready(pair.after.as_deref());
        let is_ours = was_lost && self.is_our_doing(step, set, pair);
        if was_lost && !is_ours {
            self.owe(rollout.uid, Some(set), 1);
        }
        let have = self.count(step, rollout);
        let owed = is_ours.then(|| self.owed(rollout))?;
        too_few(rollout, have, owed)
    }

    fn is_our_doing(&self, step: &Step<'_>, set: &ReplicaSet, pair: &Pair<Pod>) -> bool {
        let is_going = pair.after.as_deref().is_none_or(|pod| pod.terminating);
        let staying = || {
            let pods = step.world.pods_of(set.uid).iter();
            pods.filter(|pod| !pod.terminating)
        };
        let left = i64::try_from(staying().count()).unwrap_or(i64::MAX);
        let was_too_many = left >= set.replicas;
        let takes_the_worst = staying().all(|pod| is_available(pod, set, step.now()));
        let by_us = self.sets.get(&set.uid).is_some_and(|it| it.smaller_by_us);
        is_going && by_us && was_too_many && takes_the_worst
    }

    /// Pods that others may have taken after a write was decided on: it carries the version of its
    /// own ReplicaSet only. Where a world does not tell what a write was decided on, all was seen.
    fn unseen(&self, step: &Step<'_>, rollout: &Rollout) -> i64 {
        if step.change.decided_on.is_none() {
            return 0;
        }
        let sets = step.world.sets_of(rollout.uid).iter();
        let debts = sets.filter_map(|set| Some(self.sets.get(&set.uid)?.debt));
        let carried = self.rollouts.get(&rollout.uid).map_or(0, |it| it.carried);
        carried + debts.sum::<i64>()
    }

    /// Books pods that others took.
    fn owe(&mut self, rollout: Uid, set: Option<&ReplicaSet>, pods: i64) {
        match set {
            Some(set) => self.sets.entry(set.uid).or_default().debt += pods,
            None => self.rollouts.entry(rollout).or_default().carried += pods,
        }
    }

    /// Pods that are there or were taken by others; what is paid back is forgotten.
    fn count(&mut self, step: &Step<'_>, rollout: &Rollout) -> i64 {
        let promise = self.rollouts.entry(rollout.uid).or_default();
        let (mut there, mut known, mut debts) = (0, 0, 0);
        for set in step.world.sets_of(rollout.uid) {
            let available = step.world.available(set, step.now());
            let sure = available.min(step.world.counted_on(set));
            let state = self.sets.entry(set.uid).or_default();
            let missing = (set.replicas - sure).max(0);
            let whole = (state.debt - missing).max(0);
            state.debt -= whole;
            promise.carried += whole;
            there += available;
            known += sure;
            debts += state.debt;
        }
        let pods = promised(rollout, step.world.specs(rollout.uid));
        if pods != promise.pods {
            (promise.pods, promise.most) = (pods, 0);
        }
        promise.most = promise.most.max(known);
        promise.carried = promise.carried.min((pods - known - debts).max(0));
        there + debts + promise.carried
    }

    fn owed(&self, rollout: &Rollout) -> i64 {
        let promise = self.rollouts.get(&rollout.uid);
        promise.map_or(0, |it| it.pods.min(it.most))
    }
}

/// floor D − U: the least that any spec asks for which a write may have been decided on. Nothing is
/// promised by another strategy, or while the Rollout is deleted.
fn promised<'a>(rollout: &Rollout, specs: impl Iterator<Item = &'a Spec>) -> i64 {
    if rollout.deleting {
        return 0;
    }
    let promises = specs.map(|spec| match &spec.strategy {
        Strategy::Canary(canary) => {
            let (_, unavailable) = surge_and_unavailable(canary, spec.replicas);
            (spec.replicas - unavailable).max(0)
        }
        Strategy::BlueGreen(_) | Strategy::Invalid => 0,
    });
    promises.min().unwrap_or(0)
}

/// What is wrong when a write of ours lowered the pods that can be counted on below the promise.
fn lowered(
    step: &Step<'_>,
    rollout: &Rollout,
    pair: &Pair<ReplicaSet>,
    unseen: i64,
) -> Option<String> {
    if step.is_overtaken(rollout.uid) {
        return None;
    }
    let promise = promised(rollout, step.specs(rollout.uid));
    let of_rollout = |set: &Option<std::sync::Arc<ReplicaSet>>| {
        let set = set.as_deref().filter(|set| set.owner == Some(rollout.uid));
        set.map_or(0, |set| step.world.counted_on(set))
    };
    let sets = step.world.sets_of(rollout.uid).iter();
    let after: i64 = sets.map(|set| step.world.counted_on(set)).sum();
    let before = after - of_rollout(&pair.after) + of_rollout(&pair.before);
    (after < before && after + unseen < promise).then(|| {
        format!(
            "a write to {} lowered the pods of {} that can be counted on from {before} to {after}; \
             {promise} are promised",
            pair.any().map_or("", |set| &set.name),
            rollout.name
        )
    })
}

/// Pods that are no longer available only since more is asked of them.
fn impatient(step: &Step<'_>, pair: &Pair<ReplicaSet>) -> i64 {
    let Some((before, after)) = pair.both() else {
        return 0;
    };
    let stricter = ReplicaSet {
        min_ready_seconds: after.min_ready_seconds.max(before.min_ready_seconds),
        ..before.clone()
    };
    let available = |set: &ReplicaSet| step.world.available(set, step.now());
    available(before) - available(&stricter)
}

fn too_few(rollout: &Rollout, have: i64, owed: i64) -> Option<String> {
    (have < owed).then(|| {
        format!(
            "rollout {} has {have} available pods (debt counted); at least {owed} are owed",
            rollout.name
        )
    })
}

fn is_available(pod: &Pod, set: &ReplicaSet, now: Millis) -> bool {
    let needed = set.min_ready_seconds.saturating_mul(1000);
    let since = pod.ready_since.filter(|_| !pod.terminating);
    since.is_some_and(|since| now >= since.saturating_add(needed))
}
