//! What is left at the end of a run, without when it happened: two runs of one scenario that differ
//! only in crashes must agree on it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::history::World;
use crate::reading::{
    REVISION, annotation, hash, name, number, phase_and_message, replica_sets, replicas,
    selected_hash, text,
};

/// The end state in words: names of revisions, but no times, uids or versions.
#[must_use]
pub fn end_state(world: &World) -> String {
    let mut out = String::new();
    for rollout in world.list("rollouts") {
        let (phase, message) = phase_and_message(rollout);
        let _ = writeln!(out, "rollout {} {phase} {message}", name(rollout));
        for field in [
            "stableRS",
            "currentPodHash",
            "currentStepIndex",
            "currentStepHash",
            "abort",
            "promoteFull",
            "controllerPause",
        ] {
            let value = rollout.pointer(&format!("/status/{field}"));
            let _ = writeln!(out, "  {field} {}", value.unwrap_or(&Value::Null));
        }
        let mut conditions: Vec<String> = rollout
            .pointer("/status/conditions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|it| !was_paused(it))
            .map(|it| {
                let [kind, status, reason] =
                    ["/type", "/status", "/reason"].map(|path| text(it, path));
                format!("  condition {kind} {status} {reason}")
            })
            .collect();
        conditions.sort();
        let _ = writeln!(out, "{}", conditions.join("\n"));
        for set in replica_sets(world, rollout) {
            let _ = writeln!(
                out,
                "  replicaset {} revision {} pods {}/{}",
                hash(set),
                annotation(set, REVISION),
                number(set, "/status/availableReplicas"),
                replicas(set)
            );
        }
    }
    for service in world.list("services") {
        let _ = writeln!(
            out,
            "service {} selects {}",
            name(service),
            selected_hash(service)
        );
    }
    out
}

/// A pause that is over leaves its condition behind, one that never began leaves none: whether a
/// user's command comes before or after its beginning is a matter of time.
fn was_paused(condition: &Value) -> bool {
    text(condition, "/type") == "Paused" && text(condition, "/status") == "False"
}
