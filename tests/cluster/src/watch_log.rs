//! Everything that happens in a namespace, revision by revision, from before it has anything.
//!
//! A watch of the API server tells every revision of every object, so nothing between two looks is
//! missed. Each kind has a watch of its own; revisions put them in one order.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::Client;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, WatchEvent, WatchParams,
};
use serde_json::Value;
use tests::history::{Actor, Commit, Key, World};
use tests::reading::{name, text};

/// What is watched: group, version, kind.
const KINDS: [(&str, &str, &str); 5] = [
    ("argoproj.io", "v1alpha1", "Rollout"),
    ("apps", "v1", "ReplicaSet"),
    ("", "v1", "Service"),
    ("", "v1", "Pod"),
    ("", "v1", "Event"),
];

/// A namespace that is watched.
#[derive(Debug)]
pub struct WatchLog {
    shared: Arc<Shared>,
    apis: Vec<(ApiResource, Api<DynamicObject>)>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// A place in the log, between two changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// All objects there.
    pub(crate) world: World,
    /// When the last change before it was told, since 1970.
    pub(crate) at: Duration,
    /// How many changes are before it.
    pub(crate) next: usize,
}

#[derive(Debug)]
struct Shared {
    /// The namespace as the API server knows it.
    namespace: String,
    /// What it is called here.
    called: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    commits: Vec<Commit>,
    world: World,
    /// Why something may have been missed.
    broken: Option<String>,
}

impl WatchLog {
    /// Begins to watch a namespace. Objects are told as if it had the name `called`.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn begin(client: &Client, namespace: &str, called: &str) -> anyhow::Result<Self> {
        let mut log = Self {
            shared: Arc::new(Shared {
                namespace: namespace.to_owned(),
                called: called.to_owned(),
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
            apis: Vec::new(),
            tasks: Vec::new(),
        };
        for (group, version, kind) in KINDS {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
            let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
            let list = api.list(&ListParams::default()).await?;
            let version = list
                .metadata
                .resource_version
                .context("a list without version")?;
            for object in list.items {
                log.shared.note(&resource.plural, object, false)?;
            }
            let (shared, plural) = (Arc::clone(&log.shared), resource.plural.clone());
            log.tasks
                .push(tokio::spawn(watch(api.clone(), plural, version, shared)));
            log.apis.push((resource, api));
        }
        Ok(log)
    }

    /// Goes on from a place, change by change, until `look` finds what it looks for: in the objects
    /// there, or in all changes up to there.
    ///
    /// It is asked at once and after every change that was told before `end` (since 1970). `None` when
    /// it finds nothing by then, or a watch broke.
    pub(crate) fn follow<T>(
        &self,
        place: &mut Place,
        end: Duration,
        mut look: impl FnMut(&World, &[Commit]) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.shared.lock();
        loop {
            let found = look(&place.world, &state.commits[..place.next]);
            if found.is_some() {
                return found;
            }
            while state.commits.len() == place.next {
                let left = end.saturating_sub(since_1970());
                if left.is_zero() || state.broken.is_some() {
                    return None;
                }
                let waited = self.shared.changed.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let next = &state.commits[place.next];
            if next.at > end {
                return None;
            }
            place.world.apply(next);
            place.at = next.at;
            place.next += 1;
        }
    }

    /// The place after everything that is stored by now.
    ///
    /// # Errors
    /// When a watch broke, or is late by a minute.
    pub(crate) async fn now(&self) -> anyhow::Result<Place> {
        self.catch_up().await?;
        let state = self.shared.lock();
        Ok(Place {
            world: state.world.clone(),
            next: state.commits.len(),
            at: since_1970(),
        })
    }

    /// All changes so far in the order of their revisions, once everything that is stored has been
    /// told. Who made each is not known here.
    ///
    /// # Errors
    /// When a watch broke, so that a change may have been missed.
    pub(crate) async fn complete(&self) -> anyhow::Result<Vec<Commit>> {
        self.catch_up().await?;
        let mut commits = self.shared.lock().commits.clone();
        commits.sort_by_key(|commit| commit.revision);
        Ok(commits)
    }

    /// Waits until everything that is stored has been told.
    async fn catch_up(&self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let mut behind = Vec::new();
            for (resource, api) in &self.apis {
                // The API server may be away for some seconds.
                let stored = match api.list(&ListParams::default()).await {
                    Err(_) if Instant::now() < end => {
                        behind.push(resource.plural.clone());
                        continue;
                    }
                    answer => answer?,
                };
                let mut stored: Vec<_> = stored.items.iter().map(of_object).collect();
                stored.sort();
                let state = self.shared.lock();
                let told = state.world.list(&resource.plural).map(of_value);
                if told.collect::<Vec<_>>() != stored {
                    behind.push(resource.plural.clone());
                }
            }
            if let Some(broken) = &self.shared.lock().broken {
                bail!("{broken}");
            }
            if behind.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("the watches of {behind:?} are late");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for WatchLog {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// What a clock says.
#[must_use]
pub fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Name and version, to compare.
fn of_value(object: &Value) -> (String, String) {
    let version = text(object, "/metadata/resourceVersion");
    (name(object).to_owned(), version.to_owned())
}

fn of_object(object: &DynamicObject) -> (String, String) {
    let metadata = &object.metadata;
    (
        metadata.name.clone().unwrap_or_default(),
        metadata.resource_version.clone().unwrap_or_default(),
    )
}

/// Follows one kind for ever, from one version on.
async fn watch(api: Api<DynamicObject>, plural: String, mut version: String, shared: Arc<Shared>) {
    loop {
        let params = WatchParams::default().timeout(290);
        // The API server may be away for a while; where it is back, it goes on from the version.
        let Ok(stream) = api.watch(&params, &version).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut stream = stream.boxed();
        while let Ok(Some(event)) = stream.try_next().await {
            let (object, is_gone) = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
                WatchEvent::Deleted(object) => (object, true),
                WatchEvent::Bookmark(bookmark) => {
                    version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(error) => {
                    shared.break_off(format!("watch of {plural}: {error:?}"));
                    return;
                }
            };
            if let Some(new) = &object.metadata.resource_version {
                version.clone_from(new);
            }
            if let Err(error) = shared.note(&plural, object, is_gone) {
                shared.break_off(format!("watch of {plural}: {error:#}"));
                return;
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn break_off(&self, why: String) {
        self.lock().broken = Some(why);
        self.changed.notify_all();
    }

    fn note(&self, plural: &str, object: DynamicObject, is_gone: bool) -> anyhow::Result<()> {
        // Messages name the namespace too.
        let json = serde_json::to_string(&object)?.replace(&self.namespace, &self.called);
        let object: Arc<Value> = Arc::new(serde_json::from_str(&json)?);
        let key: Key = (
            plural.to_owned(),
            self.called.clone(),
            name(&object).to_owned(),
        );
        let revision = text(&object, "/metadata/resourceVersion").parse()?;
        let mut state = self.lock();
        let at = since_1970();
        let before = state
            .world
            .get(&key.0, &key.1, &key.2)
            .cloned()
            .map(Arc::new);
        let commit = Commit {
            at,
            revision,
            key,
            before,
            after: (!is_gone).then_some(object),
            actor: Actor::Environment,
        };
        state.world.apply(&commit);
        state.commits.push(commit);
        self.changed.notify_all();
        Ok(())
    }
}
