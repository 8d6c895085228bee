//! What is in git: the Rollout and its Services, as a storm begins with them.

use serde_json::{Value, json};

use super::draw::Dice;

/// The Service that users reach the pods by, whatever the strategy.
pub const ACTIVE: &str = "shop-active";
/// The Service of a blue-green's preview.
pub const PREVIEW: &str = "shop-preview";
/// Pods go on for so long after they are told to stop: longer than any drawn lag of endpoints.
const STOPS_AFTER: &str = "8s";

/// A Service without our key in its selector.
#[must_use]
pub fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]}})
}

/// A Rollout of four pods, where an abort may come by itself.
#[must_use]
pub fn rollout(strategy: &Value, abort_at_deadline: bool) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 4, "progressDeadlineSeconds": 60, "progressDeadlineAbort": abort_at_deadline,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {
                    "labels": {"app": "shop"},
                    "annotations": {sim::pods::TERMINATE_AFTER: STOPS_AFTER}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]}},
            "strategy": strategy}})
}

/// Steps of a canary, maybe none.
#[must_use]
pub fn steps(dice: &mut Dice) -> Value {
    let step = |dice: &mut Dice| match dice.roll(4) {
        0 | 1 => json!({"setWeight": dice.roll(101)}),
        2 => json!({"pause": {}}),
        _ => json!({"pause": {"duration": dice.roll(60)}}),
    };
    (0..dice.roll(6)).map(|_| step(dice)).collect()
}

/// A canary.
#[must_use]
pub fn canary(dice: &mut Dice) -> Value {
    let mut canary = dice.pick(&[
        json!({}),
        json!({"maxSurge": 1, "maxUnavailable": 0}),
        json!({"maxSurge": 0, "maxUnavailable": 1}),
        json!({"maxSurge": "100%", "maxUnavailable": "50%"}),
    ]);
    canary["steps"] = steps(dice);
    json!({"canary": canary})
}

/// A blue-green.
#[must_use]
pub fn blue_green(dice: &mut Dice) -> Value {
    let mut options = dice.pick(&[
        json!({}),
        json!({"autoPromotionEnabled": false}),
        json!({"autoPromotionSeconds": 20}),
        json!({"autoPromotionEnabled": false, "previewReplicaCount": 1}),
        json!({"scaleDownDelaySeconds": 40}),
        json!({"scaleDownDelayRevisionLimit": 1, "abortScaleDownDelaySeconds": 15}),
    ]);
    options["activeService"] = json!(ACTIVE);
    options["previewService"] = json!(PREVIEW);
    json!({"blueGreen": options})
}
