//! A Rollout that cannot be read: it is told so, and only it.

use kube::Client;
use kube::api::{Patch, PatchParams};
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
pub(crate) fn tell(poison: &Poison, clock: &Clock) -> Option<Told> {
    let object = &poison.object;
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let message = format!(
        "The Rollout \"{name}\" is invalid: it cannot be read: {}",
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
    if old
        .iter()
        .any(|condition| is_invalid(condition) && text(condition, "message") == message)
    {
        return None;
    }
    let now = clock.now().second();
    let mut conditions: Vec<Value> = old
        .into_iter()
        .filter(|condition| !is_invalid(condition))
        .collect();
    conditions.push(json!({
        "type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": message,
        "lastUpdateTime": now, "lastTransitionTime": now,
    }));
    Some(Told(json!({
        "metadata": {"resourceVersion": object.metadata.resource_version},
        "status": {
            "conditions": conditions,
            "phase": "Degraded",
            "message": format!("InvalidSpec: {message}"),
            "waitingOn": {"reason": "InvalidSpec", "object": "spec", "seen": poison.error,
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
