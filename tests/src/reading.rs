//! Plain readings of objects, for checkers and scenarios: what a careful person would read off
//! the JSON. No code of the planner is used, so that both cannot be wrong in the same way.

use serde_json::Value;

use crate::history::World;

/// Label that names a revision.
pub const HASH: &str = "rollouts-pod-template-hash";
/// Annotation with the number of a revision.
pub const REVISION: &str = "rollout.argoproj.io/revision";
/// Annotation: until when an old ReplicaSet is kept.
pub const DEADLINE: &str = "scale-down-deadline";
/// Annotation on a Service: which Rollout switches it.
pub const MANAGED_BY: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";

/// The text at `pointer`, empty when there is none.
#[must_use]
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number at `pointer`, 0 when there is none.
#[must_use]
pub fn number(object: &Value, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// Whether `true` stands at `pointer`.
#[must_use]
pub fn is_true(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// `metadata.name`.
#[must_use]
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`.
#[must_use]
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
#[must_use]
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// An annotation, empty when there is none.
#[must_use]
pub fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    object
        .pointer("/metadata/annotations")
        .and_then(|all| all.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The revision label of a ReplicaSet or pod.
#[must_use]
pub fn hash(object: &Value) -> &str {
    let selected = object.pointer("/spec/selector/matchLabels");
    let selected = selected.and_then(|all| all.get(HASH));
    let hash = selected.and_then(Value::as_str);
    hash.unwrap_or_else(|| label(object))
}

/// The revision label that it carries.
pub fn label(object: &Value) -> &str {
    object
        .pointer("/metadata/labels")
        .and_then(|all| all.get(HASH))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The revision that a Service selects.
#[must_use]
pub fn selected_hash(service: &Value) -> &str {
    service
        .pointer("/spec/selector")
        .and_then(|all| all.get(HASH))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The uid of the controller that owns an object.
#[must_use]
pub fn controller_uid(object: &Value) -> &str {
    object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|owner| is_true(owner, "/controller"))
        .map(|owner| text(owner, "/uid"))
        .unwrap_or_default()
}

/// `spec.replicas`, 1 when absent.
#[must_use]
pub fn replicas(object: &Value) -> i64 {
    object
        .pointer("/spec/replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

/// Pods a ReplicaSet can be counted on for: what its status says, but not more than it was told to
/// have (`avail⁻` of `safety.md` §1, without the part for a lagging status).
#[must_use]
pub fn counted_on(replica_set: &Value) -> i64 {
    number(replica_set, "/status/availableReplicas").min(replicas(replica_set))
}

/// The ReplicaSets that a Rollout controls, by name.
#[must_use]
pub fn replica_sets<'a>(world: &'a World, rollout: &Value) -> Vec<&'a Value> {
    world
        .list("replicasets")
        .filter(|rs| namespace(rs) == namespace(rollout) && controller_uid(rs) == uid(rollout))
        .collect()
}

/// The ReplicaSet with this revision label, when the label is not empty.
#[must_use]
pub fn replica_set_of<'a>(world: &'a World, rollout: &Value, hash_: &str) -> Option<&'a Value> {
    replica_sets(world, rollout)
        .into_iter()
        .find(|rs| !hash_.is_empty() && hash(rs) == hash_)
}

/// The canary strategy of a Rollout, when it has one.
#[must_use]
pub fn canary(rollout: &Value) -> Option<&Value> {
    rollout.pointer("/spec/strategy/canary")
}

/// The blue-green strategy of a Rollout, when it has one.
#[must_use]
pub fn blue_green(rollout: &Value) -> Option<&Value> {
    rollout.pointer("/spec/strategy/blueGreen")
}

/// The canary steps; none for another strategy.
#[must_use]
pub fn steps(rollout: &Value) -> &[Value] {
    rollout
        .pointer("/spec/strategy/canary/steps")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Surge and unavailable of a basic canary, in pods.
///
/// Source: `compat/api.md` §6: a string is a percentage with or without `%`, 25 when absent; surge
/// rounds up, unavailable down and not above `replicas`; both 0 means unavailable 1.
#[must_use]
pub fn surge_and_unavailable(rollout: &Value) -> (i64, i64) {
    let total = replicas(rollout);
    let share = |field: &str, up: bool| {
        let value = canary(rollout).and_then(|canary| canary.get(field));
        if let Some(pods) = value.and_then(Value::as_i64) {
            return pods;
        }
        let percent: i64 = value
            .and_then(Value::as_str)
            .unwrap_or("25")
            .trim_end_matches('%')
            .parse()
            .unwrap_or(0);
        (total * percent + if up { 99 } else { 0 }) / 100
    };
    let (surge, unavailable) = (share("maxSurge", true), share("maxUnavailable", false));
    if surge == 0 && unavailable == 0 {
        return (0, 1.min(total));
    }
    (surge, unavailable.min(total))
}

/// The weight that applies at step `index`: the nearest `setWeight` at or before it.
#[must_use]
pub fn weight_at(rollout: &Value, index: usize) -> i64 {
    let steps = steps(rollout);
    if index >= steps.len() {
        return 100;
    }
    steps[..=index]
        .iter()
        .rev()
        .find_map(|step| step.get("setWeight").and_then(Value::as_i64))
        .unwrap_or(0)
}

/// Seconds of a Go duration, whole ones; a plain number is seconds.
#[must_use]
pub fn seconds(duration: &Value) -> Option<i64> {
    if let Some(seconds) = duration.as_i64() {
        return Some(seconds);
    }
    let text = duration.as_str()?;
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut total, mut rest) = (0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let value: i64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let length = unit
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(unit.len());
        total += match &unit[..length] {
            "h" => value * 3_600_000,
            "m" => value * 60_000,
            "s" => value * 1_000,
            "ms" => value,
            _ => return None,
        };
        rest = &unit[length..];
    }
    Some(total / 1000)
}

/// What a client shows: `status.phase` and `status.message`, with the overlay of
/// `compat/status-and-events.md` §1 while the controller has not seen the newest spec or a resume.
#[must_use]
pub fn phase_and_message(rollout: &Value) -> (&str, &str) {
    let generation = number(rollout, "/metadata/generation");
    let observed = rollout.pointer("/status/observedGeneration");
    let observed = observed
        .and_then(Value::as_i64)
        .or_else(|| observed.and_then(Value::as_str)?.parse().ok())
        .unwrap_or(-1);
    if observed < generation {
        return (
            "Progressing",
            "waiting for rollout spec update to be observed",
        );
    }
    let pauses = rollout
        .pointer("/status/pauseConditions")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if is_true(rollout, "/status/controllerPause") && pauses == 0 {
        return ("Progressing", "waiting for rollout to unpause");
    }
    (
        text(rollout, "/status/phase"),
        text(rollout, "/status/message"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (written, read) in [
            (json!(30), Some(30)),
            (json!("30"), Some(30)),
            (json!("30s"), Some(30)),
            (json!("1h5m"), Some(3900)),
            (json!("1500ms"), Some(1)),
            (json!("soon"), None),
        ] {
            assert_eq!(seconds(&written), read, "{written}");
        }
    }

    #[test]
    fn a_string_is_a_percentage_and_a_number_is_pods() {
        let rollout = |surge, unavailable| {
            json!({"spec": {"replicas": 10, "strategy": {"canary": {
                "maxSurge": surge, "maxUnavailable": unavailable}}}})
        };
        assert_eq!(
            surge_and_unavailable(&rollout(json!("2"), json!("25%"))),
            (1, 2)
        );
        assert_eq!(surge_and_unavailable(&rollout(json!(2), json!(0))), (2, 0));
        assert_eq!(surge_and_unavailable(&rollout(json!(0), json!(0))), (0, 1));
    }
}
