//! The ReplicaSet controller: as many pods as wanted, and a status that says how they are.
//!
//! The status of a pass describes the pods as they were before the pass made or removed any, as in
//! kube-controller-manager; the commits of those pods bring the next pass.

mod claim;
mod rank;
mod status;

use serde_json::{Value, json};
use std::sync::Arc;

use super::events;
use super::queue::{Actor, Change, Key, Next};
use crate::api::DeleteOptions;
use crate::cluster::Server;
use crate::error::ApiError;
use crate::fault::{Intercept, Phase, RequestInfo};
use crate::object::At as _;
use crate::object::{self, controller_of, is_terminating, text};
use crate::resources::GroupResource;
use crate::selector::LabelSelector;

const WRITER: &str = "replicaset-controller";

/// At most so many pods are made or removed in one pass.
const BURST: usize = 500;

/// The actor.
#[derive(Debug, Default)]
pub(super) struct ReplicaSets {
    pods: claim::Index,
}

impl Actor for ReplicaSets {
    fn concerns(&mut self, server: &Server, change: &Change<'_>) -> Vec<Key> {
        if change.is("apps", "replicasets") {
            let key = change.object().map(|o| Key::of(change.resource, o));
            return key.into_iter().collect();
        }
        if !change.is("", "pods") {
            return Vec::new();
        }
        self.pods.note(change.before, change.after);
        let mut keys = Vec::new();
        for pod in [change.before, change.after].into_iter().flatten() {
            match controller_of(pod) {
                Some(owner) if text(owner, "/kind") == "ReplicaSet" => {
                    keys.push(replica_set(pod, text(owner, "/name")));
                }
                Some(_) => {}
                None => keys.extend(selecting(server, pod)),
            }
        }
        keys
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        match pass(server, &self.pods, key) {
            Ok(next) => next,
            Err(error) => {
                tracing::debug!(%error, name = key.name, "replica set pass failed");
                Next::Failed
            }
        }
    }
}

fn replica_set(pod: &Value, name: &str) -> Key {
    Key {
        resource: GroupResource::new("apps", "replicasets"),
        namespace: object::namespace(pod).to_owned(),
        name: name.to_owned(),
    }
}

/// The ReplicaSets that could adopt a pod without a controller.
fn selecting(server: &Server, pod: &Value) -> Vec<Key> {
    let id = GroupResource::new("apps", "replicasets");
    let state = server.lock();
    let sets = state.store.list(&id, Some(object::namespace(pod)));
    sets.filter(|rs| selector(rs).is_some_and(|s| s.matches(pod)))
        .map(|rs| Key::of(&id, rs))
        .collect()
}

/// The selector of a ReplicaSet; an empty one selects nothing here, whatever validation lets by.
fn selector(rs: &Value) -> Option<LabelSelector> {
    let selector = LabelSelector::from_object(rs.at("/spec/selector")?).ok()?;
    (!selector.is_empty()).then_some(selector)
}

/// One pass over one ReplicaSet.
fn pass(server: &Server, index: &claim::Index, key: &Key) -> Result<Next, ApiError> {
    let seen = server.call(WRITER, |call| {
        let sets = call.resource("apps", "replicasets")?;
        let Ok(rs) = call.get(&sets, &key.namespace, &key.name) else {
            return Ok(None);
        };
        // Without a selector no pod would ever count, and pods would be made without end.
        let Some(selector) = selector(&rs) else {
            return Ok(None);
        };
        let pods = claim::pods(call, index, &rs, &selector)?;
        Ok::<_, ApiError>(Some((rs, pods)))
    })?;
    let Some((rs, pods)) = seen else {
        return Ok(Next::Done);
    };
    let failure = if is_terminating(&rs) {
        None
    } else {
        resize(server, &rs, &pods).err()
    };
    let wait = server.call(WRITER, |call| {
        status::write(call, &rs, &pods, failure.as_ref())
    })?;
    match (failure, wait) {
        (Some(_), _) => Ok(Next::Failed),
        (None, Some(time)) => Ok(Next::After(time)),
        (None, None) => Ok(Next::Done),
    }
}

