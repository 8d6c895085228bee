//! What is counted, and how it is shown to Prometheus.
//!
//! Source: `compat/metrics.md`; the names are those that existing dashboards ask for. Order is
//! fixed: the same state gives the same text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crds::Rollout;
use planner::{Event, EventKind};
use tokio::time::Instant;

use crate::cache::Key;

mod exposition;

pub(crate) use exposition::Exposition;

/// How long the series of a Rollout that is gone are still shown, so that the last values are read.
const LINGER: Duration = Duration::from_secs(65);

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKind {
    /// `List`, `Watch`, `Get`, `Create`, `Update`, `Patch`, `Delete` or `Unknown`.
    pub verb: &'static str,
    /// Plural name of the resource, e.g. `rollouts`.
    pub resource: String,
    /// `status`, or empty.
    pub subresource: String,
    /// Empty for all namespaces.
    pub namespace: String,
    /// Whether nothing would be written.
    pub dry_run: bool,
}

/// What was done so far; for benchmarks and tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests by what they ask for and by HTTP status (0: no answer).
    pub requests: BTreeMap<(RequestKind, u16), u64>,
    /// Rollouts looked at, those that had to wait for our own writes included.
    pub reconciles: u64,
    /// Plans made.
    pub plans: u64,
    /// Plans that were held because they broke a rule, by rule.
    pub holds: BTreeMap<&'static str, u64>,
}

impl Counters {
    /// Requests that changed something, Events and Leases left out.
    #[must_use]
    pub fn writes(&self) -> u64 {
        let is_write = |kind: &RequestKind| {
            matches!(kind.verb, "Create" | "Update" | "Patch" | "Delete")
                && !kind.dry_run
                && !matches!(kind.resource.as_str(), "events" | "leases")
        };
        let all = self.requests.iter();
        all.filter(|((kind, code), _)| is_write(kind) && (200..300).contains(code))
            .map(|(_, count)| count)
            .sum()
    }
}

/// Times of one kind of work.
#[derive(Debug, Clone, Default)]
struct Times {
    total: Duration,
    /// Per bucket of [`Times::BOUNDS`], and one beyond; not cumulative.
    buckets: [u64; 6],
}

impl Times {
    /// Upper bounds in milliseconds.
    const BOUNDS: [u64; 5] = [10, 150, 250, 500, 1000];

    fn add(&mut self, time: Duration) {
        self.total += time;
        let fits = |bound: &u64| time <= Duration::from_millis(*bound);
        let index = Self::BOUNDS.iter().position(fits).unwrap_or(5);
        if let Some(bucket) = self.buckets.get_mut(index) {
            *bucket += 1;
        }
    }
}

/// Numbers of one Rollout.
#[derive(Debug, Clone, Default)]
struct OfRollout {
    reconcile: Times,
    errors: u64,
    events: BTreeMap<(&'static str, &'static str), u64>,
    gone_since: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    counters: Counters,
    of_rollout: BTreeMap<Key, OfRollout>,
    /// Rollouts as last seen; the state gauges are made of them.
    rollouts: BTreeMap<Key, Arc<Rollout>>,
    /// Plans that wait, by reason.
    waiting: BTreeMap<Key, &'static str>,
    queued: usize,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<State>);

impl Metrics {
    pub(crate) fn counters(&self) -> Counters {
        self.lock().counters.clone()
    }

    pub(crate) fn request(&self, kind: RequestKind, code: u16) {
        *self
            .lock()
            .counters
            .requests
            .entry((kind, code))
            .or_default() += 1;
    }

    /// An Event was told about a Rollout.
    pub(crate) fn event(&self, key: &Key, event: &Event) {
        let kind = match event.kind {
            EventKind::Normal => "Normal",
            EventKind::Warning => "Warning",
        };
        let mut state = self.lock();
        let of_rollout = state.of_rollout.entry(key.clone()).or_default();
        *of_rollout.events.entry((kind, event.reason)).or_default() += 1;
    }

    /// So many Rollouts wait to be looked at.
    pub(crate) fn queued(&self, count: usize) {
        self.lock().queued = count;
    }

    /// A Rollout was looked at, whether a plan was made or not.
    pub(crate) fn looked(&self) {
        self.lock().counters.reconciles += 1;
    }

    /// A plan was made; `waiting_on` is the reason why nothing more happens.
    pub(crate) fn planned(&self, key: &Key, waiting_on: Option<&'static str>) {
        let mut state = self.lock();
        state.counters.plans += 1;
        match waiting_on {
            Some(reason) => state.waiting.insert(key.clone(), reason),
            None => state.waiting.remove(key),
        };
    }

    /// One pass over a Rollout took so long, requests included.
    pub(crate) fn took(&self, key: &Key, time: Duration) {
        let mut state = self.lock();
        let of_rollout = state.of_rollout.entry(key.clone()).or_default();
        of_rollout.reconcile.add(time);
    }

    /// A pass over a Rollout failed.
    pub(crate) fn failed(&self, key: &Key) {
        self.lock()
            .of_rollout
            .entry(key.clone())
            .or_default()
            .errors += 1;
    }

    /// A plan was held because it broke a rule.
    pub(crate) fn held(&self, rule: &'static str) {
        *self.lock().counters.holds.entry(rule).or_default() += 1;
    }

    /// A Rollout as it is now.
    pub(crate) fn seen(&self, key: &Key, rollout: &Arc<Rollout>) {
        let mut state = self.lock();
        state.rollouts.insert(key.clone(), rollout.clone());
        if let Some(of_rollout) = state.of_rollout.get_mut(key) {
            of_rollout.gone_since = None;
        }
    }

    /// A Rollout is gone.
    pub(crate) fn deleted(&self, key: &Key) {
        let mut state = self.lock();
        state.rollouts.remove(key);
        state.waiting.remove(key);
        if let Some(of_rollout) = state.of_rollout.get_mut(key) {
            of_rollout.gone_since = Some(Instant::now());
        }
        let is_left = |it: &OfRollout| it.gone_since.is_none_or(|since| since.elapsed() < LINGER);
        state.of_rollout.retain(|_, it| is_left(it));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
