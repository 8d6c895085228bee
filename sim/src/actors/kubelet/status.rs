//! What a pod's status is, so long after it was scheduled.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

use super::condition;
use super::stage::Stage;
use crate::clock::stamp;
use crate::object::At as _;
use crate::object::{self, text};

/// The status of a scheduled pod, and the time until it changes by itself.
pub(super) fn of(
    pod: &Value,
    age: Duration,
    now: DateTime<Utc>,
    address: &str,
) -> (Value, Option<Duration>) {
    let (stage, next) = Stage::at(pod, age);
    let time = stamp(now);
    let old = pod.get("status").cloned().unwrap_or(Value::Null);
    let containers: Vec<Value> = object::list(pod, "/spec/containers")
        .iter()
        .map(|c| container(c, &stage, &old, &time))
        .collect();
    let started = matches!(stage, Stage::Running { .. } | Stage::Crashed { .. });
    let phase = match stage {
        Stage::Ended { exit: 0 } => "Succeeded",
        Stage::Ended { .. } => "Failed",
        _ if started => "Running",
        _ => "Pending",
    };
    let start_time = match text(&old, "/startTime") {
        "" => time.clone(),
        known => known.to_owned(),
    };
    let mut status = json!({
        "phase": phase,
        "conditions": conditions(pod, &stage, &time),
        "hostIP": "10.0.0.1",
        "hostIPs": [{"ip": "10.0.0.1"}],
        "startTime": start_time,
        "containerStatuses": containers,
        "qosClass": quality(pod),
    });
    if started || matches!(stage, Stage::Ended { .. }) {
        let map = object::as_map(&mut status);
        map.insert("podIP".into(), address.into());
        map.insert("podIPs".into(), json!([{"ip": address}]));
    }
    (status, next)
}

/// The reason and message of the Event that belongs to a container's new trouble, if there is one.
pub(super) fn trouble(new: &Value, old: &Value) -> Option<(&'static str, String)> {
    let waiting = |pod: &Value| {
        let first = object::list(pod, "/status/containerStatuses")
            .first()
            .cloned();
        first.unwrap_or_default()
    };
    let (new, old) = (waiting(new), waiting(old));
    let reason = text(&new, "/state/waiting/reason");
    if reason == text(&old, "/state/waiting/reason") {
        return None;
    }
    let message = text(&new, "/state/waiting/message").to_owned();
    match reason {
        "ErrImagePull" => Some(("Failed", message)),
        "ImagePullBackOff" | "CrashLoopBackOff" => Some(("BackOff", message)),
        _ => None,
    }
}

/// One entry of `containerStatuses`.
fn container(spec: &Value, stage: &Stage, old: &Value, time: &str) -> Value {
    let name = text(spec, "/name");
    let image = text(spec, "/image");
    let known = object::list(old, "/containerStatuses")
        .iter()
        .find(|c| text(c, "/name") == name);
    let started_at = |restarts: u32| {
        known
            .filter(|c| object::int(c, "/restartCount") == i64::from(restarts))
            .map(|c| text(c, "/state/running/startedAt"))
            .filter(|t| !t.is_empty())
            .unwrap_or(time)
            .to_owned()
    };
    let waiting = |reason: &str, message: &str| {
        if message.is_empty() {
            json!({"waiting": {"reason": reason}})
        } else {
            json!({"waiting": {"reason": reason, "message": message}})
        }
    };
    let last = known.and_then(|c| c.get("lastState")).cloned();
    let last = last.unwrap_or_else(|| json!({}));
    let (state, last, ready, restarts) = match stage {
        Stage::Creating => (waiting("ContainerCreating", ""), last, false, 0),
        Stage::PullError => {
            let message = format!("failed to pull image {image:?}: not found");
            (waiting("ErrImagePull", &message), last, false, 0)
        }
        Stage::PullBackOff => {
            let message = format!("Back-off pulling image {image:?}");
            (waiting("ImagePullBackOff", &message), last, false, 0)
        }
        Stage::Running { ready, restarts } => {
            let state = json!({"running": {"startedAt": started_at(*restarts)}});
            (state, last, *ready, *restarts)
        }
        Stage::Crashed { restarts, pause } => {
            let message = format!(
                "back-off {}s restarting failed container={name}",
                pause.as_secs()
            );
            let same = known.filter(|c| {
                object::int(c, "/restartCount") == i64::from(*restarts)
                    && c.at("/state/waiting").is_some()
            });
            let last = match same {
                Some(_) => last,
                None => json!({"terminated": {
                    "exitCode": 1, "reason": "Error",
                    "startedAt": started_at(*restarts), "finishedAt": time,
                }}),
            };
            (
                waiting("CrashLoopBackOff", &message),
                last,
                false,
                *restarts,
            )
        }
        Stage::Ended { exit } => {
            let reason = if *exit == 0 { "Completed" } else { "Error" };
            let state = json!({"terminated": {
                "exitCode": exit, "reason": reason,
                "startedAt": started_at(0), "finishedAt": time,
            }});
            (state, last, false, 0)
        }
    };
    let runs = matches!(stage, Stage::Running { .. });
    let mut status = json!({
        "name": name,
        "image": image,
        "imageID": "",
        "state": state,
        "lastState": last,
        "ready": ready,
        "restartCount": restarts,
        "started": runs,
    });
    if runs {
        object::as_map(&mut status).insert("containerID".into(), "embedded://".into());
    }
    status
}

