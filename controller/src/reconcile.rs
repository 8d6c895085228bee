//! The loop: observe, plan, check, execute, sleep.
//!
//! One task owns cache, queue and gate; only requests run beside it, one plan per Rollout at a
//! time. What comes in first is handled first, so the same inputs give the same requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event as WatchEvent;
use planner::{Event, EventKind, Observed, Plan, WriteFailure};
use tokio::sync::watch as channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, Key, Kind};
use crate::clock::Clock;
use crate::config::Config;
use crate::execute::{Executor, Outcome};
use crate::gate::{Gate, PATIENCE};
use crate::metrics::Metrics;
use crate::observe::{Memory, observe};
use crate::queue::Queue;
use crate::watch::{Change, Scope, api, changes};
use crate::{kernel, poison};

/// What the rest of the process may know of the loop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// Whether every kind was listed once.
    pub(crate) synced: bool,
    /// Rollouts as last seen.
    pub(crate) rollouts: BTreeMap<Key, Arc<crds::Rollout>>,
}

/// Ended work on one Rollout.
enum Done {
    /// A plan was carried out, or failed.
    Executed(Key, Box<Outcome>),
    /// Objects were read live.
    Refreshed(
        Key,
        Vec<(Kind, Key, Result<Option<DynamicObject>, kube::Error>)>,
    ),
    /// An unreadable Rollout was told so.
    Told(Key, Result<(), String>),
}

