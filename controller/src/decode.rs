//! From what the API server sends to what is kept in memory.
//!
//! Objects arrive untyped and are cut down at once: no managed fields, no pod templates of
//! ReplicaSets, no copy of what `kubectl` applied. One that cannot be read is set aside with its
//! error and never keeps others of its kind from being seen.

use std::collections::BTreeMap;

use crds::{Rollout, Time, names};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::DynamicObject;
use planner::{Owner, ReplicaSet, ReplicaSetFailure, Service};
use serde_json::Value;

/// A Rollout that could not be read.
#[derive(Debug, Clone)]
pub(crate) struct Poison {
    /// The object as it came.
    pub(crate) object: DynamicObject,
    /// Path of the field that cannot be read, where there is just one.
    pub(crate) field: Option<String>,
    /// Why it could not be read.
    pub(crate) error: String,
}

/// A ReplicaSet and the uid of the Rollout that controls it.
#[derive(Debug, Clone)]
pub(crate) struct OwnedSet {
    pub(crate) set: std::sync::Arc<ReplicaSet>,
    /// `None` when its controller is no Rollout, or there is none.
    pub(crate) rollout_uid: Option<String>,
    /// All owners: whoever adopts it has to keep the others.
    pub(crate) owners: Vec<OwnerReference>,
}

pub(crate) fn rollout(mut object: DynamicObject) -> Result<Rollout, Box<Poison>> {
    object.metadata.managed_fields = None;
    if let Some(annotations) = &mut object.metadata.annotations {
        annotations.remove(names::LAST_APPLIED);
    }
    let whole = serde_json::to_value(&object).unwrap_or_default();
    serde_path_to_error::deserialize(&whole).map_err(|error| {
        let path = error.path().to_string();
        Box::new(Poison {
            object,
            // A path of one dot stands for the object as a whole.
            field: Some(path).filter(|path| path != "."),
            error: error.into_inner().to_string(),
        })
    })
}

pub(crate) fn replica_set(object: &DynamicObject) -> OwnedSet {
    let metadata = &object.metadata;
    let data = &object.data;
    let count = |pointer: &str, default: i32| {
        data.pointer(pointer)
            .and_then(Value::as_i64)
            .map_or(default, |it| i32::try_from(it).unwrap_or(i32::MAX))
    };
    let labels = metadata.labels.clone().unwrap_or_default();
    let mut annotations = metadata.annotations.clone().unwrap_or_default();
    annotations.remove(names::LAST_APPLIED);
    let controller = metadata
        .owner_references
        .iter()
        .flatten()
        .find(|reference| reference.controller == Some(true));
    let is_rollout = |reference: &&OwnerReference| {
        reference.kind == "Rollout"
            && reference
                .api_version
                .starts_with(&format!("{}/", names::GROUP))
    };
    let rollout_uid = controller
        .filter(is_rollout)
        .map(|reference| reference.uid.clone());
    let owner = match (controller, &rollout_uid) {
        (None, _) => Owner::Nobody,
        (Some(_), Some(_)) => Owner::Us,
        (Some(other), None) => Owner::Other(other.uid.clone()),
    };
    let set = ReplicaSet {
        name: metadata.name.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        resource_version: metadata.resource_version.clone().unwrap_or_default(),
        generation: metadata.generation.unwrap_or(0),
        created: created(object),
        deleting: metadata.deletion_timestamp.is_some(),
        owner,
        hash: selected_hash(data)
            .or_else(|| labels.get(names::POD_TEMPLATE_HASH).map(String::as_str))
            .unwrap_or_default()
            .to_owned(),
        labels,
        annotations,
        replicas: count("/spec/replicas", 1),
        min_ready_seconds: count("/spec/minReadySeconds", 0),
        current_replicas: count("/status/replicas", 0),
        ready_replicas: count("/status/readyReplicas", 0),
        available_replicas: count("/status/availableReplicas", 0),
        observed_generation: data
            .pointer("/status/observedGeneration")
            .and_then(Value::as_i64)
            .unwrap_or(0),
        failure: failure(data),
        images: images(data),
    };
    let owners = metadata.owner_references.clone().unwrap_or_default();
    OwnedSet {
        set: std::sync::Arc::new(set),
        rollout_uid,
        owners,
    }
}

