//! Objects kept up to date by watches.

use std::collections::BTreeMap;
use std::pin::Pin;

use crds::Time;
use futures::stream::{Stream, StreamExt, select_all};
use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::Value;
use view::{Objects, RolloutView};

use crate::session::{Session, decode};

/// Kinds that are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Rollouts.
    Rollout,
    /// ReplicaSets.
    ReplicaSet,
    /// Pods.
    Pod,
}

impl Kind {
    fn resource(self) -> ApiResource {
        let resource = |group: &str, version: &str, kind: &str, plural: &str| ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: if group.is_empty() {
                version.to_owned()
            } else {
                format!("{group}/{version}")
            },
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        };
        match self {
            Self::Rollout => resource("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
            Self::ReplicaSet => resource("apps", "v1", "ReplicaSet", "replicasets"),
            Self::Pod => resource("", "v1", "Pod", "pods"),
        }
    }
}

/// What is watched.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Which kind.
    pub(crate) kind: Kind,
    /// Only the object of this name.
    pub(crate) name: Option<String>,
    /// In all namespaces.
    pub(crate) everywhere: bool,
}

type Events =
    Pin<Box<dyn Stream<Item = (Kind, Result<Event<DynamicObject>, watcher::Error>)> + Send>>;

/// Objects as the API server last told them, by namespace and name.
pub(crate) struct Watching {
    events: futures::stream::SelectAll<Events>,
    objects: BTreeMap<Kind, BTreeMap<(String, String), Value>>,
    /// Objects of a list that is still being received.
    incoming: BTreeMap<Kind, BTreeMap<(String, String), Value>>,
    complete: BTreeMap<Kind, bool>,
    trouble: Option<String>,
}

impl Watching {
    /// Begins to watch.
    pub(crate) fn new(session: &Session, scopes: &[Scope]) -> Self {
        let streams = scopes.iter().map(|scope| {
            let kind = scope.kind;
            let resource = kind.resource();
            let client = session.client.clone();
            let api: Api<DynamicObject> = if scope.everywhere {
                Api::all_with(client, &resource)
            } else {
                Api::namespaced_with(client, &session.namespace, &resource)
            };
            let mut config = watcher::Config::default();
            if let Some(name) = &scope.name {
                config = config.fields(&format!("metadata.name={name}"));
            }
            let events = kube::runtime::WatchStreamExt::default_backoff(watcher(api, config));
            let events: Events = Box::pin(events.map(move |event| (kind, event)));
            events
        });
        Self {
            events: select_all(streams),
            objects: BTreeMap::new(),
            incoming: BTreeMap::new(),
            complete: scopes.iter().map(|scope| (scope.kind, false)).collect(),
            trouble: None,
        }
    }

    /// Waits for the next change and takes it in.
    pub(crate) async fn changed(&mut self) {
        let Some((kind, event)) = self.events.next().await else {
            return std::future::pending().await;
        };
        match event {
            Ok(event) => {
                self.trouble = None;
                self.apply(kind, event);
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    /// Whether every kind was seen once as a whole.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.values().all(|complete| *complete)
    }

    /// Why the last change could not be received; watching goes on by itself.
    pub(crate) fn take_trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// All objects of a kind, by namespace and name.
    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        self.objects
            .get(&kind)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// The views of all watched Rollouts at `now`, by namespace and name; those that cannot be
    /// read are left out.
    pub(crate) fn views(&self, now: Time) -> Vec<RolloutView> {
        let replica_sets: Vec<Value> = self.all(Kind::ReplicaSet).cloned().collect();
        let pods: Vec<Value> = self.all(Kind::Pod).cloned().collect();
        let rollouts = self.all(Kind::Rollout);
        rollouts
            .filter_map(|json| decode(json, "").ok())
            .map(|rollout| {
                let objects = Objects {
                    rollout: &rollout,
                    replica_sets: &replica_sets,
                    pods: &pods,
                };
                RolloutView::new(objects, now)
            })
            .collect()
    }

    fn apply(&mut self, kind: Kind, event: Event<DynamicObject>) {
        let key = |object: &DynamicObject| {
            let metadata = &object.metadata;
            let namespace = metadata.namespace.clone().unwrap_or_default();
            (namespace, metadata.name.clone().unwrap_or_default())
        };
        match event {
            Event::Init => {
                self.incoming.insert(kind, BTreeMap::new());
            }
            Event::InitApply(object) => {
                let key = key(&object);
                if let Ok(json) = serde_json::to_value(object) {
                    self.incoming.entry(kind).or_default().insert(key, json);
                }
            }
            Event::InitDone => {
                let seen = self.incoming.remove(&kind).unwrap_or_default();
                self.objects.insert(kind, seen);
                self.complete.insert(kind, true);
            }
            Event::Apply(object) => {
                let key = key(&object);
                if let Ok(json) = serde_json::to_value(object) {
                    self.objects.entry(kind).or_default().insert(key, json);
                }
            }
            Event::Delete(object) => {
                self.objects.entry(kind).or_default().remove(&key(&object));
            }
        }
    }
}
