//! S11: steps are taken one by one, each when it is done.

use crate::judge::{Checker, Step};
use crate::sizes::{canary, split, surge_and_unavailable, weight_at};
use crate::vocabulary::{Amount, CanaryStep, ReplicaSet, Rollout};
use crate::world::World;

/// S11: within an epoch `currentStepIndex` grows by one, and only when the step's predicate holds;
/// it is 0 on a new epoch or an abort; other jumps need a person or a way back to stable.
#[derive(Clone)]
pub(crate) struct Steps;

impl Checker for Steps {
    fn id(&self) -> &'static str {
        "S11"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.rollout().filter(|_| step.is_ours())?.both()?;
        let (was, is) = (&before.status, &after.status);
        if was.step == is.step || was.stable.is_empty() {
            return None;
        }
        let steps = canary(after).map_or(0, |canary| canary.steps.len());
        let total = i64::try_from(steps).unwrap_or(i64::MAX);
        if is.current == was.stable && is.step == Some(total) {
            return None;
        }
        let what = if was.current != is.current || was.steps_hash != is.steps_hash {
            (is.step != Some(0) && is.step.is_some()).then(|| "a new epoch begins at 0".to_owned())
        } else if steps == 0 {
            let is_odd = is.step.is_some_and(|step| step != 0);
            is_odd.then(|| "there are no steps".to_owned())
        } else if is.abort {
            (is.step != Some(0)).then(|| "an abort leads to 0".to_owned())
        } else if is.step == Some(total) && was.promote_full {
            None
        } else {
            match (was.step, is.step) {
                (Some(old), Some(new)) if new == old + 1 => {
                    let judged = !step.is_overtaken(after.uid);
                    judged.then(|| not_done(step.world, before, old)).flatten()
                }
                (None, Some(0)) => None,
                _ => Some("nobody asked for the jump".to_owned()),
            }
        };
        what.map(|what| {
            format!(
                "rollout {} went from step {:?} to {:?}: {what}",
                after.name, was.step, is.step
            )
        })
    }
}

/// What is missing for step `index` to be done.
fn not_done(world: &World, rollout: &Rollout, index: i64) -> Option<String> {
    let index = usize::try_from(index).ok()?;
    let strategy = canary(rollout)?;
    let step = strategy.steps.get(index)?;
    if rollout.spec.paused {
        return Some("spec.paused is set".to_owned());
    }
    match step {
        CanaryStep::SetWeight(_) => {}
        // How pauses end is S12.
        CanaryStep::Pause | CanaryStep::PauseFor(_) | CanaryStep::Other => return None,
    }
    let desired = rollout.spec.replicas;
    let (surge, _) = surge_and_unavailable(strategy, desired);
    let (wanted, stable) = split(desired, weight_at(strategy, index), surge);
    let new_rs = world.set_of(rollout, &rollout.status.current)?;
    let stable_rs = world.set_of(rollout, &rollout.status.stable);
    if stable_rs.is_none() {
        // Somebody deleted stable: the new version makes up for it, and what is left serves beside.
        return (world.counted_on(new_rs) < wanted).then(|| "too few new pods".to_owned());
    }
    if !enough(world, strategy.threshold, new_rs, wanted) {
        return Some(format!(
            "{} of {} new pods are available, {wanted} wanted",
            world.counted_on(new_rs),
            new_rs.replicas
        ));
    }
    let stable_rs = stable_rs.filter(|set| set.uid != new_rs.uid);
    if let Some(set) = stable_rs.filter(|set| set.replicas != stable || set.pods != stable) {
        return Some(format!(
            "stable has {} pods of {}, {stable} wanted",
            set.pods, set.replicas
        ));
    }
    let old = world.sets_of(rollout.uid).iter().filter(|set| {
        set.uid != new_rs.uid && stable_rs.is_none_or(|stable| stable.uid != set.uid)
    });
    let left: i64 = old.map(|set| set.available).sum();
    (left > 0).then(|| format!("{left} pods of older revisions are still there"))
}

/// Whether a ReplicaSet has the pods that are wanted, or as many as a threshold asks for.
pub(crate) fn enough(
    world: &World,
    threshold: Option<Amount>,
    set: &ReplicaSet,
    wanted: i64,
) -> bool {
    let available = world.counted_on(set);
    match threshold {
        Some(Amount::Pods(pods)) => available >= pods,
        Some(Amount::Percent(percent)) => wanted == 0 || available * 100 >= percent * wanted,
        None => set.replicas == wanted && available == wanted,
    }
}
