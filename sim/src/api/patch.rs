//! Patch: JSON patch, merge patch, and strategic merge patch of built-in kinds.

use json_patch::{AddOperation, PatchOperation};
use serde_json::Value;
use std::sync::Arc;

use super::call::{Call, FieldValidation};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object;
use crate::resources::Resource;

/// The patch forms but server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
}

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
/// Server-side apply.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

impl PatchKind {
    /// The form that a `Content-Type` names.
    pub(crate) fn of(content_type: &str, resource: &Resource) -> Result<Self, ApiError> {
        match content_type {
            JSON => Ok(Self::Json),
            MERGE => Ok(Self::Merge),
            STRATEGIC if resource.custom.is_none() => Ok(Self::Strategic),
            _ if resource.custom.is_none() => Err(ApiError::unsupported_media_type(&[
                JSON, MERGE, STRATEGIC, APPLY,
            ])),
            _ => Err(ApiError::unsupported_media_type(&[JSON, MERGE, APPLY])),
        }
    }

    /// What an object becomes by a patch.
    pub(crate) fn apply(
        self,
        resource: &Resource,
        old: &Value,
        patch: &Value,
    ) -> Result<Value, ApiError> {
        match self {
            Self::Json => {
                if !patch.is_array() {
                    return Err(ApiError::bad_request("error decoding patch: it is no list"));
                }
                // What is wrong with an operation is found where it is applied.
                let operations: json_patch::Patch =
                    serde_json::from_value(patch.clone()).map_err(|_| ApiError::unprocessable())?;
                let mut new = old.clone();
                for operation in operations.0 {
                    let operation = lenient(&new, operation);
                    json_patch::patch(&mut new, &[operation])
                        .map_err(|_| ApiError::unprocessable())?;
                }
                Ok(new)
            }
            Self::Merge => {
                if !patch.is_object() {
                    return Err(ApiError::bad_request("Invalid JSON Patch"));
                }
                let mut new = old.clone();
                json_patch::merge(&mut new, patch);
                Ok(new)
            }
            Self::Strategic => {
                crate::strategic::merge(&resource.gvk, old, patch).map_err(ApiError::bad_request)
            }
        }
    }
}

/// The real server replaces, and copies, keys of a map that are not there.
fn lenient(object: &Value, operation: PatchOperation) -> PatchOperation {
    let is_absent_key = |path: &str| {
        let parent = path
            .rsplit_once('/')
            .and_then(|(parent, _)| object.pointer(parent));
        object.pointer(path).is_none() && parent.is_some_and(Value::is_object)
    };
    match operation {
        PatchOperation::Replace(replace) if is_absent_key(replace.path.as_str()) => {
            PatchOperation::Add(AddOperation {
                path: replace.path,
                value: replace.value,
            })
        }
        PatchOperation::Copy(copy) if is_absent_key(copy.from.as_str()) => {
            PatchOperation::Add(AddOperation {
                path: copy.path,
                value: Value::Null,
            })
        }
        other => other,
    }
}

impl Call<'_> {
    /// Patches an object or its status. A resourceVersion in the result must be the newest.
    pub(crate) fn patch(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        name: &str,
        subresource: &str,
        (kind, patch): (PatchKind, &Value),
    ) -> Result<Arc<Value>, ApiError> {
        let old = self.get(resource, namespace, name)?;
        if kind == PatchKind::Merge
            && !patch.is_object()
            && self.validation == FieldValidation::Ignore
        {
            // Nobody has looked at it before it is taken for the object.
            let whole = Value::from(patch.to_string());
            let error = FieldError::invalid("patch", &whole, "cannot be read");
            return Err(ApiError::invalid("", "", "", &[error]));
        }
        let mut new = match self.with_managers(resource, &old, patch) {
            Some(whole) => kind.apply(resource, &whole, patch)?,
            None => kind.apply(resource, &old, patch)?,
        };
        if !new.is_object() {
            return Err(ApiError::bad_request("the patch leaves no object"));
        }
        self.decode_patched(resource, &mut new)?;
        self.place(resource, namespace, &mut new)?;
        self.replace(resource, &old, subresource, new, true, None)
    }

    /// The object with the owners of its fields, for a patch that is about them.
    fn with_managers(&self, resource: &Resource, old: &Value, patch: &Value) -> Option<Value> {
        if !patch.to_string().contains("managedFields") {
            return None;
        }
        let mut whole = old.clone();
        let managers = crate::apply::written(&self.managers(resource, old));
        object::metadata(&mut whole).insert("managedFields".into(), managers);
        Some(whole)
    }

    /// As for a new object, with the words of a patch: the whole result is quoted.
    fn decode_patched(&mut self, resource: &Resource, new: &mut Value) -> Result<(), ApiError> {
        let sent = object::metadata(new).remove("managedFields");
        self.sent = crate::apply::read(sent.as_ref(), resource.custom.is_some());
        let whole = Value::from(new.to_string());
        let refused = |detail: &str| {
            let error = FieldError::invalid("patch", &whole, detail);
            Err(ApiError::invalid("", "", "", &[error]))
        };
        for (key, wanted) in [
            ("apiVersion", resource.gvk.api_version()),
            ("kind", resource.gvk.kind.clone()),
        ] {
            // Of a custom resource the kind is validated with all else.
            let is_validated = resource.custom.is_some() && key == "kind";
            if !is_validated && object::text(new, &format!("/{key}")) != wanted {
                return refused(&format!("{key} is not {wanted:?}"));
            }
        }
        let unknown = self.prune(resource, new);
        if !unknown.is_empty() && self.validation == FieldValidation::Strict {
            return refused(&format!("strict decoding error: {}", unknown.join(", ")));
        }
        if resource.custom.is_none()
            && let Some(why) = crate::builtin::type_error(&resource.gvk, new)
        {
            return refused(&why);
        }
        Ok(())
    }
}
