//! S10: how long the version that users reached before stays.

use std::collections::BTreeMap;

use crate::judge::{Checker, Step};
use crate::vocabulary::{
    BlueGreen, Millis, ReplicaSet, Rollout, Service, Spec, Strategy, Text, Uid,
};

/// S10: the ReplicaSet that users reached keeps all its pods until `scaleDownDelaySeconds` after
/// the active Service moved on. A reached `scaleDownDelayRevisionLimit` ends the wait, and so does the
/// end that was noted with a shorter delay: one that is made longer afterwards does not put it off
/// (safety.md F17).
#[derive(Clone, Default)]
pub(crate) struct Keep {
    /// Since when users have left a revision.
    left: BTreeMap<(Uid, Text), Left>,
}

#[derive(Clone, Copy)]
struct Left {
    at: Millis,
    /// The shortest delays that were asked for since, in seconds.
    least: Delays,
}

/// `scaleDownDelaySeconds` and `abortScaleDownDelaySeconds`.
#[derive(Clone, Copy)]
struct Delays {
    old: i64,
    aborted: i64,
}

impl Delays {
    fn of(spec: &Spec) -> Self {
        let Strategy::BlueGreen(options) = &spec.strategy else {
            // Another strategy keeps nothing.
            return Self { old: 0, aborted: 0 };
        };
        Self {
            old: options.scale_down_delay_seconds.unwrap_or(30),
            aborted: options.abort_scale_down_delay_seconds.unwrap_or(30),
        }
    }

    fn least(self, other: Self) -> Self {
        Self {
            old: self.old.min(other.old),
            aborted: self.aborted.min(other.aborted),
        }
    }
}

impl Checker for Keep {
    fn id(&self) -> &'static str {
        "S10"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if let Some((before, after)) = step.service().and_then(|pair| pair.both()) {
            self.note(step, before, after);
            return None;
        }
        if let Some(rollout) = step.rollout().and_then(|pair| pair.after.as_deref()) {
            let now = Delays::of(&rollout.spec);
            let left = self.left.iter_mut();
            for (_, left) in left.filter(|((uid, _), _)| *uid == rollout.uid) {
                left.least = left.least.least(now);
            }
            return None;
        }
        let (before, after) = step.set().filter(|_| step.is_ours())?.both()?;
        if after.replicas >= before.replicas {
            return None;
        }
        let rollout = step.owner(after)?;
        let mut verdicts = step.specs(rollout.uid).map(|spec| {
            let why = self.too_early(step, rollout, spec, after)?;
            let (from, to) = (before.replicas, after.replicas);
            Some(format!("{} went from {from} to {to} {why}", after.name))
        });
        // A spec that allows it is enough: the write may have been decided on that one.
        verdicts.try_fold(None, |_, verdict| verdict.map(Some))?
    }
}

impl Keep {
    fn note(&mut self, step: &Step<'_>, before: &Service, after: &Service) {
        if before.selects == after.selects {
            return;
        }
        if let Some(rollout) = step.world.switched_by(after) {
            let key = |hash: &Text| (rollout.uid, hash.clone());
            let delays = step.specs(rollout.uid).map(Delays::of);
            if let Some(least) = delays.reduce(Delays::least) {
                let at = step.now();
                self.left.insert(key(&before.selects), Left { at, least });
            }
            self.left.remove(&key(&after.selects));
        }
    }

    fn too_early(
        &self,
        step: &Step<'_>,
        rollout: &Rollout,
        spec: &Spec,
        set: &ReplicaSet,
    ) -> Option<String> {
        let Strategy::BlueGreen(options) = &spec.strategy else {
            return None;
        };
        if set.replicas >= spec.replicas {
            return None;
        }
        let service = &options.active_service;
        let active = step.world.service(&rollout.namespace, service)?;
        if active.selects == set.hash {
            return Some("while users still reach it".to_owned());
        }
        let left = self.left.get(&(rollout.uid, set.hash.clone()))?;
        let is_aborted = set.hash == rollout.status.current && rollout.status.abort;
        let delays = left.least.least(Delays::of(spec));
        let delay = if is_aborted {
            delays.aborted
        } else {
            delays.old
        };
        let passed = step.now() - left.at;
        let is_free = passed >= delay * 1000 || is_over_limit(step, rollout, options, set);
        (!is_free).then(|| format!("{passed} ms after users left it; {delay} s are promised"))
    }
}

/// Whether more old ReplicaSets are kept than `scaleDownDelayRevisionLimit` allows.
fn is_over_limit(
    step: &Step<'_>,
    rollout: &Rollout,
    options: &BlueGreen,
    set: &ReplicaSet,
) -> bool {
    let Some(limit) = options.scale_down_revision_limit else {
        return false;
    };
    let (new, stable) = (&rollout.status.current, &rollout.status.stable);
    let others = step.world.sets_of(rollout.uid).iter().filter(|other| {
        other.uid != set.uid && other.replicas > 0 && other.hash != *new && other.hash != *stable
    });
    i64::try_from(others.count()).unwrap_or(i64::MAX) >= limit
}
