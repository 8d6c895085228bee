//! From a request to the verb that carries it out.

use serde_json::{Value, json};
use std::sync::Arc;

use super::call::{Call, FieldValidation};
use super::delete::{DeleteOptions, Deleted, propagation};
use super::patch::{APPLY, PatchKind};
use super::read::Selection;
use super::reply::{Reply, Shaper, success};
use super::request::{Request, Shape, Target};
use super::scale::ScaleChange;
use super::write::creates;
use crate::cluster::Server;
use crate::duplicates::duplicate_fields;
use crate::error::ApiError;
use crate::fault::RequestInfo;
use crate::field_error::FieldError;
use crate::object;
use crate::resources::{Resource, has_other_subresource};
use crate::store::Held;

/// A request carried out, or refused.
pub(super) struct Done {
    pub(super) reply: Reply,
    pub(super) warnings: Vec<String>,
    pub(super) retry_after: Option<u32>,
}

/// Carries a request out.
pub(super) fn carry_out(server: &Arc<Server>, request: &Request, info: &RequestInfo) -> Done {
    let now = server.clock.now();
    let mut state = server.lock();
    let mut call = Call {
        validation: FieldValidation::Warn,
        trusted: false,
        ..Call::internal(&mut state, now, &info.writer)
    };
    let result = Verb {
        server,
        request,
        call: &mut call,
    }
    .carry_out(info);
    let warnings = std::mem::take(&mut call.warnings);
    match result {
        Ok(reply) => Done {
            reply,
            warnings,
            retry_after: None,
        },
        Err(error) => Done {
            reply: Reply::error(&error),
            warnings,
            retry_after: error.retry_after,
        },
    }
}

struct Verb<'a, 'b> {
    server: &'a Arc<Server>,
    request: &'a Request,
    call: &'a mut Call<'b>,
}

impl Verb<'_, '_> {
    fn carry_out(&mut self, info: &RequestInfo) -> Result<Reply, ApiError> {
        let request = self.request;
        if !matches!(
            request.method.as_str(),
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
        ) {
            return Err(ApiError::unserved_method());
        }
        if let Some(reply) = super::about::answer(self.call, request)? {
            return Ok(reply);
        }
        let Some(target) = Target::parse(&request.path) else {
            return Err(ApiError::unknown_path());
        };
        let resource = self.call.resource(&target.group, &target.plural)?;
        if resource.gvk.version != target.version {
            return Err(ApiError::unknown_path());
        }
        if resource.namespaced && target.namespace.is_empty() && !target.name.is_empty() {
            return Err(ApiError::unknown_path());
        }
        let options = match info.verb.as_str() {
            "create" => "CreateOptions",
            "update" => "UpdateOptions",
            "patch" => "PatchOptions",
            _ => "DeleteOptions",
        };
        self.call.dry_run = request.query.dry_run(options)?;
        self.call.validation = request.query.field_validation(options)?;
        if matches!(info.verb.as_str(), "create" | "update" | "patch") {
            self.call.duplicates = duplicate_fields(&request.body);
        }
        match (info.verb.as_str(), target.subresource.as_str()) {
            ("list", "") => self.list(&resource, &target),
            ("watch", "") => self.watch(&resource, &target),
            ("deletecollection", "") => self.delete_collection(&resource, &target),
            ("create", "") if target.name.is_empty() || resource.custom.is_some() => {
                let body = request.json()?;
                let made = self.call.create(&resource, &target.namespace, body)?;
                self.object(201, &resource, &made)
            }
            ("create", "eviction") if is_pods(&resource) => self.evict(&resource, &target),
            ("get", "") => {
                let found = self.call.get(&resource, &target.namespace, &target.name)?;
                self.object(200, &resource, &found)
            }
            ("get", "status") if resource.status => {
                let found = self.call.get(&resource, &target.namespace, &target.name)?;
                self.object(200, &resource, &found)
            }
            ("update", "") if !target.name.is_empty() => self.update(&resource, &target),
            ("update", "") if resource.custom.is_some() => {
                Err(ApiError::bad_request("name must be provided"))
            }
            ("update", "status") if resource.status => self.update(&resource, &target),
            ("patch", "") if !target.name.is_empty() => self.patch(&resource, &target),
            ("patch", "status") if resource.status => self.patch(&resource, &target),
            ("delete", "") => self.delete(&resource, &target),
            (verb, "scale") if resource.scale.is_some() => self.scale(&resource, &target, verb),
            (_, sub) if has_other_subresource(&resource.id, sub) => {
                Err(ApiError::not_modelled(format!("{}/{sub}", resource.id)))
            }
            // Of a custom resource this is said of the object, whether it is there or not.
            (_, sub) if !sub.is_empty() && !has_subresource(&resource, sub) => {
                match resource.custom {
                    Some(_) => Err(ApiError::not_found(&resource.id, &target.name)),
                    None => Err(ApiError::unknown_path()),
                }
            }
            ("create" | "update" | "patch", "") if resource.custom.is_none() => {
                Err(ApiError::unserved_method())
            }
            (verb, _) => Err(ApiError::method_not_supported(&resource.id, verb)),
        }
    }

