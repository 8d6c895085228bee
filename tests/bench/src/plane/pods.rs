//! When pods came to be, from a watch of their metadata.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cluster::since_1970;
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{Api, DynamicObject, ListParams, WatchEvent, WatchParams};
use tokio::task::JoinHandle;

use super::fleet::Fleet;

/// When the first pod of each app was seen.
type First = BTreeMap<String, Duration>;

/// Watches until it is dropped.
pub(super) struct NewPods {
    first: Arc<Mutex<First>>,
    task: JoinHandle<()>,
}

impl NewPods {
    /// Those that come from now on.
    pub(super) fn watch(fleet: &Fleet) -> Result<Self> {
        let api = fleet.api("v1", "Pod");
        let runtime = fleet.cluster.runtime();
        let list = runtime.block_on(api.list_metadata(&ListParams::default().limit(1)))?;
        let version = list.metadata.resource_version.context("no version")?;
        let first = Arc::default();
        let task = runtime.spawn(watch(api, version, Arc::clone(&first)));
        Ok(Self { first, task })
    }

    /// When the first one of each app came, since 1970.
    pub(super) fn first(&self) -> First {
        let first = self.first.lock();
        first.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for NewPods {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(api: Api<DynamicObject>, mut version: String, first: Arc<Mutex<First>>) {
    loop {
        let Ok(stream) = api.watch_metadata(&WatchParams::default(), &version).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut stream = stream.boxed();
        while let Ok(Some(event)) = stream.try_next().await {
            let (metadata, is_new) = match event {
                WatchEvent::Added(object) => (object.metadata, true),
                WatchEvent::Modified(object) | WatchEvent::Deleted(object) => {
                    (object.metadata, false)
                }
                WatchEvent::Bookmark(bookmark) => {
                    version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(error) => {
                    eprintln!("the watch of pods ended: {error:?}");
                    return;
                }
            };
            let app = metadata.labels.as_ref().and_then(|it| it.get("app"));
            if let Some(app) = app.filter(|_| is_new) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                first.entry(app.clone()).or_insert_with(since_1970);
            }
            if let Some(newer) = metadata.resource_version {
                version = newer;
            }
        }
    }
}
