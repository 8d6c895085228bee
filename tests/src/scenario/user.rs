//! What a user's command sends: exactly the requests of `compat/cli.md` §3, or of `kubectl`.

use anyhow::{Context, Result, anyhow};
use http::Method;
use kube::Client;
use serde_json::{Value, json};

use super::condition::revision_hash;
use super::parse::Act;
use crate::history::World;
use crate::reading::{
    HASH, REVISION, annotation, is_true, name, namespace, number, replica_set_of, replica_sets,
    steps, text,
};

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";

/// A person with a client.
#[derive(Clone)]
pub struct User {
    client: Client,
}

impl User {
    /// A person who speaks through this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Creates the object, or merge-patches the one that is there.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn apply(&self, object: &Value) -> Result<()> {
        let collection = collection(text(object, "/kind"), or_default(namespace(object)))?;
        let sent = self
            .send(Method::POST, &collection, "application/json", object)
            .await;
        let Err(error) = sent else { return Ok(()) };
        let exists = matches!(
            error.downcast_ref::<kube::Error>(),
            Some(kube::Error::Api(status)) if status.reason == "AlreadyExists"
        );
        if !exists {
            return Err(error);
        }
        let path = format!("{collection}/{}", name(object));
        self.merge(&path, object).await
    }

    /// Replaces the whole spec of a Rollout, as an editor does.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn replace_spec(&self, rollout: &str, spec: &Value) -> Result<()> {
        let patch = json!([{"op": "replace", "path": "/spec", "value": spec}]);
        let path = format!("{ROLLOUTS}/{rollout}");
        self.send(Method::PATCH, &path, "application/json-patch+json", &patch)
            .await
    }

    /// Does what a line of a scenario says to the Rollout of this name.
    ///
    /// # Errors
    /// When the API server refuses it, or what it needs is not there.
    pub async fn act(&self, act: &Act, world: &World, rollout_name: &str) -> Result<()> {
        let path = format!("{ROLLOUTS}/{rollout_name}");
        let status = format!("{path}/status");
        let rollout = world.get("rollouts", "default", rollout_name);
        let seen = || rollout.context("there is no such rollout");
        match act {
            Act::SetImage(image) => {
                let mut containers = seen()?
                    .pointer("/spec/template/spec/containers")
                    .cloned()
                    .context("no containers")?;
                containers[0]["image"] = json!(image);
                let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
                self.merge(&path, &patch).await
            }
            Act::Scale(replicas) => {
                let patch = json!({"spec": {"replicas": replicas}});
                self.merge(&format!("{path}/scale"), &patch).await
            }
            Act::Promote => self.promote(seen()?, &path).await,
            Act::PromoteFull => {
                let rollout = seen()?;
                if text(rollout, "/status/currentPodHash") != text(rollout, "/status/stableRS") {
                    let patch = json!({"status": {"promoteFull": true}});
                    self.merge(&status, &patch).await?;
                }
                self.unpause(rollout, &path).await
            }
            Act::Abort => {
                self.merge(&status, &json!({"status": {"abort": true}}))
                    .await
            }
            Act::Retry => {
                self.merge(&status, &json!({"status": {"abort": false}}))
                    .await
            }
            Act::Pause => self.merge(&path, &json!({"spec": {"paused": true}})).await,
            Act::Undo(revision) => self.undo(seen()?, world, &path, *revision).await,
            Act::Patch { status: true, body } => self.merge(&status, body).await,
            Act::Patch {
                status: false,
                body,
            } => self.merge(&path, body).await,
            Act::PatchOther {
                resource,
                name,
                body,
            } => {
                let path = other(resource, name, world, rollout)?;
                self.merge(&path, body).await
            }
            Act::DeleteRollout => self.delete(&path).await,
            Act::DeleteOther { resource, name } => {
                let path = other(resource, name, world, rollout)?;
                self.delete(&path).await
            }
        }
    }

    /// `compat/cli.md` §3.1, without flags.
    async fn promote(&self, rollout: &Value, path: &str) -> Result<()> {
        let pauses = rollout
            .pointer("/status/pauseConditions")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let steps = steps(rollout).len();
        let patch = if pauses > 0 {
            Some(json!({"status": {"pauseConditions": null}}))
        } else if steps > 0 {
            let index = number(rollout, "/status/currentStepIndex") + 1;
            let next = index.min(i64::try_from(steps)?);
            Some(json!({"status": {"pauseConditions": null, "currentStepIndex": next}}))
        } else {
            None
        };
        if let Some(patch) = patch {
            self.merge(&format!("{path}/status"), &patch).await?;
        }
        self.unpause(rollout, path).await
    }

    async fn unpause(&self, rollout: &Value, path: &str) -> Result<()> {
        if is_true(rollout, "/spec/paused") {
            self.merge(path, &json!({"spec": {"paused": false}}))
                .await?;
        }
        Ok(())
    }

    /// `compat/cli.md` §3.2.
    async fn undo(
        &self,
        rollout: &Value,
        world: &World,
        path: &str,
        revision: Option<i64>,
    ) -> Result<()> {
        let number = |set: &Value| annotation(set, REVISION).parse::<i64>().unwrap_or(0);
        let mut sets = replica_sets(world, rollout);
        sets.sort_by_key(|set| std::cmp::Reverse(number(set)));
        let target = match revision {
            Some(wanted) => sets.into_iter().find(|set| number(set) == wanted),
            None => sets.into_iter().nth(1),
        };
        let mut template = target
            .and_then(|set| set.pointer("/spec/template"))
            .cloned()
            .context("unable to find specified revision in history")?;
        if let Some(labels) = template
            .pointer_mut("/metadata/labels")
            .and_then(Value::as_object_mut)
        {
            labels.remove(HASH);
        }
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        self.send(Method::PATCH, path, "application/json-patch+json", &patch)
            .await
    }

    /// Sends a merge patch of the object at this path.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn merge(&self, path: &str, patch: &Value) -> Result<()> {
        self.send(Method::PATCH, path, "application/merge-patch+json", patch)
            .await
    }

    /// Posts to this path.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn post(&self, path: &str, body: &Value) -> Result<()> {
        self.send(Method::POST, path, "application/json", body)
            .await
    }

    /// Deletes the object at this path.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn delete(&self, path: &str) -> Result<()> {
        self.send(Method::DELETE, path, "application/json", &json!({}))
            .await
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> Result<()> {
        // As kubectl does: a misspelt field is an error.
        let uri = if method == Method::DELETE {
            path.to_owned()
        } else {
            format!("{path}?fieldValidation=Strict")
        };
        let request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", kind)
            .body(serde_json::to_vec(body)?)?;
        self.client.request::<Value>(request).await?;
        Ok(())
    }
}

fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() {
        "default"
    } else {
        namespace
    }
}

/// Path of the collection that objects of a kind live in.
fn collection(kind: &str, namespace: &str) -> Result<String> {
    Ok(match kind {
        "Rollout" => format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts"),
        "ReplicaSet" => format!("/apis/apps/v1/namespaces/{namespace}/replicasets"),
        "Service" => format!("/api/v1/namespaces/{namespace}/services"),
        "Pod" => format!("/api/v1/namespaces/{namespace}/pods"),
        "CustomResourceDefinition" => {
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned()
        }
        other => return Err(anyhow!("scenarios do not apply a {other}")),
    })
}

/// Path of an object that is not the Rollout.
fn other(resource: &str, name_: &str, world: &World, rollout: Option<&Value>) -> Result<String> {
    let kind = match resource {
        "replicasets" => "ReplicaSet",
        "services" => "Service",
        "pods" => "Pod",
        _ => return Err(anyhow!("scenarios do not touch {resource}")),
    };
    let collection = collection(kind, "default")?;
    let hash = rollout.map_or("", |rollout| revision_hash(world, rollout, name_));
    let set = rollout.and_then(|rollout| replica_set_of(world, rollout, hash));
    let resolved = match (resource, set) {
        ("replicasets", Some(set)) => name(set),
        ("pods", Some(set)) => world
            .list("pods")
            .find(|pod| crate::reading::controller_uid(pod) == crate::reading::uid(set))
            .map_or(name_, name),
        _ => name_,
    };
    Ok(format!("{collection}/{resolved}"))
}
