//! One stream of changes of all that is watched.
//!
//! Each kind is listed, then watched. After an error it is listed anew, later each time: until that
//! listing is complete nobody knows what was missed. From time to time everything is listed anew
//! anyway, so that a lost event is repaired (safety.md F4).

use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use kube::{Client, core::GroupVersionKind};
use tokio::time::Instant;

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
        let watch = Watch {
            api: scope.api(client, kind),
            config: scope.config(kind),
            resync: scope.resync,
            kind,
            stream: None,
            errors: 0,
        };
        stream::unfold(watch, |mut watch| async move {
            let event = watch.next().await;
            Some((
                Change {
                    kind: watch.kind,
                    event,
                },
                watch,
            ))
        })
        .boxed()
    });
    stream::select_all(streams)
}

impl Scope {
    fn api(&self, client: &Client, kind: Kind) -> Api<DynamicObject> {
        let resource = resource(kind);
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        }
    }

    fn config(&self, kind: Kind) -> watcher::Config {
        let config = watcher::Config::default();
        match kind {
            Kind::Rollout => config.labels(&self.rollouts),
            Kind::ReplicaSet => config.labels(crds::names::POD_TEMPLATE_HASH),
            Kind::Service => config,
        }
    }
}

/// The watch of one kind. Each of its rounds begins with a listing; a round ends with an error or
/// when it is time to list anew.
struct Watch {
    api: Api<DynamicObject>,
    config: watcher::Config,
    resync: Duration,
    kind: Kind,
    stream: Option<(
        BoxStream<'static, watcher::Result<Event<DynamicObject>>>,
        Instant,
    )>,
    /// Errors since the last complete listing.
    errors: u32,
}

impl Watch {
    async fn next(&mut self) -> watcher::Result<Event<DynamicObject>> {
        loop {
            let (stream, end) = match &mut self.stream {
                Some(round) => round,
                None => {
                    if let Some(wait) = back_off(self.errors) {
                        tokio::time::sleep(wait).await;
                    }
                    let stream = watcher::watcher(self.api.clone(), self.config.clone()).boxed();
                    self.stream.insert((stream, Instant::now() + self.resync))
                }
            };
            let event = tokio::select! {
                biased;
                event = stream.next() => event,
                () = tokio::time::sleep_until(*end) => None,
            };
            match event {
                Some(Ok(event)) => {
                    if matches!(event, Event::InitDone) {
                        self.errors = 0;
                    }
                    return Ok(event);
                }
                Some(Err(error)) => {
                    self.errors = self.errors.saturating_add(1);
                    self.stream = None;
                    return Err(error);
                }
                None => self.stream = None,
            }
        }
    }
}

/// How long to wait after so many errors in a row: 0.2 s, doubling up to 30 s.
fn back_off(errors: u32) -> Option<Duration> {
    let doublings = errors.checked_sub(1)?;
    let wait = Duration::from_millis(200).saturating_mul(2_u32.saturating_pow(doublings));
    Some(wait.min(Duration::from_secs(30)))
}
