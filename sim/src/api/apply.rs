//! Server-side apply: a configuration in, an object that has it out, and who owns what.

use serde_json::Value;
use std::sync::Arc;

use super::call::{Call, FieldValidation};
use super::request::Request;
use super::write::{check_name, creates};
use crate::apply::{self, Managers, Place, Sent, Way, Who};
use crate::clock::stamp;
use crate::error::ApiError;
use crate::object;
use crate::resources::Resource;

/// Reads the body of an apply: YAML, of which JSON is a part.
pub(super) fn configuration(request: &Request) -> Result<Value, ApiError> {
    let text = String::from_utf8_lossy(&request.body);
    let read: Result<Value, _> = serde_saphyr::from_str(&text);
    let config =
        read.map_err(|why| ApiError::bad_request(format!("error decoding YAML: {why}")))?;
    if config.is_object() {
        return Ok(config);
    }
    Err(ApiError::bad_request(
        "error decoding YAML: the configuration is no map",
    ))
}

impl Call<'_> {
    /// Applies a configuration to an object or its status; the code of the answer, and the object.
    pub(super) fn apply(
        &mut self,
        resource: &Arc<Resource>,
        (namespace, name, subresource): (&str, &str, &str),
        config: &Value,
        force: bool,
    ) -> Result<(u16, Arc<Value>), ApiError> {
        let held = self
            .state
            .store
            .held(&resource.id, namespace, name)
            .cloned();
        if held.is_none() && !subresource.is_empty() && !creates(resource) {
            return Err(ApiError::not_found(&resource.id, name));
        }
        self.check_configuration(resource, (namespace, name), config)?;
        let blank = apply::blank(resource);
        let (live, known) = match &held {
            Some(held) => (held.object.clone(), held.managers.clone()),
            None => (Arc::new(blank.clone()), Arc::default()),
        };
        let (ignored, now) = (apply::ignored(resource, subresource), stamp(self.now));
        let way = Way {
            place: Place::of(resource),
            ignored: &ignored,
            now: &now,
        };
        let who = self.who(resource, subresource, true);
        let applied = apply::apply(&known, way, (&blank, &live), config, &who, force)
            .map_err(|conflicts| apply::refusal(&conflicts))?;
        let managers = Arc::new(applied.managers);
        let mut new = applied.object.unwrap_or_else(|| Value::clone(&live));
        let warnings = std::mem::take(&mut self.warnings);
        let unknown = self.prune(resource, &mut new);
        debug_assert!(unknown.is_empty() || resource.custom.is_some());
        self.warnings = warnings;
        self.sent = Sent::Nothing;
        self.place(resource, namespace, &mut new)?;
        match held {
            Some(held) => {
                let stored = self.replace(
                    resource,
                    &held.object,
                    subresource,
                    new,
                    true,
                    Some(managers),
                )?;
                Ok((200, stored))
            }
            None => {
                check_name(&new, name)?;
                let uid = object::uid(&new);
                if !uid.is_empty() {
                    let why = format!(
                        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                    );
                    return Err(ApiError::conflict(&resource.id, name, &why));
                }
                if !self.dry_run {
                    object::metadata(&mut new).remove("resourceVersion");
                }
                self.default(resource, &mut new);
                let made = self.create_owned(resource, namespace, (subresource, new), managers)?;
                Ok((201, made))
            }
        }
    }

    pub(super) fn check_configuration(
        &mut self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        config: &Value,
    ) -> Result<(), ApiError> {
        let twice = std::mem::take(&mut self.duplicates);
        let gvk = &resource.gvk;
        let (version, kind) = (
            object::text(config, "/apiVersion"),
            object::text(config, "/kind"),
        );
        if version != gvk.api_version() || kind != gvk.kind {
            let group = version.rsplit_once('/');
            let shown = match group {
                Some((group, version)) => format!("{group}/{version}, Kind={kind}"),
                None => format!("/{version}, Kind={kind}"),
            };
            return Err(ApiError::bad_request(format!(
                "invalid object type: {shown}"
            )));
        }
        if config
            .pointer("/metadata/managedFields")
            .is_some_and(|it| !it.is_null())
        {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        let errors = apply::type_errors(Place::of(resource), config);
        if !errors.is_empty() {
            let what = match errors.as_slice() {
                [error] => error.clone(),
                errors => {
                    let lines = errors.iter().map(|error| format!("\n  {error}"));
                    format!("errors:{}", lines.collect::<String>())
                }
            };
            let version = if gvk.group.is_empty() {
                format!("/{}", gvk.version)
            } else {
                gvk.api_version()
            };
            return Err(ApiError::new(
                500,
                "",
                format!(
                    "failed to create typed patch object ({namespace}/{name}; {version}, Kind={}): {what}",
                    gvk.kind
                ),
            ));
        }
        if !twice.is_empty() && self.validation == FieldValidation::Strict {
            let what = twice.join(", ");
            return Err(ApiError::bad_request(format!(
                "error strict decoding YAML: duplicate field {what}"
            )));
        }
        Ok(())
    }

    /// Who this call's writes are by.
    pub(super) fn who(&self, resource: &Resource, subresource: &str, applies: bool) -> Who {
        Who {
            name: self.writer.clone(),
            applies,
            api_version: resource.gvk.api_version(),
            subresource: subresource.to_owned(),
        }
    }

    /// Who owns what after a write that is no apply; `old` is `None` for a creation.
    pub(super) fn owners(
        &mut self,
        resource: &Resource,
        old: Option<&Value>,
        subresource: &str,
        new: &Value,
    ) -> Arc<Managers> {
        let sent = std::mem::replace(&mut self.sent, Sent::Nothing);
        let current = old.map_or_else(Arc::default, |old| self.managers(resource, old));
        let base = match sent {
            Sent::Reset if subresource.is_empty() => Arc::default(),
            Sent::These(managers) if subresource.is_empty() => Arc::new(managers),
            _ => current,
        };
        if old.is_some() && base.is_empty() {
            return base;
        }
        let (ignored, now) = (apply::ignored(resource, subresource), stamp(self.now));
        let way = Way {
            place: Place::of(resource),
            ignored: &ignored,
            now: &now,
        };
        let who = self.who(resource, subresource, false);
        let blank;
        let old = match old {
            Some(old) => old,
            None => {
                blank = apply::blank(resource);
                &blank
            }
        };
        Arc::new(base.updated(way, old, new, &who))
    }
}
