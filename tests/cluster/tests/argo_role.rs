//! Scenarios under the ClusterRole of an existing Argo Rollouts installation, which people may keep: the
//! controller does all that it does with its own, and asks for nothing that the role does not give.

use std::process::ExitCode;

use cluster::{Cluster, suite};
use tests::scenario::disturbance::Lines;

/// Besides one of each thing that people do: what else a right is needed for.
const MORE: [&str; 10] = [
    "blue_green_deleted",
    "blue_green_foreign_service",
    "blue_green_history_limit",
    "blue_green_missing_service",
    "canary_adopts_by_meaning",
    "canary_history_limit",
    "canary_lost_label",
    "canary_progress_deadline_abort",
    "canary_restart_in_a_pause",
    "invalid_template",
];

fn main() -> ExitCode {
    let Some(cluster) = Cluster::shared_with_argo_role() else {
        return ExitCode::SUCCESS;
    };
    let scenarios = suite::chosen(|name| suite::FEW.contains(&name) || MORE.contains(&name));
    // Each also holds the controller against what it was refused.
    let code = suite::run(&scenarios, Lines::InTime);
    let audit = cluster.audit().unwrap_or_else(|error| panic!("{error:#}"));
    let used = audit.map_or(0, |audit| audit.used_by(&Cluster::controller_user()).len());
    println!("{used} rights were used");
    code
}
