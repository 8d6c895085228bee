//! The same scenarios with a planner that was broken on purpose: the safety kernel holds what it
//! knows to be unsafe, and the checkers see what it lets through.

use std::path::Path;
use std::sync::Arc;

use planner::{Now, Observed, Plan};
use tests::scenario::disturbance::Disturbance;
use tests::scenario::lab::START;
use tests::scenario::parse::read;
use tests::scenario::run::run_with_plan;

/// The ids of the invariants that break, each once.
fn broken(name: &str, plan: fn(&Observed, Now) -> Plan) -> Vec<&'static str> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = read(&folder.join(format!("{name}.scn"))).unwrap();
    let outcome = run_with_plan(&scenario, Disturbance::Steady, plan).unwrap();
    let mut ids: Vec<_> = outcome.violations.iter().map(|it| it.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Thinks that time passes twice as fast.
fn impatient(observed: &Observed, now: Now) -> Plan {
    let start = START * 1000;
    let fast = Now::from_unix_millis(start + (now.unix_millis() - start) * 2);
    let mut plan = planner::plan(observed, fast);
    plan.wake_at = plan
        .wake_at
        .map(|at| Now::from_unix_millis(start + (at.unix_millis() - start) / 2));
    plan
}

/// Takes every pause for ended by a person.
fn presumptuous(observed: &Observed, now: Now) -> Plan {
    let mut observed = observed.clone();
    let rollout = Arc::make_mut(&mut observed.rollout);
    if let Some(status) = &mut rollout.status {
        status.pause_conditions.clear();
    }
    planner::plan(&observed, now)
}

/// Does not see that a person aborted.
fn stubborn(observed: &Observed, now: Now) -> Plan {
    let mut observed = observed.clone();
    let rollout = Arc::make_mut(&mut observed.rollout);
    if let Some(status) = &mut rollout.status {
        status.abort = false;
        status.aborted_at = None;
    }
    planner::plan(&observed, now)
}

/// Takes every pod that was asked for as available.
fn hasty(observed: &Observed, now: Now) -> Plan {
    let mut observed = observed.clone();
    for set in &mut observed.replica_sets {
        let set = Arc::make_mut(set);
        set.available_replicas = set.replicas;
        set.ready_replicas = set.replicas;
        set.current_replicas = set.replicas;
    }
    planner::plan(&observed, now)
}

#[test]
fn a_controller_that_waits_half_as_long_is_found_out() {
    assert!(broken("canary_example", impatient).contains(&"S12"));
    assert!(broken("blue_green_scale_down_delay", impatient).contains(&"S10"));
}

#[test]
fn a_controller_that_promotes_by_itself_is_found_out() {
    assert!(broken("canary_waits_for_promotion", presumptuous).contains(&"S12"));
    assert!(broken("blue_green_example", presumptuous).contains(&"S9"));
}

#[test]
fn a_controller_that_forgets_an_abort_is_found_out() {
    assert!(broken("canary_abort_then_fix", stubborn).contains(&"S14"));
}

#[test]
fn the_kernel_holds_a_planner_that_sends_users_to_an_aborted_version() {
    assert!(broken("blue_green_abort_of_small_preview", stubborn).is_empty());
}

#[test]
fn the_kernel_holds_a_planner_that_counts_pods_before_they_are_available() {
    // Nobody is sent to broken pods. That they are never called Degraded (L2) is none of the
    // kernel's rules.
    let found = broken("blue_green_promote_full_of_broken_pods", hasty);
    assert_eq!(found, ["L1/L2"]);
    // No pod is lost. That a step ends too early (S11) is none of the kernel's rules.
    assert_eq!(broken("canary_promote_full_of_broken_pods", hasty), ["S11"]);
}
