//! The status of a ReplicaSet.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

use super::super::kubelet::condition;
use super::Failure;
use crate::api::Call;
use crate::clock::{parse_stamp, stamp, until};
use crate::error::ApiError;
use crate::object::At as _;
use crate::object::{self, text};

/// Writes the status if it changed. Gives the time until a ready pod becomes available, if one
/// waits for that.
pub(super) fn write(
    call: &mut Call<'_>,
    rs: &Value,
    pods: &[Arc<Value>],
    failure: Option<&Failure>,
) -> Result<Option<Duration>, ApiError> {
    let wait = TimeDelta::seconds(object::int(rs, "/spec/minReadySeconds"));
    let template = rs.at("/spec/template/metadata/labels");
    let template = crate::selector::LabelSelector::from_labels(template.unwrap_or(&Value::Null));
    let (mut labelled, mut ready, mut available) = (0_u32, 0_u32, 0_u32);
    let mut next: Option<Duration> = None;
    for pod in pods {
        labelled += u32::from(template.matches(pod));
        let Some(since) = ready_since(pod) else {
            continue;
        };
        ready += 1;
        let at = since + wait;
        if wait.is_zero() || at <= call.now {
            available += 1;
        } else {
            let left = until(call.now, at);
            next = Some(next.map_or(left, |n| n.min(left)));
        }
    }
    let mut status = Map::new();
    status.insert("replicas".into(), pods.len().into());
    for (key, count) in [
        ("fullyLabeledReplicas", labelled),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ] {
        if count > 0 {
            status.insert(key.into(), count.into());
        }
    }
    let generation = object::int(rs, "/metadata/generation");
    status.insert("observedGeneration".into(), generation.into());
    let conditions = conditions(call, rs, failure);
    if !conditions.is_empty() {
        status.insert("conditions".into(), conditions.into());
    }
    let status = Value::Object(status);
    let sets = call.resource("apps", "replicasets")?;
    let Ok(newest) = call.get(&sets, object::namespace(rs), object::name(rs)) else {
        return Ok(None);
    };
    if newest.get("status") != Some(&status) && object::uid(&newest) == object::uid(rs) {
        let mut new = Value::clone(&newest);
        object::as_map(&mut new).insert("status".into(), status);
        call.update(
            &sets,
            object::namespace(rs),
            object::name(rs),
            "status",
            new,
        )?;
    }
    Ok(next)
}

/// When a pod became ready; `None` when it is not.
fn ready_since(pod: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    let ready = condition(pod, "Ready").filter(|c| text(c, "/status") == "True")?;
    parse_stamp(text(ready, "/lastTransitionTime"))
}

/// The conditions: others' as they are, ours while pods cannot be made or removed. What it said
/// first it says until it can: each refusal names another pod, and would be news for ever.
///
/// Source: `calculateStatus` of kube-controller-manager.
fn conditions(call: &Call<'_>, rs: &Value, failure: Option<&Failure>) -> Vec<Value> {
    let mut conditions = object::list(rs, "/status/conditions").to_vec();
    let is_ours = |c: &Value| text(c, "/type") == "ReplicaFailure";
    match failure {
        None => conditions.retain(|c| !is_ours(c)),
        Some(failure) if !conditions.iter().any(is_ours) => conditions.push(json!({
            "type": "ReplicaFailure",
            "status": "True",
            "reason": failure.reason,
            "message": failure.error.message,
            "lastTransitionTime": stamp(call.now),
        })),
        Some(_) => {}
    }
    conditions
}
