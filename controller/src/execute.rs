//! Carries out a plan: its writes in order, each on the version it was decided on, up to the
//! first that fails. Decides nothing.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use planner::{Now, Observed, Plan, Stake, TakenName, TemplateCheck, Write};
use serde_json::{Value, json};

use crate::cache::{Key, Kind};
use crate::clock::Clock;
use crate::event_writer::{EventWriter, reference};
use crate::gate::Expected;
use crate::lease::Fence;
use crate::refusal::Refusal;
use crate::status_patch::{self, Pruned};
use crate::watch::api;

mod look;
mod replica_sets;
pub(crate) mod services;

pub(crate) use look::Unseen;

use replica_sets::replica_set_patch;

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
    /// Paths of the status that the installed CRD did not keep.
    pub(crate) pruned: Pruned,
    /// Whether a plan that did more than write status ran to its end.
    pub(crate) resolved: bool,
    /// Whether the rest of the plan came too late to be carried out.
    pub(crate) too_late: bool,
    /// What the plan was not made for, so that nothing of it was carried out.
    pub(crate) unseen: Unseen,
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

/// All owners of ReplicaSets that are adopted, by name.
pub(crate) type Owners = BTreeMap<String, Vec<OwnerReference>>;

/// A plan to be carried out.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) key: Key,
    /// What the plan was made for.
    pub(crate) observed: Observed,
    pub(crate) plan: Plan,
    pub(crate) owners: Owners,
    /// Paths of the status that are not written.
    pub(crate) pruned: Pruned,
    /// When the plan was made.
    pub(crate) planned: Now,
    /// What a last look showed before, and reading live could not make seen.
    pub(crate) looked: Unseen,
}

/// Carries out plans.
#[derive(Clone)]
pub(crate) struct Executor {
    pub(crate) client: Client,
    pub(crate) events: EventWriter,
    pub(crate) fence: Fence,
    pub(crate) clock: Clock,
}

impl Executor {
    /// Carries out a plan, up to the first write that fails.
    pub(crate) async fn run(&self, work: Work) -> Outcome {
        let Work {
            key,
            observed,
            plan,
            owners,
            pruned,
            planned,
            looked,
        } = work;
        let worth_a_look = if self.fence.is_alone() {
            Stake::Users
        } else {
            Stake::Order
        };
        let looks = plan.stake(&observed) >= worth_a_look;
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
            owners,
            pruned,
            outcome: Outcome::default(),
        };
        if looks {
            match run.look().await {
                Ok(unseen) if unseen.is_empty() || unseen == looked => {}
                Ok(unseen) => {
                    run.outcome.unseen = unseen;
                    return run.outcome;
                }
                Err(refusal) => {
                    run.outcome.failed = Some(Failed {
                        object: format!("Rollout/{}", run.key.name),
                        creating: false,
                        refusal,
                        target: (Kind::Rollout, run.key.clone()),
                    });
                    return run.outcome;
                }
            }
        }
        for action in plan.actions {
            // A plan holds stamps that begin waits. Carried out after the second it was made in, it
            // would shorten them (safety.md S10, S12), so the rest is planned anew.
            if self.clock.now().may_be_after(planned.next_second()) {
                run.outcome.too_late = true;
                break;
            }
            let target = run.target(&action.write);
            let creating = matches!(
                action.write,
                Write::CreateReplicaSet { .. } | Write::CheckTemplate { .. }
            );
            let result = if self.fence.may_write() {
                run.write(action.write).await
            } else {
                Err(Refusal::NotLeading)
            };
            match result {
                Ok(Written::Yes) => {
                    let object = reference(&run.observed.rollout.metadata);
                    self.events.tell(&object, action.events);
                }
                // Nothing changed that the API server keeps, so there is nothing to tell.
                Ok(Written::NothingToWrite) => {}
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
    owners: Owners,
    /// The Rollout's version after our last write to it.
    rollout_version: String,
    /// Paths of the status that are not written.
    pruned: Pruned,
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
            Write::PatchService { name, .. } | Write::ReleaseService { name, .. } => {
                (Kind::Service, self.named(name))
            }
            Write::PatchRollout { .. } | Write::WriteStatus { .. } => {
                (Kind::Rollout, self.key.clone())
            }
        }
    }

    async fn write(&mut self, write: Write) -> Result<Written, Refusal> {
        let written = match write {
            Write::CheckTemplate { digest, object } => self.check(digest, &object).await,
            Write::CreateReplicaSet { object } => self.create(&object).await,
            Write::PatchReplicaSet {
                name,
                uid: _,
                resource_version,
                change,
            } => {
                let owners = if change.adopts {
                    Some(self.owners(&name).await?)
                } else {
                    None
                };
                let patch = replica_set_patch(&resource_version, &change, owners);
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
                let patch = services::switch(&resource_version, &hash, managed_by.as_deref());
                self.patch(Kind::Service, &name, patch, None)
                    .await
                    .map(drop)
            }
            Write::ReleaseService {
                name,
                uid: _,
                resource_version,
            } => {
                let patch = services::give_back(&resource_version);
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
            Write::WriteStatus { status } => return self.status(&status).await,
        };
        written.map(|()| Written::Yes)
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        api(&self.executor.client, kind, &self.key.namespace)
    }

    async fn patch(
        &mut self,
        kind: Kind,
        name: &str,
        patch: Value,
        subresource: Option<&str>,
    ) -> Result<DynamicObject, Refusal> {
        let api = self.api(kind);
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

    async fn status(&mut self, status: &crds::RolloutStatus) -> Result<Written, Refusal> {
        let old = self.observed.rollout.status.clone().unwrap_or_default();
        let old = status_patch::json(&old, &self.pruned);
        let new = status_patch::json(status, &self.pruned);
        let Some(difference) = status_patch::difference(&old, &new) else {
            return Ok(Written::NothingToWrite);
        };
        let metadata = json!({"resourceVersion": self.rollout_version});
        let patch = json!({"metadata": metadata, "status": difference});
        let name = self.key.name.clone();
        let written = self
            .patch(Kind::Rollout, &name, patch, Some("status"))
            .await?;
        self.rollout_version = version(&written);
        let none = Value::Null;
        let stored = written.data.get("status").unwrap_or(&none);
        if stored.is_object() {
            self.outcome.pruned = status_patch::not_kept(&difference, stored);
        }
        Ok(Written::Yes)
    }
}

/// Whether a write was sent.
enum Written {
    Yes,
    NothingToWrite,
}

fn version(object: &DynamicObject) -> String {
    object.metadata.resource_version.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests;
