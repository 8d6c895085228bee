//! What drives an actor: commits in, keys with due times, one key at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use serde_json::Value;

use crate::cluster::Server;
use crate::object;
use crate::resources::GroupResource;
use crate::store::Commit;

/// An object, by its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) resource: GroupResource,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn of(resource: &GroupResource, object: &Value) -> Self {
        Self {
            resource: resource.clone(),
            namespace: object::namespace(object).to_owned(),
            name: object::name(object).to_owned(),
        }
    }
}

/// Something that changed: a commit, or an object found at the start (no `before`).
pub(crate) struct Change<'a> {
    pub(crate) resource: &'a GroupResource,
    pub(crate) before: Option<&'a Arc<Value>>,
    pub(crate) after: Option<&'a Arc<Value>>,
}

impl Change<'_> {
    /// Whether it is one of a built-in resource.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.resource.group == group && self.resource.resource == plural
    }

    /// The newest known state.
    pub(crate) fn object(&self) -> Option<&Arc<Value>> {
        self.after.or(self.before)
    }
}

/// When to look at a key again.
pub(crate) enum Next {
    /// When something changes.
    Done,
    /// After this time at the latest.
    After(Duration),
    /// After a pause that grows with each failure in a row.
    Failed,
}

/// One of the cluster's controllers.
pub(crate) trait Actor: Send + 'static {
    /// The keys that a change concerns.
    fn concerns(&mut self, server: &Server, change: &Change<'_>) -> Vec<Key>;
    /// Brings one key in order.
    fn act(&mut self, server: &Server, key: &Key) -> Next;
}

/// Runs an actor as a task. It has subscribed when this returns.
pub(super) fn spawn(server: &Arc<Server>, lag: Duration, mut actor: impl Actor) -> JoinHandle<()> {
    let (mut commits, found) = {
        let mut state = server.lock();
        let found: Vec<(GroupResource, Arc<Value>)> = state
            .store
            .all()
            .map(|(resource, object)| (resource.clone(), object.clone()))
            .collect();
        (state.store.subscribe(None), found)
    };
    let server = server.clone();
    tokio::spawn(async move {
        let mut queue = Queue::default();
        for (resource, object) in &found {
            let change = Change {
                resource,
                before: None,
                after: Some(object),
            };
            queue.add_all(actor.concerns(&server, &change), lag);
        }
        drop(found);
        loop {
            while let Ok(commit) = commits.try_recv() {
                queue.take(&mut actor, &server, &commit, lag);
            }
            if let Some(key) = queue.pop_due() {
                match actor.act(&server, &key) {
                    Next::Done => queue.succeeded(&key),
                    Next::After(time) => {
                        queue.succeeded(&key);
                        queue.add(key, time);
                    }
                    Next::Failed => queue.failed(key),
                }
                continue;
            }
            let due = queue.next_due();
            tokio::select! {
                biased;
                commit = commits.recv() => match commit {
                    Some(commit) => queue.take(&mut actor, &server, &commit, lag),
                    None => return,
                },
                () = wait_until(due) => {}
            }
        }
    })
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Keys with due times; a key is in it once, at its earliest time.
#[derive(Debug, Default)]
struct Queue {
    due: BTreeSet<(Instant, Key)>,
    by_key: BTreeMap<Key, Instant>,
    failures: BTreeMap<Key, u32>,
}

impl Queue {
    fn take(&mut self, actor: &mut impl Actor, server: &Server, commit: &Commit, lag: Duration) {
        let change = Change {
            resource: &commit.resource,
            before: commit.before.as_ref(),
            after: commit.after.as_ref(),
        };
        self.add_all(actor.concerns(server, &change), lag);
    }

    fn add_all(&mut self, keys: Vec<Key>, after: Duration) {
        for key in keys {
            self.add(key, after);
        }
    }

    fn add(&mut self, key: Key, after: Duration) {
        let at = Instant::now() + after;
        match self.by_key.get(&key) {
            Some(&earlier) if earlier <= at => return,
            Some(&later) => {
                self.due.remove(&(later, key.clone()));
            }
            None => {}
        }
        self.by_key.insert(key.clone(), at);
        self.due.insert((at, key));
    }

    fn pop_due(&mut self) -> Option<Key> {
        let (at, _) = self.due.first()?;
        if *at > Instant::now() {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    fn succeeded(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// 5 ms, doubled with each failure in a row, at most 1,000 s, as in kube-controller-manager.
    fn failed(&mut self, key: Key) {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let doubled = 5_u64.saturating_mul(1 << (*failures).min(20));
        *failures = failures.saturating_add(1);
        self.add(key, Duration::from_millis(doubled.min(1_000_000)));
    }
}
