//! The one word that says how a rollout is doing, and why.
//!
//! Source: `compat/status-and-events.md` §1.

use std::fmt;

use crate::Rollout;
use crate::rollout::status::{Condition, RolloutStatus};
use crate::rollout::{BlueGreenStrategy, RolloutSpec};

/// How a rollout is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The newest version runs everywhere and is available.
    Healthy,
    /// On its way there.
    Progressing,
    /// Waiting for a time or a person.
    Paused,
    /// Something is wrong: invalid, aborted, or stuck.
    Degraded,
}

impl Phase {
    /// The word in `status.phase`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Paused => "Paused",
            Self::Degraded => "Degraded",
        }
    }

    /// Reads the word in `status.phase`; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Healthy,
            Self::Progressing,
            Self::Paused,
            Self::Degraded,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == word)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Phase and message as clients show them.
///
/// A status that does not yet know the latest spec, or the latest resume, is `Progressing`
/// whatever it says; else what the status says; else what follows from its fields.
#[must_use]
pub fn phase_of(rollout: &Rollout) -> (Phase, String) {
    let nothing = RolloutStatus::default();
    let status = rollout.status.as_ref().unwrap_or(&nothing);
    let progressing = |message: &str| (Phase::Progressing, message.to_owned());
    let generation = rollout.metadata.generation.unwrap_or(0);
    let observed = status
        .observed_generation
        .as_ref()
        .and_then(|observed| observed.number());
    // Text that is no number counts as observed, as older releases of the peer wrote a hash.
    if observed.is_some_and(|observed| observed < generation) {
        return progressing("waiting for rollout spec update to be observed");
    }
    if status.controller_pause && status.pause_conditions.is_empty() {
        return progressing("waiting for rollout to unpause");
    }
    if workload_is_behind(rollout, status) {
        return progressing(
            "waiting for rollout spec update to be observed for the reference workload",
        );
    }
    match status.phase.as_deref().and_then(Phase::parse) {
        Some(phase) => (phase, status.message.clone().unwrap_or_default()),
        None => computed_phase(&rollout.spec, status),
    }
}

fn workload_is_behind(rollout: &Rollout, status: &RolloutStatus) -> bool {
    if rollout.spec.workload_ref.is_none() {
        return false;
    }
    let wanted = rollout
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(crate::names::WORKLOAD_GENERATION));
    let seen = status.workload_observed_generation.as_deref();
    wanted.is_some_and(|wanted| Some(wanted.as_str()) != seen)
}

/// Phase and message that follow from a status, whatever its `phase` says; what the controller
/// writes. The first row of the table that applies decides.
#[must_use]
pub fn computed_phase(spec: &RolloutSpec, status: &RolloutStatus) -> (Phase, String) {
    if let Some(message) = status.conditions.iter().find_map(degraded) {
        return (Phase::Degraded, message);
    }
    if spec.paused {
        return (Phase::Paused, "manually paused".to_owned());
    }
    if let Some(pause) = status.pause_conditions.first() {
        return (Phase::Paused, pause.reason.clone());
    }
    match waiting_for(spec, status) {
        Some(message) => (Phase::Progressing, message.to_owned()),
        None => (Phase::Healthy, String::new()),
    }
}

fn degraded(condition: &Condition) -> Option<String> {
    if condition.kind == "InvalidSpec" {
        return Some(format!("InvalidSpec: {}", condition.message));
    }
    let broken = ["RolloutAborted", "ProgressDeadlineExceeded"];
    broken
        .contains(&condition.reason.as_str())
        .then(|| format!("{}: {}", condition.reason, condition.message))
}