/// The version that the selector of a ReplicaSet names.
pub(crate) fn selected_hash(data: &Value) -> Option<&str> {
    let labels = data.pointer("/spec/selector/matchLabels")?;
    labels.get(names::POD_TEMPLATE_HASH)?.as_str()
}

pub(crate) fn service(object: &DynamicObject) -> Service {
    let metadata = &object.metadata;
    let selector: BTreeMap<String, String> = object
        .data
        .pointer("/spec/selector")
        .and_then(|selector| serde_json::from_value(selector.clone()).ok())
        .unwrap_or_default();
    Service {
        name: metadata.name.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        resource_version: metadata.resource_version.clone().unwrap_or_default(),
        selector,
        managed_by: metadata
            .annotations
            .as_ref()
            .and_then(|all| all.get(names::MANAGED_BY))
            .cloned(),
    }
}

fn created(object: &DynamicObject) -> Time {
    object
        .metadata
        .creation_timestamp
        .as_ref()
        .map_or_else(Time::default, |time| Time::from_unix(time.0.as_second()))
}

fn failure(data: &Value) -> Option<ReplicaSetFailure> {
    let conditions = data.pointer("/status/conditions")?.as_array()?;
    let text = |condition: &Value, key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    conditions
        .iter()
        .find(|condition| {
            text(condition, "type") == "ReplicaFailure" && text(condition, "status") == "True"
        })
        .map(|condition| ReplicaSetFailure {
            reason: text(condition, "reason"),
            message: text(condition, "message"),
            since: Time::parse(&text(condition, "lastTransitionTime")).unwrap_or_default(),
        })
}

fn images(data: &Value) -> Vec<String> {
    let containers = data
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    let image = |container: &Value| {
        container
            .get("image")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    containers.into_iter().flatten().filter_map(image).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(spec: Value) -> Result<Rollout, Box<Poison>> {
        let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop"}, "spec": spec});
        rollout(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_rollout_that_cannot_be_read_names_the_field() {
        for (spec, field) in [
            (json!({"replicas": "three"}), "spec.replicas"),
            (
                json!({"strategy": {"canary": {"steps": [{"setWeight": 5}, {"setWeight": "much"}]}}}),
                "spec.strategy.canary.steps[1].setWeight",
            ),
            (json!({"paused": 7}), "spec.paused"),
        ] {
            let poison = read(spec).unwrap_err();
            assert_eq!(poison.field.as_deref(), Some(field), "{}", poison.error);
        }
    }

    #[test]
    fn what_is_not_needed_is_not_kept() {
        let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "managedFields": [{"manager": "kubectl"}],
                "annotations": {names::LAST_APPLIED: "{}", "team": "shop"}}, "spec": {}});
        let rollout = rollout(serde_json::from_value(object).unwrap()).unwrap();
        assert_eq!(rollout.metadata.managed_fields, None);
        let annotations = rollout.metadata.annotations.unwrap();
        assert_eq!(annotations.keys().collect::<Vec<_>>(), ["team"]);
    }

    #[test]
    fn a_replica_set_tells_that_it_goes_and_what_keeps_it_from_making_pods_now() {
        let read = |status: &str, deleted: Value| {
            let object = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": "web-1", "deletionTimestamp": deleted}, "spec": {},
                "status": {"conditions": [{"type": "ReplicaFailure", "status": status,
                    "reason": "FailedCreate", "message": "quota"}]}});
            replica_set(&serde_json::from_value(object).unwrap()).set
        };
        let set = read("True", json!(null));
        assert_eq!(set.failure.as_ref().unwrap().reason, "FailedCreate");
        assert!(!set.deleting);
        let set = read("False", json!("2026-01-01T00:00:00Z"));
        assert_eq!(set.failure, None, "it is over");
        assert!(set.deleting);
    }
}
