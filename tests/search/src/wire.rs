//! A controller's writes on their way to the store, and what it learns from the answers.

use std::sync::Arc;

use crds::{Time, names};
use planner::{Owner, ReplicaSet, TemplateCheck, TemplateOutcome, Write, WriteFailure};
use serde_json::Value;

use crate::event::Kind;
use crate::process::{Expected, Pass, Process};
use crate::store::{By, REFUSED, Set, Store, version_of};

/// What the API server did.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// Nothing that it keeps.
    Nothing,
    /// It answers a rehearsal.
    Checked(TemplateCheck),
    /// It changed an object.
    Object(Expected),
}

/// Why the API server did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The object is another version by now.
    Conflict,
    /// The object is gone.
    NotFound,
    /// An object of this name is there.
    AlreadyExists,
}

/// Kind and name of what a write is about.
#[must_use]
pub fn target(pass: &Pass, write: &Write) -> (Kind, String) {
    match write {
        Write::CheckTemplate { object, .. } | Write::CreateReplicaSet { object } => {
            (Kind::Set, text(object, "/metadata/name").to_owned())
        }
        Write::PatchReplicaSet { name, .. } | Write::DeleteReplicaSet { name, .. } => {
            (Kind::Set, name.clone())
        }
        Write::PatchService { name, .. } | Write::ReleaseService { name, .. } => {
            (Kind::Service, name.clone())
        }
        Write::PatchRollout { .. } | Write::WriteStatus { .. } => {
            let name = pass.observed.rollout.metadata.name.clone();
            (Kind::Rollout, name.unwrap_or_default())
        }
    }
}

/// A write in the words of the invariants; none for a rehearsal. Who, when and what came of it is
/// still to be filled in.
#[must_use]
pub fn request(pass: &Pass, write: &Write) -> Option<invariants::Request> {
    use invariants::{Actor, Kind as Of, Verb};
    let (kind, verb, version, on_uid) = match write {
        Write::CheckTemplate { .. } => return None,
        Write::CreateReplicaSet { .. } => (Of::ReplicaSet, Verb::Create, None, false),
        Write::PatchReplicaSet {
            resource_version, ..
        } => (Of::ReplicaSet, Verb::Change, Some(resource_version), false),
        Write::DeleteReplicaSet {
            resource_version, ..
        } => (Of::ReplicaSet, Verb::Delete, Some(resource_version), true),
        Write::PatchService {
            resource_version, ..
        }
        | Write::ReleaseService {
            resource_version, ..
        } => (Of::Service, Verb::Change, Some(resource_version), false),
        Write::PatchRollout { .. } | Write::WriteStatus { .. } => (
            Of::Rollout,
            Verb::Change,
            Some(&pass.rollout_version),
            false,
        ),
    };
    let is_status = matches!(write, Write::WriteStatus { .. });
    Some(invariants::Request {
        at: 0,
        actor: Actor::Controller(0),
        verb,
        kind,
        namespace: "shop".into(),
        name: target(pass, write).1.as_str().into(),
        subresource: if is_status { "status" } else { "" }.into(),
        on_version: version.and_then(|it| it.parse().ok()),
        on_uid,
        tests: false,
        answer: None,
        stored: None,
    })
}

