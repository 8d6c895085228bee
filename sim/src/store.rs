//! All objects of the cluster under one revision, with their recent history.
//!
//! - Every change adds one to the revision; an object's `resourceVersion` is the revision of its
//!   last change, and a deletion has a revision of its own.
//! - Objects are shared (`Arc`): a commit copies nothing but the changed object.
//! - Each resource keeps its last `history` commits; what is older answers 410.
//!
//! Not here: any rule about what may be written.

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc;

use crate::apply::Managers;
use crate::object;
use crate::resources::GroupResource;

/// One change of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The store's revision after it; no two commits share one, and there are no gaps.
    pub revision: u64,
    /// What kind of object changed.
    pub resource: GroupResource,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object before; `None` for a creation.
    pub before: Option<Arc<Value>>,
    /// The object after; `None` for a deletion.
    pub after: Option<Arc<Value>>,
    /// Who wrote: the request's `fieldManager`, else its user agent up to the first `/`;
    /// the actor's name for the cluster's own.
    pub writer: String,
    /// When, on the cluster's clock.
    pub time: DateTime<Utc>,
    /// The object as watches show it: after the change, or for a deletion the last state with
    /// the revision of the deletion.
    pub(crate) shown: Arc<Value>,
    /// Who owned the fields of `before`.
    pub(crate) managers_before: Arc<Managers>,
    /// Who owns those of `shown`.
    pub(crate) managers: Arc<Managers>,
}

/// An object, and who owns its fields: kept apart, so that nothing but answers has to carry them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) object: Arc<Value>,
    pub(crate) managers: Arc<Managers>,
}

/// Namespace (empty for cluster-scoped objects) and name; orders lists.
pub(crate) type Key = (String, String);

#[derive(Debug, Default)]
struct Table {
    objects: BTreeMap<Key, Held>,
    log: VecDeque<Arc<Commit>>,
    /// Revisions up to this one can no longer be watched from or listed at.
    floor: u64,
}

/// Where commits go as they happen.
#[derive(Debug)]
struct Subscriber {
    /// `None` for all resources.
    resource: Option<GroupResource>,
    sender: mpsc::UnboundedSender<Arc<Commit>>,
}

/// The store; see the module.
#[derive(Debug)]
pub(crate) struct Store {
    revision: u64,
    history: usize,
    tables: BTreeMap<GroupResource, Table>,
    subscribers: Vec<Subscriber>,
}

impl Store {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            revision: 0,
            history,
            tables: BTreeMap::new(),
            subscribers: Vec::new(),
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(
        &self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
    ) -> Option<&Arc<Value>> {
        Some(&self.held(resource, namespace, name)?.object)
    }

    /// An object with the owners of its fields.
    pub(crate) fn held(
        &self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
    ) -> Option<&Held> {
        let key = (namespace.to_owned(), name.to_owned());
        self.tables.get(resource)?.objects.get(&key)
    }

