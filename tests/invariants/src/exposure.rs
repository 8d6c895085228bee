//! S5 and S6: users are not sent to nothing, and what they reach is not taken away.
//!
//! Without a traffic router, a weight is a number of pods and a Service selects one version or all.

use crate::history::Changed;
use crate::judge::{Checker, Step};
use crate::vocabulary::{ReplicaSet, Rollout, Service, Strategy};

/// S5, and rule (c) of the kernel: the active Service is not moved away from stable pods that are
/// available to a ReplicaSet that has none.
#[derive(Clone)]
pub(crate) struct Capacity;

impl Checker for Capacity {
    fn id(&self) -> &'static str {
        "S5"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.service().filter(|_| step.is_ours())?.both()?;
        let rollout = step.world.switched_by(after)?;
        let is_overtaken = step.is_overtaken(rollout.uid);
        if before.selects == after.selects
            || before.selects != rollout.status.stable
            || is_overtaken
        {
            return None;
        }
        let available = |hash: &str| {
            let set = step.world.set_of(rollout, hash);
            set.map_or(0, |set| step.world.counted_on(set))
        };
        let (from, to) = (available(&before.selects), available(&after.selects));
        (from > 0 && to == 0).then(|| {
            format!(
                "service {} left {from} available pods of '{}' for none of '{}'",
                after.name, before.selects, after.selects
            )
        })
    }
}

/// S6: no write of ours makes what the live active Service selects smaller than the Rollout, or
/// removes a ReplicaSet with pods that any Service of the Rollout selects.
#[derive(Clone)]
pub(crate) struct Referenced;

impl Checker for Referenced {
    fn id(&self) -> &'static str {
        "S6"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let Changed::ReplicaSet(pair) = &step.change.what else {
            return None;
        };
        let before = pair.before.as_deref().filter(|_| step.is_ours())?;
        let rollout = step.owner(before)?;
        let service = selecting(step, rollout, before)?;
        let what = match pair.after.as_deref() {
            None => (before.replicas > 0).then(|| "was removed".to_owned()),
            Some(after) => {
                let mut specs = step.specs(rollout.uid);
                let is_active = specs.all(|spec| match &spec.strategy {
                    Strategy::BlueGreen(options) => {
                        options.active_service == service.name && after.replicas < spec.replicas
                    }
                    Strategy::Canary(_) | Strategy::Invalid => false,
                });
                (is_active && after.replicas < before.replicas)
                    .then(|| format!("went from {} to {}", before.replicas, after.replicas))
            }
        }?;
        let (set, service) = (&before.name, &service.name);
        Some(format!("{set} {what} while service {service} selects it"))
    }
}

/// A Service of the Rollout that selects this ReplicaSet; the active one first.
fn selecting<'a>(step: &Step<'a>, rollout: &Rollout, set: &ReplicaSet) -> Option<&'a Service> {
    let names = match &rollout.spec.strategy {
        Strategy::BlueGreen(it) => [&it.active_service, &it.preview_service],
        Strategy::Canary(it) => [&it.stable_service, &it.canary_service],
        Strategy::Invalid => return None,
    };
    names.into_iter().find_map(|name| {
        let service = step.world.service(&rollout.namespace, name)?;
        (!set.hash.is_empty() && service.selects == set.hash).then_some(service)
    })
}
