//! What the store went through, revision by revision, and who did it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::reading::{number, text};
use crate::sight::Sight;

/// Who made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// The controller under test.
    Controller,
    /// The person (or pipeline) of the scenario.
    User,
    /// The cluster itself: ReplicaSet controller, kubelet, endpoints, garbage collector.
    Environment,
}

/// An object's place: plural resource (`replicasets`), namespace (empty when it has none), name.
pub type Key = (String, String, String);

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Virtual time since the scenario began.
    pub at: Duration,
    /// The store's revision.
    pub revision: u64,
    /// Which object.
    pub key: Key,
    /// What it was; `None` when it was created.
    pub before: Option<Arc<Value>>,
    /// What it became; `None` when it was removed.
    pub after: Option<Arc<Value>>,
    /// Who did it.
    pub actor: Actor,
}

impl Commit {
    /// The plural resource, e.g. `replicasets`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.key.0
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.key.2
    }

    /// The object after the change, or the one that was removed.
    #[must_use]
    pub fn object(&self) -> Option<&Value> {
        self.after.as_deref().or(self.before.as_deref())
    }
}

/// All objects at one revision.
#[derive(Debug, Clone, Default)]
pub struct World {
    objects: BTreeMap<Key, Arc<Value>>,
}

impl World {
    /// Makes this the world after `commit`.
    pub fn apply(&mut self, commit: &Commit) {
        match &commit.after {
            Some(after) => {
                self.objects.insert(commit.key.clone(), Arc::clone(after));
            }
            None => {
                self.objects.remove(&commit.key);
            }
        }
    }

    /// One object.
    #[must_use]
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects
            .get(&(resource.to_owned(), namespace.to_owned(), name.to_owned()))
            .map(|object| &**object)
    }

    /// All objects of a resource, by namespace and name.
    pub fn list<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter(move |(key, _)| key.0 == resource)
            .map(|(_, object)| &**object)
    }
}

/// A mutating request, as it went over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who sent it.
    pub actor: Actor,
    /// Which of the actor's processes: one that starts again is another one.
    pub process: u32,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// The query, maybe empty.
    pub query: String,
    /// The body; null when there was none.
    pub body: Value,
    /// HTTP status of the cluster's answer; 0 when it is not known.
    pub status: u16,
    /// Whether that answer came to the sender.
    pub is_answered: bool,
    /// What its sender had seen when it decided on this, where that was noted.
    pub sight: Option<Arc<Sight>>,
}

impl Request {
    /// Whether it asked for a rehearsal only.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.query.contains("dryRun")
    }

    /// Whether it wrote a Kubernetes Event or a Lease: those follow from other writes.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        self.path.contains("/events") || self.path.contains("/leases")
    }
}

/// The requests so far; shared between the clients that fill it and the run that reads it.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<Request>>>);

impl Requests {
    /// Adds one that has been answered.
    pub fn push(&self, request: Request) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
    }

    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Request> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many writes of `actor` were carried out, Events, Leases and rehearsals not counted.
    #[must_use]
    pub fn writes_of(&self, actor: Actor) -> usize {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|it| it.actor == actor && it.status < 300)
            .filter(|it| !it.is_dry_run() && !it.is_bookkeeping())
            .count()
    }
}

/// A whole run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Every change, in order.
    pub commits: Vec<Commit>,
    /// Every mutating request, in the order of the answers.
    pub requests: Vec<Request>,
    /// Wall-clock time at the beginning, in seconds since 1970.
    pub start: i64,
    /// Virtual time from which no faults are injected: only then is anything owed in time.
    pub calm_since: Duration,
    /// Virtual time at the end.
    pub end: Duration,
}

/// Reason and message of an Event on a Rollout (of this name) that this change sent or repeated.
#[must_use]
pub fn sent_event(commit: &Commit, rollout: Option<&str>) -> Option<(String, String)> {
    if commit.resource() != "events" {
        return None;
    }
    let event = commit.after.as_deref()?;
    let is_about = text(event, "/involvedObject/kind") == "Rollout"
        && rollout.is_none_or(|name| text(event, "/involvedObject/name") == name);
    let count = |event: &Value| number(event, "/count").max(1);
    let before = commit.before.as_deref().map_or(0, count);
    (is_about && count(event) > before).then(|| {
        (
            text(event, "/reason").to_owned(),
            text(event, "/message").to_owned(),
        )
    })
}
