//! One Rollout's page: what only it shows is watched while somebody looks at it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::stream::select_all;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use view::{Objects, PageObjects, PageView};

use crate::kind::Kind;
use crate::row::{Sample, decode};
use crate::shared::Shared;
use crate::sight::Sight;
use crate::state::uid;
use crate::watched::Key;

mod read;

use read::Read;

/// A page that somebody looks at. Dropping it ends its watches.
pub(crate) struct OpenPage {
    /// What selects the pods and ReplicaSets of the Rollout.
    selector: String,
    read: Arc<Mutex<Read>>,
    changed: watch::Sender<u64>,
    watching: AbortHandle,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// What a page shows.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Page<'a> {
    #[serde(flatten)]
    view: PageView,
    /// How traffic and pods were since the dashboard looks, oldest first.
    history: &'a VecDeque<Sample>,
    /// What the viewer is not shown, and why.
    unseen: Vec<Unseen>,
}

/// A kind that is not shown.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Unseen {
    kind: &'static str,
    why: String,
}

/// A Rollout that cannot be shown.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Missing<'a> {
    namespace: &'a str,
    name: &'a str,
    missing: String,
}

impl OpenPage {
    pub(crate) fn open(client: &Client, (namespace, name): &Key, selector: String) -> Arc<Self> {
        let streams = Kind::OF_PAGE.map(|kind| {
            let api: Api<DynamicObject> =
                Api::namespaced_with(client.clone(), namespace, &kind.resource());
            let events = watcher::watcher(api, config(kind, name, &selector)).default_backoff();
            events.map(move |event| (kind, event)).boxed()
        });
        let read: Arc<Mutex<Read>> = Arc::default();
        let changed = watch::Sender::new(0_u64);
        let (into, tell) = (read.clone(), changed.clone());
        let watching = tokio::spawn(async move {
            let mut events = select_all(streams);
            while let Some((kind, event)) = events.next().await {
                lock(&into).apply(kind, event);
                tell.send_modify(|change| *change = change.saturating_add(1));
            }
        });
        Arc::new(Self {
            selector,
            read,
            changed,
            watching: watching.abort_handle(),
        })
    }

    pub(crate) fn selector(&self) -> &str {
        &self.selector
    }

    /// Counts the changes of what was read, and wakes with each.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until every kind was read, or could not be.
    pub(crate) async fn settled(&self) {
        let is_settled = |_: &u64| lock(&self.read).is_settled();
        let mut changes = self.changes();
        // The sender lives as long as we do.
        let _closed = changes.wait_for(is_settled).await;
    }

    /// The page as JSON, for a viewer who sees so much.
    pub(crate) fn json(&self, shared: &Shared, key: &Key, sight: &Sight) -> String {
        let read = lock(&self.read);
        let state = shared.state();
        let missing = |missing| {
            serde_json::to_string(&Missing {
                namespace: &key.0,
                name: &key.1,
                missing,
            })
        };
        let sees = |kind| sight.sees(kind, &key.0);
        let json = match state.rollout(key).filter(|_| sees(Kind::Rollout)) {
            None => missing("there is no such rollout, or you may not see it".to_owned()),
            Some(json) => match decode(&json) {
                Err(why) => missing(why),
                Ok(rollout) => {
                    let all = |kind| {
                        if sees(kind) {
                            read.all(kind)
                        } else {
                            Vec::new()
                        }
                    };
                    let (replica_sets, outlines) = if sees(Kind::ReplicaSet) {
                        (state.replica_sets_of(&json), read.outlines(uid(&json)))
                    } else {
                        (Vec::new(), BTreeMap::new())
                    };
                    let nothing = VecDeque::new();
                    let samples = state.samples(key).filter(|_| sees(Kind::ReplicaSet));
                    let page = PageObjects {
                        objects: Objects {
                            rollout: &rollout,
                            replica_sets: &replica_sets,
                            pods: &all(Kind::Pod),
                        },
                        services: &all(Kind::Service),
                        events: &all(Kind::Event),
                        analysis_runs: &all(Kind::AnalysisRun),
                        experiments: &all(Kind::Experiment),
                        outlines: &outlines,
                    };
                    serde_json::to_string(&Page {
                        view: PageView::new(page, shared.now()),
                        history: samples.unwrap_or(&nothing),
                        unseen: unseen(&read, sight, &key.0),
                    })
                }
            },
        };
        json.unwrap_or_else(|error| format!("{{\"missing\":{:?}}}", error.to_string()))
    }
}

/// What is watched of a kind.
fn config(kind: Kind, rollout: &str, selector: &str) -> watcher::Config {
    let all = watcher::Config::default();
    match kind {
        Kind::Pod | Kind::ReplicaSet => all.labels(selector),
        Kind::Event => all.fields(&format!(
            "involvedObject.kind=Rollout,involvedObject.name={rollout}"
        )),
        Kind::Rollout | Kind::Service | Kind::AnalysisRun | Kind::Experiment => all,
    }
}

/// What selects the pods and ReplicaSets of a Rollout, and few others: its `matchLabels`, beside the
/// label that all of them have. A value that no label can have selects nothing anyway.
pub(crate) fn selector(rollout: Option<&Value>) -> String {
    let labels = rollout.and_then(|rollout| rollout.pointer("/spec/selector/matchLabels"));
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let mut selector = crds::names::POD_TEMPLATE_HASH.to_owned();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    for (name, value) in labels {
        let value = value.as_str().filter(|value| value.bytes().all(plain));
        if let Some(value) = value.filter(|_| name.bytes().all(plain)) {
            selector.push_str(&format!(",{name}={value}"));
        }
    }
    selector
}

fn unseen(read: &Read, sight: &Sight, namespace: &str) -> Vec<Unseen> {
    let unseen = |kind: &Kind| {
        let why = if sight.sees(*kind, namespace) {
            read.trouble(*kind)?.to_owned()
        } else {
            format!("you may not list {} in {namespace}", kind.plural())
        };
        let kind = kind.name();
        Some(Unseen { kind, why })
    };
    Kind::OF_PAGE.iter().filter_map(unseen).collect()
}

fn lock(read: &Mutex<Read>) -> MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}
