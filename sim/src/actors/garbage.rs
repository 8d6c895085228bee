//! The garbage collector: objects whose owners are all gone go too.
//!
//! Owners are told apart by uid: an object of the same name that was made later is not the owner.
//! It also carries out the two finalizers of deletion: `orphan` (dependents are freed) and
//! `foregroundDeletion` (dependents that block go first).

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::queue::{Actor, Change, Key, Next};
use crate::api::{Call, DeleteOptions, Propagation};
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object::{self, finalizers, is_terminating, text};

const WRITER: &str = "generic-garbage-collector";
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The actor.
#[derive(Debug, Default)]
pub(super) struct Garbage {
    /// The dependents of each owner's uid.
    dependents: BTreeMap<String, BTreeSet<Key>>,
    /// Where the owner of a uid is.
    places: BTreeMap<String, Key>,
}

impl Actor for Garbage {
    fn concerns(&mut self, _: &Server, change: &Change<'_>) -> Vec<Key> {
        let mut keys = Vec::new();
        if let Some(before) = change.before {
            let key = Key::of(change.resource, before);
            for uid in owner_uids(before) {
                if let Some(set) = self.dependents.get_mut(uid) {
                    set.remove(&key);
                }
                if change.after.is_none() {
                    keys.extend(self.places.get(uid).cloned());
                }
            }
        }
        match change.after {
            Some(after) => {
                let key = Key::of(change.resource, after);
                self.places
                    .insert(object::uid(after).to_owned(), key.clone());
                for uid in owner_uids(after) {
                    let set = self.dependents.entry(uid.to_owned()).or_default();
                    set.insert(key.clone());
                }
                if !object::list(after, "/metadata/ownerReferences").is_empty()
                    || cascade(after).is_some()
                {
                    keys.push(key);
                }
            }
            None => {
                let uid = change.before.map_or("", |o| object::uid(o));
                self.places.remove(uid);
                keys.extend(self.dependents.remove(uid).into_iter().flatten());
            }
        }
        keys
    }

    fn act(&mut self, server: &Server, key: &Key) -> Next {
        match server.call(WRITER, |call| self.collect(call, key)) {
            Ok(()) => Next::Done,
            Err(error) if error.code == 404 => Next::Done,
            Err(error) => {
                tracing::debug!(%error, name = key.name, "garbage could not be collected");
                Next::Failed
            }
        }
    }
}

impl Garbage {
    fn collect(&self, call: &mut Call<'_>, key: &Key) -> Result<(), ApiError> {
        let resource = call.resource(&key.resource.group, &key.resource.resource)?;
        let object = call.get(&resource, &key.namespace, &key.name)?;
        match cascade(&object) {
            Some(ORPHAN) => {
                for dependent in self.dependents_of(&object) {
                    free(call, &dependent, object::uid(&object))?;
                }
                return drop_finalizer(call, key, ORPHAN);
            }
            Some(_) if !self.delete_dependents(call, &object)? => {
                return drop_finalizer(call, key, FOREGROUND);
            }
            Some(_) | None => {}
        }
        if is_terminating(&object) {
            return Ok(());
        }
        let owners = object::list(&object, "/metadata/ownerReferences");
        let gone: Vec<String> = owners
            .iter()
            .filter(|o| !is_alive(call, &key.namespace, o))
            .map(|o| text(o, "/uid").to_owned())
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        if gone.len() < owners.len() {
            for uid in gone {
                free(call, key, &uid)?;
            }
            return Ok(());
        }
        let options = DeleteOptions {
            uid: Some(object::uid(&object).to_owned()),
            ..DeleteOptions::default()
        };
        call.delete(&resource, &key.namespace, &key.name, &options)?;
        Ok(())
    }

    fn dependents_of(&self, owner: &Value) -> Vec<Key> {
        let set = self.dependents.get(object::uid(owner));
        set.into_iter().flatten().cloned().collect()
    }

    /// Deletes what an owner in foreground deletion owns; says whether something still blocks it.
    fn delete_dependents(&self, call: &mut Call<'_>, owner: &Value) -> Result<bool, ApiError> {
        let mut blocked = false;
        for key in self.dependents_of(owner) {
            let resource = call.resource(&key.resource.group, &key.resource.resource)?;
            let Ok(dependent) = call.get(&resource, &key.namespace, &key.name) else {
                continue;
            };
            let blocks = object::list(&dependent, "/metadata/ownerReferences")
                .iter()
                .any(|o| {
                    text(o, "/uid") == object::uid(owner)
                        && o.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true)
                });
            if !is_terminating(&dependent) {
                let options = DeleteOptions {
                    uid: Some(object::uid(&dependent).to_owned()),
                    propagation: Some(Propagation::Foreground),
                    ..DeleteOptions::default()
                };
                call.delete(&resource, &key.namespace, &key.name, &options)?;
            }
            let still_there = call.get(&resource, &key.namespace, &key.name).is_ok();
            blocked = blocked || (blocks && still_there);
        }
        Ok(blocked)
    }
}

/// The deletion finalizer that an object waits on.
fn cascade(object: &Value) -> Option<&'static str> {
    if !is_terminating(object) {
        return None;
    }
    let finalizers = finalizers(object);
    [ORPHAN, FOREGROUND]
        .into_iter()
        .find(|f| finalizers.contains(f))
}

fn owner_uids(object: &Value) -> impl Iterator<Item = &str> {
    object::list(object, "/metadata/ownerReferences")
        .iter()
        .map(|o| text(o, "/uid"))
}

/// Whether an owner is there, by uid. One of a kind that is not served counts as there.
fn is_alive(call: &Call<'_>, namespace: &str, owner: &Value) -> bool {
    let kind = text(owner, "/kind");
    let Some(resource) = call
        .state
        .registry
        .of_kind(text(owner, "/apiVersion"), kind)
    else {
        return true;
    };
    let ns = if resource.namespaced { namespace } else { "" };
    let found: Option<&Arc<Value>> = call.state.store.get(&resource.id, ns, text(owner, "/name"));
    found.is_some_and(|o| object::uid(o) == text(owner, "/uid"))
}

/// Removes one owner reference.
fn free(call: &mut Call<'_>, key: &Key, uid: &str) -> Result<(), ApiError> {
    let resource = call.resource(&key.resource.group, &key.resource.resource)?;
    let Ok(object) = call.get(&resource, &key.namespace, &key.name) else {
        return Ok(());
    };
    let mut new = Value::clone(&object);
    let rest: Vec<Value> = object::list(&object, "/metadata/ownerReferences")
        .iter()
        .filter(|o| text(o, "/uid") != uid)
        .cloned()
        .collect();
    let rest = (!rest.is_empty()).then_some(Value::Array(rest));
    object::set(object::metadata(&mut new), "ownerReferences", rest);
    call.update(&resource, &key.namespace, &key.name, "", new)?;
    Ok(())
}

fn drop_finalizer(call: &mut Call<'_>, key: &Key, finalizer: &str) -> Result<(), ApiError> {
    let resource = call.resource(&key.resource.group, &key.resource.resource)?;
    let object = call.get(&resource, &key.namespace, &key.name)?;
    let mut new = Value::clone(&object);
    let rest: Vec<Value> = finalizers(&object)
        .into_iter()
        .filter(|f| *f != finalizer)
        .map(Value::from)
        .collect();
    let rest = (!rest.is_empty()).then_some(Value::Array(rest));
    object::set(object::metadata(&mut new), "finalizers", rest);
    call.update(&resource, &key.namespace, &key.name, "", new)?;
    Ok(())
}
