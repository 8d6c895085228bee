//! Delete: preconditions, finalizers, propagation, the grace period of pods.

use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

use super::call::Call;
use super::write::failed_precondition;
use crate::clock::stamp;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object::At as _;
use crate::object::{self, finalizers, is_terminating, metadata, text};
use crate::resources::{Generation, GroupResource, Resource};

/// How the objects that a deleted object owns go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// Afterwards.
    Background,
    /// Before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// What a delete request asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    /// Seconds; pods only.
    pub(crate) grace: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) version: Option<String>,
    /// What is not said is what the object's finalizers say.
    pub(crate) propagation: Option<Propagation>,
}

/// What became of it.
pub(crate) enum Deleted {
    /// Gone; the last state.
    Gone(Arc<Value>),
    /// Marked, and goes when its finalizers or its grace period allow.
    Marked(Arc<Value>),
    /// A dry run that takes the last finalizer away; the server then has nothing to show.
    Unsaid,
}

impl DeleteOptions {
    /// Reads the body of a delete request (`DeleteOptions`; null when there is none).
    pub(crate) fn read(body: &Value) -> Result<Self, ApiError> {
        let optional = |pointer: &str| body.at(pointer).and_then(Value::as_str);
        let propagation = match optional("/propagationPolicy") {
            Some(policy) => Some(propagation(policy)?),
            None if body.get("orphanDependents") == Some(&json!(true)) => Some(Propagation::Orphan),
            None => None,
        };
        Ok(Self {
            grace: body.get("gracePeriodSeconds").and_then(Value::as_i64),
            uid: optional("/preconditions/uid").map(str::to_owned),
            version: optional("/preconditions/resourceVersion").map(str::to_owned),
            propagation,
        })
    }
}

/// A `propagationPolicy`.
pub(crate) fn propagation(policy: &str) -> Result<Propagation, ApiError> {
    match policy {
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        "Orphan" => Ok(Propagation::Orphan),
        other => {
            let known = ["Background", "Foreground", "Orphan", "nil"];
            let error = FieldError::not_supported("propagationPolicy", &other.into(), &known);
            let (group, kind) = ("meta.k8s.io", "DeleteOptions");
            Err(ApiError::invalid(group, kind, "", &[error]))
        }
    }
}

impl Call<'_> {
    /// Deletes an object, or marks it for deletion.
    pub(crate) fn delete(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let old = self.get(resource, namespace, name)?;
        check_preconditions(resource, &old, options)?;
        let mut kept: Vec<String> = finalizers(&old).into_iter().map(str::to_owned).collect();
        let is_pod = resource.id.group.is_empty() && resource.id.resource == "pods";
        let left = object::int(&old, "/metadata/deletionGracePeriodSeconds");
        // While a pod goes, only the time that it has left can be made shorter.
        if is_pod && left > 0 && options.grace.is_none_or(|grace| grace >= left) {
            return Ok(Deleted::Marked(old));
        }
        let is_event = resource.id.group.is_empty() && resource.id.resource == "events";
        let propagation = options.propagation.filter(|_| !is_event);
        if propagation.is_some() {
            kept.retain(|f| f != "foregroundDeletion" && f != "orphan");
        }
        match propagation {
            None | Some(Propagation::Background) => {}
            Some(Propagation::Foreground) => kept.push("foregroundDeletion".into()),
            Some(Propagation::Orphan) => kept.push("orphan".into()),
        }
        // A namespace goes when its contents have gone; the namespace actor sees to that.
        let is_namespace = resource.id.group.is_empty() && resource.id.resource == "namespaces";
        let grace = grace_of(resource, &old, options);
        let goes = kept.is_empty() && grace == 0 && !is_namespace;
        // A pod is marked first even if it goes at once.
        let is_marked = is_terminating(&old) && left == 0;
        if goes && (!is_pod || is_marked) {
            let drops_finalizers = !finalizers(&old).is_empty();
            if drops_finalizers && options.version.is_some() && !self.dry_run {
                // The store compares once more, and does not know any longer with what.
                let why = format!(
                    "ResourceVersion in precondition: , ResourceVersion in object meta: {}",
                    object::version(&old)
                );
                return Err(failed_precondition(
                    resource,
                    (namespace, false),
                    name,
                    &why,
                ));
            }
            if self.dry_run && drops_finalizers {
                return Ok(Deleted::Unsaid);
            }
            return Ok(Deleted::Gone(self.erase(resource, &old)));
        }
        let mut new = Value::clone(&old);
        let deadline = self.now + TimeDelta::seconds(grace);
        let meta = metadata(&mut new);
        let list = (!kept.is_empty()).then(|| json!(kept));
        object::set(meta, "finalizers", list);
        if !is_terminating(&old) {
            meta.insert("deletionTimestamp".into(), stamp(deadline).into());
            meta.insert("deletionGracePeriodSeconds".into(), grace.into());
            if resource.generation != Generation::Never {
                let next = object::int(&old, "/metadata/generation").saturating_add(1);
                meta.insert("generation".into(), next.into());
            }
        } else if grace < object::int(&old, "/metadata/deletionGracePeriodSeconds") {
            meta.insert("deletionTimestamp".into(), stamp(deadline).into());
            meta.insert("deletionGracePeriodSeconds".into(), grace.into());
        }
        if is_namespace {
            object::child(&mut new, "status").insert("phase".into(), "Terminating".into());
        }
        let managers = self.managers(resource, &old);
        let marked = if new == *old {
            old
        } else {
            self.store(resource, new, managers)
        };
        if goes {
            return Ok(Deleted::Gone(self.erase(resource, &marked)));
        }
        Ok(Deleted::Marked(marked))
    }

    /// Removes a namespace that is empty and marked for deletion.
    pub(crate) fn finish_namespace(&mut self, resource: &Resource, namespace: &Arc<Value>) {
        self.erase(resource, namespace);
    }
}

/// Seconds that an object still lives; only bound, living pods have any.
fn grace_of(resource: &Resource, old: &Value, options: &DeleteOptions) -> i64 {
    let is_pod = resource.id.group.is_empty() && resource.id.resource == "pods";
    let finished = matches!(text(old, "/status/phase"), "Succeeded" | "Failed");
    if !is_pod || finished || text(old, "/spec/nodeName").is_empty() {
        return 0;
    }
    let own = old
        .at("/spec/terminationGracePeriodSeconds")
        .and_then(Value::as_i64);
    options.grace.or(own).unwrap_or(30).max(0)
}

fn check_preconditions(
    resource: &Resource,
    old: &Value,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let name = object::name(old);
    // The server speaks of the kind here, where it names the resource elsewhere.
    let kind = GroupResource::new(&resource.gvk.group, &resource.gvk.kind);
    if let Some(uid) = &options.uid
        && uid != object::uid(old)
    {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            object::uid(old)
        );
        return Err(ApiError::conflict(&kind, name, &why));
    }
    if let Some(version) = &options.version
        && version != object::version(old)
    {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The object might have been modified",
            object::version(old)
        );
        return Err(ApiError::conflict(&kind, name, &why));
    }
    Ok(())
}
