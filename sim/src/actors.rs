//! The cluster's own controllers: each reads commits, and acts on the objects they concern.
//!
//! None of them polls. An actor has a queue of keys with due times; a commit puts keys into it,
//! and an actor that must look again later says when.

mod endpoints;
mod events;
mod garbage;
mod kubelet;
mod namespaces;
mod nodes;
mod queue;
mod replicasets;

use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

use crate::cluster::Server;

/// Which actors run, and how long after a commit each acts; `None` for one that does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actors {
    /// Makes and removes the pods of ReplicaSets.
    pub replicasets: Option<Duration>,
    /// Schedules and runs pods.
    pub kubelet: Option<Duration>,
    /// Gives up nodes that are down, and their pods.
    pub nodes: Option<Duration>,
    /// Keeps Endpoints and EndpointSlices of Services.
    pub endpoints: Option<Duration>,
    /// Deletes what has lost its owners.
    pub garbage: Option<Duration>,
    /// Empties and removes namespaces that are being deleted.
    pub namespaces: Option<Duration>,
}

impl Default for Actors {
    /// All of them, without lag.
    fn default() -> Self {
        let at_once = Some(Duration::ZERO);
        Self {
            replicasets: at_once,
            kubelet: at_once,
            nodes: at_once,
            endpoints: at_once,
            garbage: at_once,
            namespaces: at_once,
        }
    }
}

/// The running actors; dropping it stops them.
#[derive(Debug)]
#[must_use = "the actors stop when their handle is dropped"]
pub struct ActorsHandle {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for ActorsHandle {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Spawns the actors on the current runtime.
pub(crate) fn start(server: &Arc<Server>, actors: &Actors) -> ActorsHandle {
    let mut tasks = Vec::new();
    if let Some(lag) = actors.replicasets {
        tasks.push(queue::spawn(
            server,
            lag,
            replicasets::ReplicaSets::default(),
        ));
    }
    if let Some(lag) = actors.kubelet {
        tasks.push(queue::spawn(server, lag, kubelet::Kubelet::default()));
    }
    if let Some(lag) = actors.nodes {
        tasks.push(queue::spawn(server, lag, nodes::Nodes::default()));
    }
    if let Some(lag) = actors.endpoints {
        tasks.push(queue::spawn(server, lag, endpoints::Endpoints));
    }
    if let Some(lag) = actors.garbage {
        tasks.push(queue::spawn(server, lag, garbage::Garbage::default()));
    }
    if let Some(lag) = actors.namespaces {
        tasks.push(queue::spawn(server, lag, namespaces::Namespaces));
    }
    ActorsHandle { tasks }
}
