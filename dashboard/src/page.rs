//! One Rollout's page: its pods, Services and Events are watched while somebody looks at it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::stream::select_all;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher::watcher};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use view::{Objects, PageView};

use crate::row::{Sample, decode};
use crate::shared::Shared;
use crate::state::{Key, taken};
use crate::watching::{resource, words};

/// What is read for a page only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Pod,
    Service,
    Event,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Pod, Self::Service, Self::Event];

    const fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Event => "Event",
        }
    }

    fn config(self, rollout: &str) -> watcher::Config {
        let all = watcher::Config::default();
        match self {
            Self::Pod => all.labels(crds::names::POD_TEMPLATE_HASH),
            Self::Service => all,
            Self::Event => all.fields(&format!(
                "involvedObject.kind=Rollout,involvedObject.name={rollout}"
            )),
        }
    }
}

/// A page that somebody looks at. Dropping it ends its watches.
pub(crate) struct OpenPage {
    objects: Arc<Mutex<Read>>,
    changed: watch::Sender<u64>,
    watching: AbortHandle,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// What was read for a page.
#[derive(Default)]
struct Read {
    objects: BTreeMap<Kind, BTreeMap<Key, Value>>,
    incoming: BTreeMap<Kind, BTreeMap<Key, Value>>,
    /// Kinds that could not be read, and why; a kind that is in neither map is on its way.
    trouble: BTreeMap<Kind, String>,
}

/// What a page shows.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    view: PageView,
    /// How traffic and pods were since the dashboard looks, oldest first.
    history: &'a VecDeque<Sample>,
    /// What the viewer is not shown, and why.
    unseen: Vec<Unseen>,
}

/// A kind that is not shown.
#[derive(Serialize)]
struct Unseen {
    kind: &'static str,
    why: String,
}

/// A Rollout that cannot be shown.
#[derive(Serialize)]
struct Missing<'a> {
    namespace: &'a str,
    name: &'a str,
    missing: String,
}

impl OpenPage {
    pub(crate) fn open(client: &Client, (namespace, name): &Key) -> Arc<Self> {
        let streams = Kind::ALL.map(|kind| {
            let resource = resource("", "v1", kind.name());
            let api: Api<DynamicObject> =
                Api::namespaced_with(client.clone(), namespace, &resource);
            let events = watcher(api, kind.config(name)).default_backoff();
            events.map(move |event| (kind, event)).boxed()
        });
        let objects: Arc<Mutex<Read>> = Arc::default();
        let changed = watch::Sender::new(0_u64);
        let (into, tell) = (objects.clone(), changed.clone());
        let watching = tokio::spawn(async move {
            let mut events = select_all(streams);
            while let Some((kind, event)) = events.next().await {
                lock(&into).apply(kind, event);
                tell.send_modify(|change| *change = change.saturating_add(1));
            }
        });
        Arc::new(Self {
            objects,
            changed,
            watching: watching.abort_handle(),
        })
    }

    /// Counts the changes of what was read, and wakes with each.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until every kind was read, or could not be.
    pub(crate) async fn settled(&self) {
        let is_settled = |_: &u64| lock(&self.objects).is_settled();
        let mut changes = self.changes();
        // The sender lives as long as we do.
        let _closed = changes.wait_for(is_settled).await;
    }

    /// The page as JSON.
    pub(crate) fn json(&self, shared: &Shared, key: &Key) -> String {
        let read = lock(&self.objects);
        let state = shared.state();
        let missing = |missing| {
            serde_json::to_string(&Missing {
                namespace: &key.0,
                name: &key.1,
                missing,
            })
        };
        let json = match state.rollout(key) {
            None => missing("there is no such rollout".to_owned()),
            Some((rollout, replica_sets, history)) => match decode(rollout) {
                Err(why) => missing(why),
                Ok(rollout) => {
                    let objects = Objects {
                        rollout: &rollout,
                        replica_sets: &replica_sets,
                        pods: &read.all(Kind::Pod),
                    };
                    let (services, events) = (read.all(Kind::Service), read.all(Kind::Event));
                    serde_json::to_string(&Page {
                        view: PageView::new(objects, &services, &events, shared.now()),
                        history,
                        unseen: read.unseen(),
                    })
                }
            },
        };
        json.unwrap_or_else(|error| format!("{{\"missing\":{:?}}}", error.to_string()))
    }
}

fn lock(read: &Mutex<Read>) -> MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read {
    fn is_settled(&self) -> bool {
        Kind::ALL
            .iter()
            .all(|kind| self.objects.contains_key(kind) || self.trouble.contains_key(kind))
    }

    fn all(&self, kind: Kind) -> Vec<Value> {
        let all = self.objects.get(&kind).into_iter();
        all.flat_map(BTreeMap::values).cloned().collect()
    }

    fn unseen(&self) -> Vec<Unseen> {
        let unseen = |kind: &Kind| {
            let why = match (self.trouble.get(kind), self.objects.contains_key(kind)) {
                (Some(why), _) => why.clone(),
                (None, true) => return None,
                (None, false) => "being read".to_owned(),
            };
            let kind = kind.name();
            Some(Unseen { kind, why })
        };
        Kind::ALL.iter().filter_map(unseen).collect()
    }

    fn apply(&mut self, kind: Kind, event: Result<Event<DynamicObject>, watcher::Error>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                self.trouble.insert(kind, words(&error));
                return;
            }
        };
        match event {
            Event::Init => {
                self.incoming.insert(kind, BTreeMap::new());
            }
            Event::InitApply(object) => {
                self.incoming.entry(kind).or_default().extend(taken(object));
            }
            Event::InitDone => {
                self.trouble.remove(&kind);
                let seen = self.incoming.remove(&kind).unwrap_or_default();
                self.objects.insert(kind, seen);
            }
            Event::Apply(object) => {
                self.trouble.remove(&kind);
                self.objects.entry(kind).or_default().extend(taken(object));
            }
            Event::Delete(object) => {
                if let Some((key, _)) = taken(object) {
                    self.objects.entry(kind).or_default().remove(&key);
                }
            }
        }
    }
}
