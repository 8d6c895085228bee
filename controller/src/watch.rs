//! One stream of changes of all that is watched.
//!
//! Each source is listed, then watched. After an error it is listed anew, later each time: until that
//! listing is complete nobody knows what was missed. From time to time everything is listed anew
//! anyway, so that a lost event is repaired (safety.md F4).

use std::time::Duration;

use crds::names::POD_TEMPLATE_HASH;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use kube::{Client, core::GroupVersionKind};
use tokio::time::Instant;

use crate::cache::Kind;

/// What is listed and watched, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// Rollouts in scope.
    Rollouts,
    /// ReplicaSets with a revision label.
    Labelled,
    /// ReplicaSets without one, nor a Deployment's: there are hardly any, unless somebody took
    /// the label from one of ours (safety.md F21).
    Unlabelled,
    /// Services.
    Services,
}

impl Source {
    pub(crate) const ALL: [Self; 4] = [
        Self::Rollouts,
        Self::Labelled,
        Self::Unlabelled,
        Self::Services,
    ];

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Rollouts => Kind::Rollout,
            Self::Labelled | Self::Unlabelled => Kind::ReplicaSet,
            Self::Services => Kind::Service,
        }
    }
}

/// The label of ReplicaSets that a Deployment makes.
const DEPLOYMENT_HASH: &str = "pod-template-hash";

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

/// A change that one of the watches shows.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) source: Source,
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
    let streams = Source::ALL.map(|source| {
        let watch = Watch {
            api: scope.api(client, source.kind()),
            config: scope.config(source),
            resync: scope.resync,
            source,
            stream: None,
            errors: 0,
        };
        stream::unfold(watch, |mut watch| async move {
            let event = watch.next().await;
            Some((
                Change {
                    source: watch.source,
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

    fn config(&self, source: Source) -> watcher::Config {
        let config = watcher::Config::default();
        match source {
            Source::Rollouts => config.labels(&self.rollouts),
            Source::Labelled => config.labels(POD_TEMPLATE_HASH),
            Source::Unlabelled => {
                config.labels(&format!("!{POD_TEMPLATE_HASH},!{DEPLOYMENT_HASH}"))
            }
            Source::Services => config,
        }
    }
}

/// One watch. Each of its rounds begins with a listing; a round ends with an error or
/// when it is time to list anew.
struct Watch {
    api: Api<DynamicObject>,
    config: watcher::Config,
    resync: Duration,
    source: Source,
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
