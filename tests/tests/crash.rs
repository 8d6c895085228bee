//! Every scenario again, in worlds that are harder on the controller.
//!
//! - It dies right after each of its writes, before it sees the answer, and another one starts:
//!   every line still holds and the end is the same.
//! - The ReplicaSet controller and the garbage collector are slow: whatever becomes of the times
//!   that the lines expect, no invariant breaks.

use std::path::Path;

use tests::scenario::lab::Mode;
use tests::scenario::parse::{Scenario, read_all};
use tests::scenario::run::run;

/// What goes wrong in any scenario, by its name; several are run at a time.
fn problems(look: impl Fn(&Scenario) -> Vec<String> + Sync) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let all = read_all(&folder).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parts = all.chunks(all.len().div_ceil(threads));
    let look = &look;
    std::thread::scope(|scope| {
        let running: Vec<_> = parts
            .map(|part| {
                scope.spawn(move || {
                    let problems = part.iter().flat_map(|scenario| {
                        let found = look(scenario);
                        found
                            .into_iter()
                            .map(|it| format!("{}: {it}", scenario.name))
                    });
                    problems.collect::<Vec<_>>()
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    })
}

#[test]
fn a_controller_that_dies_after_every_write_comes_to_the_same_end() {
    let found = problems(|scenario| {
        let steady = run(scenario, Mode::Steady).unwrap();
        let crashing = run(scenario, Mode::CrashAfterEveryWrite).unwrap();
        let mut problems: Vec<String> = crashing.failure.into_iter().collect();
        problems.extend(crashing.violations.iter().map(ToString::to_string));
        if crashing.end_state != steady.end_state {
            problems.push(format!(
                "ends as\n{}instead of\n{}",
                crashing.end_state, steady.end_state
            ));
        }
        problems
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_invariant_breaks_in_a_slow_cluster() {
    let found = problems(|scenario| {
        let slow = run(scenario, Mode::SlowCluster).unwrap();
        slow.violations.iter().map(ToString::to_string).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
