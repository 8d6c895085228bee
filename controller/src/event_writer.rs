//! Kubernetes Events on Rollouts: core/v1, in order, the same one counted up instead of repeated.
//!
//! One task writes them one after the other, so their order per Rollout is the order in which they
//! were told. Telling never waits and never fails: an Event that cannot be written is logged, after
//! a few attempts, because nothing tells again what it told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Event as CoreEvent, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use planner::{Event, EventKind, Now};
use serde_json::json;
use tokio::sync::mpsc;

use crate::cache::Key;
use crate::clock::Clock;
use crate::execute::FIELD_MANAGER;
use crate::metrics::Metrics;

/// Events that may wait to be written; further ones are dropped, with a warning.
const CAPACITY: usize = 10_000;
/// Events that are remembered so that a repetition counts up.
const REMEMBERED: usize = 4_096;
/// Waits before each further attempt to write one. Those behind it wait too, so there are few.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// Who says it.
const COMPONENT: &str = "rollouts-controller";

/// An Event on its way.
#[derive(Debug)]
struct Told {
    object: ObjectReference,
    event: Event,
    at: Now,
}

/// Takes Events to be written.
#[derive(Debug, Clone)]
pub(crate) struct EventWriter {
    sender: mpsc::Sender<Told>,
    clock: Clock,
    metrics: Arc<Metrics>,
}

impl EventWriter {
    /// A writer, and the work it leaves to be run beside everything else; the work ends when the
    /// last writer is gone and all is written.
    pub(crate) fn new(
        client: Client,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let work = Work {
            client,
            receiver,
            sent: BTreeMap::new(),
            order: VecDeque::new(),
            last: 0,
        };
        let writer = Self {
            sender,
            clock,
            metrics,
        };
        (writer, work.run())
    }

    /// Tells these Events about a Rollout, in this order.
    pub(crate) fn tell(&self, object: &ObjectReference, events: Vec<Event>) {
        let key = Key::new(
            object.namespace.clone().unwrap_or_default(),
            object.name.clone().unwrap_or_default(),
        );
        for event in events {
            self.metrics.event(&key, &event);
            tracing::info!(
                namespace = key.namespace,
                rollout = key.name,
                reason = event.reason,
                message = event.message,
                "event"
            );
            let told = Told {
                object: object.clone(),
                event,
                at: self.clock.now(),
            };
            if self.sender.try_send(told).is_err() {
                tracing::warn!("too many events wait to be written; one is dropped");
            }
        }
    }
}

/// How Events name a Rollout.
pub(crate) fn reference(metadata: &ObjectMeta) -> ObjectReference {
    ObjectReference {
        api_version: Some(format!("{}/{}", crds::names::GROUP, crds::names::VERSION)),
        kind: Some("Rollout".to_owned()),
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        resource_version: metadata.resource_version.clone(),
        uid: metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

/// What makes two Events the same: uid of the Rollout, reason, message.
type Sameness = (String, &'static str, String);

struct Work {
    client: Client,
    receiver: mpsc::Receiver<Told>,
    /// Name of the Event, and how often it was told.
    sent: BTreeMap<Sameness, (String, i32)>,
    /// Keys of `sent`, oldest first.
    order: VecDeque<Sameness>,
    /// The last unique number given to a name.
    last: u64,
}

impl Work {
    async fn run(mut self) {
        while let Some(Told { object, event, at }) = self.receiver.recv().await {
            let uid = object.uid.clone().unwrap_or_default();
            let same = (uid, event.reason, event.message.clone());
            let counted = match self.sent.get(&same).cloned() {
                Some((name, count)) => self
                    .count_up(&object, &name, count.saturating_add(1), at)
                    .await
                    .inspect_err(|error| tracing::debug!(%error, "event is made anew"))
                    .ok(),
                None => None,
            };
            let result = match counted {
                Some(counted) => Ok(counted),
                None => self.create(&object, &event, at).await.map(|name| (name, 1)),
            };
            match result {
                Ok(written) => self.remember(same, written),
                Err(error) => {
                    tracing::warn!(%error, reason = event.reason, "failed to write an event");
                }
            }
        }
    }

    fn remember(&mut self, same: Sameness, written: (String, i32)) {
        if self.sent.insert(same.clone(), written).is_none() {
            self.order.push_back(same);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.sent.remove(&oldest);
        }
    }

    fn api(&self, object: &ObjectReference) -> Api<CoreEvent> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        Api::namespaced(self.client.clone(), namespace)
    }

    async fn create(
        &mut self,
        object: &ObjectReference,
        event: &Event,
        at: Now,
    ) -> Result<String, kube::Error> {
        let nanos = u64::try_from(at.unix_millis()).unwrap_or_default();
        let nanos = nanos.saturating_mul(1_000_000);
        self.last = nanos.max(self.last.saturating_add(1));
        let name = event_name(object.name.as_deref().unwrap_or_default(), self.last);
        let time = at.second().to_string();
        let kind = match event.kind {
            EventKind::Normal => "Normal",
            EventKind::Warning => "Warning",
        };
        let body = json!({
            "metadata": {"name": name, "namespace": object.namespace},
            "involvedObject": object,
            "reason": event.reason,
            "message": event.message,
            "type": kind,
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": "",
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        });
        let body: CoreEvent = serde_json::from_value(body).map_err(kube::Error::SerdeError)?;
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = self.api(object);
        let mut result = api.create(&params, &body).await;
        for wait in AGAIN {
            if !result.as_ref().is_err_and(may_go_better) {
                break;
            }
            tokio::time::sleep(wait).await;
            result = match api.create(&params, &body).await {
                // It was written before, and only the answer was lost: the name is its own.
                Err(kube::Error::Api(status)) if status.code == 409 => return Ok(name),
                result => result,
            };
        }
        result.map(|_| name)
    }

    async fn count_up(
        &self,
        object: &ObjectReference,
        name: &str,
        count: i32,
        at: Now,
    ) -> Result<(String, i32), kube::Error> {
        let patch = Patch::Merge(json!({"count": count, "lastTimestamp": at.second().to_string()}));
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        self.api(object).patch(name, &params, &patch).await?;
        Ok((name.to_owned(), count))
    }
}

/// Whether the API server was overloaded, in trouble or not to be reached; another answer stays.
const fn may_go_better(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 429 || status.code >= 500,
        kube::Error::SerdeError(_) => false,
        _ => true,
    }
}

/// `<rollout>.<hex>`, cut so that it stays a valid name (253 characters).
fn event_name(rollout: &str, unique: u64) -> String {
    let rollout: String = rollout.chars().take(236).collect();
    format!("{rollout}.{unique:x}")
}
