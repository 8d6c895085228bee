//! Namespaces that are being deleted: everything in them goes, then they go.

use serde_json::Value;
use std::sync::Arc;

use super::queue::{Actor, Change, Key, Next};
use crate::api::{Call, DeleteOptions};
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object::{self, is_terminating};
use crate::resources::{GroupResource, Resource};

const WRITER: &str = "namespace-controller";

/// The actor.
#[derive(Debug)]
pub(super) struct Namespaces;

impl Actor for Namespaces {
    fn concerns(&mut self, _: &Server, change: &Change<'_>) -> Vec<Key> {
        let namespaces = GroupResource::new("", "namespaces");
        if *change.resource == namespaces {
            let going = change.after.filter(|ns| is_terminating(ns));
            return going
                .map(|ns| Key::of(&namespaces, ns))
                .into_iter()
                .collect();
        }
        // The last object to go lets the namespace go.
        match (change.before, change.after) {
            (Some(gone), None) if !object::namespace(gone).is_empty() => vec![Key {
                resource: namespaces,
                namespace: String::new(),
                name: object::namespace(gone).to_owned(),
            }],
            _ => Vec::new(),
        }
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        match server.call(WRITER, |call| empty(call, &key.name)) {
            Ok(()) => Next::Done,
            Err(error) => {
                tracing::debug!(%error, namespace = key.name, "namespace could not be emptied");
                Next::Failed
            }
        }
    }
}

fn empty(call: &mut Call<'_>, name: &str) -> Result<(), ApiError> {
    let namespaces = call.resource("", "namespaces")?;
    let Ok(namespace) = call.get(&namespaces, "", name) else {
        return Ok(());
    };
    if !is_terminating(&namespace) {
        return Ok(());
    }
    let kinds: Vec<Arc<Resource>> = call
        .state
        .registry
        .iter()
        .filter(|r| r.namespaced)
        .cloned()
        .collect();
    let mut left = false;
    for kind in kinds {
        let objects: Vec<Arc<Value>> = call
            .state
            .store
            .list(&kind.id, Some(name))
            .cloned()
            .collect();
        for object in objects {
            let object_name = object::name(&object);
            if !is_terminating(&object) {
                call.delete(&kind, name, object_name, &DeleteOptions::default())?;
            }
            left = left || call.get(&kind, name, object_name).is_ok();
        }
    }
    if !left {
        call.finish_namespace(&namespaces, &namespace);
    }
    Ok(())
}
