//! Create and update: the rules that hold for every kind.

use serde_json::Value;
use std::sync::Arc;

use super::call::Call;
use super::rules::{check_version, generation_moves, keep_server_fields, merge_subresource};
use crate::apply::Managers;
use crate::clock::stamp;
use crate::error::ApiError;
use crate::object::{self, finalizers, is_terminating, metadata, text};
use crate::resources::{Generation, Resource};

/// Fields of `metadata` that only the server sets.
pub(super) const SERVER_FIELDS: [&str; 6] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
];

impl Call<'_> {
    /// Creates an object; `namespace` is that of the path, empty for cluster-scoped kinds.
    pub(crate) fn create(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        mut new: Value,
    ) -> Result<Arc<Value>, ApiError> {
        self.decode(resource, &mut new)?;
        self.default(resource, &mut new);
        let managers = self.owners(resource, None, "", &new);
        self.create_owned(resource, namespace, ("", new), managers)
    }

    /// Creates an object by a PUT to where none is. A resourceVersion does not matter then.
    pub(super) fn create_at(
        &mut self,
        resource: &Arc<Resource>,
        (namespace, name, subresource): (&str, &str, &str),
        mut new: Value,
    ) -> Result<Arc<Value>, ApiError> {
        self.decode(resource, &mut new)?;
        self.place(resource, namespace, &mut new)?;
        check_name(&new, name)?;
        if !object::uid(&new).is_empty() {
            return Err(other_uid(resource, (namespace, self.dry_run), &new, ""));
        }
        self.default(resource, &mut new);
        if !self.dry_run {
            metadata(&mut new).remove("resourceVersion");
        }
        let managers = self.owners(resource, None, subresource, &new);
        self.create_owned(resource, namespace, (subresource, new), managers)
    }

    /// Creates a decoded object whose fields have their owners, by its own path or a subresource's.
    pub(super) fn create_owned(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        (subresource, mut new): (&str, Value),
        managers: Arc<Managers>,
    ) -> Result<Arc<Value>, ApiError> {
        self.place(resource, namespace, &mut new)?;
        self.stamp_new(resource, namespace, &mut new);
        self.admit_new(resource, namespace, subresource, &mut new)?;
        self.validate(resource, &new, None)?;
        self.check_address(object::name(&new))?;
        self.check_quota(resource, namespace, object::name(&new))?;
        // A dry run stores nothing that could mind.
        if !matches!(object::version(&new), "" | "0") && !self.dry_run {
            return Err(ApiError::new(
                500,
                "",
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let name = object::name(&new).to_owned();
        if let Some(there) = self.state.store.get(&resource.id, namespace, &name) {
            let mut error = ApiError::already_exists(&resource.id, &name);
            if is_terminating(there) {
                error.message = format!("object is being deleted: {}", error.message);
            }
            return Err(error);
        }
        self.check_size(&new)?;
        Ok(self.store(resource, new, managers))
    }

    /// Replaces an object (`subresource` empty) or its status.
    ///
    /// Nothing is written when nothing changes: same resourceVersion, no event.
    pub(crate) fn update(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        name: &str,
        subresource: &str,
        mut new: Value,
    ) -> Result<Arc<Value>, ApiError> {
        self.decode(resource, &mut new)?;
        self.place(resource, namespace, &mut new)?;
        check_name(&new, name)?;
        let old = self.get(resource, namespace, name)?;
        self.replace(resource, &old, subresource, new, false, None)
    }

    /// What update and patch have in common, from the decoded new object on. `owners` are those of
    /// the new object's fields where they are known already.
    pub(super) fn replace(
        &mut self,
        resource: &Arc<Resource>,
        old: &Arc<Value>,
        subresource: &str,
        mut new: Value,
        is_patch: bool,
        owners: Option<Arc<Managers>>,
    ) -> Result<Arc<Value>, ApiError> {
        let name = object::name(old);
        check_name(&new, name)?;
        let uid = object::uid(&new).to_owned();
        // The status of a custom resource is all that is looked at of what is patched.
        let is_looked_at = resource.custom.is_none() || subresource.is_empty() || !is_patch;
        let has_other_uid = is_looked_at && !uid.is_empty() && uid != object::uid(old);
        if has_other_uid && !is_patch {
            let place = (object::namespace(old), self.dry_run);
            return Err(other_uid(resource, place, &new, object::uid(old)));
        }
        check_version(resource, old, &new)?;
        let checked = !(self.trusted && subresource == "status");
        if checked {
            self.default(resource, &mut new);
        }
        let managers =
            owners.unwrap_or_else(|| self.owners(resource, Some(old), subresource, &new));
        merge_subresource(resource, old, subresource, &mut new);
        keep_server_fields(old, &mut new);
        self.admit_changed(resource, old, subresource, &mut new)?;
        if generation_moves(resource, old, &new) {
            let next = object::int(old, "/metadata/generation").saturating_add(1);
            metadata(&mut new).insert("generation".into(), Value::from(next));
        }
        if has_other_uid {
            // Refused with all else that is wrong.
            metadata(&mut new).insert("uid".into(), uid.into());
        }
        if checked {
            self.validate(resource, &new, Some(old))?;
            self.check_address(name)?;
        }
        if is_terminating(&new) && finalizers(&new).is_empty() && !finalizers(old).is_empty() {
            let grace = object::int(&new, "/metadata/deletionGracePeriodSeconds");
            if grace == 0 {
                self.erase(resource, old);
                self.answered = Some(managers);
                metadata(&mut new).insert("resourceVersion".into(), object::version(old).into());
                return Ok(Arc::new(new));
            }
        }
        metadata(&mut new).insert("resourceVersion".into(), object::version(old).into());
        let is_same = new == **old && managers.own_as(&self.managers(resource, old));
        if is_same && !self.lacks_defaults(resource, old) {
            return Ok(old.clone());
        }
        self.check_size(&new)?;
        Ok(self.store(resource, new, managers))
    }

    /// Whether the stored object is without the defaults that everybody sees: a new custom resource
    /// is stored without its status, and its first write adds what the schema says of it.
    fn lacks_defaults(&self, resource: &Resource, old: &Value) -> bool {
        let version = object::version(old).parse().unwrap_or(0);
        resource.custom.is_some()
            && resource.status
            && old.get("status").is_some()
            && self.state.store.was_created_at(&resource.id, version)
    }

    /// Gives a new object what the server gives: name, uid, times, generation.
    fn stamp_new(&mut self, resource: &Resource, namespace: &str, new: &mut Value) {
        let generated = if text(new, "/metadata/name").is_empty() {
            self.generate_name(resource, namespace, text(new, "/metadata/generateName"))
        } else {
            None
        };
        let uid = self.state.rng.uid();
        let created = stamp(self.now);
        let meta = metadata(new);
        for field in SERVER_FIELDS {
            meta.remove(field);
        }
        if let Some(name) = generated {
            meta.insert("name".into(), name.into());
        }
        meta.insert("uid".into(), uid.into());
        meta.insert("creationTimestamp".into(), created.into());
        if resource.generation != Generation::Never {
            meta.insert("generation".into(), 1.into());
        }
    }

    /// A free name; `None` without a base.
    fn generate_name(&mut self, resource: &Resource, ns: &str, base: &str) -> Option<String> {
        if base.is_empty() {
            return None;
        }
        // The real server cuts the base so that the name stays within 63 characters.
        let base: String = base.chars().take(58).collect();
        let mut name = String::new();
        for _ in 0..8 {
            name = format!("{base}{}", self.state.rng.suffix());
            if self.state.store.get(&resource.id, ns, &name).is_none() {
                break;
            }
        }
        Some(name)
    }

    /// Sets or checks the namespace of the path.
    pub(super) fn place(
        &self,
        resource: &Resource,
        ns: &str,
        new: &mut Value,
    ) -> Result<(), ApiError> {
        if !resource.namespaced {
            metadata(new).remove("namespace");
            return Ok(());
        }
        let given = object::namespace(new);
        if given.is_empty() {
            metadata(new).insert("namespace".into(), ns.into());
        } else if given != ns {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(())
    }

    /// The limit of etcd: 1.5 MiB an object.
    fn check_size(&self, new: &Value) -> Result<(), ApiError> {
        if self.trusted {
            return Ok(());
        }
        let size = serde_json::to_string(new).map_or(0, |text| text.len());
        if size > 1_572_864 {
            return Err(ApiError::new(
                500,
                "InternalError",
                "etcdserver: request is too large",
            ));
        }
        Ok(())
    }
}

/// Refuses an object that is to have another uid than the stored one, or one that is not there.
fn other_uid(resource: &Resource, place: (&str, bool), new: &Value, stored: &str) -> ApiError {
    let why = format!(
        "UID in precondition: {}, UID in object meta: {stored}",
        object::uid(new)
    );
    failed_precondition(resource, place, object::name(new), &why)
}

/// The words of the store.
pub(super) fn failed_precondition(
    resource: &Resource,
    (namespace, is_dry): (&str, bool),
    name: &str,
    why: &str,
) -> ApiError {
    let id = &resource.id;
    let root = if is_dry { "" } else { "/registry" };
    let key = match (id.group.as_str(), id.resource.as_str()) {
        ("", "services") => "services/specs".to_owned(),
        ("", "endpoints") => "services/endpoints".to_owned(),
        ("", "nodes") => "minions".to_owned(),
        (group, plural) if resource.custom.is_some() => format!("{group}/{plural}"),
        (_, plural) => plural.to_owned(),
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {root}/{key}/{namespace}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: {why}"
    );
    ApiError::conflict(id, name, &why)
}

/// Whether a PUT creates an object of this kind where none is.
pub(super) fn creates(resource: &Resource) -> bool {
    let plural = resource.id.resource.as_str();
    resource.custom.is_none() && matches!(plural, "endpoints" | "events" | "leases" | "services")
}

/// The name of an object must be that of the path.
///
/// # Errors
/// 400.
pub(super) fn check_name(new: &Value, name: &str) -> Result<(), ApiError> {
    let given = object::name(new);
    if given.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    if given != name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    Ok(())
}
