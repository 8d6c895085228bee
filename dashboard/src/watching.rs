//! The one watch that serves all viewers.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::select_all;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};

use crate::kind::Kind;
use crate::shared::Shared;

/// Keeps the state up to date, for ever.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let streams = Kind::SHARED.map(|kind| {
        let resource = kind.resource();
        let client = shared.client.clone();
        let api: Api<DynamicObject> = match &shared.namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        let all = watcher::Config::default();
        let config = match kind {
            // Those of Deployments and of others have no such label.
            Kind::ReplicaSet => all.labels(crds::names::POD_TEMPLATE_HASH),
            _ => all,
        };
        let events = watcher::watcher(api, config).default_backoff();
        events.map(move |event| (kind, event)).boxed()
    });
    let mut events = select_all(streams);
    while let Some((kind, event)) = events.next().await {
        if let Err(error) = &event {
            tracing::warn!(%error, kind = kind.plural(), "dashboard: a watch failed");
        }
        shared.update(|state, now| state.apply(kind, event, now));
    }
}
