//! S13 and S14: after an abort nothing goes forward, and everything goes back.

use std::collections::BTreeMap;

use crate::history::{Changed, Mark, Pair};
use crate::judge::{Checker, Step};
use crate::overdue::Overdue;
use crate::sizes::{asked_for, blue_green, canary, surge_and_unavailable};
use crate::vocabulary::{Millis, ReplicaSet, Rollout, Service, Strategy, Uid};
use crate::world::World;

/// S13: once an abort is committed, nothing in this epoch gives the new revision more pods of a
/// canary, the active Service or the mark of stable, and the controller does not clear the abort.
#[derive(Clone, Default)]
pub(crate) struct AbortWins {
    /// The version of each Rollout with which its abort was committed.
    since: BTreeMap<Uid, u64>,
}

impl Checker for AbortWins {
    fn id(&self) -> &'static str {
        "S13"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if let Changed::Rollout(pair) = &step.change.what {
            self.note(pair);
        }
        if !step.is_ours() {
            return None;
        }
        match &step.change.what {
            Changed::Rollout(pair) => pair.both().and_then(cleared_or_promoted),
            Changed::Service(pair) => self.switched(step, pair.both()?),
            Changed::ReplicaSet(pair) => self.grown(step, pair.both()?),
            Changed::Pod(_) | Changed::Bookkeeping | Changed::Other { .. } => None,
        }
    }
}

/// Whether the abort binds: it is committed, there is a stable version to go back to, and a person
/// has not overruled it.
fn is_aborted(rollout: &Rollout) -> bool {
    let status = &rollout.status;
    let has_a_way_back = !status.stable.is_empty() && status.current != status.stable;
    status.abort && !status.promote_full && has_a_way_back
}

/// Whether status already speaks of the newest template: a new one ends the abort.
fn is_current_template(world: &World, rollout: &Rollout) -> bool {
    let set = world.set_of(rollout, &rollout.status.current);
    set.is_some_and(|set| set.template == rollout.spec.template)
}

fn cleared_or_promoted((before, after): (&Rollout, &Rollout)) -> Option<String> {
    let (was, is) = (&before.status, &after.status);
    let same_epoch = was.current == is.current && was.steps_hash == is.steps_hash;
    if !is_aborted(before) || !same_epoch {
        return None;
    }
    if was.stable != is.stable {
        return Some(format!("aborted rollout {} was promoted", after.name));
    }
    (!is.abort).then(|| format!("the abort of rollout {} was cleared", after.name))
}

impl AbortWins {
    fn note(&mut self, pair: &Pair<Rollout>) {
        let Some(rollout) = pair.after.as_deref().filter(|it| it.status.abort) else {
            self.since.remove(&pair.any().map_or(Uid(0), |it| it.uid));
            return;
        };
        self.since.entry(rollout.uid).or_insert(rollout.version);
    }

    /// Whether this was decided in view of an abort that binds.
    fn binds(&self, step: &Step<'_>, rollout: &Rollout) -> bool {
        let since = self.since.get(&rollout.uid).copied().unwrap_or(0);
        let was_seen = step.change.decided_on.is_none_or(|seen| seen >= since);
        // Where the stable ReplicaSet was deleted nothing is left to go back to.
        let has_stable = step.world.set_of(rollout, &rollout.status.stable).is_some();
        was_seen
            && has_stable
            && !step.is_overtaken(rollout.uid)
            && is_aborted(rollout)
            && is_current_template(step.world, rollout)
    }

    fn switched(&self, step: &Step<'_>, (before, after): (&Service, &Service)) -> Option<String> {
        if before.selects == after.selects {
            return None;
        }
        let rollout = step.world.switched_by(after)?;
        (after.selects != rollout.status.stable && self.binds(step, rollout)).then(|| {
            format!(
                "active service {} moved to '{}' after the abort",
                after.name, after.selects
            )
        })
    }

