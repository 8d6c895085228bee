//! Kubernetes Events on Rollouts: core/v1, in order, the same one counted up instead of repeated.
//!
//! One task writes them one after the other, so their order per Rollout is the order in which they
//! were told. Telling never waits and never fails: an Event that cannot be written is logged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::Rollout;
use k8s_openapi::api::core::v1::{Event as CoreEvent, ObjectReference};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use planner::{Event, EventKind};
use serde_json::json;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// Events that may wait to be written; further ones are dropped, with a warning.
const CAPACITY: usize = 10_000;
/// Events that are remembered so that a repetition counts up.
const REMEMBERED: usize = 4_096;
/// Who says it.
const COMPONENT: &str = "rollouts-controller";

/// Takes Events to be written.
#[derive(Debug, Clone)]
pub(crate) struct EventWriter {
    sender: mpsc::Sender<(ObjectReference, Event)>,
    metrics: Arc<Metrics>,
}

impl EventWriter {
    /// A writer, and the work it leaves to be run beside everything else.
    pub(crate) fn new(
        client: Client,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let work = Work {
            client,
            clock,
            receiver,
            sent: BTreeMap::new(),
            count: 0,
        };
        (Self { sender, metrics }, work.run())
    }

    /// Tells these Events about a Rollout, in this order.
    pub(crate) fn tell(&self, rollout: &Rollout, events: Vec<Event>) {
        for event in events {
            self.metrics.event(rollout, &event);
            tracing::info!(
                namespace = rollout.metadata.namespace, rollout = rollout.metadata.name,
                reason = event.reason, message = %event.message, "event"
            );
            if self.sender.try_send((reference(rollout), event)).is_err() {
                tracing::warn!("too many events wait to be written; one is dropped");
            }
        }
    }
}

fn reference(rollout: &Rollout) -> ObjectReference {
    ObjectReference {
        api_version: Some(format!("{}/{}", crds::names::GROUP, crds::names::VERSION)),
        kind: Some("Rollout".to_owned()),
        name: rollout.metadata.name.clone(),
        namespace: rollout.metadata.namespace.clone(),
        resource_version: rollout.metadata.resource_version.clone(),
        uid: rollout.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

/// What makes two Events the same: uid of the Rollout, reason, message.
type Sameness = (String, &'static str, String);

struct Work {
    client: Client,
    clock: Clock,
    receiver: mpsc::Receiver<(ObjectReference, Event)>,
    /// Name of the Event, and how often it was told.
    sent: BTreeMap<Sameness, (String, i32)>,
    count: u64,
}

impl Work {
    async fn run(mut self) {
        while let Some((object, event)) = self.receiver.recv().await {
            let same = (
                object.uid.clone().unwrap_or_default(),
                event.reason,
                event.message.clone(),
            );
            let result = match self.sent.get(&same).cloned() {
                Some((name, count)) => self.count_up(&object, &name, count.saturating_add(1)).await,
                None => self.create(&object, &event).await.map(|name| (name, 1)),
            };
            match result {
                Ok(written) => {
                    if self.sent.len() >= REMEMBERED {
                        self.sent.clear();
                    }
                    self.sent.insert(same, written);
                }
                Err(error) => {
                    self.sent.remove(&same);
                    tracing::warn!(%error, reason = event.reason, "failed to write an event");
                }
            }
        }
    }

    fn api(&self, object: &ObjectReference) -> Api<CoreEvent> {
        Api::namespaced(
            self.client.clone(),
            object.namespace.as_deref().unwrap_or_default(),
        )
    }

    fn time(&self) -> String {
        self.clock.now().second().to_string()
    }

    async fn create(
        &mut self,
        object: &ObjectReference,
        event: &Event,
    ) -> Result<String, kube::Error> {
        self.count = self.count.wrapping_add(1);
        let millis = u64::try_from(self.clock.now().unix_millis()).unwrap_or_default();
        let unique = millis.wrapping_shl(20) | (self.count & 0xf_ffff);
        let name = format!("{}.{unique:x}", object.name.as_deref().unwrap_or_default());
        let time = self.time();
        let body = json!({
            "metadata": {"name": name, "namespace": object.namespace},
            "involvedObject": object,
            "reason": event.reason,
            "message": event.message,
            "type": match event.kind { EventKind::Normal => "Normal", EventKind::Warning => "Warning" },
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": "",
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        });
        let body: CoreEvent = serde_json::from_value(body).map_err(kube::Error::SerdeError)?;
        let created = self
            .api(object)
            .create(&PostParams::default(), &body)
            .await?;
        Ok(created.name_any())
    }

    async fn count_up(
        &self,
        object: &ObjectReference,
        name: &str,
        count: i32,
    ) -> Result<(String, i32), kube::Error> {
        let patch = Patch::Merge(json!({"count": count, "lastTimestamp": self.time()}));
        self.api(object)
            .patch(name, &PatchParams::default(), &patch)
            .await?;
        Ok((name.to_owned(), count))
    }
}