/// Carries out a write, if its preconditions hold.
///
/// # Errors
/// Which of them does not.
pub fn send(store: &mut Store, by: By, pass: &Pass, write: &Write) -> Result<Written, Refused> {
    match write {
        Write::CheckTemplate { digest, object } => {
            if find(store, text(object, "/metadata/name")).is_some() {
                return Err(Refused::AlreadyExists);
            }
            let outcome = answer(store, object);
            let digest = digest.clone();
            return Ok(Written::Checked(TemplateCheck { digest, outcome }));
        }
        Write::CreateReplicaSet { object } => {
            if find(store, text(object, "/metadata/name")).is_some() {
                return Err(Refused::AlreadyExists);
            }
            let set = decode(store, object);
            let template = Arc::new(object["spec"]["template"].clone());
            store.create_set(by, set, template);
            return Ok(Written::Object(Expected::Created(store.revision)));
        }
        Write::PatchReplicaSet {
            name,
            resource_version,
            change,
            ..
        } => {
            let set = find(store, name).ok_or(Refused::NotFound)?;
            is_current(&set.object.resource_version, resource_version)?;
            let id = set.id;
            store.edit_set(by, id, |set| {
                set.replicas = change.replicas.unwrap_or(set.replicas);
                set.min_ready_seconds = change.min_ready_seconds.unwrap_or(set.min_ready_seconds);
                for (key, value) in &change.annotations {
                    match value {
                        Some(value) => set.annotations.insert(key.clone(), value.clone()),
                        None => set.annotations.remove(key),
                    };
                }
                if change.adopts {
                    set.owner = Owner::Us;
                }
                if let Some(label) = &change.label {
                    let key = names::POD_TEMPLATE_HASH.to_owned();
                    set.labels.insert(key, label.clone());
                }
            });
        }
        Write::DeleteReplicaSet {
            name,
            uid,
            resource_version,
        } => {
            if let Some(set) = find(store, name) {
                if set.object.uid != *uid {
                    return Err(Refused::Conflict);
                }
                is_current(&set.object.resource_version, resource_version)?;
                let id = set.id;
                store.delete_set(by, id);
            }
            return Ok(Written::Object(Expected::Deleted(uid.clone())));
        }
        Write::PatchService {
            name,
            resource_version,
            hash,
            managed_by,
            ..
        } => {
            let service = store.services.get(name).ok_or(Refused::NotFound)?;
            is_current(&service.resource_version, resource_version)?;
            let mut service = planner::Service::clone(service);
            service
                .selector
                .insert(names::POD_TEMPLATE_HASH.to_owned(), hash.clone());
            service.managed_by = managed_by.clone().or(service.managed_by);
            store.put_service(by, service);
        }
        Write::ReleaseService {
            name,
            resource_version,
            ..
        } => {
            let service = store.services.get(name).ok_or(Refused::NotFound)?;
            is_current(&service.resource_version, resource_version)?;
            let mut service = planner::Service::clone(service);
            service.selector.remove(names::POD_TEMPLATE_HASH);
            service.managed_by = None;
            store.put_service(by, service);
        }
        Write::PatchRollout { annotations } => {
            let rollout = store.rollout.as_ref().ok_or(Refused::NotFound)?;
            is_current(version(rollout), &pass.rollout_version)?;
            store.edit_rollout(by, |rollout| {
                let all = rollout.metadata.annotations.get_or_insert_default();
                all.extend(annotations.clone());
            });
        }
        Write::WriteStatus { status } => {
            let rollout = store.rollout.as_ref().ok_or(Refused::NotFound)?;
            is_current(version(rollout), &pass.rollout_version)?;
            store.edit_rollout(by, |rollout| rollout.status = Some(*status.clone()));
        }
    }
    Ok(Written::Object(Expected::Changed(store.revision)))
}

/// How many writes of a plan, from the first, are on versions that nobody has overtaken.
#[must_use]
pub fn good(store: &Store, pass: &Pass) -> usize {
    let set = |name: &str| find(store, name).map(|set| set.object.resource_version.as_str());
    let is_good = |write: &Write| match write {
        Write::CheckTemplate { .. } | Write::CreateReplicaSet { .. } => true,
        Write::PatchReplicaSet {
            name,
            resource_version,
            ..
        } => set(name) == Some(resource_version),
        // One that is gone already counts as deleted.
        Write::DeleteReplicaSet {
            name,
            resource_version,
            ..
        } => set(name).is_none_or(|it| it == resource_version),
        Write::PatchService {
            name,
            resource_version,
            ..
        }
        | Write::ReleaseService {
            name,
            resource_version,
            ..
        } => {
            let service = store.services.get(name);
            service.is_some_and(|it| it.resource_version == *resource_version)
        }
        Write::PatchRollout { .. } | Write::WriteStatus { .. } => {
            let rollout = store.rollout.as_ref();
            rollout.is_some_and(|it| version(it) == pass.rollout_version)
        }
    };
    let actions = pass.actions.iter();
    actions.take_while(|it| is_good(&it.write)).count()
}

