//! L3, L4 and L7: how many writes there are.

use std::collections::BTreeMap;

use crate::history::{Changed, Mark};
use crate::judge::{Checker, Step};
use crate::progress::concerned;
use crate::sizes::blue_green;
use crate::vocabulary::{Millis, Phase, Rollout, Status, Uid};
use crate::world::World;

/// L3 and L7: in a calm world in which nothing has changed for a minute, a controller writes only
/// what a timer brings about; so a Rollout that is paused, healthy or degraded is written no more.
/// And no cause leads to more writes than a whole update needs.
#[derive(Clone, Default)]
pub(crate) struct Quiet {
    is_calm: bool,
    rollouts: BTreeMap<Uid, Since>,
}

#[derive(Clone)]
struct Since {
    /// When anybody but a controller last changed something of the Rollout.
    cause: Millis,
    /// Writes of controllers since then.
    writes: u32,
    /// Those of them that came late and said nothing new.
    idle: u32,
}

/// After so long, only timers are left as a cause.
const REST: Millis = 60_000;
/// Writes that follow from one cause: a dozen steps, each with two sizes and a status.
const MOST: u32 = 40;

impl Checker for Quiet {
    fn id(&self) -> &'static str {
        "L3/L7"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let rollout = concerned(step)?;
        let now = step.now();
        let since = self.rollouts.entry(rollout.uid).or_insert(Since {
            cause: now,
            writes: 0,
            idle: 0,
        });
        if !step.is_ours() {
            *since = Since {
                cause: now,
                writes: 0,
                idle: 0,
            };
            return None;
        }
        since.writes += 1;
        if !self.is_calm {
            return None;
        }
        let name = &rollout.name;
        if since.writes == MOST + 1 {
            return Some(format!(
                "rollout {name}: {MOST} writes, and nobody else has changed anything meanwhile"
            ));
        }
        let rest = now - since.cause;
        if rest <= REST || !says_nothing_new(step) {
            return None;
        }
        // A timer may bring about a condition, for which there is no word here; not twice.
        since.idle += 1;
        (since.idle == 2).then(|| {
            format!("rollout {name} was written after {rest} ms of rest, and says nothing new")
        })
    }

    fn mark(&mut self, mark: &Mark, _world: &World, now: Millis) -> Option<String> {
        match mark {
            Mark::Calm => self.is_calm = true,
            Mark::Storm => self.is_calm = false,
            Mark::Restart(_) | Mark::Pass { .. } => return None,
        }
        for since in self.rollouts.values_mut() {
            *since = Since {
                cause: now,
                writes: 0,
                idle: 0,
            };
        }
        None
    }
}

/// Whether a write changes nothing that a timer could bring about.
fn says_nothing_new(step: &Step<'_>) -> bool {
    match &step.change.what {
        Changed::Rollout(pair) => pair.both().is_some_and(|(before, after)| {
            let (was, is) = (&before.status, &after.status);
            let at_rest = |status: &Status| {
                matches!(
                    status.phase,
                    Phase::Paused | Phase::Healthy | Phase::Degraded
                )
            };
            at_rest(was)
                && was.phase == is.phase
                && was.message == is.message
                && was.step == is.step
                && was.stable == is.stable
                && was.current == is.current
                && was.abort == is.abort
                && was.promote_full == is.promote_full
                && was.controller_pause == is.controller_pause
                && was.pauses == is.pauses
                && was.observed_generation == is.observed_generation
                && was.waiting_on == is.waiting_on
        }),
        Changed::ReplicaSet(pair) => pair.both().is_some_and(|(before, after)| {
            before.replicas == after.replicas && before.deadline == after.deadline
        }),
        Changed::Service(pair) => pair.both().is_some_and(|(before, after)| {
            before.selects == after.selects && before.managed_by == after.managed_by
        }),
        Changed::Pod(_) | Changed::Bookkeeping | Changed::Other { .. } => false,
    }
}

/// L4: after an abort the active Service is back on stable within five writes of ours, from when users
/// could go back.
#[derive(Clone, Default)]
pub(crate) struct AbortIsShort {
    /// Writes since users could go back.
    writes: BTreeMap<Uid, u32>,
}

/// Writes until users are back.
const WRITES: u32 = 5;

impl Checker for AbortIsShort {
    fn id(&self) -> &'static str {
        "L4"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let rollout = concerned(step)?;
        if !could_go_back(step.world, rollout) {
            if !self.writes.is_empty() {
                self.writes.remove(&rollout.uid);
            }
            return None;
        }
        let writes = self.writes.entry(rollout.uid).or_default();
        *writes += u32::from(step.is_ours());
        (*writes == WRITES + 1).then(|| {
            let name = &rollout.name;
            format!("rollout {name} is aborted; {WRITES} writes later users are not back on stable")
        })
    }
}

fn could_go_back(world: &World, rollout: &Rollout) -> bool {
    let status = &rollout.status;
    let is_aborted = status.abort && !status.promote_full && status.current != status.stable;
    let active = blue_green(rollout).filter(|_| is_aborted && !rollout.deleting);
    let service = active.and_then(|it| world.service(&rollout.namespace, &it.active_service));
    let stable = world.set_of(rollout, &status.stable);
    let Some((service, stable)) = service.zip(stable) else {
        return false;
    };
    // Users on the pods of all versions wait until it is known how many of them are stable's
    // (docs/safety.md).
    let is_known = !service.selects.is_empty() || stable.observed_generation >= stable.generation;
    service.selects != status.stable && world.counted_on(stable) > 0 && is_known
}
