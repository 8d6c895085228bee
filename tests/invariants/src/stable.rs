//! S3 and S4: which version is stable, and that it keeps its pods meanwhile.

use crate::judge::{Checker, Step};
use crate::sizes::canary;
use crate::steps::enough;
use crate::vocabulary::{Rollout, Strategy};
use crate::world::World;

/// S3: a version becomes stable only once it has all its pods (or as many as the threshold asks
/// for), all steps are done and the newest spec is observed; with blue-green, once users are on it.
/// Nothing binds while nothing is stable yet.
#[derive(Clone)]
pub(crate) struct StableMark;

impl Checker for StableMark {
    fn id(&self) -> &'static str {
        "S3"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.rollout().filter(|_| step.is_ours())?.both()?;
        let (was, is) = (&before.status.stable, &after.status.stable);
        if was == is || was.is_empty() {
            return None;
        }
        if step.is_overtaken(after.uid) {
            return None;
        }
        let why = too_early(step.world, after)?;
        let name = &after.name;
        Some(format!("'{is}' became stable in rollout {name}: {why}"))
    }
}

fn too_early(world: &World, rollout: &Rollout) -> Option<String> {
    let status = &rollout.status;
    if status.observed_generation != Some(rollout.generation) {
        return Some("the newest spec is not observed".to_owned());
    }
    let Some(set) = world.set_of(rollout, &status.stable) else {
        return Some("it has no ReplicaSet".to_owned());
    };
    match &rollout.spec.strategy {
        Strategy::Canary(options) => {
            let (available, wanted) = (world.counted_on(set), rollout.spec.replicas);
            let threshold = options.threshold;
            let reaches =
                || threshold.is_some() && enough(world, threshold, set, rollout.spec.replicas);
            if available < wanted && !reaches() {
                return Some(format!("{available} of {wanted} pods are available"));
            }
            let steps = i64::try_from(options.steps.len()).unwrap_or(i64::MAX);
            (steps > 0 && status.step != Some(steps))
                .then(|| format!("at step {:?} of {steps}", status.step))
        }
        Strategy::BlueGreen(options) => {
            let service = world.service(&rollout.namespace, &options.active_service)?;
            (service.selects != status.stable)
                .then(|| format!("users are on '{}'", service.selects))
        }
        Strategy::Invalid => Some("there is no strategy".to_owned()),
    }
}

/// S4: with blue-green, no write of ours makes the stable ReplicaSet smaller than the Rollout.
/// (A basic canary is held by S1; routers are not built yet.)
#[derive(Clone)]
pub(crate) struct StableKeepsPods;

impl Checker for StableKeepsPods {
    fn id(&self) -> &'static str {
        "S4"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let pair = step.set().filter(|_| step.is_ours())?;
        let before = pair.before.as_deref()?;
        let size = pair.after.as_deref().map_or(0, |set| set.replicas);
        if size >= before.replicas {
            return None;
        }
        let rollout = step.owner(before)?;
        if before.hash != rollout.status.stable || canary(rollout).is_some() {
            return None;
        }
        if step.is_overtaken(rollout.uid) {
            return None;
        }
        let mut specs = step.specs(rollout.uid);
        let is_too_small = specs
            .all(|spec| matches!(spec.strategy, Strategy::BlueGreen(_)) && size < spec.replicas);
        is_too_small.then(|| {
            format!(
                "stable {} went from {} to {size}; {} are wanted",
                before.name, before.replicas, rollout.spec.replicas
            )
        })
    }
}