/// The conditions: the kubelet's own, then those that others wrote.
fn conditions(pod: &Value, stage: &Stage, time: &str) -> Vec<Value> {
    let ready = matches!(stage, Stage::Running { ready: true, .. });
    let names: Vec<&str> = object::list(pod, "/spec/containers")
        .iter()
        .map(|c| text(c, "/name"))
        .collect();
    let unready = format!("containers with unready status: [{}]", names.join(" "));
    let unready = match stage {
        Stage::Ended { exit: 0 } => ("PodCompleted", ""),
        Stage::Ended { .. } => ("PodFailed", ""),
        _ => ("ContainersNotReady", unready.as_str()),
    };
    let why_not = if ready { gates_missing(pod) } else { None };
    let started = matches!(stage, Stage::Running { .. } | Stage::Crashed { .. });
    let own = [
        ("PodReadyToStartContainers", started, None),
        ("Initialized", true, None),
        match (ready, &why_not) {
            (true, None) => ("Ready", true, None),
            (true, Some(why)) => (
                "Ready",
                false,
                Some(("ReadinessGatesNotReady", why.as_str())),
            ),
            (false, _) => ("Ready", false, Some(unready)),
        },
        ("ContainersReady", ready, (!ready).then_some(unready)),
        ("PodScheduled", true, None),
    ];
    let mut conditions: Vec<Value> = own
        .iter()
        .map(|(kind, is, why)| {
            let status = if *is { "True" } else { "False" };
            let since = condition(pod, kind)
                .filter(|c| text(c, "/status") == status)
                .map_or(time, |c| text(c, "/lastTransitionTime"));
            let mut value = json!({
                "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": since,
            });
            if let Some((reason, message)) = why {
                let map = object::as_map(&mut value);
                map.insert("reason".into(), (*reason).into());
                if !message.is_empty() {
                    map.insert("message".into(), (*message).into());
                }
            }
            object::as_map(&mut value).remove("lastProbeTime");
            value
        })
        .collect();
    let others = object::list(pod, "/status/conditions")
        .iter()
        .filter(|c| own.iter().all(|(kind, _, _)| text(c, "/type") != *kind));
    conditions.extend(others.cloned());
    conditions
}

/// Why readiness gates hold a pod back, if they do.
fn gates_missing(pod: &Value) -> Option<String> {
    let mut missing = Vec::new();
    for gate in object::list(pod, "/spec/readinessGates") {
        let kind = text(gate, "/conditionType");
        match condition(pod, kind).map(|c| text(c, "/status")) {
            Some("True") => {}
            Some(status) => missing.push(format!(
                "the status of pod readiness gate {kind:?} is not \"True\", but {status}"
            )),
            None => missing.push(format!(
                "corresponding condition of pod readiness gate {kind:?} does not exist."
            )),
        }
    }
    (!missing.is_empty()).then(|| missing.join(", "))
}

/// The quality of service class.
fn quality(pod: &Value) -> &'static str {
    let containers = object::list(pod, "/spec/containers");
    let given = |c: &Value, which: &str| {
        c.at(&format!("/resources/{which}"))
            .and_then(Value::as_object)
            .is_some_and(|m| !m.is_empty())
    };
    if containers
        .iter()
        .all(|c| !given(c, "requests") && !given(c, "limits"))
    {
        return "BestEffort";
    }
    let guaranteed = containers.iter().all(|c| {
        ["cpu", "memory"].iter().all(|r| {
            let limit = c.at(&format!("/resources/limits/{r}"));
            let request = c.at(&format!("/resources/requests/{r}"));
            limit.is_some() && (request.is_none() || request == limit)
        })
    });
    if guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}