    fn shaper(&self, resource: &Arc<Resource>) -> Result<Shaper, ApiError> {
        let shape = Shape::of(self.request.header("accept"))?;
        Shaper::new(resource.clone(), shape, &self.request.query)
    }

    fn object(
        &mut self,
        code: u16,
        resource: &Arc<Resource>,
        object: &Arc<Value>,
    ) -> Result<Reply, ApiError> {
        let written = self.call.answered.take();
        let held = Held {
            object: object.clone(),
            managers: written.unwrap_or_else(|| self.call.managers(resource, object)),
        };
        let shown = self.shaper(resource)?.one(&held, self.call.now);
        Ok(Reply::json(code, &shown))
    }

    fn list(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let query = &self.request.query;
        let selection = Selection::read(resource, (&target.namespace, &target.name), query)?;
        let page = self.call.list(resource, &selection, query)?;
        Ok(Reply::written(
            self.shaper(resource)?.list(&page, self.call.now)?,
        ))
    }

    fn watch(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let query = &self.request.query;
        let selection = Selection::read(resource, (&target.namespace, &target.name), query)?;
        let shaper = self.shaper(resource)?;
        let watch = self
            .call
            .watch(self.server, resource, selection, shaper, query)?;
        Ok(Reply::Watch(Box::new(watch)))
    }

    fn update(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let body = self.request.json()?;
        let (ns, name) = (&target.namespace, &target.name);
        let exists = self.call.state.store.get(&resource.id, ns, name).is_some();
        if !exists && creates(resource) {
            let subresource = &target.subresource;
            let made = self
                .call
                .create_at(resource, (ns, name, subresource), body)?;
            return self.object(201, resource, &made);
        }
        let stored = self
            .call
            .update(resource, ns, name, &target.subresource, body)?;
        self.object(200, resource, &stored)
    }

    fn patch(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        if self.request.content_type() == APPLY {
            return self.apply(resource, target);
        }
        let kind = PatchKind::of(&self.request.content_type(), resource)?;
        if self.request.query.get("force").is_some() {
            let error = FieldError::forbidden("force", "may not be specified for non-apply patch");
            return Err(of_options(&error));
        }
        let patch = self.json_patch_body()?;
        let stored = self.call.patch(
            resource,
            &target.namespace,
            &target.name,
            &target.subresource,
            (kind, &patch),
        )?;
        self.object(200, resource, &stored)
    }

    fn apply(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let config = self.configuration()?;
        let force = self.request.query.flag("force");
        let place = (
            target.namespace.as_str(),
            target.name.as_str(),
            target.subresource.as_str(),
        );
        let (code, stored) = self.call.apply(resource, place, &config, force)?;
        self.object(code, resource, &stored)
    }

    /// What is to be applied, by somebody who says who they are.
    fn configuration(&self) -> Result<Value, ApiError> {
        if self.request.query.get("fieldManager").is_none() {
            let error = FieldError::required("fieldManager", "is required for apply patch");
            return Err(of_options(&error));
        }
        super::apply::configuration(self.request)
    }

    fn json_patch_body(&self) -> Result<Value, ApiError> {
        serde_json::from_slice(&self.request.body)
            .map_err(|e| ApiError::bad_request(format!("invalid JSON in the patch: {e}")))
    }

