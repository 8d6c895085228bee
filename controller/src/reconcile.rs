//! The loop: observe, plan, check, execute, sleep.
//!
//! One task owns cache, queue and gate; only requests run beside it, one plan per Rollout at a
//! time. What comes in first is handled first, so the same inputs give the same requests.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event as WatchEvent;
use planner::{Event, EventKind};
use tokio::sync::watch as channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, Key, Kind};
use crate::clock::Clock;
use crate::config::Config;
use crate::event_writer::reference;
use crate::execute::{Executor, Outcome};
use crate::gate::{Gate, is_as_new};
use crate::metrics::Metrics;
use crate::observe::Memory;
use crate::queue::Queue;
use crate::status_patch::Pruned;
use crate::watch::{Change, Scope, Source, changes};

mod outcome;
mod pass;

/// What the rest of the process may know of the loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Whether every kind is completely listed and watched.
    pub(crate) synced: bool,
    /// Whether this controller acts.
    pub(crate) leads: bool,
}

/// What a live read found.
type Read = Result<Option<DynamicObject>, kube::Error>;

/// When to look at a Rollout after a live read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// At once: it could not be planned for without.
    AtOnce,
    /// When something is new, else when the back-off is over: a write failed.
    BackOff,
}

/// Ended work on one Rollout.
enum Done {
    /// A plan was carried out, or failed.
    Executed(Key, Box<Outcome>),
    /// Objects were read live.
    Refreshed(Key, After, Vec<(Kind, Key, Read)>),
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
    /// What was listed completely at least once.
    listed: BTreeMap<Source, bool>,
    /// What a listing that is under way has shown.
    listing: BTreeMap<Source, Vec<Key>>,
    /// Uids of objects that a live read showed to be gone. A watch that lags may still show them.
    gone: BTreeMap<(Kind, Key), String>,
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
            listed: Source::ALL.map(|source| (source, false)).into(),
            listing: BTreeMap::new(),
            gone: BTreeMap::new(),
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

    fn take_in(&mut self, Change { source, event }: Change) {
        let kind = source.kind();
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                // Until everything is listed again nobody knows what was missed (safety.md F11).
                self.listed.insert(source, false);
                self.listing.remove(&source);
                tracing::warn!(?source, %error, "watch failed; everything is listed again");
                return;
            }
        };
        match event {
            WatchEvent::Apply(object) => {
                self.apply(kind, object);
            }
            WatchEvent::Delete(object) => {
                let key = Key::of(&object);
                self.gone.remove(&(kind, key.clone()));
                // A live read may have shown already what was made under this name since.
                let deleted = object.metadata.resource_version.unwrap_or_default();
                let is_newer = self
                    .cache
                    .version(kind, &key)
                    .is_some_and(|(version, uid)| {
                        object.metadata.uid.as_deref() != Some(uid) && is_as_new(version, &deleted)
                    });
                if !is_newer {
                    self.lose_sight(kind, &key);
                }
            }
            WatchEvent::Init => {
                // A listing shows no object that was gone before it began.
                self.gone.retain(|(other, _), _| *other != kind);
                self.listing.insert(source, Vec::new());
            }
            WatchEvent::InitApply(object) => {
                self.listing
                    .entry(source)
                    .or_default()
                    .push(Key::of(&object));
                self.apply(kind, object);
            }
            WatchEvent::InitDone => {
                let mut listed = self.listing.remove(&source).unwrap_or_default();
                listed.sort();
                for key in self.cache.keys(kind) {
                    let is_labelled = self.cache.is_labelled(&key);
                    let is_shown_here = match source {
                        Source::Rollouts | Source::Services => true,
                        Source::Labelled => is_labelled,
                        Source::Unlabelled => !is_labelled,
                    };
                    if is_shown_here && listed.binary_search(&key).is_err() {
                        self.lose_sight(kind, &key);
                    }
                }
                self.listed.insert(source, true);
            }
        }
    }

    /// Takes in an object, unless it is older than what is known.
    fn apply(&mut self, kind: Kind, object: DynamicObject) {
        if !self.is_in_scope(kind, &object) {
            return;
        }
        let key = Key::of(&object);
        let seen = object.metadata.resource_version.clone().unwrap_or_default();
        let gone = self.gone.get(&(kind, key.clone()));
        if gone.is_some() && gone == object.metadata.uid.as_ref() {
            return;
        }
        // A listing may be older than what a watch or a live read has shown already.
        let is_older = self
            .cache
            .version(kind, &key)
            .is_some_and(|(version, uid)| {
                Some(uid) == object.metadata.uid.as_deref()
                    && version != seen
                    && is_as_new(version, &seen)
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

    /// Whether this object is looked after. A ReplicaSet is where its label or its selector names a
    /// version.
    fn is_in_scope(&self, kind: Kind, object: &DynamicObject) -> bool {
        let label = |key: &str| object.metadata.labels.as_ref().and_then(|all| all.get(key));
        match kind {
            Kind::Rollout => {
                let ours = self.config.instance_id.as_ref().filter(|id| !id.is_empty());
                label(crds::names::INSTANCE_ID) == ours
            }
            Kind::ReplicaSet => {
                let selected = crate::decode::selected_hash(&object.data);
                selected.is_some() || label(crds::names::POD_TEMPLATE_HASH).is_some()
            }
            Kind::Service => true,
        }
    }

    /// An object left a watch. It is gone; or, a ReplicaSet, its label is, and the other watch will
    /// show it: that is looked into before the next plan.
    fn lose_sight(&mut self, kind: Kind, key: &Key) {
        for rollout in self.delete(kind, key) {
            if kind == Kind::ReplicaSet && self.leads {
                let memory = self.memory.entry(rollout).or_default();
                memory.lost.insert(key.clone());
            }
        }
    }

    /// A live read did not find an object.
    fn saw_gone(&mut self, kind: Kind, key: &Key) {
        if let Some((_, uid)) = self.cache.version(kind, key) {
            self.gone.insert((kind, key.clone()), uid.to_owned());
        }
        self.delete(kind, key);
    }

    fn is_synced(&self) -> bool {
        self.listed.values().all(|listed| *listed)
    }

    /// Forgets an object. Returns the Rollouts it concerned.
    fn delete(&mut self, kind: Kind, key: &Key) -> Vec<Key> {
        let concerned = self.cache.delete(kind, key);
        for rollout in &concerned {
            self.queue.add(rollout.clone());
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
        concerned
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

    /// The work on a Rollout has ended.
    fn ended(&mut self, key: &Key) {
        self.queue.done(key);
        if let Some(begun) = self.begun.remove(key) {
            self.metrics.took(key, begun.elapsed());
        }
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

#[cfg(test)]
mod tests;
