//! A Rollout that cannot be read: it is told so, and only it.

use kube::Client;
use kube::api::{Patch, PatchParams};
use planner::GenerationFormat;
use serde_json::{Value, json};

use crate::cache::{Key, Kind};
use crate::clock::Clock;
use crate::decode::Poison;
use crate::execute::FIELD_MANAGER;
use crate::watch::api;

/// What an unreadable Rollout is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told(Value);

/// The status that says what is wrong; `None` when it says so already.
pub(crate) fn tell(poison: &Poison, clock: &Clock, format: GenerationFormat) -> Option<Told> {
    let object = &poison.object;
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let field = poison.field.as_deref().unwrap_or("spec");
    let message = format!(
        "The Rollout \"{name}\" is invalid: {field}: cannot be read: {}",
        poison.error
    );
    let old = object
        .data
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let text = |condition: &Value, key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let is_invalid = |condition: &Value| text(condition, "type") == "InvalidSpec";
    let generation = object.metadata.generation.unwrap_or(0);
    let generation = match format {
        GenerationFormat::Text => json!(generation.to_string()),
        GenerationFormat::Number => json!(generation),
    };
    let says_so =
        |condition: &Value| is_invalid(condition) && text(condition, "message") == message;
    let observed = object.data.pointer("/status/observedGeneration");
    if observed == Some(&generation) && old.iter().any(says_so) {
        return None;
    }
    let now = clock.now().second();
    let mut conditions: Vec<Value> = old
        .into_iter()
        .filter(|condition| !is_invalid(condition))
        .collect();
    conditions.push(json!({
        "type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": message,
        "lastUpdateTime": now, "lastTransitionTime": now, "observedGeneration": object.metadata.generation,
    }));
    Some(Told(json!({
        "metadata": {"resourceVersion": object.metadata.resource_version},
        "status": {
            "conditions": conditions,
            "observedGeneration": generation,
            "phase": "Degraded",
            "message": format!("InvalidSpec: {message}"),
            "waitingOn": {"reason": "InvalidSpec", "object": field, "seen": poison.error,
                "release": "a valid spec", "fix": "write the field with the type that the CRD gives it"},
        },
    })))
}

impl Told {
    /// Writes it.
    pub(crate) async fn send(self, client: &Client, key: &Key) -> Result<(), String> {
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api = api(client, Kind::Rollout, &key.namespace);
        let written = api
            .patch_status(&key.name, &params, &Patch::Merge(self.0))
            .await;
        written.map(drop).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::ClockMode;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_once_and_other_conditions_stay() {
        let object = serde_json::from_value(json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop", "generation": 4},
            "spec": {"replicas": "many"},
            "status": {"stableRS": "abc", "conditions": [{"type": "Healthy", "status": "True", "reason": "a",
                "message": "b", "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]},
        }))
        .unwrap();
        let mut poison = crate::decode::rollout(object).unwrap_err();
        let clock = Clock::new(ClockMode::Server, crate::config::WallClock::default());
        let Told(patch) = tell(&poison, &clock, GenerationFormat::Text).unwrap();
        assert_eq!(
            patch.pointer("/status/waitingOn/object"),
            Some(&json!("spec.replicas"))
        );
        assert_eq!(
            patch.pointer("/status/conditions/0/type"),
            Some(&json!("Healthy"))
        );
        assert_eq!(
            patch.pointer("/status/conditions/1/type"),
            Some(&json!("InvalidSpec"))
        );
        assert_eq!(
            patch.pointer("/status/stableRS"),
            None,
            "what ran is not touched"
        );
        poison.object.data["status"] = patch["status"].clone();
        assert_eq!(tell(&poison, &clock, GenerationFormat::Text), None);
    }
}
