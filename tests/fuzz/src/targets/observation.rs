//! Whole observations: bytes, a world, a plan, the kernel, the writes.

use controller::checks::{broken_rule, status_difference};
use planner::{Now, Write};

use crate::draw::Draw;
use crate::model::Model;
use crate::observation::{self, NOW};

/// Makes an observation of the bytes and plans for it.
///
/// # Panics
/// When planner, kernel or status patch do, when the order of ReplicaSets matters, or when the
/// status patch does not make what was planned.
pub fn run(data: &[u8]) -> String {
    let (observed, templates) = observation::observed(&mut Draw::new(data));
    let mut world = Model::new(observed, templates, NOW * 1000);
    let seen = world.observed.clone();
    let plan = world.plan();
    let mut turned = seen.clone();
    turned.replica_sets.reverse();
    let now = Now::from_unix_millis(world.now);
    assert_eq!(
        planner::plan(&turned, now),
        plan,
        "the order of ReplicaSets matters"
    );
    let held = broken_rule(&seen, &plan, now);
    let old = seen.rollout.status.clone().unwrap_or_default();
    let mut kinds = String::new();
    for action in &plan.actions {
        kinds.push(kind(&action.write));
        if let Write::WriteStatus { status } = &action.write {
            let mut after = serde_json::to_value(&old).unwrap();
            let patch = status_difference(&old, status).unwrap_or_default();
            if !patch.is_null() {
                json_patch::merge(&mut after, &patch);
            }
            assert_eq!(after, serde_json::to_value(status).unwrap(), "{patch}");
        }
    }
    let done = world.execute(&plan, &seen);
    assert!(
        done.is_ok(),
        "on what was seen just now: {done:?} of {plan:#?}"
    );
    let waits = plan
        .waiting_on
        .as_ref()
        .map_or("", planner::WaitingOn::reason);
    format!("{kinds} {waits} {held:?} {}", plan.wake_at.is_some())
}

const fn kind(write: &Write) -> char {
    match write {
        Write::CheckTemplate { .. } => '?',
        Write::CreateReplicaSet { .. } => '+',
        Write::PatchReplicaSet { .. } => 'r',
        Write::DeleteReplicaSet { .. } => '-',
        Write::PatchService { .. } => 's',
        Write::ReleaseService { .. } => 'g',
        Write::PatchRollout { .. } => 'a',
        Write::WriteStatus { .. } => '.',
    }
}