    /// The objects of a resource in one namespace, or in all, ordered by namespace and name.
    pub(crate) fn list<'a>(
        &'a self,
        resource: &GroupResource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Value>> + use<'a> {
        self.list_held(resource, namespace).map(|held| &held.object)
    }

    /// As [`Self::list`], with the owners of fields.
    pub(crate) fn list_held<'a>(
        &'a self,
        resource: &GroupResource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Held> + use<'a> {
        let from = (namespace.unwrap_or("").to_owned(), String::new());
        self.tables
            .get(resource)
            .into_iter()
            .flat_map(move |t| t.objects.range(from.clone()..))
            .take_while(move |((ns, _), _)| namespace.is_none_or(|wanted| wanted == ns))
            .map(|(_, object)| object)
    }

    /// The objects of a resource as they were at a revision; `None` when that history is gone.
    pub(crate) fn list_at(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
        revision: u64,
    ) -> Option<Vec<Held>> {
        let Some(table) = self.tables.get(resource) else {
            return Some(Vec::new());
        };
        if revision < table.floor {
            return None;
        }
        let mut objects = table.objects.clone();
        for commit in table.log.iter().rev().take_while(|c| c.revision > revision) {
            let key = (commit.namespace.clone(), commit.name.clone());
            match &commit.before {
                Some(before) => objects.insert(
                    key,
                    Held {
                        object: before.clone(),
                        managers: commit.managers_before.clone(),
                    },
                ),
                None => objects.remove(&key),
            };
        }
        let wanted = |ns: &str| namespace.is_none_or(|wanted| wanted == ns);
        Some(
            objects
                .into_iter()
                .filter(|((ns, _), _)| wanted(ns))
                .map(|(_, object)| object)
                .collect(),
        )
    }

    /// Every resource that has objects, and the objects.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&GroupResource, &Arc<Value>)> {
        self.tables
            .iter()
            .flat_map(|(resource, t)| t.objects.values().map(move |held| (resource, &held.object)))
    }

    /// Whether an object was created at a revision, as far as it is remembered.
    pub(crate) fn was_created_at(&self, resource: &GroupResource, revision: u64) -> bool {
        let commits = self.tables.get(resource).map(|table| &table.log);
        commits
            .into_iter()
            .flatten()
            .rev()
            .take_while(|c| c.revision >= revision)
            .any(|commit| commit.revision == revision && commit.before.is_none())
    }

    /// Commits of a resource after a revision; `None` when some of them are gone.
    pub(crate) fn since(
        &self,
        resource: &GroupResource,
        revision: u64,
    ) -> Option<Vec<Arc<Commit>>> {
        let Some(table) = self.tables.get(resource) else {
            return Some(Vec::new());
        };
        if revision < table.floor {
            return None;
        }
        let mut newest_first: Vec<_> = table
            .log
            .iter()
            .rev()
            .take_while(|c| c.revision > revision)
            .cloned()
            .collect();
        newest_first.reverse();
        Some(newest_first)
    }

    /// All later commits, of one resource or of all, in order.
    pub(crate) fn subscribe(
        &mut self,
        resource: Option<&GroupResource>,
    ) -> mpsc::UnboundedReceiver<Arc<Commit>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.retain(|s| !s.sender.is_closed());
        self.subscribers.push(Subscriber {
            resource: resource.cloned(),
            sender,
        });
        receiver
    }

    /// Ends every subscription to one resource.
    pub(crate) fn end_watches(&mut self) {
        self.subscribers.retain(|s| s.resource.is_none());
    }

    /// Creates or replaces an object and gives it its resourceVersion.
    pub(crate) fn put(
        &mut self,
        resource: &GroupResource,
        (mut new, managers): (Value, Arc<Managers>),
        writer: &str,
        time: DateTime<Utc>,
    ) -> Arc<Value> {
        self.revision = self.revision.saturating_add(1);
        let revision = self.revision;
        object::metadata(&mut new)
            .insert("resourceVersion".into(), Value::from(revision.to_string()));
        let key = (
            object::namespace(&new).to_owned(),
            object::name(&new).to_owned(),
        );
        let new = Arc::new(new);
        let table = self.tables.entry(resource.clone()).or_default();
        let held = Held {
            object: new.clone(),
            managers: managers.clone(),
        };
        let (before, managers_before) = apart(table.objects.insert(key.clone(), held));
        self.log(Commit {
            revision,
            resource: resource.clone(),
            namespace: key.0,
            name: key.1,
            before,
            after: Some(new.clone()),
            writer: writer.to_owned(),
            time,
            shown: new.clone(),
            managers_before,
            managers,
        });
        new
    }

    /// Removes an object; nothing happens when it is not there.
    pub(crate) fn remove(
        &mut self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
        writer: &str,
        time: DateTime<Utc>,
    ) -> Option<Arc<Value>> {
        let key = (namespace.to_owned(), name.to_owned());
        let held = self.tables.get_mut(resource)?.objects.remove(&key)?;
        let (before, managers) = (held.object, held.managers);
        self.revision = self.revision.saturating_add(1);
        let mut shown = Value::clone(&before);
        object::metadata(&mut shown).insert(
            "resourceVersion".into(),
            Value::from(self.revision.to_string()),
        );
        let shown = Arc::new(shown);
        self.log(Commit {
            revision: self.revision,
            resource: resource.clone(),
            namespace: key.0,
            name: key.1,
            before: Some(before),
            after: None,
            writer: writer.to_owned(),
            time,
            shown: shown.clone(),
            managers_before: managers.clone(),
            managers,
        });
        Some(shown)
    }

    /// Forgets all history: lists and watches from before now answer 410.
    pub(crate) fn compact(&mut self) {
        for table in self.tables.values_mut() {
            table.log.clear();
            table.floor = self.revision;
        }
    }

    fn log(&mut self, commit: Commit) {
        let commit = Arc::new(commit);
        if let Some(table) = self.tables.get_mut(&commit.resource) {
            table.log.push_back(commit.clone());
            while table.log.len() > self.history {
                if let Some(gone) = table.log.pop_front() {
                    table.floor = gone.revision;
                }
            }
        }
        self.subscribers.retain(|s| {
            let wanted = s.resource.as_ref().is_none_or(|r| *r == commit.resource);
            if wanted {
                s.sender.send(commit.clone()).is_ok()
            } else {
                !s.sender.is_closed()
            }
        });
    }
}

fn apart(held: Option<Held>) -> (Option<Arc<Value>>, Arc<Managers>) {
    match held {
        Some(held) => (Some(held.object), held.managers),
        None => (None, Arc::default()),
    }
}
