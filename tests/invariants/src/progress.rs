//! L1, L2, L5, L6 and L8: what must come about once the world is calm.

use std::collections::BTreeMap;

use crate::history::{Changed, Mark};
use crate::judge::{Checker, Step};
use crate::overdue::Overdue;
use crate::sizes::canary;
use crate::vocabulary::{Millis, Phase, ReplicaSet, Rollout, Text, Uid};
use crate::world::World;

/// Time for the controller to notice, and for a resync (`safety.md` L2).
const RESYNC: Millis = 120_000;

/// L1 and L2: an update that nobody has paused moves, or is called Degraded by its deadline.
///
/// *Moving* is a new spec, step or size, or more available new pods than there ever were in this
/// epoch; pods that come and go are no progress. Where all pods are there (L1, L6) it is the
/// controller that is stuck; where they are not (L2), the deadline has passed without a word.
#[derive(Clone, Default)]
pub(crate) struct Moves {
    /// Updates on the way; renewed by every move.
    on_the_way: Overdue,
    /// Those of them that have all their pods.
    whole: Overdue,
    best: BTreeMap<Uid, Best>,
}

/// What counts as progress when it changes, or grows.
#[derive(Clone, PartialEq)]
struct Best {
    generation: i64,
    current: Text,
    step: Option<i64>,
    wanted: i64,
    available: i64,
}

impl Checker for Moves {
    fn id(&self) -> &'static str {
        "L1/L2"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let rollout = concerned(step)?;
        let found = self.overdue(rollout, step.now());
        self.note(step.world, rollout, step.now());
        found
    }

    fn mark(&mut self, mark: &Mark, _world: &World, now: Millis) -> Option<String> {
        self.on_the_way.mark(mark, now);
        self.whole.mark(mark, now);
        None
    }

    fn end(&mut self, world: &World, now: Millis) -> Option<String> {
        let mut rollouts = world.rollouts().iter();
        rollouts.find_map(|rollout| self.overdue(rollout, now))
    }
}

impl Moves {
    fn note(&mut self, world: &World, rollout: &Rollout, now: Millis) {
        let uid = rollout.uid;
        let sets = world.sets_of(uid).iter();
        let new = world.set_of(rollout, &rollout.status.current);
        let seen = Best {
            generation: rollout.generation,
            current: rollout.status.current.clone(),
            step: rollout.status.step,
            wanted: sets.map(|set| set.replicas).sum(),
            available: new.map_or(0, |set| set.available),
        };
        let has_moved = self.best.get(&uid).is_none_or(|best| {
            let available = best.available.max(seen.available);
            let seen = Best {
                available,
                ..seen.clone()
            };
            seen != *best
        });
        let is_on_the_way = is_on_the_way(rollout);
        let is_whole = is_on_the_way && world.sets_of(uid).iter().all(|set| is_whole(set));
        self.on_the_way.note(uid, is_on_the_way, now);
        self.whole.note(uid, is_whole, now);
        if has_moved {
            self.on_the_way.renew(uid, now);
            self.best.insert(uid, seen);
        }
    }

    fn overdue(&self, rollout: &Rollout, now: Millis) -> Option<String> {
        let lasted = self.on_the_way.lasted(rollout.uid, now)?;
        let deadline = rollout.spec.progress_deadline_seconds.saturating_mul(1000);
        let name = &rollout.name;
        let whole = self.whole.lasted(rollout.uid, now).unwrap_or(0).min(lasted);
        if whole > RESYNC {
            return Some(format!(
                "rollout {name} has all its pods, and has not moved for {whole} ms"
            ));
        }
        (lasted > deadline.saturating_add(RESYNC)).then(|| {
            format!("rollout {name} has not moved for {lasted} ms and is not called Degraded")
        })
    }
}

/// An update of an older stable version that nothing holds back on purpose.
fn is_on_the_way(rollout: &Rollout) -> bool {
    let status = &rollout.status;
    let is_update = !status.stable.is_empty() && status.stable != status.current;
    let is_held = rollout.deleting || rollout.spec.paused || !status.pauses.is_empty();
    let is_told = matches!(status.phase, Phase::Paused | Phase::Degraded);
    is_update && !is_held && !is_told && !status.abort
}

fn is_whole(set: &ReplicaSet) -> bool {
    set.available == set.replicas && set.pods == set.replicas
}

/// L5: what a person resumed or promoted goes on.
#[derive(Clone, Default)]
pub(crate) struct Promoted {
    unanswered: Overdue,
}

