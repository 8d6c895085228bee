//! What a lagging watch shows is held against what was read live.

use std::path::Path;
use std::time::Duration;

use tests::history::Actor;
use tests::scenario::disturbance::Disturbance;
use tests::scenario::parse::read;
use tests::scenario::run::run_to_rest;

/// Issue 4: the ReplicaSet was read live, not found, and came back to the view with an older event
/// of a watch that lagged a minute; it was deleted a second time.
#[test]
fn a_replica_set_that_is_gone_does_not_come_back_with_a_late_event() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = read(&folder.join("blue_green_history_limit.scn")).unwrap();
    let late = Disturbance::WatchLate(Duration::from_secs(60));
    let outcome = run_to_rest(&scenario, late, planner::plan, None).unwrap();
    let deletions = outcome.requests.iter().filter(|it| {
        it.actor == Actor::Controller && it.method == "DELETE" && it.path.contains("/replicasets/")
    });
    assert_eq!(deletions.count(), 1, "{}", outcome.transcript);
}
