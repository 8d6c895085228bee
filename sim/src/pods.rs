//! How pods behave, in one table.
//!
//! A pod's annotations decide, else the tag of the first container image that has a rule:
//!
//! | annotation `sim.rollouts.dev/behavior` | image tag | what the pod does |
//! |---|---|---|
//! | `ready` | any other | runs, and is ready after `ready-after` |
//! | `never-ready` | | runs, and never becomes ready |
//! | `pull-error` | `bad`, `…-bad` | stays in `ErrImagePull` and `ImagePullBackOff` |
//! | `crash` | `crash`, `…-crash` | runs a second, exits with 1, starts again after 10 s, 20 s, … 5 min |
//! | `flap` | `flap`, `…-flap` | ready for `flap-every` (default `10s`), not ready for as long, for ever |
//! | `succeed` | | runs, and ends with 0 after `ready-after` |
//! | `fail` | | runs, and ends with 1 after `ready-after` |
//!
//! Containers that `spec.restartPolicy` starts again do not end: such a pod does as `crash` says.
//!
//! `sim.rollouts.dev/ready-after` (default `2s`) is the time from scheduling to ready; a container
//! with a readiness probe runs after half of it, one without is ready when it runs.
//! `sim.rollouts.dev/terminate-after` (default `1s`) is the time that the containers take to stop,
//! and never more than the pod's grace period. Both are Go durations such as `500ms` or `1m30s`.
//!
//! A pod is Ready when its containers are and all of `spec.readinessGates` are True.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

use crate::clock::stamp;
use crate::object::{self, annotation, text};

/// Annotation: one of the names in the module's table.
pub const BEHAVIOR: &str = "sim.rollouts.dev/behavior";
/// Annotation: time from scheduling to ready, or to the end.
pub const READY_AFTER: &str = "sim.rollouts.dev/ready-after";
/// Annotation: time from deletion to gone.
pub const TERMINATE_AFTER: &str = "sim.rollouts.dev/terminate-after";

/// Annotation: how long a flapping pod stays ready, and not ready.
pub const FLAP_EVERY: &str = "sim.rollouts.dev/flap-every";

/// Annotation on a Node: it is down; see the folder `actors`, `nodes.rs`.
pub const DOWN: &str = "sim.rollouts.dev/down";

/// Whether a node does nothing any more.
pub(crate) fn is_down(node: &Value) -> bool {
    annotation(node, DOWN).is_some()
}

/// A row of the module's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    Ready,
    NeverReady,
    PullError,
    Crash,
    Flap,
    Succeed,
    Fail,
}

impl Behavior {
    /// What a pod does. An annotation that says nothing known is as none; see [`mistakes`].
    pub(crate) fn of(pod: &Value) -> Self {
        if let Some(named) = annotation(pod, BEHAVIOR).and_then(Self::named) {
            return match (named, text(pod, "/spec/restartPolicy")) {
                (Self::Succeed, "Never" | "OnFailure") | (Self::Fail, "Never") => named,
                (Self::Succeed | Self::Fail, _) => Self::Crash,
                _ => named,
            };
        }
        object::list(pod, "/spec/containers")
            .iter()
            .find_map(|c| Self::by_tag(tag(text(c, "/image"))))
            .unwrap_or(Self::Ready)
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "ready" => Some(Self::Ready),
            "never-ready" => Some(Self::NeverReady),
            "pull-error" => Some(Self::PullError),
            "crash" => Some(Self::Crash),
            "flap" => Some(Self::Flap),
            "succeed" => Some(Self::Succeed),
            "fail" => Some(Self::Fail),
            _ => None,
        }
    }

    fn by_tag(tag: &str) -> Option<Self> {
        let last = tag.rsplit('-').next()?;
        match last {
            "bad" => Some(Self::PullError),
            "crash" => Some(Self::Crash),
            "flap" => Some(Self::Flap),
            _ => None,
        }
    }
}

/// Time from scheduling to ready.
pub(crate) fn ready_after(pod: &Value) -> Duration {
    annotation(pod, READY_AFTER)
        .and_then(go_duration)
        .unwrap_or(Duration::from_secs(2))
}

/// How long a flapping pod stays as it is.
pub(crate) fn flap_every(pod: &Value) -> Duration {
    annotation(pod, FLAP_EVERY)
        .and_then(go_duration)
        .filter(|time| !time.is_zero())
        .unwrap_or(Duration::from_secs(10))
}

/// Time from deletion to gone.
pub(crate) fn terminate_after(pod: &Value) -> Duration {
    let grace = object::int(pod, "/metadata/deletionGracePeriodSeconds");
    let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    annotation(pod, TERMINATE_AFTER)
        .and_then(go_duration)
        .unwrap_or(Duration::from_secs(1))
        .min(grace)
}

/// What is wrong with a pod's annotations of this module, in a sentence for an Event.
pub(crate) fn mistakes(pod: &Value) -> Option<String> {
    if let Some(named) = annotation(pod, BEHAVIOR)
        && Behavior::named(named).is_none()
    {
        return Some(format!(
            "annotation {BEHAVIOR} is {named:?}; use ready, never-ready, pull-error, crash, flap, succeed or fail"
        ));
    }
    [READY_AFTER, TERMINATE_AFTER, FLAP_EVERY]
        .into_iter()
        .find_map(|key| {
            let text = annotation(pod, key)?;
            let wrong = go_duration(text).is_none();
            wrong.then(|| {
                format!("annotation {key} is {text:?}; use a duration such as 5s or 1m30s")
            })
        })
}

/// A node as the API shows it: `local`, `local-1`, `local-2`, …
pub(crate) fn node(number: usize, now: DateTime<Utc>) -> Value {
    let time = stamp(now);
    let name = match number {
        0 => "local".to_owned(),
        other => format!("local-{other}"),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
        }},
        "spec": {},
        "status": {
            "capacity": {"cpu": "64", "memory": "256Gi", "pods": "10000"},
            "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "10000"},
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "the embedded kubelet is ready",
                "lastHeartbeatTime": time, "lastTransitionTime": time,
            }],
            "addresses": [{"type": "Hostname", "address": name}],
            "nodeInfo": {
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "embedded://1",
                "kernelVersion": "embedded", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3",
                "machineID": "", "operatingSystem": "linux", "osImage": "embedded", "systemUUID": "",
            },
        },
    })
}

/// The tag of an image reference; empty without one.
fn tag(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split('@').next().unwrap_or(last);
    last.split_once(':').map_or("", |(_, tag)| tag)
}

/// A Go duration made of whole numbers: `1h`, `1m30s`, `500ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let number: u64 = number.parse().ok()?;
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, after) = tail.split_at_checked(letters)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total += Duration::from_millis(number.checked_mul(millis)?);
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(go_duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(go_duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["", "5", "s", "5d", "-1s"] {
            assert_eq!(go_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_tag_of_an_image_decides_how_its_pod_behaves() {
        for (image, behavior) in [
            ("web:v2", Behavior::Ready),
            ("web:bad", Behavior::PullError),
            ("reg:5000/team/web:v2-bad", Behavior::PullError),
            ("reg:5000/bad", Behavior::Ready),
            ("web:v2-crash", Behavior::Crash),
            ("web:flap", Behavior::Flap),
            ("web:notbad", Behavior::Ready),
        ] {
            let pod = json!({"spec": {"containers": [{"image": image}]}});
            assert_eq!(Behavior::of(&pod), behavior, "{image}");
        }
    }
}
