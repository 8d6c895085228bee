//! The one watch that serves all viewers.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::select_all;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::{WatchStreamExt, watcher};

use crate::shared::Shared;
use crate::state::Kind;

/// Keeps the state up to date, for ever.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let streams = Kind::ALL.map(|kind| {
        let resource = match kind {
            Kind::Rollout => resource(crds::names::GROUP, crds::names::VERSION, "Rollout"),
            Kind::ReplicaSet => resource("apps", "v1", "ReplicaSet"),
        };
        let client = shared.client.clone();
        let api: Api<DynamicObject> = match &shared.namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        let config = match kind {
            Kind::Rollout => watcher::Config::default(),
            // Those of Deployments and of others have no such label.
            Kind::ReplicaSet => watcher::Config::default().labels(crds::names::POD_TEMPLATE_HASH),
        };
        let events = watcher::watcher(api, config).default_backoff();
        events.map(move |event| (kind, event)).boxed()
    });
    let mut events = select_all(streams);
    while let Some((kind, event)) = events.next().await {
        shared.update(|state, now| match event {
            Ok(event) => state.apply(kind, event, now),
            Err(error) => state.fail(kind, words(&error)),
        });
    }
}

pub(crate) fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// An error of a watch with its cause, once each.
pub(crate) fn words(error: &watcher::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}
