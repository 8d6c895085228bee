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
    let violations = violations.filter(|it| !is_known(disturbance, it.id));
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

/// Known (issue 4): a controller that has lost the change that shows its pods available, and that learns
/// of it only by listing everything again, ten minutes later, takes the deadline for passed and
/// aborts; it could look again before it does.
fn may_end_otherwise(scenario: &str, disturbance: Disturbance) -> bool {
    matches!(disturbance, Disturbance::WatchLossy(_))
        && scenario == "canary_pause_outlasts_deadline"
}

/// Known (issue 4): of two controllers that act at once, one sees the other's writes late. A version says
/// only that one object is as it was seen, so the two can each raise another ReplicaSet (S2), each
/// lower another (S1), empty one that the other has just sent users to (S4, S6, S10), end a step for
/// a size that the other has just changed (S11), or mark a Service of a Rollout that is gone (S17).
/// They agree again once the late one has caught up. Without that lag nothing breaks.
fn is_known(disturbance: Disturbance, id: &str) -> bool {
    matches!(disturbance, Disturbance::Leaders(_, lag) if !lag.is_zero())
        && ["S1", "S2", "S4", "S6", "S10", "S11", "S17"].contains(&id)
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
