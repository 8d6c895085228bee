//! ReplicaSets that lost their revision label: they get it back.
//!
//! Only ReplicaSets with that label are watched. One that somebody takes it from would be out of
//! sight with all its pods, and another would be made in its place (safety.md F21). What the label
//! was is in the ReplicaSet's own selector, which cannot be changed.

use std::collections::BTreeSet;

use crds::names::POD_TEMPLATE_HASH;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Client, ResourceExt as _};
use planner::Owner;
use serde_json::{Value, json};

use crate::cache::{Key, Kind};
use crate::decode;
use crate::execute::FIELD_MANAGER;
use crate::lease::Fence;
use crate::refusal::Refusal;
use crate::watch::api;

/// Gives the label back to those of these ReplicaSets that belong to the Rollout of this uid and lack
/// it. Returns all that have one by then, with their versions: the watch will show them again.
///
/// # Errors
/// When the API server does not answer, or something else changed one; trying again can help. One
/// that it refuses to change is left as it is.
pub(crate) async fn restore(
    client: Client,
    fence: Fence,
    rollout: String,
    sets: BTreeSet<Key>,
) -> Result<Vec<(Key, String)>, String> {
    let mut restored = Vec::new();
    for key in sets {
        let api = api(&client, Kind::ReplicaSet, &key.namespace);
        let live = api.get_opt(&key.name).await;
        let live = live.map_err(|error| error.to_string())?;
        let Some(live) = live.filter(|live| is_of(live, &rollout)) else {
            continue;
        };
        let Some(patch) = label(&live) else {
            restored.push((key, live.resource_version().unwrap_or_default()));
            continue;
        };
        if !fence.may_write() {
            return Err("not the leader any more".to_owned());
        }
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let written = api.patch(&key.name, &params, &Patch::Merge(patch)).await;
        match written.map_err(Refusal::of) {
            Ok(written) => {
                tracing::info!(replica_set = %key, "gave back the revision label that somebody removed");
                restored.push((key, written.resource_version().unwrap_or_default()));
            }
            Err(refusal) if refusal.is_answer() => {
                tracing::warn!(replica_set = %key, reason = %refusal, "its revision label is missing and cannot be given back");
            }
            Err(refusal) => return Err(refusal.to_string()),
        }
    }
    Ok(restored)
}

/// Whether it belongs to the Rollout of this uid, and stays.
fn is_of(live: &DynamicObject, rollout: &str) -> bool {
    let owned = decode::replica_set(live);
    let is_ours = owned.set.owner == Owner::Us && owned.rollout_uid.as_deref() == Some(rollout);
    is_ours && !owned.set.deleting
}

/// The patch that gives a ReplicaSet its label back; `None` where it has one.
fn label(live: &DynamicObject) -> Option<Value> {
    let labels = live.metadata.labels.as_ref();
    let selector = live.data.pointer("/spec/selector/matchLabels")?;
    let label = selector.get(POD_TEMPLATE_HASH)?.as_str()?;
    let is_missing = labels.is_none_or(|labels| !labels.contains_key(POD_TEMPLATE_HASH));
    is_missing.then(|| {
        json!({"metadata": {
            "resourceVersion": live.metadata.resource_version,
            "labels": {POD_TEMPLATE_HASH: label},
        }})
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: Value, owner: &str, deleting: bool) -> DynamicObject {
        let deleted = deleting.then_some("2026-01-01T00:00:00Z");
        serde_json::from_value(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web-1", "resourceVersion": "7", "labels": labels,
                "deletionTimestamp": deleted,
                "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                    "name": "web", "uid": owner, "controller": true}]},
            "spec": {"selector": {"matchLabels": {"app": "web", POD_TEMPLATE_HASH: "abc"}}},
        }))
        .unwrap()
    }

    #[test]
    fn a_missing_label_comes_back_on_the_version_that_lacks_it() {
        assert_eq!(
            label(&set(json!({"app": "web"}), "u1", false)),
            Some(
                json!({"metadata": {"resourceVersion": "7", "labels": {POD_TEMPLATE_HASH: "abc"}}})
            )
        );
        let other = json!({"app": "web", POD_TEMPLATE_HASH: "other"});
        assert_eq!(label(&set(other, "u1", false)), None);
    }

    #[test]
    fn what_goes_or_belongs_to_others_is_not_looked_into() {
        assert!(is_of(&set(json!({}), "u1", false), "u1"));
        assert!(!is_of(&set(json!({}), "u1", true), "u1"));
        assert!(!is_of(&set(json!({}), "u2", false), "u1"));
    }
}
