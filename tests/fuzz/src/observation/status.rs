//! A status as this or another controller may have left it.

use serde_json::{Value, json};

use super::{moment, revision, step};
use crate::draw::Draw;

pub(super) fn status(draw: &mut Draw<'_>) -> Value {
    let mut status = json!({});
    for key in ["stableRS", "currentPodHash"] {
        if !draw.once_in(4) {
            status[key] = json!(revision(draw));
        }
    }
    for key in ["abort", "controllerPause", "promoteFull"] {
        if draw.once_in(5) {
            status[key] = json!(true);
        }
    }
    if draw.once_in(6) {
        status["abortedAt"] = json!(moment(draw));
    }
    if draw.once_in(3) {
        status["currentStepIndex"] = json!(draw.pick(&[0, 1, 2, 3, 4, -1, i32::MAX]));
    }
    if draw.once_in(3) {
        let hash = if draw.once_in(2) {
            "c4d7f".to_owned()
        } else {
            let steps: Vec<Value> = (0..draw.below(3)).map(|_| step(draw)).collect();
            crds::step_hash::step_hash(&serde_json::from_value::<Vec<_>>(json!(steps)).unwrap())
        };
        status["currentStepHash"] = json!(hash);
    }
    if draw.once_in(4) {
        let reasons = [
            "CanaryPauseStep",
            "BlueGreenPause",
            "InconclusiveAnalysisRun",
            "Odd",
        ];
        let pauses: Vec<Value> = (0..1 + draw.below(2))
            .map(|_| json!({"reason": draw.pick(&reasons), "startTime": moment(draw)}))
            .collect();
        status["pauseConditions"] = json!(pauses);
    }
    if draw.once_in(2) {
        let generations = [
            json!("1"),
            json!(1),
            json!("2"),
            json!("a-hash"),
            json!(i64::MIN),
        ];
        status["observedGeneration"] = draw.pick(&generations);
    }
    if draw.once_in(8) {
        status["collisionCount"] = json!(draw.pick(&[1, 0, -1, i32::MAX, i32::MIN]));
    }
    if draw.once_in(3) {
        status["blueGreen"] = json!({"activeSelector": revision(draw), "previewSelector": revision(draw),
            "scaleUpPreviewCheckPoint": draw.once_in(2)});
    }
    if draw.once_in(3) {
        status["conditions"] = conditions(draw);
    }
    if draw.once_in(8) {
        status["restartedAt"] = json!(moment(draw));
    }
    if draw.once_in(6) {
        status["phase"] =
            json!(draw.pick(&["Healthy", "Paused", "Degraded", "Progressing", "Odd"]));
    }
    status
}

/// Conditions, some twice, some of other people.
fn conditions(draw: &mut Draw<'_>) -> Value {
    let kinds = [
        "Progressing",
        "Available",
        "Paused",
        "Healthy",
        "Completed",
        "InvalidSpec",
        "ReplicaFailure",
        "Ready",
        "Reconciling",
        "Stalled",
        "SomebodyElses",
    ];
    let reasons = [
        "ReplicaSetUpdated",
        "RolloutPaused",
        "ProgressDeadlineExceeded",
        "NewReplicaSetAvailable",
        "RolloutAborted",
        "RolloutRetry",
        "",
    ];
    let all: Vec<Value> = (0..1 + draw.below(5))
        .map(|_| {
            json!({"type": draw.pick(&kinds), "status": draw.pick(&["True", "False", "Unknown", "odd"]),
                "reason": draw.pick(&reasons), "message": draw.text(),
                "lastUpdateTime": moment(draw), "lastTransitionTime": moment(draw)})
        })
        .collect();
    json!(all)
}
