//! One call on the cluster's state: who makes it, when, and under which conditions.

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

use crate::apply::{Managers, Sent};
use crate::cluster::State;
use crate::error::ApiError;
use crate::resources::{GroupResource, Resource, is_known_elsewhere};

/// What to do with fields that a kind does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// A call; the verbs are its methods, spread over the files of this folder.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) now: DateTime<Utc>,
    /// Ends up in [`crate::Commit::writer`].
    pub(crate) writer: String,
    /// Everything is checked and answered, nothing is stored.
    pub(crate) dry_run: bool,
    pub(crate) validation: FieldValidation,
    /// A call of the cluster's own: objects are well-formed, and a status needs no checks.
    pub(crate) trusted: bool,
    /// For `Warning` headers.
    pub(crate) warnings: Vec<String>,
    /// Fields that the body has twice.
    pub(crate) duplicates: Vec<String>,
    /// What the body says about `managedFields`.
    pub(crate) sent: Sent,
    /// Who owns the fields of the object that is the answer, once it was written.
    pub(crate) answered: Option<Arc<Managers>>,
    /// The cluster IP that a Service is to have that has none yet.
    pub(crate) asked_address: String,
}

impl<'a> Call<'a> {
    /// A call of one of the cluster's own parts.
    pub(crate) fn internal(state: &'a mut State, now: DateTime<Utc>, writer: &str) -> Self {
        Self {
            state,
            now,
            writer: writer.to_owned(),
            dry_run: false,
            validation: FieldValidation::Strict,
            trusted: true,
            warnings: Vec::new(),
            duplicates: Vec::new(),
            sent: Sent::Nothing,
            answered: None,
            asked_address: String::new(),
        }
    }

    /// A served resource.
    pub(crate) fn resource(&self, group: &str, plural: &str) -> Result<Arc<Resource>, ApiError> {
        let id = GroupResource::new(group, plural);
        self.state.registry.get(&id).cloned().ok_or_else(|| {
            if is_known_elsewhere(group, plural) {
                ApiError::not_modelled(id)
            } else {
                ApiError::unknown_path()
            }
        })
    }

    /// The newest state of an object.
    pub(crate) fn get(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Arc<Value>, ApiError> {
        self.state
            .store
            .get(&resource.id, namespace, name)
            .cloned()
            .ok_or_else(|| ApiError::not_found(&resource.id, name))
    }

    /// Gives a pod its node, as the scheduler's binding does: the one change of a pod's spec that
    /// an update may not make.
    pub(crate) fn bind(&mut self, pod: &Arc<Value>, node: &str) -> Result<Arc<Value>, ApiError> {
        let pods = self.resource("", "pods")?;
        let mut new = Value::clone(pod);
        crate::object::child(&mut new, "spec").insert("nodeName".into(), node.into());
        let status = crate::object::child(&mut new, "status");
        let conditions = status
            .entry("conditions")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(list) = conditions.as_array_mut() {
            list.retain(|c| crate::object::text(c, "/type") != "PodScheduled");
            list.push(serde_json::json!({
                "type": "PodScheduled", "status": "True",
                "lastTransitionTime": crate::clock::stamp(self.now),
            }));
        }
        let managers = self.managers(&pods, pod);
        Ok(self.store(&pods, new, managers))
    }

    /// Who owns the fields of a stored object.
    pub(super) fn managers(&self, resource: &Resource, object: &Value) -> Arc<Managers> {
        let (ns, name) = (
            crate::object::namespace(object),
            crate::object::name(object),
        );
        let held = self.state.store.held(&resource.id, ns, name);
        held.map_or_else(Arc::default, |held| held.managers.clone())
    }

    /// Stores an object, unless this is a dry run.
    pub(super) fn store(
        &mut self,
        resource: &Resource,
        new: Value,
        managers: Arc<Managers>,
    ) -> Arc<Value> {
        self.answered = Some(managers.clone());
        if self.dry_run {
            return Arc::new(new);
        }
        let stored = self
            .state
            .store
            .put(&resource.id, (new, managers), &self.writer, self.now);
        self.after_commit(resource, Some(&stored));
        stored
    }

    /// Removes an object, unless this is a dry run; gives its last state.
    pub(super) fn erase(&mut self, resource: &Resource, last: &Arc<Value>) -> Arc<Value> {
        self.answered = Some(self.managers(resource, last));
        if self.dry_run {
            return last.clone();
        }
        let removed = self.state.store.remove(
            &resource.id,
            crate::object::namespace(last),
            crate::object::name(last),
            &self.writer,
            self.now,
        );
        if resource.id.resource == "customresourcedefinitions" {
            self.uninstall(last);
        }
        removed.unwrap_or_else(|| last.clone())
    }

    /// A CRD changes what is served.
    fn after_commit(&mut self, resource: &Resource, stored: Option<&Arc<Value>>) {
        if resource.id.resource == "customresourcedefinitions"
            && let Some(crd) = stored
            && let Ok(custom) = crate::resources::from_crd(crd)
        {
            self.state.registry.insert(custom);
        }
    }

    /// With a CRD go its objects and its kind.
    fn uninstall(&mut self, crd: &Value) {
        let id = GroupResource::new(
            crate::object::text(crd, "/spec/group"),
            crate::object::text(crd, "/spec/names/plural"),
        );
        let objects: Vec<Arc<Value>> = self.state.store.list(&id, None).cloned().collect();
        for object in objects {
            self.state.store.remove(
                &id,
                crate::object::namespace(&object),
                crate::object::name(&object),
                &self.writer,
                self.now,
            );
        }
        self.state.registry.remove(&id);
    }
}