/// Rows 4 to 11 of the table.
fn waiting_for(spec: &RolloutSpec, status: &RolloutStatus) -> Option<&'static str> {
    let count = |field: Option<i32>| field.unwrap_or(0);
    let replicas = count(status.replicas);
    let updated = count(status.updated_replicas);
    if spec.restart_at.is_some() && spec.restart_at != status.restarted_at {
        return Some("rollout is restarting");
    }
    if updated < replicas_wanted(spec) {
        return Some("more replicas need to be updated");
    }
    if count(status.available_replicas) < updated {
        return Some("updated replicas are still becoming available");
    }
    let current = status.current_pod_hash.as_deref().unwrap_or_default();
    let stable = status.stable_rs.as_deref().unwrap_or_default();
    if let Some(blue_green) = &spec.strategy.blue_green {
        return blue_green_waits_for(blue_green, status, current, stable);
    }
    let canary = spec.strategy.canary.as_ref()?;
    if canary.traffic_routing.is_none() && replicas > updated {
        return Some("old replicas are pending termination");
    }
    (stable.is_empty() || stable != current).then_some("waiting for all steps to complete")
}

fn replicas_wanted(spec: &RolloutSpec) -> i32 {
    spec.replicas.unwrap_or(1)
}

fn blue_green_waits_for(
    blue_green: &BlueGreenStrategy,
    status: &RolloutStatus,
    current: &str,
    stable: &str,
) -> Option<&'static str> {
    let active = status.blue_green.active_selector.as_deref();
    let active = active.unwrap_or_default();
    if active.is_empty() || active != current {
        return Some("active service cutover pending");
    }
    if stable == current {
        return None;
    }
    let run = status
        .blue_green
        .post_promotion_analysis_run_status
        .as_ref();
    let finished = run.is_some_and(|run| {
        matches!(
            run.status.as_str(),
            "Successful" | "Failed" | "Error" | "Inconclusive"
        )
    });
    if blue_green.post_promotion_analysis.is_some() && !finished {
        return Some("waiting for analysis to complete");
    }
    Some("waiting for post-promotion verification to complete")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rollout(strategy: Value, spec: Value, status: Value) -> Rollout {
        let mut json = json!({
            "metadata": {"name": "web", "generation": 3},
            "spec": {"replicas": 4, "strategy": strategy},
            "status": {
                "replicas": 4, "updatedReplicas": 4, "availableReplicas": 4,
                "currentPodHash": "new", "stableRS": "new", "observedGeneration": "3",
                "blueGreen": {"activeSelector": "new"},
            },
        });
        for (part, fields) in [("spec", spec), ("status", status)] {
            for (key, value) in fields.as_object().unwrap() {
                json[part][key] = value.clone();
            }
        }
        serde_json::from_value(json).unwrap()
    }

    fn condition(kind: &str, status: &str, reason: &str) -> Value {
        json!({"conditions": [
            {"type": "Available", "status": "True", "reason": "AvailableReason", "message": "m",
             "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"},
            {"type": kind, "status": status, "reason": reason, "message": "why",
             "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        ]})
    }

    #[test]
    fn the_phase_follows_the_table_top_down() {
        let canary = || json!({"canary": {}});
        let blue_green = || json!({"blueGreen": {"activeService": "a"}});
        let none = || json!({});
        let pause = json!({"pauseConditions": [
            {"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}]});
        let analysed = json!({"blueGreen": {"activeService": "a", "postPromotionAnalysis": {}}});
        let run = |phase: &str| {
            json!({"stableRS": "old", "blueGreen": {"activeSelector": "new",
                "postPromotionAnalysisRunStatus": {"name": "r", "status": phase}}})
        };
        for (strategy, spec, status, phase, message) in [
            (canary(), none(), none(), "Healthy", ""),
            (blue_green(), none(), none(), "Healthy", ""),
            (
                canary(),
                none(),
                condition("InvalidSpec", "True", "InvalidSpec"),
                "Degraded",
                "InvalidSpec: why",
            ),
            (
                canary(),
                none(),
                condition("Progressing", "False", "RolloutAborted"),
                "Degraded",
                "RolloutAborted: why",
            ),
            (
                canary(),
                none(),
                condition("Progressing", "False", "ProgressDeadlineExceeded"),
                "Degraded",
                "ProgressDeadlineExceeded: why",
            ),
            (
                canary(),
                json!({"paused": true}),
                none(),
                "Paused",
                "manually paused",
            ),
            (canary(), none(), pause, "Paused", "CanaryPauseStep"),
            (
                canary(),
                json!({"restartAt": "2027-01-01T00:00:00Z"}),
                none(),
                "Progressing",
                "rollout is restarting",
            ),
            (
                canary(),
                none(),
                json!({"updatedReplicas": 3}),
                "Progressing",
                "more replicas need to be updated",
            ),
            (
                canary(),
                none(),
                json!({"availableReplicas": 3}),
                "Progressing",
                "updated replicas are still becoming available",
            ),
            (
                canary(),
                none(),
                json!({"replicas": 5}),
                "Progressing",
                "old replicas are pending termination",
            ),
            (
                canary(),
                none(),
                json!({"stableRS": "old"}),
                "Progressing",
                "waiting for all steps to complete",
            ),
            (
                canary(),
                none(),
                json!({"stableRS": null}),
                "Progressing",
                "waiting for all steps to complete",
            ),
            (
                blue_green(),
                none(),
                json!({"blueGreen": {"activeSelector": "old"}}),
                "Progressing",
                "active service cutover pending",
            ),
            (
                blue_green(),
                none(),
                json!({"blueGreen": {}}),
                "Progressing",
                "active service cutover pending",
            ),
            (
                blue_green(),
                none(),
                json!({"stableRS": "old"}),
                "Progressing",
                "waiting for post-promotion verification to complete",
            ),
            (
                analysed.clone(),
                none(),
                json!({"stableRS": "old"}),
                "Progressing",
                "waiting for analysis to complete",
            ),
            (
                analysed.clone(),
                none(),
                run("Running"),
                "Progressing",
                "waiting for analysis to complete",
            ),
            (
                analysed,
                none(),
                run("Successful"),
                "Progressing",
                "waiting for post-promotion verification to complete",
            ),
        ] {
            let rollout = rollout(strategy, spec, status);
            let (seen, text) = phase_of(&rollout);
            assert_eq!(
                (seen.as_str(), text.as_str()),
                (phase, message),
                "{rollout:?}"
            );
        }
    }

    #[test]
    fn clients_do_not_trust_a_status_that_is_behind() {
        let behind = "waiting for rollout spec update to be observed";
        for (status, message) in [
            (json!({"observedGeneration": "2"}), behind),
            (json!({"observedGeneration": 2}), behind),
            (json!({"observedGeneration": "-1"}), behind),
            (json!({"observedGeneration": "5d4c"}), "stored"),
            (json!({"observedGeneration": null}), "stored"),
            (json!({"observedGeneration": "4"}), "stored"),
            (
                json!({"controllerPause": true}),
                "waiting for rollout to unpause",
            ),
        ] {
            let mut status = status;
            status["phase"] = json!("Progressing");
            status["message"] = json!("stored");
            let rollout = rollout(json!({"canary": {}}), json!({}), status.clone());
            assert_eq!(
                phase_of(&rollout),
                (Phase::Progressing, message.to_owned()),
                "{status}"
            );
        }
    }

    #[test]
    fn a_referenced_workload_that_changed_is_waited_for() {
        let mut rollout = rollout(
            json!({"canary": {}}),
            json!({"workloadRef": {"kind": "Deployment", "name": "d"}}),
            json!({"phase": "Healthy", "workloadObservedGeneration": "6"}),
        );
        assert_eq!(phase_of(&rollout).0, Phase::Healthy);
        let annotation = (crate::names::WORKLOAD_GENERATION.to_owned(), "7".to_owned());
        rollout.metadata.annotations = Some([annotation].into());
        assert_eq!(
            phase_of(&rollout).1,
            "waiting for rollout spec update to be observed for the reference workload"
        );
    }
}