fn owner_reference(rs: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": object::name(rs),
        "uid": object::uid(rs),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Makes or removes pods.
fn resize(server: &Server, rs: &Value, pods: &[Arc<Value>]) -> Result<(), Failure> {
    let wanted = usize::try_from(object::int(rs, "/spec/replicas")).unwrap_or(0);
    if pods.len() < wanted {
        return make(server, rs, wanted.saturating_sub(pods.len()).min(BURST));
    }
    let surplus = pods.len().saturating_sub(wanted).min(BURST);
    if surplus == 0 {
        return Ok(());
    }
    for pod in rank::first_to_go(pods, surplus) {
        remove(server, rs, pod).map_err(|error| Failure {
            reason: "FailedDelete",
            error,
        })?;
    }
    Ok(())
}

/// Why pods could not be made or removed.
#[derive(Debug)]
struct Failure {
    reason: &'static str,
    error: ApiError,
}

/// Makes pods in batches of 1, 2, 4, …; stops after a batch in which one failed, so that a quota
/// sees few useless requests.
fn make(server: &Server, rs: &Value, count: usize) -> Result<(), Failure> {
    let mut left = count;
    let mut batch = 1_usize;
    while left > 0 {
        let size = batch.min(left);
        let mut failed = None;
        for _ in 0..size {
            if let Err(error) = make_one(server, rs) {
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(Failure {
                reason: "FailedCreate",
                error,
            });
        }
        left = left.saturating_sub(size);
        batch = batch.saturating_mul(2);
    }
    Ok(())
}

fn make_one(server: &Server, rs: &Value) -> Result<(), ApiError> {
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", object::name(rs)),
            "namespace": object::namespace(rs),
            "ownerReferences": [owner_reference(rs)],
        },
        "spec": rs.at("/spec/template/spec"),
    });
    for key in ["labels", "annotations", "finalizers"] {
        let from = rs.at(&format!("/spec/template/metadata/{key}"));
        object::set(object::metadata(&mut pod), key, from.cloned());
    }
    let result = refused(server, "create", rs, "", &pod).and_then(|()| {
        server.call(WRITER, |call| {
            let pods = call.resource("", "pods")?;
            call.create(&pods, object::namespace(rs), pod)
        })
    });
    server.call(WRITER, |call| match &result {
        Ok(made) => {
            let message = format!("Created pod: {}", object::name(made));
            events::record(call, rs, "SuccessfulCreate", &message);
        }
        Err(error) => {
            events::record(
                call,
                rs,
                "FailedCreate",
                &format!("Error creating: {error}"),
            );
        }
    });
    result.map(|_| ())
}

fn remove(server: &Server, rs: &Value, pod: &Value) -> Result<(), ApiError> {
    let name = object::name(pod);
    let result = refused(server, "delete", rs, name, &Value::Null).and_then(|()| {
        server.call(WRITER, |call| {
            let pods = call.resource("", "pods")?;
            call.delete(
                &pods,
                object::namespace(pod),
                name,
                &DeleteOptions::default(),
            )
        })
    });
    server.call(WRITER, |call| match &result {
        Ok(_) => events::record(
            call,
            rs,
            "SuccessfulDelete",
            &format!("Deleted pod: {name}"),
        ),
        Err(error) if error.code == 404 => {}
        Err(error) => {
            events::record(
                call,
                rs,
                "FailedDelete",
                &format!("Error deleting: {error}"),
            );
        }
    });
    match result {
        Err(error) if error.code != 404 => Err(error),
        _ => Ok(()),
    }
}

/// What a fault hook says about a request of this controller, e.g. a quota that is used up.
fn refused(
    server: &Server,
    verb: &str,
    rs: &Value,
    name: &str,
    body: &Value,
) -> Result<(), ApiError> {
    let namespace = object::namespace(rs).to_owned();
    let info = RequestInfo {
        phase: Phase::Before,
        verb: verb.to_owned(),
        resource: Some(GroupResource::new("", "pods")),
        subresource: String::new(),
        path: format!("/api/v1/namespaces/{namespace}/pods"),
        namespace,
        name: name.to_owned(),
        writer: WRITER.to_owned(),
        body: if body.is_null() {
            bytes::Bytes::new()
        } else {
            bytes::Bytes::from(body.to_string())
        },
    };
    match server.intercepted(&info) {
        None | Some(Intercept::Delay(_)) => Ok(()),
        Some(Intercept::Answer(error)) => Err(error),
        Some(Intercept::Reset) => Err(ApiError::internal("connection reset")),
    }
}
