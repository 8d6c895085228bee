//! Lists of canary steps: validation and the step hash.

use crds::rollout::CanaryStep;
use crds::{Rollout, step_hash::step_hash, validation};
use serde_json::json;

/// Reads a list of steps as JSON or YAML.
///
/// # Panics
/// When the same steps get another hash by being written and read again, when one step more gets
/// the same, or when validation panics.
pub fn run(data: &[u8]) -> String {
    let Some(document) = super::document(data) else {
        return "no document".to_owned();
    };
    let Ok(steps) = serde_json::from_value::<Vec<CanaryStep>>(document) else {
        return "no steps".to_owned();
    };
    let hash = step_hash(&steps);
    let alphabet = |letter: char| "456789bcdf".contains(letter);
    assert!(!hash.is_empty() && hash.chars().all(alphabet), "{hash}");
    let again: Vec<CanaryStep> = serde_json::from_value(json!(steps)).unwrap();
    assert_eq!(again, steps);
    assert_eq!(step_hash(&again), hash, "{steps:?}");
    let mut longer = steps.clone();
    longer.push(CanaryStep {
        set_weight: Some(1),
        ..CanaryStep::default()
    });
    assert_ne!(step_hash(&longer), hash, "{steps:?}");
    let rollout: Rollout = serde_json::from_value(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": crate::observation::template(1),
            "strategy": {"canary": {"steps": steps}},
        },
    }))
    .unwrap();
    let first = validation::first_error(&rollout);
    let at = first
        .as_ref()
        .and_then(|error| error.path.rsplit(['.', ']']).next());
    format!("{} {at:?}", steps.len().min(3))
}
