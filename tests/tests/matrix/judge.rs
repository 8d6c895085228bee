//! What is wrong with a disturbed run: it is held against the steady run of the same scenario.

use tests::history::{Actor, Request};
use tests::reading::text;
use tests::scenario::disturbance::{Disturbance, Lines};
use tests::scenario::run::Outcome;

/// What is wrong, if anything.
pub(crate) fn problems(
    scenario: &str,
    disturbance: Disturbance,
    run: &Outcome,
    steady: &Outcome,
) -> Vec<String> {
    let violations = run.violations.iter();
    let mut problems: Vec<String> = violations.map(ToString::to_string).collect();
    if may_end_otherwise(scenario, disturbance) {
        return problems;
    }
    if disturbance.lines() != Lines::Unjudged {
        problems.extend(run.failure.clone());
    }
    if run.end_state != steady.end_state {
        problems.push(format!(
            "ends as\n{}instead of\n{}",
            run.end_state, steady.end_state
        ));
    }
    let mut expected = replica_sets(&steady.requests);
    for it in replica_sets(&run.requests) {
        match expected.iter().position(|known| *known == it) {
            Some(position) => {
                expected.swap_remove(position);
            }
            None => problems.push(format!("{it}, which the steady run does not")),
        }
    }
    let strikes_for_sure = matches!(
        disturbance,
        Disturbance::Crash(_)
            | Disturbance::AnswerLost(_)
            | Disturbance::OldView(..)
            | Disturbance::Outage(..)
            | Disturbance::ClockJump(..)
    );
    if strikes_for_sure && run.strikes == 0 {
        problems.push(format!(
            "nothing was struck: {} writes were sent, {} in the steady run",
            run.writes_sent, steady.writes_sent
        ));
    }
    problems
}

/// An abort that is first seen together with the new image counts as one of the update before it:
/// which came first is written nowhere.
fn may_end_otherwise(scenario: &str, disturbance: Disturbance) -> bool {
    matches!(disturbance, Disturbance::WatchLossy(_))
        && scenario == "blue_green_abort_while_progressing"
}

/// The ReplicaSets that the controller created and deleted.
fn replica_sets(requests: &[Request]) -> Vec<String> {
    requests
        .iter()
        .filter(|it| it.actor == Actor::Controller && it.status < 300 && !it.is_dry_run())
        .filter(|it| it.path.contains("/replicasets"))
        .filter_map(|it| match it.method.as_str() {
            "POST" => Some(format!("creates {}", text(&it.body, "/metadata/name"))),
            "DELETE" => Some(format!("deletes {}", it.path)),
            _ => None,
        })
        .collect()
}
