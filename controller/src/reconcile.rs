//! The loop: observe, plan, check, execute, sleep.
//!
//! One task owns cache, queue and gate; only requests run beside it, one plan per Rollout at a
//! time. What comes in first is handled first, so the same inputs give the same requests.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event as WatchEvent;
use planner::{Event, EventKind, Observed, Plan, TemplateOutcome, WriteFailure};
use tokio::sync::watch as channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, Key, Kind};
use crate::clock::Clock;
use crate::config::Config;
use crate::event_writer::reference;
use crate::execute::{Executor, Outcome, Work};
use crate::gate::{Gate, PATIENCE};
use crate::kernel::{self, Checked};
use crate::metrics::Metrics;
use crate::observe::{Memory, observe};
use crate::poison;
use crate::queue::Queue;
use crate::status_patch::Pruned;
use crate::watch::{Change, Scope, api, changes};

/// How long until a refused template is asked about again.
const REFUSED_TEMPLATE: Duration = Duration::from_secs(60);

/// What the rest of the process may know of the loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Whether every kind is completely listed and watched.
    pub(crate) synced: bool,
    /// Whether this controller acts.
    pub(crate) leads: bool,
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
    /// The work on a Rollout ran into a bug of ours.
    Panicked(Key),
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
    /// Rollouts that people were told we look after.
    known: BTreeMap<Key, ObjectReference>,
    /// Paths of the status that the installed CRD does not keep.
    pruned: Pruned,
    /// When the pass over a Rollout that is in flight began.
    begun: BTreeMap<Key, Instant>,
    /// Whether this controller acts.
    leads: bool,
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
            pruned: Pruned::new(),
            begun: BTreeMap::new(),
            leads: false,
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
            let synced = self.is_synced();
            self.progress.send_if_modified(|progress| {
                let now = Progress { synced, leads };
                std::mem::replace(progress, now) != now
            });
            if leads && synced {
                self.start_work();
            }
            self.metrics.queued(self.queue.len());
            let alarm = self.queue.next_alarm().filter(|_| leads && synced);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = fence.leads(), if !leads => {
                    leads = true;
                    for key in self.cache.keys(Kind::Rollout) {
                        self.greet(&key);
                    }
                    self.leads = true;
                }
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish_work(done),
                Some(change) = changes.next() => self.take_in(change),
                () = sleep_until(alarm), if alarm.is_some() && self.work.len() < self.config.workers.max(1) => {}
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
                // Until everything is listed again nobody knows what was missed (safety.md F11).
                self.listed.insert(kind, false);
                self.listing.remove(&kind);
                tracing::warn!(?kind, %error, "watch failed; everything is listed again");
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
        // Listed again, and still the same: only a Rollout is looked at anyway, from time to time.
        let is_same = self
            .cache
            .version(kind, &key)
            .is_some_and(|(version, _)| version == seen);
        if is_same && kind != Kind::Rollout {
            return;
        }
        for rollout in self.cache.apply(kind, object) {
            self.queue.add(rollout);
        }
        if kind == Kind::Rollout {
            if let Some(rollout) = self.cache.rollout(&key) {
                self.metrics.seen(&key, rollout);
            }
            if self.leads {
                self.greet(&key);
            }
        }
    }

    /// Whether the watch shows this object too.
    fn is_in_scope(&self, kind: Kind, object: &DynamicObject) -> bool {
        let label = |key: &str| object.metadata.labels.as_ref().and_then(|all| all.get(key));
        match kind {
            Kind::Rollout => {
                let ours = self.config.instance_id.as_ref().filter(|id| !id.is_empty());
                label(crds::names::INSTANCE_ID) == ours
            }
            Kind::ReplicaSet => label(crds::names::POD_TEMPLATE_HASH).is_some(),
            Kind::Service => true,
        }
    }

    fn is_synced(&self) -> bool {
        self.listed.values().all(|listed| *listed)
    }

    fn delete(&mut self, kind: Kind, key: &Key) {
        for rollout in self.cache.delete(kind, key) {
            self.queue.add(rollout);
        }
        if kind == Kind::Rollout {
            if let Some(object) = self.known.remove(key) {
                let message = format!("Rollout {}/{} is deleted.", key.name, key.namespace);
                self.executor
                    .events
                    .tell(&object, vec![normal("RolloutDeleted", message)]);
            }
            self.metrics.deleted(key);
        }
    }

    /// A Rollout that is seen for the first time since the start gets an Event that says so.
    fn greet(&mut self, key: &Key) {
        let Some(rollout) = self.cache.rollout(key) else {
            return;
        };
        let object = reference(&rollout.metadata);
        let is_new = self
            .known
            .get(key)
            .is_none_or(|known| known.uid != object.uid);
        if is_new {
            let message = format!("Rollout resource added to informer: {key}");
            let events = vec![normal("RolloutAddedToInformer", message)];
            self.executor.events.tell(&object, events);
            self.known.insert(key.clone(), object);
        }
    }

    fn start_work(&mut self) {
        while self.work.len() < self.config.workers.max(1) {
            let Some(key) = self.queue.next(Instant::now()) else {
                return;
            };
            self.metrics.looked();
            self.begun.insert(key.clone(), Instant::now());
            // A bug that one object brings to light must not stop the others.
            let start = AssertUnwindSafe(|| self.start(&key));
            match std::panic::catch_unwind(start) {
                Ok(Some(work)) => {
                    let work = AssertUnwindSafe(work).catch_unwind();
                    let work = work.map(|done| done.unwrap_or(Done::Panicked(key)));
                    self.work.push(work.boxed());
                }
                Ok(None) => self.ended(&key),
                Err(_) => self.finish_work(Done::Panicked(key)),
            }
        }
    }

    /// Looks at one Rollout. Returns the requests that come of it, if any.
    fn start(&mut self, key: &Key) -> Option<BoxFuture<'static, Done>> {
        if let Some(poison) = self.cache.poison(key) {
            let told = poison::tell(
                poison,
                &self.clock,
                self.config.settings.observed_generation,
            )?;
            let (client, key) = (self.client.clone(), key.clone());
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
        let memory = self.recall(key);
        let observed = observe(&self.cache, key, &memory, self.config.settings)?;
        let now = self.clock.now();
        let plan = (self.config.plan)(&observed, now);
        let Checked { plan, held } = kernel::check(&observed, plan, now);
        let waiting_on = match held {
            Some(rule) => {
                self.metrics.held(rule.id());
                Some(kernel::HELD)
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
        Some(self.execute(key, observed, plan))
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

    fn execute(&self, key: &Key, observed: Observed, plan: Plan) -> BoxFuture<'static, Done> {
        let only_status = plan
            .actions
            .iter()
            .all(|action| matches!(action.write, planner::Write::WriteStatus { .. }));
        let changes_owner = plan
            .actions
            .iter()
            .filter_map(|action| match &action.write {
                planner::Write::PatchReplicaSet { name, change, .. } if change.owner.is_some() => {
                    Some(name)
                }
                _ => None,
            });
        let owners = changes_owner.map(|name| {
            let set = Key::new(key.namespace.clone(), name);
            (name.clone(), self.cache.owners(&set).to_vec())
        });
        let work = Work {
            key: key.clone(),
            observed,
            owners: owners.collect(),
            plan,
            pruned: self.pruned.clone(),
        };
        let executor = self.executor.clone();
        let key = key.clone();
        async move {
            let mut outcome = executor.run(work).await;
            outcome.resolved = !only_status && outcome.failed.is_none();
            Done::Executed(key, Box::new(outcome))
        }
        .boxed()
    }

    /// The work on a Rollout has ended.
    fn ended(&mut self, key: &Key) {
        self.queue.done(key);
        if let Some(begun) = self.begun.remove(key) {
            self.metrics.took(key, begun.elapsed());
        }
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
                    None => self.ended(&key),
                }
            }
            Done::Refreshed(key, read) => {
                self.ended(&key);
                for (kind, object, live) in read {
                    match live {
                        Ok(live) => {
                            self.gate.saw_live(&key, kind, &object);
                            match live {
                                Some(live) if self.is_in_scope(kind, &live) => {
                                    self.apply(kind, live);
                                }
                                Some(_) | None => self.delete(kind, &object),
                            }
                            // After a failed write it is tried again when something is new, or
                            // when the back-off is over.
                            if !self.queue.will_wake(&key) {
                                self.queue.add(key.clone());
                            }
                        }
                        Err(error) => {
                            tracing::warn!(rollout = %key, %error, "failed to read live");
                            self.queue.back_off(&key, now);
                        }
                    }
                }
            }
            Done::Told(key, result) => {
                self.ended(&key);
                match result {
                    Ok(()) => self.queue.succeeded(&key),
                    Err(error) => {
                        tracing::warn!(rollout = %key, %error, "failed to tell that the object cannot be read");
                        self.queue.back_off(&key, now);
                    }
                }
            }
            Done::Panicked(key) => {
                tracing::error!(rollout = %key, "a bug of the controller; this rollout waits");
                self.metrics.failed(&key);
                self.ended(&key);
                self.queue.back_off(&key, now);
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
            pruned,
            resolved,
        } = outcome;
        let did_nothing =
            wrote.is_empty() && check.is_none() && taken.is_none() && failed.is_none();
        for (kind, object, expected) in wrote {
            self.gate.wrote(key, kind, object, expected, now);
        }
        for path in pruned {
            if self.pruned.insert(path.clone()) {
                tracing::warn!(
                    path,
                    "the installed CRD does not keep this field of the status; it is left out from now on"
                );
            }
        }
        let memory = self.memory.entry(key.clone()).or_default();
        if let Some(check) = check {
            let is_refused = matches!(check.outcome, TemplateOutcome::Refused { .. });
            memory.ask_again = is_refused.then(|| now + REFUSED_TEMPLATE);
            memory.check = Some(Arc::new(check));
        }
        if taken.is_some() {
            memory.taken = taken;
        }
        let Some(failed) = failed else {
            if resolved {
                memory.failure = None;
            }
            // A plan of which nothing is kept by the API server is as good as an empty one.
            if did_nothing && memory.failure.take().is_none() {
                self.queue.succeeded(key);
                return None;
            }
            if memory.failure.is_none() && !did_nothing {
                self.queue.succeeded(key);
            }
            self.queue.add(key.clone());
            return None;
        };
        self.metrics.failed(key);
        let at_least = failed.refusal.retry_after();
        self.queue.back_off_at_least(key, now, at_least);
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

fn normal(reason: &'static str, message: String) -> Event {
    Event {
        kind: EventKind::Normal,
        reason,
        message,
    }
}

async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
