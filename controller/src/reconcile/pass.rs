//! One pass over one Rollout, up to the requests that come of it: observe, plan, check.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use planner::{Now, Observed, Plan};
use tokio::time::Instant;

use super::{After, Done, Reconciler};
use crate::cache::{Key, Kind};
use crate::decode::Poison;
use crate::execute::{Unseen, Work};
use crate::gate::PATIENCE;
use crate::kernel::{self, Checked};
use crate::observe::{Memory, observe};
use crate::poison;
use crate::release::release;

impl Reconciler {
    /// Looks at one Rollout. Returns the requests that come of it, if any.
    pub(super) fn start(&mut self, key: &Key) -> Option<BoxFuture<'static, Done>> {
        if let Some(poison) = self.cache.poison(key) {
            return self.tell(key, poison);
        }
        if self.cache.rollout(key).is_none() {
            return self.forget(key);
        }
        if let Err((since, missing)) = self.gate.check(key, &self.cache) {
            return self.wait_or_refresh(key, since, missing);
        }
        let lost = self
            .memory
            .get_mut(key)
            .map(|it| std::mem::take(&mut it.lost));
        if let Some(lost) = lost.filter(|it| !it.is_empty()) {
            let lost = lost.into_iter().map(|set| (Kind::ReplicaSet, set));
            return Some(self.read_live(key, After::AtOnce, lost.collect()));
        }
        self.plan(key)
    }

    /// A Rollout that cannot be read is told so.
    fn tell(&self, key: &Key, poison: &Poison) -> Option<BoxFuture<'static, Done>> {
        let format = self.config.settings.observed_generation;
        let told = poison::tell(poison, &self.clock, format)?;
        let (client, key) = (self.client.clone(), key.clone());
        let work = async move { Done::Told(key.clone(), told.send(&client, &key).await) };
        Some(work.boxed())
    }

    /// Nothing is kept of a Rollout that is gone, and its Services are given back.
    fn forget(&mut self, key: &Key) -> Option<BoxFuture<'static, Done>> {
        self.memory.remove(key);
        self.gate.forget(key);
        self.queue.forget(key);
        let services = self.cache.managed_by(key);
        if services.is_empty() {
            return None;
        }
        let (client, fence) = (self.client.clone(), self.executor.fence.clone());
        let key = key.clone();
        let work = async move {
            let released = release(client, fence, &key, services).await;
            Done::Told(key, released)
        };
        Some(work.boxed())
    }

    /// Plans for one Rollout, and holds the plan against the kernel.
    fn plan(&mut self, key: &Key) -> Option<BoxFuture<'static, Done>> {
        let memory = self.recall(key);
        let observed = observe(&self.cache, key, &memory, self.config.settings)?;
        let now = self.clock.now();
        let plan = (self.config.plan)(&observed, now);
        let Checked { plan, held } =
            kernel::check(&observed, plan, now, &self.gate.last_writes(key));
        let waiting_on = match held {
            Some(rule) => {
                self.metrics.held(rule.id());
                Some(planner::waiting::SAFETY_HOLD)
            }
            None => plan.waiting_on.as_ref().map(planner::WaitingOn::reason),
        };
        self.metrics.planned(key, waiting_on);
        let wake = plan.wake_at.and_then(|at| self.clock.instant_of(at));
        let wake = [wake, memory.ask_again].into_iter().flatten().min();
        self.queue.wake(key, wake);
        if plan.actions.is_empty() {
            match self.memory.get_mut(key).filter(|it| it.failure.is_some()) {
                // The failure is told; the write it is about is tried again.
                Some(memory) => {
                    memory.failure = None;
                    self.queue.add(key.clone());
                }
                None => self.queue.succeeded(key),
            }
            tracing::debug!(rollout = %key, waiting_on, "nothing to do");
            return None;
        }
        Some(self.execute(key, observed, plan, now, memory.looked))
    }

    /// What is remembered of a Rollout, without what is of no use any more.
    fn recall(&mut self, key: &Key) -> Memory {
        let now = Instant::now();
        let memory = self.memory.entry(key.clone()).or_default();
        if memory.ask_again.is_some_and(|at| at <= now) {
            memory.ask_again = None;
            memory.check = None;
        }
        // The answer about a template is needed only until a ReplicaSet carries its digest.
        if let (Some(check), Some(rollout)) = (&memory.check, self.cache.rollout(key)) {
            let sets = self.cache.sets_of(key, rollout);
            let carries = |set: &Arc<planner::ReplicaSet>| {
                set.annotations.get(crds::names::TEMPLATE_DIGEST) == Some(&check.digest)
            };
            if sets.iter().any(carries) {
                memory.check = None;
                memory.ask_again = None;
                memory.taken = None;
            }
        }
        memory.clone()
    }

    fn execute(
        &self,
        key: &Key,
        observed: Observed,
        plan: Plan,
        planned: Now,
        looked: Unseen,
    ) -> BoxFuture<'static, Done> {
        let only_status = plan
            .actions
            .iter()
            .all(|action| matches!(action.write, planner::Write::WriteStatus { .. }));
        let adopted = plan
            .actions
            .iter()
            .filter_map(|action| match &action.write {
                planner::Write::PatchReplicaSet { name, change, .. } if change.adopts => Some(name),
                _ => None,
            });
        let owners = adopted.map(|name| {
            let set = Key::new(key.namespace.clone(), name);
            (name.clone(), self.cache.owners(&set).to_vec())
        });
        let work = Work {
            key: key.clone(),
            observed,
            owners: owners.collect(),
            plan,
            pruned: self.pruned.clone(),
            planned,
            looked,
        };
        let executor = self.executor.clone();
        let key = key.clone();
        async move {
            let mut outcome = executor.run(work).await;
            outcome.resolved = !only_status && !outcome.too_late && outcome.failed.is_none();
            Done::Executed(key, Box::new(outcome))
        }
        .boxed()
    }

    /// Our own writes are not visible yet: wait for the watch, and in the end read live.
    fn wait_or_refresh(
        &mut self,
        key: &Key,
        since: Instant,
        missing: Vec<(Kind, Key)>,
    ) -> Option<BoxFuture<'static, Done>> {
        let until = since + PATIENCE;
        if Instant::now() < until {
            self.queue.wake(key, Some(until));
            return None;
        }
        tracing::warn!(rollout = %key, "the watch does not show our own writes; reading live");
        Some(self.read_live(key, After::AtOnce, missing))
    }
}