/// A process gets the answer to its write: it goes on with its plan, or looks again.
pub fn learn(
    process: &mut Process,
    store: &Store,
    mut pass: Pass,
    write: &Write,
    written: Result<Written, Refused>,
) {
    let (kind, name) = target(&pass, write);
    match written {
        Ok(Written::Nothing) => {}
        Ok(Written::Checked(check)) => process.learn(check),
        Ok(Written::Object(expected)) => {
            if let (Kind::Rollout, Expected::Changed(version)) = (kind, &expected) {
                pass.rollout_version = version.to_string();
            }
            process.wrote(kind, &name, expected, store.now);
        }
        Err(Refused::AlreadyExists) => {
            let is_ours = find(store, &name).is_some_and(|set| set.object.owner == Owner::Us);
            if !is_ours {
                process.learn_taken(&name);
            }
            return process.view.read_live(store, kind, &name);
        }
        Err(Refused::Conflict | Refused::NotFound) => {
            return process.view.read_live(store, kind, &name);
        }
    }
    if pass.actions.is_empty() {
        // A plan that ends with a refusal forgets nothing.
        if pass.is_cut {
            return;
        }
        if !matches!(write, Write::WriteStatus { .. }) || pass.observed.failure.is_none() {
            process.forget_failure();
        }
    } else {
        process.pass = Some(pass);
    }
}

/// A process is told that its write is not allowed.
pub fn learn_denied(process: &mut Process, store: &Store, pass: &Pass, write: &Write) {
    let (kind, name) = target(pass, write);
    let kind = match kind {
        Kind::Rollout => "Rollout",
        Kind::Set => "ReplicaSet",
        Kind::Service => "Service",
        Kind::Pod => "Pod",
    };
    process.learn_failure(WriteFailure {
        object: format!("{kind}/{name}"),
        creating: matches!(
            write,
            Write::CreateReplicaSet { .. } | Write::CheckTemplate { .. }
        ),
        message: "denied by a webhook".to_owned(),
        since: store.second(),
    });
}

fn version(rollout: &crds::Rollout) -> &str {
    rollout
        .metadata
        .resource_version
        .as_deref()
        .unwrap_or_default()
}

fn is_current(live: &str, wanted: &str) -> Result<(), Refused> {
    if live == wanted {
        Ok(())
    } else {
        Err(Refused::Conflict)
    }
}

fn find<'a>(store: &'a Store, name: &str) -> Option<&'a Set> {
    store.sets.iter().find(|set| set.object.name == name)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What the API server says of a template.
fn answer(store: &Store, object: &Value) -> TemplateOutcome {
    let image = text(object, "/spec/template/spec/containers/0/image");
    if version_of(image) == REFUSED {
        return TemplateOutcome::Refused {
            field: Some("spec.template.spec.containers[0].image".to_owned()),
            message: "Invalid value".to_owned(),
        };
    }
    TemplateOutcome::Accepted {
        defaulted: object["spec"]["template"].clone(),
        live: store
            .sets
            .iter()
            .map(|set| (set.object.uid.clone(), Value::clone(&set.template)))
            .collect(),
    }
}

fn decode(store: &mut Store, object: &Value) -> ReplicaSet {
    let strings = |pointer: &str| {
        let map = object.pointer(pointer).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect()
    };
    let int = |pointer: &str| {
        let number = object.pointer(pointer).and_then(Value::as_i64);
        number
            .and_then(|it| i32::try_from(it).ok())
            .unwrap_or_default()
    };
    let labels: std::collections::BTreeMap<String, String> = strings("/metadata/labels");
    ReplicaSet {
        name: text(object, "/metadata/name").to_owned(),
        uid: store.next_uid("set"),
        resource_version: String::new(),
        generation: 1,
        created: Time::from_unix(store.now.div_euclid(1000)),
        deleting: false,
        owner: Owner::Us,
        hash: labels
            .get(names::POD_TEMPLATE_HASH)
            .cloned()
            .unwrap_or_default(),
        labels,
        annotations: strings("/metadata/annotations"),
        replicas: int("/spec/replicas"),
        min_ready_seconds: int("/spec/minReadySeconds"),
        current_replicas: 0,
        ready_replicas: 0,
        available_replicas: 0,
        observed_generation: 0,
        failure: None,
        images: vec![text(object, "/spec/template/spec/containers/0/image").to_owned()],
    }
}
