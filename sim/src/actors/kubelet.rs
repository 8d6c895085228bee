//! Scheduler and kubelet in one: pods get a node, run as their behaviour says, and stop.
//!
//! A pod's state is a function of the time since it was scheduled (see [`crate::pods`]); this
//! actor writes it when it changes, and keeps what others wrote into the pod's conditions.

mod stage;
mod status;

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use super::events;
use super::nodes::pods_on;
use super::queue::{Actor, Change, Key, Next};
use crate::api::{Call, DeleteOptions};
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object::{self, is_terminating, text};
use crate::pods;
use crate::resources::GroupResource;

const WRITER: &str = "kubelet";

/// What the kubelet remembers of a pod.
#[derive(Debug)]
struct Seen {
    scheduled: Instant,
    stopping: Option<Instant>,
    address: u32,
}

/// The actor.
#[derive(Debug, Default)]
pub(super) struct Kubelet {
    /// By uid.
    seen: BTreeMap<String, Seen>,
    addresses: u32,
}

impl Actor for Kubelet {
    fn concerns(&mut self, server: &Server, change: &Change<'_>) -> Vec<Key> {
        if change.is("", "nodes") {
            return server.call(WRITER, |call| waiting_for(call, change));
        }
        if !change.is("", "pods") {
            return Vec::new();
        }
        if let (Some(before), None) = (change.before, change.after) {
            self.seen.remove(object::uid(before));
            return Vec::new();
        }
        let key = change.after.map(|pod| Key::of(change.resource, pod));
        key.into_iter().collect()
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        let acted = server.call(WRITER, |call| self.tend(call, key));
        match acted {
            Ok(Some(time)) => Next::After(time),
            Ok(None) => Next::Done,
            Err(error) => {
                tracing::debug!(%error, name = key.name, "pod could not be tended");
                Next::Failed
            }
        }
    }
}

impl Kubelet {
    /// Brings a pod up to now; gives the time until it changes by itself.
    fn tend(&mut self, call: &mut Call<'_>, key: &Key) -> Result<Option<Duration>, ApiError> {
        let resource = call.resource("", "pods")?;
        let Ok(pod) = call.get(&resource, &key.namespace, &key.name) else {
            return Ok(None);
        };
        if matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed") {
            return Ok(None);
        }
        let pod = if text(&pod, "/spec/nodeName").is_empty() {
            if is_terminating(&pod) {
                return Ok(None);
            }
            match node_for(call) {
                Some(node) => bind(call, &pod, &node)?,
                None => return Ok(None),
            }
        } else {
            pod
        };
        if is_on_silent_node(call, &pod) {
            return Ok(None);
        }
        let seen = self
            .seen
            .entry(object::uid(&pod).to_owned())
            .or_insert_with(|| {
                self.addresses = self.addresses.saturating_add(1);
                Seen {
                    scheduled: Instant::now(),
                    stopping: None,
                    address: self.addresses,
                }
            });
        if is_terminating(&pod) {
            let since = *seen.stopping.get_or_insert_with(Instant::now);
            let left = pods::terminate_after(&pod).saturating_sub(since.elapsed());
            if !left.is_zero() {
                return Ok(Some(left));
            }
            let options = DeleteOptions {
                grace: Some(0),
                uid: Some(object::uid(&pod).to_owned()),
                ..DeleteOptions::default()
            };
            call.delete(&resource, &key.namespace, &key.name, &options)?;
            return Ok(None);
        }
        let n = seen.address;
        let address = format!("10.244.{}.{}", (n / 250) % 250, n % 250 + 2);
        let (status, next) = status::of(&pod, seen.scheduled.elapsed(), call.now, &address);
        if pod.get("status") != Some(&status) {
            let mut new = Value::clone(&pod);
            object::as_map(&mut new).insert("status".into(), status);
            if let Some((reason, message)) = status::trouble(&new, &pod) {
                events::record(call, &pod, reason, &message);
            }
            call.update(&resource, &key.namespace, &key.name, "status", new)?;
        }
        Ok(next)
    }
}

/// The node with the fewest pods of those that are ready.
fn node_for(call: &Call<'_>) -> Option<String> {
    let nodes = GroupResource::new("", "nodes");
    call.state
        .store
        .list(&nodes, None)
        .filter(|node| !pods::is_down(node))
        .map(|node| object::name(node).to_owned())
        .min_by_key(|name| pods_on(call, name).len())
}

fn is_on_silent_node(call: &Call<'_>, pod: &Value) -> bool {
    let nodes = GroupResource::new("", "nodes");
    let node = call
        .state
        .store
        .get(&nodes, "", text(pod, "/spec/nodeName"));
    node.is_some_and(|node| pods::is_down(node))
}

/// The pods of a node that is back, and those that have none yet.
fn waiting_for(call: &Call<'_>, change: &Change<'_>) -> Vec<Key> {
    let Some(node) = change.after.filter(|node| !pods::is_down(node)) else {
        return Vec::new();
    };
    let pods = GroupResource::new("", "pods");
    let mut waiting = pods_on(call, object::name(node));
    waiting.extend(pods_on(call, ""));
    waiting.iter().map(|pod| Key::of(&pods, pod)).collect()
}

/// Gives a pod its node.
fn bind(call: &mut Call<'_>, pod: &Arc<Value>, node: &str) -> Result<Arc<Value>, ApiError> {
    let bound = call.bind(pod, node)?;
    let (ns, name) = (object::namespace(pod), object::name(pod));
    let message = format!("Successfully assigned {ns}/{name} to {node}");
    events::record(call, &bound, "Scheduled", &message);
    if let Some(mistake) = pods::mistakes(pod) {
        events::record(call, &bound, "InvalidAnnotation", &mistake);
    }
    Ok(bound)
}

/// A condition of a pod.
pub(super) fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    object::list(pod, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == kind)
}
