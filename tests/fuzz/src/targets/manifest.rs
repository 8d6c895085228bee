//! From a manifest to the type and back.

use crds::{Rollout, RolloutStatus, unsupported, validation};
use serde_json::Value;

/// Reads a manifest as JSON or YAML.
///
/// # Panics
/// When what was read changes by being written and read again, when a write of ours takes a field
/// with it that this version does not know, or when validation does.
pub fn run(data: &[u8]) -> String {
    let Some(document) = super::document(data) else {
        return "no document".to_owned();
    };
    let Ok(rollout) = serde_json::from_value::<Rollout>(document.clone()) else {
        return "no Rollout".to_owned();
    };
    let written = serde_json::to_value(&rollout).unwrap();
    let again: Rollout = serde_json::from_value(written.clone())
        .unwrap_or_else(|error| panic!("what we write we cannot read: {error}: {written}"));
    assert_eq!(again, rollout, "{document}");
    assert_eq!(serde_json::to_value(&again).unwrap(), written, "{document}");
    unknown_fields_stay(&document, &rollout);
    let errors = validation::validate(&rollout);
    for error in &errors {
        assert!(
            !error.message().is_empty() && !error.path.is_empty(),
            "{error:?}"
        );
        assert!(!error.compat_message("web").is_empty(), "{error:?}");
    }
    let first = errors
        .first()
        .map(|error| error.path.rsplit(['.', '[']).next());
    format!(
        "{first:?} {:?}",
        unsupported::unsupported(&rollout).map(|error| error.path)
    )
}

/// Our status write is a difference: what the type does not know is not in it.
fn unknown_fields_stay(document: &Value, rollout: &Rollout) {
    let old = rollout.status.clone().unwrap_or_default();
    let new = RolloutStatus {
        phase: Some("Paused".to_owned()),
        abort: !old.abort,
        conditions: Vec::new(),
        stable_rs: old.current_pod_hash.clone(),
        ..old.clone()
    };
    let Some(patch) = controller::checks::status_difference(&old, &new) else {
        panic!("abort differs, and nothing is written");
    };
    let before = document["status"].clone();
    let mut after = before.clone();
    json_patch::merge(&mut after, &patch);
    let read: RolloutStatus = serde_json::from_value(after.clone())
        .unwrap_or_else(|error| panic!("our patch makes what we cannot read: {error}: {after}"));
    assert_eq!(read, new, "{patch} on {before}");
    for (key, value) in before.as_object().into_iter().flatten() {
        if patch.get(key).is_none() {
            assert_eq!(after.get(key), Some(value), "{key} went with {patch}");
        }
    }
}
