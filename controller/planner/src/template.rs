//! Which pod templates are the same.
//!
//! A revision is what the user wrote, not a hash of a struct of ours: hashes over typed structs
//! change when a library gains a field, and every rollout of a cluster is redeployed. Two
//! comparisons stand in for it:
//! - the *digest* of the raw template ([`crds::rollout::PodTemplate::digest`]), kept on each ReplicaSet: cheap, exact, asked first;
//! - the *meaning*: the template as the API server would store it, against the template of a live
//!   ReplicaSet. It finds ReplicaSets that another controller made, and those that a user rolls
//!   back to by copying their (defaulted) template.
//!
//! Source: `compat/api.md` §9–10, `field/peers.md` 3.3.

use crds::names::POD_TEMPLATE_HASH;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The revision label of a ReplicaSet that we make: opaque, safe in names, different for each
/// `collision`.
#[must_use]
pub fn revision_label(digest: &str, collision: i32) -> String {
    let hash = Sha256::digest(format!("{digest}/{collision}").as_bytes());
    let number = hash
        .iter()
        .take(4)
        .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    crds::step_hash::safe_encode(number)
}

/// Whether two stored templates describe the same pods.
///
/// Left out on both sides: the revision label, anti-affinity terms that name a revision, and the
/// deprecated copy of the service account name. `live_injected` are label and annotation keys
/// that were put on the live template while it had a role (ephemeral metadata of the peer).
#[must_use]
pub fn same_meaning(defaulted: &Value, live: &Value, live_injected: &[(&str, String)]) -> bool {
    let mut live = essence(live);
    for (kind, key) in live_injected {
        if let Some(map) = live
            .pointer_mut(&format!("/metadata/{kind}"))
            .and_then(Value::as_object_mut)
        {
            map.remove(key);
        }
    }
    essence(defaulted) == prune_empty_metadata(live)
}

/// The template without what does not belong to its meaning.
fn essence(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.remove(POD_TEMPLATE_HASH);
    }
    if let Some(metadata) = template
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.remove("creationTimestamp");
    }
    if let Some(spec) = template.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.remove("serviceAccount");
        drop_injected_anti_affinity(spec);
    }
    prune_empty_metadata(template)
}

fn prune_empty_metadata(mut template: Value) -> Value {
    if let Some(metadata) = template
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.retain(|_, value| !matches!(value, Value::Object(map) if map.is_empty()));
    }
    template
}

/// Removes anti-affinity terms that select on the revision label: the peer injects them.
fn drop_injected_anti_affinity(spec: &mut Map<String, Value>) {
    let Some(affinity) = spec.get_mut("affinity").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(anti) = affinity
        .get_mut("podAntiAffinity")
        .and_then(Value::as_object_mut)
    {
        for terms in anti.values_mut().filter_map(Value::as_array_mut) {
            terms.retain(|term| !names_a_revision(term));
        }
        anti.retain(|_, terms| !terms.as_array().is_some_and(Vec::is_empty));
        if anti.is_empty() {
            affinity.remove("podAntiAffinity");
        }
    }
    if affinity.is_empty() {
        spec.remove("affinity");
    }
}

fn names_a_revision(term: &Value) -> bool {
    let term = term.get("podAffinityTerm").unwrap_or(term);
    term.pointer("/labelSelector/matchExpressions")
        .and_then(Value::as_array)
        .is_some_and(|list| {
            list.iter()
                .any(|e| e.get("key").and_then(Value::as_str) == Some(POD_TEMPLATE_HASH))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collision_gives_another_label() {
        assert_ne!(revision_label("d1", 0), revision_label("d1", 1));
    }

    #[test]
    fn what_controllers_inject_is_not_part_of_the_meaning() {
        let wanted = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}});
        let live = json!({
            "metadata": {"labels": {"app": "web", "rollouts-pod-template-hash": "x"}, "annotations": {"role": "canary"}, "creationTimestamp": null},
            "spec": {"containers": [], "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchExpressions": [{"key": "rollouts-pod-template-hash", "operator": "In", "values": ["y"]}]}}]}}}
        });
        assert!(same_meaning(
            &wanted,
            &live,
            &[("annotations", "role".to_owned())]
        ));
        assert!(!same_meaning(&wanted, &live, &[]));
    }
}