    fn scale(
        &mut self,
        resource: &Arc<Resource>,
        target: &Target,
        verb: &str,
    ) -> Result<Reply, ApiError> {
        let (ns, name) = (&target.namespace, &target.name);
        let scale = match verb {
            "get" => self.call.scale(resource, ns, name)?,
            "update" => {
                let body = self.request.json()?;
                self.call
                    .rescale(resource, ns, name, &ScaleChange::Put(&body))?
            }
            "patch" => {
                let content_type = self.request.content_type();
                if content_type == APPLY {
                    let config = self.configuration()?;
                    let force = self.request.query.flag("force");
                    let change = ScaleChange::Apply(&config, force);
                    let scale = self.call.rescale(resource, ns, name, &change)?;
                    return Ok(Reply::json(200, &scale));
                }
                let kind = PatchKind::of(&content_type, resource)?;
                let patch = self.json_patch_body()?;
                self.call
                    .rescale(resource, ns, name, &ScaleChange::Patch(kind, &patch))?
            }
            verb => return Err(ApiError::method_not_supported(&resource.id, verb)),
        };
        Ok(Reply::json(200, &scale))
    }

    /// Options of a delete: the body, and the query where it says something.
    fn delete_options(&mut self) -> Result<DeleteOptions, ApiError> {
        let body = self.request.json()?;
        if body.get("dryRun").is_some_and(|d| *d == json!(["All"])) {
            self.call.dry_run = true;
        }
        let mut options = DeleteOptions::read(&body)?;
        let query = &self.request.query;
        if let Some(policy) = query.get("propagationPolicy") {
            options.propagation = Some(propagation(policy)?);
        }
        if let Some(grace) = query.number("gracePeriodSeconds")? {
            options.grace = i64::try_from(grace).ok();
        }
        Ok(options)
    }

    fn delete(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let options = self.delete_options()?;
        let deleted = self
            .call
            .delete(resource, &target.namespace, &target.name, &options)?;
        match deleted {
            // The real server answers with the last state of some, and with a Status for others.
            Deleted::Gone(last) if is_pods(resource) || is_services(resource) => {
                self.object(200, resource, &last)
            }
            Deleted::Gone(last) => Ok(Reply::json(200, &success(resource, &last))),
            Deleted::Marked(object) => self.object(200, resource, &object),
            Deleted::Unsaid => Ok(Reply::json(200, &crate::apply::blank(resource))),
        }
    }

    fn delete_collection(
        &mut self,
        resource: &Arc<Resource>,
        target: &Target,
    ) -> Result<Reply, ApiError> {
        let options = self.delete_options()?;
        let query = &self.request.query;
        let selection = Selection::read(resource, (&target.namespace, &target.name), query)?;
        let page = self.call.list(resource, &selection, query)?;
        for item in &page.items {
            self.call.delete(
                resource,
                object::namespace(&item.object),
                object::name(&item.object),
                &options,
            )?;
        }
        Ok(Reply::written(
            self.shaper(resource)?.list(&page, self.call.now)?,
        ))
    }

    /// Eviction deletes the pod; there are no disruption budgets here that could forbid it.
    fn evict(&mut self, resource: &Arc<Resource>, target: &Target) -> Result<Reply, ApiError> {
        let body = self.request.json()?;
        let options = body.get("deleteOptions").unwrap_or(&Value::Null);
        let options = DeleteOptions::read(options)?;
        self.call
            .delete(resource, &target.namespace, &target.name, &options)?;
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Success", "code": 201,
        });
        Ok(Reply::json(201, &status))
    }
}

fn has_subresource(resource: &Resource, subresource: &str) -> bool {
    subresource == "status" && resource.status || subresource == "scale" && resource.scale.is_some()
}

/// What is wrong with the options of a patch.
fn of_options(error: &FieldError) -> ApiError {
    ApiError::invalid(
        "meta.k8s.io",
        "PatchOptions",
        "",
        std::slice::from_ref(error),
    )
}

fn is_services(resource: &Resource) -> bool {
    resource.id.group.is_empty() && resource.id.resource == "services"
}

fn is_pods(resource: &Resource) -> bool {
    resource.id.group.is_empty() && resource.id.resource == "pods"
}
