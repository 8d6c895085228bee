//! Carries out a plan: its writes in order, each on the version it was decided on, up to the
//! first that fails. Decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use kube::api::{
    DeleteParams, DynamicObject, Patch, PatchParams, Preconditions, PropagationPolicy,
};
use planner::{
    Observed, OwnerChange, Plan, ReplicaSetChange, TakenName, TemplateCheck, TemplateOutcome, Write,
};
use serde_json::{Map, Value, json};

use crate::cache::{Key, Kind};
use crate::event_writer::EventWriter;
use crate::gate::Expected;
use crate::lease::Fence;
use crate::refusal::Refusal;
use crate::status_patch;
use crate::watch::{api, resource};

/// Who we are to the API server.
pub(crate) const FIELD_MANAGER: &str = "rollouts-controller";

/// What came of a plan.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Our writes and what they should make visible.
    pub(crate) wrote: Vec<(Kind, Key, Expected)>,
    /// What the API server said of the template.
    pub(crate) check: Option<TemplateCheck>,
    /// A name that is taken.
    pub(crate) taken: Option<TakenName>,
    /// The write that failed, and how.
    pub(crate) failed: Option<Failed>,
    /// The CRD does not keep `status.waitingOn`.
    pub(crate) prunes_waiting_on: bool,
    /// Whether a plan that did more than write status ran to its end.
    pub(crate) resolved: bool,
}

/// A write that did not succeed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What was written, e.g. `ReplicaSet/web-7c9d8`.
    pub(crate) object: String,
    /// Whether it was the creation of a ReplicaSet, or its dry-run.
    pub(crate) creating: bool,
    /// Why it failed.
    pub(crate) refusal: Refusal,
    /// The object, so that it can be read again where the outcome is not known.
    pub(crate) target: (Kind, Key),
}

/// Carries out plans.
#[derive(Clone)]
pub(crate) struct Executor {
    pub(crate) client: Client,
    pub(crate) events: EventWriter,
    pub(crate) fence: Fence,
    /// Longest wait for one answer; then it is not known what happened.
    pub(crate) timeout: Duration,
}

impl Executor {
    /// Carries out `plan` for what was `observed`.
    pub(crate) async fn run(
        &self,
        key: Key,
        observed: Observed,
        plan: Plan,
        keep_waiting_on: bool,
    ) -> Outcome {
        let mut run = Run {
            executor: self,
            rollout_version: observed
                .rollout
                .metadata
                .resource_version
                .clone()
                .unwrap_or_default(),
            key,
            observed,
            keep_waiting_on,
            outcome: Outcome::default(),
        };
        for action in plan.actions {
            let target = run.target(&action.write);
            let creating = matches!(
                action.write,
                Write::CreateReplicaSet { .. } | Write::CheckTemplate { .. }
            );
            let result = if self.fence.may_write() {
                tokio::time::timeout(self.timeout, run.write(action.write))
                    .await
                    .unwrap_or(Err(Refusal::Unknown))
            } else {
                Err(Refusal::NotLeading)
            };
            match result {
                Ok(()) => self.events.tell(&run.observed.rollout, action.events),
                Err(refusal) => {
                    let object = format!("{:?}/{}", target.0, target.1.name);
                    run.outcome.failed = Some(Failed {
                        object,
                        creating,
                        refusal,
                        target,
                    });
                    break;
                }
            }
        }
        run.outcome
    }
}

struct Run<'a> {
    executor: &'a Executor,
    key: Key,
    observed: Observed,
    /// The Rollout's version after our last write to it.
    rollout_version: String,
    keep_waiting_on: bool,
    outcome: Outcome,
}

