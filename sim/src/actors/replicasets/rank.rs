//! Which pods go first when there are too many.

use serde_json::Value;
use std::cmp::Reverse;
use std::sync::Arc;

use super::super::kubelet::condition;
use crate::object::{self, annotation, int, text};

/// The first `count` pods to remove: unscheduled before scheduled, pending before running, not
/// ready before ready, lower deletion cost, ready for a shorter time, more restarts, younger.
///
/// The real controller compares ages by powers of two and breaks ties by uid; here every second
/// counts, so that the same run removes the same pods.
pub(super) fn first_to_go(pods: &[Arc<Value>], count: usize) -> Vec<&Arc<Value>> {
    let mut ranked: Vec<&Arc<Value>> = pods.iter().collect();
    ranked.sort_by_cached_key(|pod| rank(pod));
    ranked.truncate(count);
    ranked
}

type Rank = (
    bool,
    u8,
    bool,
    i64,
    Reverse<String>,
    Reverse<i64>,
    Reverse<String>,
    String,
);

fn rank(pod: &Value) -> Rank {
    let phase = match text(pod, "/status/phase") {
        "Pending" => 0,
        "Running" => 2,
        _ => 1,
    };
    let ready = condition(pod, "Ready");
    let is_ready = ready.is_some_and(|c| text(c, "/status") == "True");
    let since = ready
        .filter(|_| is_ready)
        .map_or("", |c| text(c, "/lastTransitionTime"));
    let cost = annotation(pod, "controller.kubernetes.io/pod-deletion-cost")
        .and_then(|c| c.parse().ok())
        .unwrap_or(0);
    let restarts = object::list(pod, "/status/containerStatuses")
        .iter()
        .map(|c| int(c, "/restartCount"))
        .max()
        .unwrap_or(0);
    (
        !text(pod, "/spec/nodeName").is_empty(),
        phase,
        is_ready,
        cost,
        Reverse(since.to_owned()),
        Reverse(restarts),
        Reverse(text(pod, "/metadata/creationTimestamp").to_owned()),
        object::name(pod).to_owned(),
    )
}
