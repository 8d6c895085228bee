//! What happens to an object between the request and the store, kind by kind: unknown fields,
//! defaults, validation, and what the server's admission gives it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

use super::call::{Call, FieldValidation};
use super::rules::initial_status;
use crate::builtin;
use crate::clock::stamp;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object::At as _;
use crate::object::{self, is_terminating, metadata, text};
use crate::resources::{GroupResource, Resource, ScalePaths, from_crd};

impl Call<'_> {
    /// Checks kind and types, and takes out what the kind does not have.
    pub(super) fn decode(&mut self, resource: &Resource, new: &mut Value) -> Result<(), ApiError> {
        if !new.is_object() {
            return Err(ApiError::bad_request(
                "the request body must be a JSON object",
            ));
        }
        check_kind(resource, new)?;
        self.sent = crate::apply::read(
            metadata(new).remove("managedFields").as_ref(),
            resource.custom.is_some(),
        );
        if self.trusted {
            return Ok(());
        }
        let unknown = self.prune(resource, new);
        if !unknown.is_empty() && self.validation == FieldValidation::Strict {
            let causes = unknown.join(", ");
            return Err(cannot_be_handled(
                resource,
                &format!("strict decoding error: {causes}"),
            ));
        }
        if resource.custom.is_none()
            && let Some(why) = builtin::type_error(&resource.gvk, new)
        {
            return Err(cannot_be_handled(resource, &why));
        }
        Ok(())
    }

    /// Removes unknown fields. Says what is wrong with the fields of the body: those it has twice
    /// and those that the kind does not have; as warnings where that is what the request wants.
    pub(super) fn prune(&mut self, resource: &Resource, new: &mut Value) -> Vec<String> {
        let unknown = match &resource.custom {
            Some(custom) => {
                let mut unknown = builtin::prune_metadata(new);
                unknown.extend(custom.schema.prune(new));
                unknown
            }
            None => builtin::prune(&resource.gvk, new),
        };
        let twice = std::mem::take(&mut self.duplicates);
        let mut wrong: Vec<String> = twice
            .iter()
            .map(|f| format!("duplicate field {f:?}"))
            .collect();
        wrong.extend(unknown.iter().map(|f| format!("unknown field {f:?}")));
        if self.validation == FieldValidation::Warn {
            self.warnings.extend(wrong.iter().cloned());
        }
        wrong
    }

    pub(super) fn default(&self, resource: &Resource, new: &mut Value) {
        match &resource.custom {
            Some(custom) => custom.schema.default(new),
            None => builtin::default(&resource.gvk, new),
        }
    }

    /// All that is wrong with an object, or nothing.
    pub(super) fn validate(
        &self,
        resource: &Resource,
        new: &Value,
        old: Option<&Value>,
    ) -> Result<(), ApiError> {
        let kind = text(new, "/kind");
        if resource.custom.is_some() && kind != resource.gvk.kind {
            let detail = format!("must be {}", resource.gvk.kind);
            let error = FieldError::invalid("kind", &kind.into(), &detail);
            // What all kinds have in common is looked at in an update before the kind is.
            let mut errors = Vec::new();
            if let Some(old) = old {
                let rule = builtin::NameRule::of(&resource.gvk);
                builtin::validate_metadata(new, rule, &mut errors);
                builtin::validate_metadata_update(new, old, &mut errors);
            }
            errors.push(error);
            let (group, name) = (&resource.gvk.group, object::name(new));
            return Err(ApiError::invalid(group, kind, name, &errors));
        }
        let errors = match &resource.custom {
            Some(custom) => {
                let mut errors = Vec::new();
                let rule = builtin::NameRule::of(&resource.gvk);
                builtin::validate_metadata(new, rule, &mut errors);
                if let Some(old) = old {
                    builtin::validate_metadata_update(new, old, &mut errors);
                }
                errors.extend(custom.schema.validate(new, old));
                let scale = resource.scale.as_ref();
                errors.extend(scale.into_iter().flat_map(|paths| scale_errors(paths, new)));
                errors
            }
            None if resource.id.resource == "customresourcedefinitions" => {
                from_crd(new).err().unwrap_or_default()
            }
            None => builtin::validate(&resource.gvk, new, old),
        };
        if errors.is_empty() {
            return Ok(());
        }
        let gvk = &resource.gvk;
        Err(ApiError::invalid(
            &gvk.group,
            &gvk.kind,
            object::name(new),
            &errors,
        ))
    }

    /// Admission of a new object: its namespace must be open; its status is not the caller's.
    pub(super) fn admit_new(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        subresource: &str,
        new: &mut Value,
    ) -> Result<(), ApiError> {
        if resource.namespaced {
            self.check_namespace(resource, namespace, object::name(new))?;
        }
        if resource.status && resource.gvk.kind != "Node" {
            object::set(object::as_map(new), "status", initial_status(resource));
        }
        // The schema may give the status defaults; the real server fills them in when reading.
        if resource.custom.is_some() {
            self.default(resource, new);
        }
        match resource.id.resource.as_str() {
            "secrets" if resource.custom.is_none() => encode_strings(new),
            // One that is made by its status gets none.
            "services" if resource.custom.is_none() && subresource.is_empty() => {
                self.give_addresses(new, None);
            }
            "pods" if resource.custom.is_none() => builtin::admit_pod(new, None),
            "customresourcedefinitions" => establish(new, &stamp(self.now)),
            _ => {}
        }
        Ok(())
    }

    /// Admission of a changed object.
    pub(super) fn admit_changed(
        &mut self,
        resource: &Resource,
        old: &Value,
        subresource: &str,
        new: &mut Value,
    ) -> Result<(), ApiError> {
        match resource.id.resource.as_str() {
            "secrets" if resource.custom.is_none() => encode_strings(new),
            "services" if resource.custom.is_none() && subresource.is_empty() => {
                self.give_addresses(new, Some(old));
            }
            "pods" if resource.custom.is_none() => builtin::admit_pod(new, Some(old)),
            "customresourcedefinitions" => {
                for field in ["/spec/group", "/spec/names/plural", "/spec/scope"] {
                    if text(old, field) != text(new, field) {
                        let path = field.trim_start_matches('/').replace('/', ".");
                        let value = Value::from(text(new, field));
                        let error = FieldError::invalid(path, &value, "field is immutable");
                        let gvk = &resource.gvk;
                        let name = object::name(old);
                        return Err(ApiError::invalid(&gvk.group, &gvk.kind, name, &[error]));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check_namespace(&self, resource: &Resource, ns: &str, name: &str) -> Result<(), ApiError> {
        let namespaces = GroupResource::new("", "namespaces");
        let Some(found) = self.state.store.get(&namespaces, "", ns) else {
            return Err(ApiError::not_found(&namespaces, ns));
        };
        if !is_terminating(found) {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {ns} because it is being terminated"
        );
        Err(ApiError::forbidden(&resource.id, name, &why).with_cause(
            "NamespaceTerminating",
            &format!("namespace {ns} is being terminated"),
            "metadata.namespace",
        ))
    }
}

/// What the server holds against the numbers of a custom resource that its scale shows, besides what
/// the schema says of them. The path of the field has a dot in front there.
fn scale_errors(paths: &ScalePaths, new: &Value) -> impl Iterator<Item = FieldError> {
    [&paths.spec, &paths.status].into_iter().filter_map(|path| {
        let value = new.at(path).filter(|value| !value.is_null())?;
        let path = path.replace('/', ".");
        let Some(number) = value.as_i64() else {
            let why = format!("{path} accessor error: {value} is no int64");
            return Some(FieldError::invalid(path, &0.into(), &why));
        };
        let why = if number < 0 {
            "should be a non-negative integer"
        } else if i32::try_from(number).is_err() {
            "should be less than or equal to 2147483647"
        } else {
            return None;
        };
        Some(FieldError::invalid(path, value, why))
    })
}

/// `apiVersion` and `kind` must be those of the path; built-in kinds may leave them out.
fn check_kind(resource: &Resource, new: &mut Value) -> Result<(), ApiError> {
    let wanted = resource.gvk.api_version();
    let version = text(new, "/apiVersion").to_owned();
    let kind = text(new, "/kind").to_owned();
    if version.is_empty() && kind.is_empty() && resource.custom.is_none() {
        let map = object::as_map(new);
        map.insert("apiVersion".into(), wanted.into());
        map.insert("kind".into(), resource.gvk.kind.clone().into());
        return Ok(());
    }
    if version != wanted {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({wanted})"
        )));
    }
    if kind.is_empty() {
        return Err(ApiError::bad_request("Object 'Kind' is missing"));
    }
    // Of a custom resource it is validated with all else.
    if kind != resource.gvk.kind && resource.custom.is_none() {
        return Err(ApiError::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {}",
            resource.gvk.version, resource.gvk.kind
        )));
    }
    Ok(())
}

fn cannot_be_handled(resource: &Resource, why: &str) -> ApiError {
    let kind = &resource.gvk.kind;
    ApiError::bad_request(format!(
        "{kind} in version {:?} cannot be handled as a {kind}: {why}",
        resource.gvk.version
    ))
}

/// A Secret's `stringData` is only a way to write `data`; it is never stored.
fn encode_strings(secret: &mut Value) {
    let Some(Value::Object(plain)) = object::as_map(secret).remove("stringData") else {
        return;
    };
    let data = object::child(secret, "data");
    for (key, value) in plain {
        let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
        data.insert(key, encoded.into());
    }
}

/// A CRD is served from the moment it is stored.
fn establish(crd: &mut Value, time: &str) {
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": "True", "reason": reason, "message": message,
               "lastTransitionTime": time})
    };
    let names = crd.at("/spec/names").cloned().unwrap_or_default();
    let stored: Vec<Value> = object::list(crd, "/spec/versions")
        .iter()
        .filter(|v| v.get("storage").and_then(Value::as_bool) == Some(true))
        .filter_map(|v| v.get("name").cloned())
        .collect();
    let status = json!({
        "acceptedNames": names,
        "storedVersions": stored,
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    });
    object::as_map(crd).insert("status".into(), status);
}
