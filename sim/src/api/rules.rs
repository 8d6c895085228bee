//! The rules of an update that hold for every kind: versions, subresources, finalizers, generation.

use serde_json::{Value, json};

use super::write::SERVER_FIELDS;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object::{self, At as _, metadata};
use crate::resources::{Generation, Resource};

/// A resourceVersion that is sent must be the newest; custom resources and Leases must have
/// one; what a patch makes has it from the stored object.
pub(super) fn check_version(resource: &Resource, old: &Value, new: &Value) -> Result<(), ApiError> {
    let name = object::name(old);
    let sent = object::version(new);
    if matches!(sent, "" | "0") {
        let must_say = resource.custom.is_some() || resource.gvk.kind == "Lease";
        if must_say {
            let error = FieldError {
                reason: crate::FieldReason::Invalid,
                field: "metadata.resourceVersion".into(),
                body: "Invalid value: 0: must be specified for an update".into(),
            };
            let id = &resource.id;
            return Err(ApiError::invalid(&id.group, &id.resource, name, &[error]));
        }
        return Ok(());
    }
    if sent == object::version(old) {
        return Ok(());
    }
    if sent.parse::<u64>().is_err() {
        return Err(ApiError::bad_request(format!(
            "invalid resource version {sent:?}: it must be a number"
        )));
    }
    Err(ApiError::modified(&resource.id, name))
}

/// The main endpoint does not touch the status where that is a subresource; the status endpoint
/// touches nothing else.
pub(super) fn merge_subresource(
    resource: &Resource,
    old: &Value,
    subresource: &str,
    new: &mut Value,
) {
    if subresource == "status" {
        let status = new.get("status").cloned();
        let written = new.get("metadata").cloned();
        *new = old.clone();
        object::set(object::as_map(new), "status", status);
        // Built-in kinds let the status endpoint change metadata, custom ones not.
        if resource.custom.is_none() {
            object::set(object::as_map(new), "metadata", written);
            let kept = match resource.gvk.kind.as_str() {
                "Pod" => "ownerReferences",
                "Deployment" => "labels",
                _ => return,
            };
            let kept_value = old.at("/metadata").and_then(|it| it.get(kept)).cloned();
            object::set(metadata(new), kept, kept_value);
        }
    } else if resource.status {
        object::copy_key(new, old, "status");
    }
}

pub(super) fn keep_server_fields(old: &Value, new: &mut Value) {
    for field in SERVER_FIELDS {
        let kept = old.at("/metadata").and_then(|m| m.get(field)).cloned();
        object::set(metadata(new), field, kept);
    }
}

pub(super) fn generation_moves(resource: &Resource, old: &Value, new: &Value) -> bool {
    let differs = |pointer: &str| old.at(pointer) != new.at(pointer);
    match resource.generation {
        Generation::Never => false,
        Generation::Spec => differs("/spec"),
        Generation::SpecOrAnnotations => differs("/spec") || differs("/metadata/annotations"),
        Generation::AllButMetadata => {
            let rest = |object: &Value| {
                let mut rest = object.as_object().cloned().unwrap_or_default();
                rest.remove("metadata");
                if resource.status {
                    rest.remove("status");
                }
                rest
            };
            rest(old) != rest(new)
        }
    }
}

/// The empty status of a new object of a kind with a status subresource.
pub(super) fn initial_status(resource: &Resource) -> Option<Value> {
    match resource.gvk.kind.as_str() {
        _ if resource.custom.is_some() => None,
        "Pod" => Some(json!({"phase": "Pending"})),
        "ReplicaSet" => Some(json!({"replicas": 0})),
        "Service" => Some(json!({"loadBalancer": {}})),
        "Namespace" => Some(json!({"phase": "Active"})),
        _ => Some(json!({})),
    }
}
