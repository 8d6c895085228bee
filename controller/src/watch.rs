//! One stream of changes of all that is watched.
//!
//! Each kind is listed, then watched; after an error the watch is taken up again, later each
//! time. From time to time everything is listed anew, so that a lost event is repaired
//! (safety.md F4).

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use kube::{Client, core::GroupVersionKind};

use crate::cache::Kind;

/// What is watched.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// One namespace, or all when `None`.
    pub(crate) namespace: Option<String>,
    /// Label selector for Rollouts.
    pub(crate) rollouts: String,
    /// How often everything is listed anew.
    pub(crate) resync: Duration,
}

/// A change of one kind.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) event: Result<Event<DynamicObject>, watcher::Error>,
}

/// The API resource of a kind.
pub(crate) fn resource(kind: Kind) -> ApiResource {
    let (group, version, name) = match kind {
        Kind::Rollout => (crds::names::GROUP, crds::names::VERSION, "Rollout"),
        Kind::ReplicaSet => ("apps", "v1", "ReplicaSet"),
        Kind::Service => ("", "v1", "Service"),
    };
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, name))
}

/// Objects of a kind in one namespace.
pub(crate) fn api(client: &Client, kind: Kind, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &resource(kind))
}

/// All changes, for ever.
pub(crate) fn changes(
    client: &Client,
    scope: &Scope,
) -> impl Stream<Item = Change> + Send + Unpin + use<> {
    let streams = Kind::ALL.map(|kind| {
        let (client, scope) = (client.clone(), scope.clone());
        // A stream that lives for one resync period, again and again.
        let rounds = stream::repeat(()).flat_map(move |()| one_round(&client, &scope, kind));
        rounds.boxed()
    });
    stream::select_all(streams)
}

fn one_round(
    client: &Client,
    scope: &Scope,
    kind: Kind,
) -> impl Stream<Item = Change> + Send + use<> {
    let resource = resource(kind);
    let api: Api<DynamicObject> = match &scope.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let config = watcher::Config::default();
    let config = match kind {
        Kind::Rollout if scope.rollouts.is_empty() => config,
        Kind::Rollout => config.labels(&scope.rollouts),
        Kind::ReplicaSet => config.labels(crds::names::POD_TEMPLATE_HASH),
        Kind::Service => config,
    };
    let end = tokio::time::sleep(scope.resync);
    watcher::watcher(api, config)
        .scan(0_u32, |errors, event| {
            *errors = if event.is_err() {
                errors.saturating_add(1)
            } else {
                0
            };
            let wait = back_off(*errors);
            async move {
                if let Some(wait) = wait {
                    tokio::time::sleep(wait).await;
                }
                Some(event)
            }
        })
        .map(move |event| Change { kind, event })
        .take_until(end)
}

/// How long to wait after so many errors in a row: 0.2 s, doubling up to 30 s.
fn back_off(errors: u32) -> Option<Duration> {
    let doublings = errors.checked_sub(1)?;
    let wait = Duration::from_millis(200).saturating_mul(2_u32.saturating_pow(doublings));
    Some(wait.min(Duration::from_secs(30)))
}