    fn grown(
        &self,
        step: &Step<'_>,
        (before, after): (&ReplicaSet, &ReplicaSet),
    ) -> Option<String> {
        if after.replicas <= before.replicas {
            return None;
        }
        let rollout = step.owner(after)?;
        let mut specs = step.specs(rollout.uid);
        let is_canary = specs.all(|spec| matches!(spec.strategy, Strategy::Canary(_)));
        (is_canary && after.hash == rollout.status.current && self.binds(step, rollout)).then(
            || {
                format!(
                    "aborted canary {} grew from {} to {}",
                    after.name, before.replicas, after.replicas
                )
            },
        )
    }
}

/// S14: an abort moves the active Service to stable whatever the state of the new pods, and a
/// canary's pods go once stable is whole.
#[derive(Clone, Default)]
pub(crate) struct AbortReturns {
    /// Rollouts whose abort could be carried further at once.
    waiting: Overdue,
}

/// How long the controller may take to answer an abort in a calm world.
const PATIENCE: Millis = 5_000;

impl Checker for AbortReturns {
    fn id(&self) -> &'static str {
        "S14"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let found = self.overdue(step.world, step.now());
        match &step.change.what {
            Changed::Rollout(pair) => match &pair.after {
                Some(rollout) => self.note(step, rollout),
                None => self.waiting.note(pair.any()?.uid, false, step.now()),
            },
            Changed::ReplicaSet(pair) => {
                if let Some(rollout) = step.owner(pair.any()?) {
                    self.note(step, rollout);
                }
            }
            Changed::Service(pair) => {
                if let Some(rollout) = step.world.switched_by(pair.any()?) {
                    self.note(step, rollout);
                }
            }
            Changed::Pod(_) | Changed::Bookkeeping | Changed::Other { .. } => {}
        }
        found
    }

    fn mark(&mut self, mark: &Mark, _world: &World, now: Millis) -> Option<String> {
        self.waiting.mark(mark, now);
        None
    }

    fn end(&mut self, world: &World, now: Millis) -> Option<String> {
        self.overdue(world, now)
    }
}

impl AbortReturns {
    fn note(&mut self, step: &Step<'_>, rollout: &Rollout) {
        let is_so = is_aborted(rollout) && undone(step.world, rollout).is_some();
        self.waiting.note(rollout.uid, is_so, step.now());
        // Sizes change one after the other; each change gets its time.
        if is_so && step.set().is_some() && canary(rollout).is_some() {
            self.waiting.renew(rollout.uid, step.now());
        }
    }

    fn overdue(&self, world: &World, now: Millis) -> Option<String> {
        let mut overdue = self.waiting.longer_than(PATIENCE, now);
        overdue.find_map(|uid| undone(world, world.rollout(uid)?))
    }
}

/// What could be done for an aborted Rollout at once.
fn undone(world: &World, rollout: &Rollout) -> Option<String> {
    let status = &rollout.status;
    let stable = world.set_of(rollout, &status.stable)?;
    if rollout.deleting {
        return None;
    }
    match &rollout.spec.strategy {
        Strategy::BlueGreen(_) => {
            let service = &blue_green(rollout)?.active_service;
            let active = world.service(&rollout.namespace, service)?;
            (active.selects != status.stable && world.counted_on(stable) > 0).then(|| {
                format!(
                    "active service {service} is on '{}', not back on '{}'",
                    active.selects, status.stable
                )
            })
        }
        Strategy::Canary(options) => {
            let new = world.set_of(rollout, &status.current)?;
            let desired = rollout.spec.replicas;
            let (surge, _) = surge_and_unavailable(options, desired);
            let sets = world.sets_of(rollout.uid).iter();
            let sum = asked_for(sets.map(|set| &**set));
            if stable.replicas < desired && sum < desired.saturating_add(surge) {
                return Some(format!(
                    "stable {} has {} of {desired} pods, and nothing keeps it from growing",
                    stable.name, stable.replicas
                ));
            }
            (world.counted_on(stable) >= desired && new.replicas > 0).then(|| {
                format!(
                    "stable is whole, but aborted canary {} still has {} pods",
                    new.name, new.replicas
                )
            })
        }
        Strategy::Invalid => None,
    }
}