pub(crate) struct Reconciler {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) executor: Executor,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) progress: channel::Sender<Progress>,
    cache: Cache,
    queue: Queue,
    gate: Gate,
    memory: BTreeMap<Key, Memory>,
    /// Kinds that were listed completely at least once.
    listed: BTreeMap<Kind, bool>,
    /// What a listing that is under way has shown.
    listing: BTreeMap<Kind, Vec<Key>>,
    /// Rollouts that were seen since the start, with their uid.
    known: BTreeMap<Key, Arc<crds::Rollout>>,
    work: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Reconciler {
    pub(crate) fn new(
        client: Client,
        config: Config,
        clock: Clock,
        executor: Executor,
        metrics: Arc<Metrics>,
        progress: channel::Sender<Progress>,
    ) -> Self {
        Self {
            client,
            config,
            clock,
            executor,
            metrics,
            progress,
            cache: Cache::default(),
            queue: Queue::default(),
            gate: Gate::default(),
            memory: BTreeMap::new(),
            listed: Kind::ALL.map(|kind| (kind, false)).into(),
            listing: BTreeMap::new(),
            known: BTreeMap::new(),
            work: FuturesUnordered::new(),
        }
    }

    /// Runs until `stop`; then finishes the plans that are being carried out.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let scope = Scope {
            namespace: self.config.namespace.clone(),
            rollouts: self.config.rollout_selector(),
            resync: self.config.resync,
        };
        let mut changes = changes(&self.client, &scope);
        let mut fence = self.executor.fence.clone();
        let mut leads = false;
        loop {
            if leads && self.listed.values().all(|listed| *listed) {
                self.start_work();
            }
            self.metrics.queued(self.queue.len());
            let alarm = self.queue.next_alarm().filter(|_| leads);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = fence.leads(), if !leads => leads = true,
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish_work(done),
                Some(change) = changes.next() => self.take_in(change),
                () = sleep_until(alarm), if alarm.is_some() => {}
            }
        }
        while let Some(done) = self.work.next().await {
            self.finish_work(done);
        }
    }

    fn take_in(&mut self, Change { kind, event }: Change) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(kind = ?kind, %error, "watch failed; it is taken up again");
                return;
            }
        };
        match event {
            WatchEvent::Apply(object) => self.apply(kind, object),
            WatchEvent::Delete(object) => self.delete(kind, &Key::of(&object)),
            WatchEvent::Init => {
                self.listing.insert(kind, Vec::new());
            }
            WatchEvent::InitApply(object) => {
                self.listing.entry(kind).or_default().push(Key::of(&object));
                self.apply(kind, object);
            }
            WatchEvent::InitDone => {
                let mut listed = self.listing.remove(&kind).unwrap_or_default();
                listed.sort();
                for key in self.cache.keys(kind) {
                    if listed.binary_search(&key).is_err() {
                        self.delete(kind, &key);
                    }
                }
                self.listed.insert(kind, true);
                let synced = self.listed.values().all(|listed| *listed);
                self.progress.send_if_modified(|progress| {
                    !std::mem::replace(&mut progress.synced, synced) && synced
                });
            }
        }
    }

    fn apply(&mut self, kind: Kind, object: DynamicObject) {
        let key = Key::of(&object);
        let seen = object.metadata.resource_version.clone().unwrap_or_default();
        // A listing may be older than what a watch or a live read has shown already.
        let is_older = self
            .cache
            .version(kind, &key)
            .is_some_and(|(version, uid)| {
                Some(uid) == object.metadata.uid.as_deref()
                    && version != seen
                    && crate::gate::is_as_new(version, &seen)
            });
        if is_older {
            return;
        }
        for rollout in self.cache.apply(kind, object) {
            self.queue.add(rollout);
        }
        if kind == Kind::Rollout {
            self.greet(&key);
        }
    }

    fn delete(&mut self, kind: Kind, key: &Key) {
        for rollout in self.cache.delete(kind, key) {
            self.queue.add(rollout);
        }
        if kind == Kind::Rollout {
            if let Some(rollout) = self.known.remove(key) {
                let message = format!("Rollout {}/{} is deleted.", key.name, key.namespace);
                let event = Event {
                    kind: EventKind::Normal,
                    reason: "RolloutDeleted",
                    message,
                };
                self.executor.events.tell(&rollout, vec![event]);
            }
            self.metrics.deleted(key);
            self.publish(key);
        }
    }

    /// A Rollout that is seen for the first time since the start gets an Event that says so.
    fn greet(&mut self, key: &Key) {
        if let Some(rollout) = self.cache.rollout(key) {
            let rollout = rollout.clone();
            let uid = rollout.metadata.uid.clone();
            if self
                .known
                .insert(key.clone(), rollout.clone())
                .is_none_or(|old| old.metadata.uid != uid)
            {
                let message = format!("Rollout resource added to informer: {key}");
                let event = Event {
                    kind: EventKind::Normal,
                    reason: "RolloutAddedToInformer",
                    message,
                };
                self.executor.events.tell(&rollout, vec![event]);
            }
        }
        self.publish(key);
    }

    fn publish(&self, key: &Key) {
        let rollout = self.cache.rollout(key).cloned();
        self.progress.send_if_modified(|progress| {
            match rollout {
                Some(rollout) => progress.rollouts.insert(key.clone(), rollout),
                None => progress.rollouts.remove(key),
            };
            false
        });
    }

    fn start_work(&mut self) {
        while self.work.len() < self.config.workers {
            let Some(key) = self.queue.next(Instant::now()) else {
                return;
            };
            match self.start(&key) {
                Some(work) => self.work.push(work),
                None => self.queue.done(&key),
            }
        }
    }

    /// Looks at one Rollout. Returns the requests that come of it, if any.
    fn start(&mut self, key: &Key) -> Option<BoxFuture<'static, Done>> {
        if let Some(poison) = self.cache.poison(key) {
            let (client, key, told) = (
                self.client.clone(),
                key.clone(),
                poison::tell(poison, &self.clock)?,
            );
            return Some(
                async move { Done::Told(key.clone(), told.send(&client, &key).await) }.boxed(),
            );
        }
        if self.cache.rollout(key).is_none() {
            self.memory.remove(key);
            self.gate.forget(key);
            self.queue.forget(key);
            return None;
        }
        if let Err((since, missing)) = self.gate.check(key, &self.cache) {
            return self.wait_or_refresh(key, since, missing);
        }
        let begun = Instant::now();
        let memory = self.memory.entry(key.clone()).or_default().clone();
        let observed = observe(&self.cache, key, &memory, self.config.settings)?;
        let now = self.clock.now();
        let plan = (self.config.plan)(&observed, now);
        let plan = kernel::check(&observed, plan, now, &self.metrics);
        self.metrics.planned(key, begun.elapsed(), &plan);
        let wake = plan.wake_at.and_then(|at| self.clock.instant_of(at));
        self.queue.wake(key, wake);
        if plan.actions.is_empty() {
            self.queue.succeeded(key);
            if let Some(memory) = self
                .memory
                .get_mut(key)
                .filter(|memory| memory.failure.is_some())
            {
                memory.failure = None;
                self.queue.add(key.clone());
            }
            tracing::debug!(rollout = %key, waiting_on = plan.waiting_on.as_ref().map(planner::WaitingOn::reason), "nothing to do");
            return None;
        }
        Some(self.execute(key, observed, plan, &memory))
    }

    fn execute(
        &self,
        key: &Key,
        observed: Observed,
        plan: Plan,
        memory: &Memory,
    ) -> BoxFuture<'static, Done> {
        let (executor, key) = (self.executor.clone(), key.clone());
        let keep_waiting_on = !memory.prunes_waiting_on;
        let only_status = plan
            .actions
            .iter()
            .all(|action| matches!(action.write, planner::Write::WriteStatus { .. }));
        let resolved = !only_status;
        async move {
            let mut outcome = executor
                .run(key.clone(), observed, plan, keep_waiting_on)
                .await;
            outcome.resolved = resolved && outcome.failed.is_none();
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
        Some(self.read_live(key, missing))
    }

    fn finish_work(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Executed(key, outcome) => {
                // A Rollout whose objects are read again stays in flight until they were.
                match self.learn(&key, *outcome, now) {
                    Some(reading) => self.work.push(reading),
                    None => self.queue.done(&key),
                }
            }
            Done::Refreshed(key, read) => {
                self.queue.done(&key);
                for (kind, object, live) in read {
                    match live {
                        Ok(live) => {
                            self.gate.saw_live(&key, kind, &object);
                            match live {
                                Some(live) => self.apply(kind, live),
                                None => self.delete(kind, &object),
                            }
                            self.queue.add(key.clone());
                        }
                        Err(error) => {
                            tracing::warn!(rollout = %key, %error, "failed to read live");
                            self.queue.back_off(&key, now);
                        }
                    }
                }
            }
            Done::Told(key, result) => {
                self.queue.done(&key);
                match result {
                    Ok(()) => self.queue.succeeded(&key),
                    Err(error) => {
                        tracing::warn!(rollout = %key, %error, "failed to tell that the object cannot be read");
                        self.queue.back_off(&key, now);
                    }
                }
            }
        }
    }

    /// Takes in what came of a plan. Returns the reading that has to come first, if any.
    fn learn(
        &mut self,
        key: &Key,
        outcome: Outcome,
        now: Instant,
    ) -> Option<BoxFuture<'static, Done>> {
        let Outcome {
            wrote,
            check,
            taken,
            failed,
            prunes_waiting_on,
            resolved,
        } = outcome;
        for (kind, object, expected) in wrote {
            self.gate.wrote(key, kind, object, expected, now);
        }
        let memory = self.memory.entry(key.clone()).or_default();
        if let Some(check) = check {
            memory.check = Some(Arc::new(check));
        }
        if taken.is_some() {
            memory.taken = taken;
        }
        if prunes_waiting_on && !memory.prunes_waiting_on {
            tracing::warn!(rollout = %key, "the installed CRD does not keep status.waitingOn; install ours to see what rollouts wait on");
            memory.prunes_waiting_on = true;
        }
        let Some(failed) = failed else {
            if resolved {
                memory.failure = None;
            }
            self.queue.succeeded(key);
            self.queue.add(key.clone());
            return None;
        };
        self.metrics.failed(key);
        self.queue.back_off(key, now);
        if failed.refusal.is_answer() {
            tracing::warn!(rollout = %key, object = failed.object, reason = %failed.refusal, "a write was refused");
            let since = memory
                .failure
                .as_ref()
                .map_or_else(|| self.clock.now().second(), |old| old.since);
            memory.failure = Some(WriteFailure {
                object: failed.object,
                creating: failed.creating,
                message: failed.refusal.to_string(),
                since,
            });
            return None;
        }
        tracing::info!(rollout = %key, object = failed.object, reason = %failed.refusal, "looking again");
        failed
            .refusal
            .asks_to_look_again()
            .then(|| self.read_live(key, vec![failed.target]))
    }

    /// Reads objects past the cache.
    fn read_live(&self, key: &Key, objects: Vec<(Kind, Key)>) -> BoxFuture<'static, Done> {
        let (client, key) = (self.client.clone(), key.clone());
        let work = async move {
            let mut read = Vec::new();
            for (kind, object) in objects {
                let live = api(&client, kind, &object.namespace)
                    .get_opt(&object.name)
                    .await;
                read.push((kind, object, live));
            }
            Done::Refreshed(key, read)
        };
        work.boxed()
    }
}

async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