/// How long a promotion may go unanswered where nothing else is missing.
const PATIENCE: Millis = 30_000;

impl Checker for Promoted {
    fn id(&self) -> &'static str {
        "L5"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let rollout = concerned(step)?;
        let found = self.overdue(rollout, step.now());
        let is_so = is_unanswered(step.world, rollout);
        self.unanswered.note(rollout.uid, is_so, step.now());
        found
    }

    fn mark(&mut self, mark: &Mark, _world: &World, now: Millis) -> Option<String> {
        self.unanswered.mark(mark, now);
        None
    }

    fn end(&mut self, world: &World, now: Millis) -> Option<String> {
        let mut rollouts = world.rollouts().iter();
        rollouts.find_map(|rollout| self.overdue(rollout, now))
    }
}

impl Promoted {
    fn overdue(&self, rollout: &Rollout, now: Millis) -> Option<String> {
        let lasted = self.unanswered.lasted(rollout.uid, now)?;
        let name = &rollout.name;
        (lasted > PATIENCE)
            .then(|| format!("rollout {name} was promoted {lasted} ms ago, and stays where it is"))
    }
}

/// A pause of a canary that a client ended and the controller did not, or a full promotion whose
/// pods are all there.
fn is_unanswered(world: &World, rollout: &Rollout) -> bool {
    let status = &rollout.status;
    if rollout.deleting || rollout.spec.paused || status.abort {
        return false;
    }
    let resumed = canary(rollout).is_some() && status.controller_pause && status.pauses.is_empty();
    let all_there = || {
        let new = world.set_of(rollout, &status.current);
        new.is_some_and(|set| is_whole(set) && set.available >= rollout.spec.replicas)
            && world.sets_of(rollout.uid).iter().all(|set| is_whole(set))
    };
    let promoted = status.promote_full && status.stable != status.current;
    resumed || (promoted && all_there())
}

/// L8: of a Rollout that is gone, no Service keeps the mark.
#[derive(Clone, Default)]
pub(crate) struct GivenBack {
    left_behind: Overdue,
}

impl Checker for GivenBack {
    fn id(&self) -> &'static str {
        "L8"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        match &step.change.what {
            Changed::Service(pair) => {
                let service = pair.any()?;
                let is_so = pair.after.is_some() && is_left_behind(step.world, service.uid);
                self.left_behind.note(service.uid, is_so, step.now());
            }
            Changed::Rollout(pair) if pair.before.is_none() || pair.after.is_none() => {
                for service in step.world.services() {
                    let is_so = is_left_behind(step.world, service.uid);
                    self.left_behind.note(service.uid, is_so, step.now());
                }
            }
            Changed::Rollout(_)
            | Changed::ReplicaSet(_)
            | Changed::Pod(_)
            | Changed::Bookkeeping
            | Changed::Other { .. } => {}
        }
        None
    }

    fn mark(&mut self, mark: &Mark, _world: &World, now: Millis) -> Option<String> {
        self.left_behind.mark(mark, now);
        None
    }

    fn end(&mut self, world: &World, now: Millis) -> Option<String> {
        let uid = self.left_behind.longer_than(PATIENCE, now).next()?;
        let mut services = world.services().iter();
        let service = services.find(|service| service.uid == uid)?;
        let (name, manager) = (&service.name, &service.managed_by);
        Some(format!(
            "service {name} is still marked for rollout {manager}, which is gone"
        ))
    }
}

fn is_left_behind(world: &World, service: Uid) -> bool {
    let mut services = world.services().iter();
    let service = services.find(|it| it.uid == service);
    service.is_some_and(|service| {
        let is_there = |rollout: &Rollout| {
            rollout.namespace == service.namespace && rollout.name == service.managed_by
        };
        !service.managed_by.is_empty() && !world.rollouts().iter().any(|it| is_there(it))
    })
}

/// The Rollout that a change is about.
pub(crate) fn concerned<'a>(step: &Step<'a>) -> Option<&'a Rollout> {
    match &step.change.what {
        Changed::Rollout(pair) => step.world.rollout(pair.any()?.uid),
        Changed::ReplicaSet(pair) => step.owner(pair.any()?),
        Changed::Pod(pair) => step.owner(step.world.set(pair.any()?.set?)?),
        Changed::Service(pair) => step.world.switched_by(pair.any()?),
        Changed::Bookkeeping | Changed::Other { .. } => None,
    }
}
