//! Nodes that are lost and come back, as the node lifecycle controller sees them.
//!
//! A node with the annotation `sim.rollouts.dev/down` (any value) does nothing any more: its pods
//! are not started, not stopped and not reported on. After [`GRACE`] it is `Ready: Unknown` and its
//! pods are not ready; [`TOLERATION`] later they are deleted, and stay `Terminating` until the node
//! is back. Without the annotation it is ready at once.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use super::events;
use super::kubelet::condition;
use super::queue::{Actor, Change, Key, Next};
use crate::api::{Call, DeleteOptions};
use crate::clock::stamp;
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object::{self, is_terminating, text};
use crate::pods;
use crate::resources::GroupResource;

const WRITER: &str = "node-lifecycle-controller";
/// A silent node is given up after so long (`--node-monitor-grace-period`).
const GRACE: Duration = Duration::from_secs(40);
/// Pods tolerate an unreachable node for so long (`tolerationSeconds` that admission adds).
const TOLERATION: Duration = Duration::from_secs(300);

/// The actor.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// Since when each node is silent, by name.
    silent: BTreeMap<String, Instant>,
}

impl Actor for Nodes {
    fn concerns(&mut self, _: &Server, change: &Change<'_>) -> Vec<Key> {
        let node = change.after.filter(|_| change.is("", "nodes"));
        node.map(|node| Key::of(change.resource, node))
            .into_iter()
            .collect()
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        match server.call(WRITER, |call| self.tend(call, &key.name)) {
            Ok(Some(time)) => Next::After(time),
            Ok(None) => Next::Done,
            Err(error) => {
                tracing::debug!(%error, name = key.name, "node could not be tended");
                Next::Failed
            }
        }
    }
}

impl Nodes {
    /// Brings a node up to now; gives the time until something changes by itself.
    fn tend(&mut self, call: &mut Call<'_>, name: &str) -> Result<Option<Duration>, ApiError> {
        let nodes = call.resource("", "nodes")?;
        let Ok(node) = call.get(&nodes, "", name) else {
            return Ok(None);
        };
        if !pods::is_down(&node) {
            self.silent.remove(name);
            report(call, &node, true)?;
            return Ok(None);
        }
        let since = *self
            .silent
            .entry(name.to_owned())
            .or_insert_with(Instant::now);
        let silent = since.elapsed();
        if silent < GRACE {
            return Ok(Some(GRACE.saturating_sub(silent)));
        }
        report(call, &node, false)?;
        let pods = pods_on(call, name);
        for pod in &pods {
            distrust(call, pod)?;
        }
        let limit = GRACE.saturating_add(TOLERATION);
        if silent < limit {
            return Ok(Some(limit.saturating_sub(silent)));
        }
        let resource = call.resource("", "pods")?;
        for pod in pods.iter().filter(|pod| !is_terminating(pod)) {
            let (ns, name) = (object::namespace(pod), object::name(pod));
            events::record(
                call,
                pod,
                "TaintManagerEviction",
                "Marking for deletion Pod",
            );
            call.delete(&resource, ns, name, &DeleteOptions::default())?;
        }
        Ok(None)
    }
}

/// The pods that a node runs.
pub(super) fn pods_on(call: &Call<'_>, node: &str) -> Vec<Arc<Value>> {
    call.state
        .store
        .list(&GroupResource::new("", "pods"), None)
        .filter(|pod| text(pod, "/spec/nodeName") == node)
        .cloned()
        .collect()
}

/// Writes the Ready condition of a node where it differs.
fn report(call: &mut Call<'_>, node: &Value, ready: bool) -> Result<(), ApiError> {
    let (status, reason, message) = if ready {
        ("True", "KubeletReady", "the embedded kubelet is ready")
    } else {
        (
            "Unknown",
            "NodeStatusUnknown",
            "Kubelet stopped posting node status.",
        )
    };
    let reason = [("reason", reason), ("message", message)];
    write_ready(call, "nodes", node, status, &reason)
}

/// Nobody knows how a pod of a silent node is: it is not ready.
fn distrust(call: &mut Call<'_>, pod: &Value) -> Result<(), ApiError> {
    if condition(pod, "Ready").is_none() {
        return Ok(());
    }
    write_ready(call, "pods", pod, "False", &[])
}

/// Sets the status of the Ready condition, its time and what else is given.
fn write_ready(
    call: &mut Call<'_>,
    plural: &str,
    object: &Value,
    status: &str,
    more: &[(&str, &str)],
) -> Result<(), ApiError> {
    let mut new = object.clone();
    let now = stamp(call.now);
    let ready = new
        .pointer_mut("/status/conditions")
        .and_then(Value::as_array_mut)
        .and_then(|all| all.iter_mut().find(|c| text(c, "/type") == "Ready"))
        .filter(|ready| text(ready, "/status") != status);
    let Some(ready) = ready else {
        return Ok(());
    };
    let ready = object::as_map(ready);
    ready.insert("status".into(), status.into());
    ready.insert("lastTransitionTime".into(), now.into());
    for (key, value) in more {
        ready.insert((*key).into(), (*value).into());
    }
    let resource = call.resource("", plural)?;
    let (ns, name) = (object::namespace(object), object::name(object));
    call.update(&resource, ns, name, "status", new)?;
    Ok(())
}