impl Run<'_> {
    fn named(&self, name: &str) -> Key {
        Key::new(self.key.namespace.clone(), name)
    }

    fn target(&self, write: &Write) -> (Kind, Key) {
        let named = |object: &Value| {
            self.named(
                object
                    .pointer("/metadata/name")
                    .and_then(Value::as_str)
                    .unwrap_or(""),
            )
        };
        match write {
            Write::CheckTemplate { object, .. } | Write::CreateReplicaSet { object } => {
                (Kind::ReplicaSet, named(object))
            }
            Write::PatchReplicaSet { name, .. } | Write::DeleteReplicaSet { name, .. } => {
                (Kind::ReplicaSet, self.named(name))
            }
            Write::PatchService { name, .. } => (Kind::Service, self.named(name)),
            Write::PatchRollout { .. } | Write::WriteStatus { .. } => {
                (Kind::Rollout, self.key.clone())
            }
        }
    }

    async fn write(&mut self, write: Write) -> Result<(), Refusal> {
        match write {
            Write::CheckTemplate { digest, object } => self.check(digest, &object).await,
            Write::CreateReplicaSet { object } => self.create(&object).await,
            Write::PatchReplicaSet {
                name,
                uid: _,
                resource_version,
                change,
            } => {
                let patch = self.replica_set_patch(&resource_version, &change);
                self.patch(Kind::ReplicaSet, &name, patch, None)
                    .await
                    .map(drop)
            }
            Write::DeleteReplicaSet {
                name,
                uid,
                resource_version,
            } => self.delete(&name, uid, resource_version).await,
            Write::PatchService {
                name,
                uid: _,
                resource_version,
                hash,
                managed_by,
            } => {
                let mut metadata = json!({"resourceVersion": resource_version});
                if let Some(manager) = managed_by {
                    metadata = json!({"resourceVersion": resource_version,
                        "annotations": {crds::names::MANAGED_BY: manager}});
                }
                let selector = json!({crds::names::POD_TEMPLATE_HASH: hash});
                let patch = json!({"metadata": metadata, "spec": {"selector": selector}});
                self.patch(Kind::Service, &name, patch, None)
                    .await
                    .map(drop)
            }
            Write::PatchRollout { annotations } => {
                let patch = json!({"metadata": {"resourceVersion": self.rollout_version, "annotations": annotations}});
                let name = self.key.name.clone();
                let written = self.patch(Kind::Rollout, &name, patch, None).await?;
                self.rollout_version = version(&written);
                Ok(())
            }
            Write::WriteStatus { status } => self.status(&status).await,
        }
    }

    /// Asks what the API server would make of a ReplicaSet, and reads what the existing ones are.
    async fn check(&mut self, digest: String, object: &Value) -> Result<(), Refusal> {
        let outcome = match self.post(object, true).await {
            Ok(answer) => {
                let template = |object: &Value| {
                    object
                        .pointer("/spec/template")
                        .cloned()
                        .unwrap_or_default()
                };
                TemplateOutcome::Accepted {
                    defaulted: template(&answer),
                    live: self.live_templates().await?,
                }
            }
            Err(Refusal::Invalid { field, message }) => TemplateOutcome::Refused { field, message },
            Err(other) => return Err(other),
        };
        self.outcome.check = Some(TemplateCheck { digest, outcome });
        Ok(())
    }

    async fn live_templates(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        let mut templates = BTreeMap::new();
        let api = api(&self.executor.client, Kind::ReplicaSet, &self.key.namespace);
        for set in &self.observed.replica_sets {
            if let Some(live) = api.get_opt(&set.name).await.map_err(Refusal::of)? {
                let template = live
                    .data
                    .pointer("/spec/template")
                    .cloned()
                    .unwrap_or_default();
                templates.insert(live.metadata.uid.unwrap_or_default(), template);
            }
        }
        Ok(templates)
    }

    async fn create(&mut self, object: &Value) -> Result<(), Refusal> {
        let created = self.post(object, false).await;
        let name = object
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match created {
            Ok(created) => {
                let version = created
                    .pointer("/metadata/resourceVersion")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let expected = Expected::Created(version.to_owned());
                self.outcome
                    .wrote
                    .push((Kind::ReplicaSet, self.named(name), expected));
                Ok(())
            }
            Err(Refusal::AlreadyExists) => {
                // Ours, from a create whose answer was lost: it will be seen. Anything else has
                // taken the name.
                let api = api(&self.executor.client, Kind::ReplicaSet, &self.key.namespace);
                let live = api.get_opt(name).await.map_err(Refusal::of)?;
                let uid = self.observed.rollout.metadata.uid.as_deref();
                let is_ours = live.is_some_and(|live| {
                    let mut owners = live.metadata.owner_references.into_iter().flatten();
                    owners.any(|owner| {
                        owner.controller == Some(true) && Some(owner.uid.as_str()) == uid
                    })
                });
                if !is_ours {
                    self.outcome.taken = Some(TakenName {
                        name: name.to_owned(),
                    });
                }
                Err(Refusal::AlreadyExists)
            }
            Err(other) => Err(other),
        }
    }

    /// Creates a ReplicaSet with strict field validation, maybe only as a dry-run.
    async fn post(&self, object: &Value, dry_run: bool) -> Result<Value, Refusal> {
        let resource = resource(Kind::ReplicaSet);
        let dry_run = if dry_run { "&dryRun=All" } else { "" };
        let path = format!(
            "/apis/{}/namespaces/{}/{}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict{dry_run}",
            resource.api_version, self.key.namespace, resource.plural
        );
        let body = serde_json::to_vec(object).map_err(|error| Refusal::Other(error.to_string()))?;
        let request = http::Request::post(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body);
        let request = request.map_err(|error| Refusal::Other(error.to_string()))?;
        self.executor
            .client
            .request(request)
            .await
            .map_err(Refusal::of)
    }

    fn replica_set_patch(&self, version: &str, change: &ReplicaSetChange) -> Value {
        let ReplicaSetChange {
            replicas,
            min_ready_seconds,
            annotations,
            owner,
        } = change;
        let mut metadata = json!({"resourceVersion": version});
        let mut spec = Map::new();
        if let Some(metadata) = metadata.as_object_mut() {
            if !annotations.is_empty() {
                metadata.insert("annotations".to_owned(), json!(annotations));
            }
            if let Some(OwnerChange::Adopt) = owner {
                metadata.insert(
                    "ownerReferences".to_owned(),
                    json!([self.owner_reference()]),
                );
            }
        }
        if let Some(replicas) = replicas {
            spec.insert("replicas".to_owned(), json!(replicas));
        }
        if let Some(seconds) = min_ready_seconds {
            spec.insert("minReadySeconds".to_owned(), json!(seconds));
        }
        let mut patch = json!({"metadata": metadata});
        if let Some(patch) = patch.as_object_mut().filter(|_| !spec.is_empty()) {
            patch.insert("spec".to_owned(), Value::Object(spec));
        }
        patch
    }

    fn owner_reference(&self) -> Value {
        let metadata = &self.observed.rollout.metadata;
        json!({
            "apiVersion": format!("{}/{}", crds::names::GROUP, crds::names::VERSION), "kind": "Rollout",
            "name": metadata.name, "uid": metadata.uid, "controller": true, "blockOwnerDeletion": true,
        })
    }

    async fn patch(
        &mut self,
        kind: Kind,
        name: &str,
        patch: Value,
        subresource: Option<&str>,
    ) -> Result<DynamicObject, Refusal> {
        let api = api(&self.executor.client, kind, &self.key.namespace);
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        let written = match subresource {
            Some(subresource) => {
                api.patch_subresource(subresource, name, &params, &patch)
                    .await
            }
            None => api.patch(name, &params, &patch).await,
        };
        let written = written.map_err(Refusal::of)?;
        self.outcome
            .wrote
            .push((kind, self.named(name), Expected::Changed(version(&written))));
        Ok(written)
    }

    async fn delete(&mut self, name: &str, uid: String, version: String) -> Result<(), Refusal> {
        let api = api(&self.executor.client, Kind::ReplicaSet, &self.key.namespace);
        let preconditions = Preconditions {
            uid: Some(uid.clone()),
            resource_version: Some(version),
        };
        let params = DeleteParams {
            preconditions: Some(preconditions),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        match api.delete(name, &params).await.map_err(Refusal::of) {
            Ok(_) | Err(Refusal::NotFound) => {
                self.outcome.wrote.push((
                    Kind::ReplicaSet,
                    self.named(name),
                    Expected::Deleted(uid),
                ));
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    async fn status(&mut self, status: &crds::RolloutStatus) -> Result<(), Refusal> {
        let old = self.observed.rollout.status.clone().unwrap_or_default();
        let mut new = status.clone();
        if !self.keep_waiting_on {
            new.waiting_on = old.waiting_on.clone();
        }
        let Some(difference) = status_patch::difference(&old, &new) else {
            return Ok(());
        };
        let patch =
            json!({"metadata": {"resourceVersion": self.rollout_version}, "status": difference});
        let name = self.key.name.clone();
        let written = self
            .patch(Kind::Rollout, &name, patch, Some("status"))
            .await?;
        self.rollout_version = version(&written);
        self.outcome.prunes_waiting_on =
            new.waiting_on.is_some() && written.data.pointer("/status/waitingOn").is_none();
        Ok(())
    }
}

fn version(object: &DynamicObject) -> String {
    object.metadata.resource_version.clone().unwrap_or_default()
}
