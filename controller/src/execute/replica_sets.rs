//! Writes to ReplicaSets: the dry-run, creation, adoption, deletion.

use std::collections::BTreeMap;

use crds::names::POD_TEMPLATE_HASH;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, Preconditions, PropagationPolicy};
use kube::core::DynamicObject;
use planner::{ReplicaSetChange, TakenName, TemplateCheck, TemplateOutcome};
use serde_json::{Map, Value, json};

use super::look::Unseen;
use super::{FIELD_MANAGER, Run};
use crate::cache::Kind;
use crate::gate::Expected;
use crate::refusal::Refusal;
use crate::watch::resource;

impl Run<'_> {
    /// Asks what the API server would make of a ReplicaSet, and reads what the existing ones are.
    ///
    /// One that is not there any more, or is another by now, is told as unseen: as long as the view has
    /// it, no answer is about everything in it, and the question would be asked again at once.
    pub(super) async fn check(&mut self, digest: String, object: &Value) -> Result<(), Refusal> {
        let outcome = match self.post(object, true).await {
            Ok(answer) => {
                let (live, unseen) = self.live_templates().await?;
                if !unseen.is_empty() {
                    self.outcome.unseen = unseen;
                    return Ok(());
                }
                TemplateOutcome::Accepted {
                    defaulted: template(&answer),
                    live,
                }
            }
            Err(Refusal::Invalid { field, message }) => TemplateOutcome::Refused { field, message },
            Err(Refusal::AlreadyExists) => return Err(self.note_taken(object).await),
            Err(other) => return Err(other),
        };
        self.outcome.check = Some(TemplateCheck { digest, outcome });
        Ok(())
    }

    /// Templates by uid, and those of the view that are not what it shows.
    async fn live_templates(&self) -> Result<(BTreeMap<String, Value>, Unseen), Refusal> {
        let mut templates = BTreeMap::new();
        let mut unseen = Unseen::new();
        let api = self.api(Kind::ReplicaSet);
        for set in &self.observed.replica_sets {
            let live = api.get_opt(&set.name).await.map_err(Refusal::of)?;
            let is_it = |live: &DynamicObject| live.metadata.uid.as_ref() == Some(&set.uid);
            if let Some(live) = live.as_ref().filter(|live| is_it(live)) {
                templates.insert(set.uid.clone(), template(&live.data));
            } else {
                let version = live.and_then(|live| live.metadata.resource_version);
                let key = (Kind::ReplicaSet, self.named(&set.name));
                unseen.insert(key, version.unwrap_or_default());
            }
        }
        Ok((templates, unseen))
    }

    pub(super) async fn create(&mut self, object: &Value) -> Result<(), Refusal> {
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
            Err(Refusal::AlreadyExists) => Err(self.note_taken(object).await),
            Err(other) => Err(other),
        }
    }

    /// A ReplicaSet of this name is there. Ours, from a create whose answer was lost, will be seen;
    /// anything else has taken the name. Returns why the write counts as failed.
    async fn note_taken(&mut self, object: &Value) -> Refusal {
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let live = match self.api(Kind::ReplicaSet).get_opt(name).await {
            Ok(live) => live,
            Err(error) => return Refusal::of(error),
        };
        let uid = self.observed.rollout.metadata.uid.as_deref();
        let is_ours = |owner: &OwnerReference| {
            owner.controller == Some(true) && Some(owner.uid.as_str()) == uid
        };
        let live = live.map(|live| live.metadata);
        let owners = live.as_ref().and_then(|it| it.owner_references.as_ref());
        let ours = owners.is_some_and(|owners| owners.iter().any(is_ours));
        if live.is_some() && !ours {
            self.outcome.taken = Some(TakenName {
                name: name.to_owned(),
            });
        }
        Refusal::AlreadyExists
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

    /// The owners that a ReplicaSet has once it is adopted. The others stay.
    pub(super) async fn owners(&self, name: &str) -> Result<Value, Refusal> {
        let uid = self.observed.rollout.metadata.uid.as_deref();
        // A Rollout that is gone or going must not take anything with it.
        let live = self.api(Kind::Rollout).get_opt(&self.key.name).await;
        let live = live.map_err(Refusal::of)?.ok_or(Refusal::NotFound)?;
        let is_same = live.metadata.uid.as_deref() == uid;
        if !is_same || live.metadata.deletion_timestamp.is_some() {
            return Err(Refusal::Conflict);
        }
        let before = self.owners.get(name).cloned().unwrap_or_default();
        let others = before
            .into_iter()
            .filter(|owner| Some(owner.uid.as_str()) != uid);
        let mut owners: Vec<Value> = others.map(|owner| json!(owner)).collect();
        owners.push(self.owner_reference());
        Ok(Value::Array(owners))
    }

    fn owner_reference(&self) -> Value {
        let metadata = &self.observed.rollout.metadata;
        json!({
            "apiVersion": format!("{}/{}", crds::names::GROUP, crds::names::VERSION), "kind": "Rollout",
            "name": metadata.name, "uid": metadata.uid, "controller": true, "blockOwnerDeletion": true,
        })
    }

    pub(super) async fn delete(
        &mut self,
        name: &str,
        uid: String,
        version: String,
    ) -> Result<(), Refusal> {
        let api = self.api(Kind::ReplicaSet);
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
}

pub(super) fn replica_set_patch(
    version: &str,
    change: &ReplicaSetChange,
    owners: Option<Value>,
) -> Value {
    let ReplicaSetChange {
        replicas,
        min_ready_seconds,
        annotations,
        adopts: _,
        label,
    } = change;
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".to_owned(), json!(version));
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), json!(annotations));
    }
    if let Some(label) = label {
        metadata.insert("labels".to_owned(), json!({POD_TEMPLATE_HASH: label}));
    }
    if let Some(owners) = owners {
        metadata.insert("ownerReferences".to_owned(), owners);
    }
    let mut spec = Map::new();
    if let Some(replicas) = replicas {
        spec.insert("replicas".to_owned(), json!(replicas));
    }
    if let Some(seconds) = min_ready_seconds {
        spec.insert("minReadySeconds".to_owned(), json!(seconds));
    }
    let mut patch = Map::new();
    patch.insert("metadata".to_owned(), Value::Object(metadata));
    if !spec.is_empty() {
        patch.insert("spec".to_owned(), Value::Object(spec));
    }
    Value::Object(patch)
}

fn template(replica_set: &Value) -> Value {
    let template = replica_set.pointer("/spec/template");
    template.cloned().unwrap_or_default()
}
