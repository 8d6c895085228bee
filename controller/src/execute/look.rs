//! A last look at the live objects, before a plan that puts something at stake.
//!
//! A view may lack what others did and no event ever told (safety.md F4, S20). Writes carry the
//! version of the object that they change; this holds the versions of all the others that the
//! decision was made on.

use std::collections::BTreeMap;

use crds::label_selector::Selector;
use futures::future::try_join_all;
use kube::api::{ListParams, PartialObjectMeta};
use kube::core::DynamicObject;
use planner::ServiceState;

use super::Run;
use crate::cache::{Key, Kind};
use crate::refusal::Refusal;

/// Objects that are not as the plan's view shows them, and the versions that they have; an empty
/// one where there is none.
pub(crate) type Unseen = BTreeMap<(Kind, Key), String>;

impl Run<'_> {
    /// Looks at the metadata of the Rollout, its ReplicaSets and its Services.
    pub(super) async fn look(&self) -> Result<Unseen, Refusal> {
        let mut unseen = self.unseen_sets().await?;
        let rollout = self.rollout_version.clone();
        let mut others = vec![(Kind::Rollout, self.key.clone(), rollout)];
        for (name, state) in &self.observed.services {
            let version = match state {
                ServiceState::Found(service) => service.resource_version.clone(),
                ServiceState::NotFound => String::new(),
            };
            others.push((Kind::Service, self.named(name), version));
        }
        unseen.extend(self.unseen_of(others).await?);
        Ok(unseen)
    }

    /// ReplicaSets that the Rollout controls or might adopt.
    async fn unseen_sets(&self) -> Result<Unseen, Refusal> {
        let rollout = &self.observed.rollout;
        let selector = rollout.spec.selector.as_ref().and_then(Selector::new);
        let selector = selector.filter(|it| !it.is_empty());
        let mut live: BTreeMap<String, PartialObjectMeta<DynamicObject>> = BTreeMap::new();
        if let Some(selector) = selector {
            let params = ListParams::default().labels(&selector.to_string());
            let listed = self.api(Kind::ReplicaSet).list_metadata(&params).await;
            for it in listed.map_err(Refusal::of)?.items {
                live.insert(it.metadata.name.clone().unwrap_or_default(), it);
            }
        }
        let mut unseen = Unseen::new();
        let mut unlisted = Vec::new();
        for set in &self.observed.replica_sets {
            let (key, seen) = (self.named(&set.name), &set.resource_version);
            match live.remove(&set.name) {
                Some(live) if version(&live) == *seen => {}
                Some(live) => {
                    unseen.insert((Kind::ReplicaSet, key), version(&live));
                }
                None => unlisted.push((Kind::ReplicaSet, key, seen.clone())),
            }
        }
        let uid = rollout.metadata.uid.as_deref();
        let others = live.iter().filter(|(_, it)| may_be_of(it, uid));
        unseen.extend(others.map(|(name, it)| ((Kind::ReplicaSet, self.named(name)), version(it))));
        unseen.extend(self.unseen_of(unlisted).await?);
        Ok(unseen)
    }

    /// Those that have another version than the one named.
    async fn unseen_of(&self, seen: Vec<(Kind, Key, String)>) -> Result<Unseen, Refusal> {
        let reads = seen.into_iter().map(|(kind, key, seen)| async move {
            let live = self.api(kind).get_metadata_opt(&key.name).await;
            let live = live.map_err(Refusal::of)?;
            let live = live.as_ref().map(version).unwrap_or_default();
            Ok(Some(((kind, key), live)).filter(|(_, live)| *live != seen))
        });
        let read = try_join_all(reads).await?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// Whether a ReplicaSet is controlled by the Rollout of this uid, or is a version of something and
/// controlled by nobody.
fn may_be_of(set: &PartialObjectMeta<DynamicObject>, uid: Option<&str>) -> bool {
    let metadata = &set.metadata;
    let mut owners = metadata.owner_references.iter().flatten();
    let controller = owners.find(|it| it.controller == Some(true));
    let label = crds::names::POD_TEMPLATE_HASH;
    let is_revision = metadata
        .labels
        .iter()
        .flatten()
        .any(|(key, _)| key == label);
    controller.map_or(is_revision, |it| Some(it.uid.as_str()) == uid)
}

fn version(object: &PartialObjectMeta<DynamicObject>) -> String {
    object.metadata.resource_version.clone().unwrap_or_default()
}
