//! A ghost that calls the active Service ten times a second, and what it would have been answered.
//!
//! It is computed from the commits: between two of them nothing changes, so one look stands for
//! every request in between. A request fails when the Service has no endpoint although it once had
//! one, or when a pod among those that the ghost's data plane knows does not serve: not ready, or
//! gone. Which pod a request goes to is anybody's choice, so the worst one is taken. A pod that is
//! told to stop serves until its containers have stopped.
//!
//! The preview Service is not called: it follows a new ReplicaSet before that has pods, by design.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::manifests::ACTIVE;
use crate::history::Commit;
use crate::reading::{is_true, text, uid};

/// Milliseconds between two requests.
const EVERY: u128 = 100;

/// Something that a request depends on changes.
enum Turn {
    /// The endpoints that the ghost's data plane knows, by the uid of their pod.
    Endpoints(BTreeSet<String>),
    /// Whether this pod serves.
    Pod(String, bool),
}

/// The first request that failed: when, and why. The data plane is `lag` behind the endpoints.
#[must_use]
pub fn first_failure(commits: &[Commit], lag: Duration) -> Option<(Duration, String)> {
    let mut turns: Vec<(Duration, Turn)> = commits
        .iter()
        .filter_map(|commit| turn(commit, lag))
        .collect();
    turns.sort_by_key(|(at, _)| *at);
    let (mut known, mut serving) = (BTreeSet::new(), BTreeSet::new());
    let mut had_any = false;
    let mut turns = turns.into_iter().peekable();
    while let Some((at, turn)) = turns.next() {
        match turn {
            Turn::Endpoints(pods) => known = pods,
            Turn::Pod(pod, true) => {
                serving.insert(pod);
            }
            Turn::Pod(pod, false) => {
                serving.remove(&pod);
            }
        }
        had_any |= !known.is_empty();
        let request = at.as_millis().div_ceil(EVERY) * EVERY;
        let is_asked = turns
            .peek()
            .is_none_or(|(next, _)| request < next.as_millis());
        if !is_asked || !had_any {
            continue;
        }
        if known.is_empty() {
            return Some((at, format!("service {ACTIVE} has no endpoint left")));
        }
        if let Some(pod) = known.difference(&serving).next() {
            let why = format!("service {ACTIVE} leads to pod {pod}, which does not serve");
            return Some((at, why));
        }
    }
    None
}

fn turn(commit: &Commit, lag: Duration) -> Option<(Duration, Turn)> {
    match commit.resource() {
        "pods" => {
            let pod = uid(commit.object()?).to_owned();
            let serves = commit.after.as_deref().is_some_and(is_ready);
            Some((commit.at, Turn::Pod(pod, serves)))
        }
        "endpointslices" => {
            let slice = commit.object()?;
            let service = slice.pointer("/metadata/labels/kubernetes.io~1service-name");
            if service.and_then(Value::as_str) != Some(ACTIVE) {
                return None;
            }
            let pods = commit.after.as_deref().map(reachable).unwrap_or_default();
            Some((commit.at + lag, Turn::Endpoints(pods)))
        }
        _ => None,
    }
}

/// The pods that a slice leads to: the ready ones, else those that stop and still serve, as
/// kube-proxy chooses.
fn reachable(slice: &Value) -> BTreeSet<String> {
    let with = |condition: &str| -> BTreeSet<String> {
        slice
            .pointer("/endpoints")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|it| is_true(it, condition))
            .map(|it| text(it, "/targetRef/uid").to_owned())
            .collect()
    };
    let ready = with("/conditions/ready");
    if ready.is_empty() {
        with("/conditions/serving")
    } else {
        ready
    }
}

fn is_ready(pod: &Value) -> bool {
    pod.pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|it| text(it, "/type") == "Ready" && text(it, "/status") == "True")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::history::Actor;

    fn commit(millis: u64, resource: &str, name: &str, after: Option<Value>) -> Commit {
        let before = json!({"metadata": {"uid": name,
            "labels": {"kubernetes.io/service-name": ACTIVE}}});
        Commit {
            at: Duration::from_millis(millis),
            revision: millis,
            key: (resource.to_owned(), "default".to_owned(), name.to_owned()),
            before: Some(Arc::new(before)),
            after: after.map(Arc::new),
            actor: Actor::Environment,
        }
    }

    fn pod(millis: u64, ready: bool) -> Commit {
        let status = if ready { "True" } else { "False" };
        let pod = json!({"metadata": {"uid": "a"},
            "status": {"conditions": [{"type": "Ready", "status": status}]}});
        commit(millis, "pods", "a", Some(pod))
    }

    fn slice(millis: u64, ready: bool) -> Commit {
        let slice = json!({
            "metadata": {"labels": {"kubernetes.io/service-name": ACTIVE}},
            "endpoints": [{"conditions": {"ready": ready, "serving": ready},
                "targetRef": {"uid": "a"}}]});
        commit(millis, "endpointslices", "s", Some(slice))
    }

    fn when(commits: &[Commit], lag: u64) -> Option<u128> {
        first_failure(commits, Duration::from_millis(lag)).map(|(at, _)| at.as_millis())
    }

    #[test]
    fn a_pod_that_is_gone_before_the_data_plane_knows_fails_a_request() {
        let run = [
            pod(0, true),
            slice(100, true),
            slice(5_000, false),
            commit(6_000, "pods", "a", None),
        ];
        assert_eq!(when(&run[..2], 0), None);
        assert_eq!(when(&run, 0), Some(5_000), "nobody is left");
        assert_eq!(
            when(&run, 2_000),
            Some(6_000),
            "the pod is gone, and still called"
        );
    }

    #[test]
    fn a_gap_between_two_requests_is_not_seen() {
        let run = [
            pod(0, true),
            slice(100, true),
            pod(110, false),
            pod(190, true),
        ];
        assert_eq!(when(&run, 0), None);
        let run = [
            pod(0, true),
            slice(100, true),
            pod(110, false),
            pod(201, true),
        ];
        assert_eq!(when(&run, 0), Some(110));
    }

    #[test]
    fn a_service_that_never_had_an_endpoint_is_not_missed() {
        assert_eq!(when(&[slice(0, false), pod(3_000, true)], 0), None);
    }
}
