//! S22 to S24: a Rollout that goes is left alone, work is bounded, and what we do not know stays.

use std::collections::BTreeMap;

use crate::history::{Changed, Mark};
use crate::judge::{Checker, Step};
use crate::vocabulary::{Millis, Uid};
use crate::world::World;

/// S22: once a Rollout is being deleted, nothing is created for it and nothing is resized.
#[derive(Clone, Default)]
pub(crate) struct Deletion {
    /// The version of each Rollout with which its deletion began.
    since: BTreeMap<Uid, u64>,
}

impl Checker for Deletion {
    fn id(&self) -> &'static str {
        "S22"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        match &step.change.what {
            Changed::Rollout(pair) => {
                if let Some(rollout) = pair.after.as_deref().filter(|it| it.deleting) {
                    self.since.entry(rollout.uid).or_insert(rollout.version);
                }
                None
            }
            Changed::ReplicaSet(pair) => {
                let after = pair.after.as_deref().filter(|_| step.is_ours())?;
                let since = *self.since.get(&after.owner?)?;
                let was_seen = step.change.decided_on.is_none_or(|seen| seen >= since);
                let what = match pair.before.as_deref() {
                    None => "was created",
                    Some(before) if before.replicas != after.replicas => "was resized",
                    Some(_) => return None,
                };
                was_seen.then(|| format!("{} {what} for a Rollout that is deleted", after.name))
            }
            Changed::Service(_)
            | Changed::Pod(_)
            | Changed::Bookkeeping
            | Changed::Other { .. } => None,
        }
    }
}

/// S23: a status has at most 64 KiB, and one pass writes each child twice and the Rollout a few
/// times at most.
#[derive(Clone)]
pub(crate) struct BoundedWork;

/// Bytes that a status may have.
const STATUS: u64 = 64 * 1024;
/// Writes of a pass besides two for each ReplicaSet: four Services, the Rollout, its status, and a
/// new ReplicaSet.
const WRITES: usize = 7;

impl Checker for BoundedWork {
    fn id(&self) -> &'static str {
        "S23"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let rollout = step.rollout().filter(|_| step.is_ours())?;
        let rollout = rollout.after.as_deref()?;
        let bytes = rollout.status.bytes;
        (bytes > STATUS)
            .then(|| format!("the status of rollout {} has {bytes} bytes", rollout.name))
    }

    fn mark(&mut self, mark: &Mark, world: &World, _now: Millis) -> Option<String> {
        let Mark::Pass {
            rollout, writes, ..
        } = mark
        else {
            return None;
        };
        let most = WRITES + 2 * world.sets_of(*rollout).len();
        let is_over = usize::try_from(*writes).is_ok_and(|writes| writes > most);
        is_over.then(|| format!("a pass made {writes} writes; {most} are the most"))
    }
}

/// S24: what a controller does not know survives its writes. (Where a world has JSON.)
#[derive(Clone)]
pub(crate) struct ForeignFields;

impl Checker for ForeignFields {
    fn id(&self) -> &'static str {
        "S24"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if !step.is_ours() {
            return None;
        }
        let (name, before, after) = match &step.change.what {
            Changed::Rollout(pair) => {
                let (before, after) = pair.both()?;
                (&after.name, before.foreign, after.foreign)
            }
            Changed::ReplicaSet(pair) => {
                let (before, after) = pair.both()?;
                (&after.name, before.foreign, after.foreign)
            }
            Changed::Service(pair) => {
                let (before, after) = pair.both()?;
                (&after.name, before.foreign, after.foreign)
            }
            Changed::Pod(_) | Changed::Bookkeeping | Changed::Other { .. } => return None,
        };
        (before != after).then(|| format!("a field of {name} that is not ours was changed"))
    }
}
