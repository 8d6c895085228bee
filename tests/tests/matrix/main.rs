//! The crash matrix: every scenario again, with the controller stopped, cut off, deceived and
//! doubled. It comes to the same end, creates and deletes no other ReplicaSets, breaks no invariant
//! at any store revision, and goes on once the faults stop.
//!
//! - `cargo test -p tests --test matrix` runs what fits a gate (`list.rs`).
//! - `MATRIX=full` runs everything; it takes hours.
//! - `cargo test -p tests --test matrix -- NAME/DISTURBANCE`, as a failure prints it, runs only
//!   that; any part of it chooses all that contain it, with `MATRIX=gate` only those of a gate.
//! - What each disturbance is, and how strictly the lines are meant under it, is said in
//!   `tests::scenario::disturbance`.

mod judge;
mod list;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use list::Extent;
use planner::{Now, Observed, Plan};
use tests::scenario::disturbance::Disturbance;
use tests::scenario::parse::{Scenario, read_all};
use tests::scenario::run::{Outcome, run_to_rest};

static PLANS: AtomicU64 = AtomicU64::new(0);

fn counted_plan(observed: &Observed, now: Now) -> Plan {
    PLANS.fetch_add(1, Ordering::Relaxed);
    planner::plan(observed, now)
}

/// What was done under one kind of disturbance.
#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    failed: usize,
    strikes: usize,
    revisions: usize,
    virtual_time: Duration,
    took: Duration,
    /// The run that took longest.
    slowest: (Duration, String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    if arguments.iter().any(|it| it == "--list") {
        println!("matrix: test");
        return ExitCode::SUCCESS;
    }
    let extent = match std::env::var("MATRIX").as_deref() {
        Ok("full") => Extent::Full,
        Err(_) if !words.is_empty() => Extent::Full,
        _ => Extent::Gate,
    };
    let started = Instant::now();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut scenarios = read_all(&folder).unwrap();
    scenarios.retain(|scenario| {
        let is_meant = |word: &&String| {
            let name = word.split('/').next().unwrap_or_default();
            scenario.name.contains(name)
        };
        words.is_empty() || words.iter().any(is_meant)
    });
    println!("\nrunning 1 test");
    let steady = in_parallel(&scenarios, |scenario| {
        run_to_rest(scenario, Disturbance::Steady, counted_plan, None).unwrap()
    });
    let mut runs = Vec::new();
    for (scenario, steady) in scenarios.iter().zip(&steady) {
        for disturbance in list::disturbances(&scenario.name, steady.writes_sent, extent) {
            let name = format!("{}/{disturbance}", scenario.name);
            if words.is_empty() || words.iter().any(|word| name.contains(*word)) {
                runs.push((name, scenario, steady, disturbance));
            }
        }
    }
    println!("{} runs of {} scenarios", runs.len(), scenarios.len());
    let done = AtomicUsize::new(0);
    let tallies = Mutex::new(BTreeMap::<&str, Tally>::new());
    in_parallel(&runs, |(name, scenario, steady, disturbance)| {
        let began = Instant::now();
        let (outcome, problems) = disturbed(scenario, steady, *disturbance);
        let number = done.fetch_add(1, Ordering::Relaxed) + 1;
        if number.is_multiple_of(1_000) {
            println!(
                "{number} done after {:.0} s",
                started.elapsed().as_secs_f64()
            );
        }
        let mut tallies = tallies.lock().unwrap();
        let tally = tallies.entry(disturbance.kind()).or_default();
        tally.runs += 1;
        tally.strikes += outcome.strikes;
        tally.revisions += outcome.revisions;
        tally.virtual_time += outcome.virtual_time;
        tally.took += began.elapsed();
        if tally.slowest.0 < began.elapsed() {
            tally.slowest = (began.elapsed(), name.clone());
        }
        if !problems.is_empty() {
            tally.failed += 1;
            println!(
                "\n---- {name} ----\n{}\nagain: cargo test -p tests --test matrix -- {name}",
                problems.join("\n")
            );
            if std::env::var_os("VERBOSE").is_some() {
                println!("{}", outcome.transcript);
            }
        }
    });
    report(&tallies.into_inner().unwrap(), scenarios.len(), started)
}

/// The outcome, and what is wrong with it.
fn disturbed(
    scenario: &Scenario,
    steady: &Outcome,
    disturbance: Disturbance,
) -> (Outcome, Vec<String>) {
    let goal = Some(steady.end_state.as_str());
    let outcome = run_to_rest(scenario, disturbance, counted_plan, goal).unwrap();
    let problems = judge::problems(&scenario.name, disturbance, &outcome, steady);
    (outcome, problems)
}

/// Does it for each, as many at a time as there are processors. The results in their order.
fn in_parallel<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(it) = all.get(index) else { break };
                    let result = act(it);
                    done.lock().unwrap().insert(index, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

fn report(tallies: &BTreeMap<&str, Tally>, scenarios: usize, started: Instant) -> ExitCode {
    println!();
    let mut all = Tally::default();
    for (kind, tally) in tallies {
        println!(
            "{kind:24} {:6} runs, {:4} failed, {:8} strikes, {:9} revisions checked, {:7} virtual hours, {:6.1} s, slowest {:.1} s {}",
            tally.runs,
            tally.failed,
            tally.strikes,
            tally.revisions,
            tally.virtual_time.as_secs() / 3600,
            tally.took.as_secs_f64(),
            tally.slowest.0.as_secs_f64(),
            tally.slowest.1,
        );
        all.runs += tally.runs;
        all.failed += tally.failed;
        all.strikes += tally.strikes;
        all.revisions += tally.revisions;
        all.virtual_time += tally.virtual_time;
    }
    let crashed: usize = tallies
        .iter()
        .filter(|(kind, _)| kind.starts_with("crash"))
        .map(|(_, tally)| tally.strikes)
        .sum();
    println!(
        "matrix: {scenarios} scenarios, {crashed} writes crashed, {} plans tried, {} revisions checked, {} runs, {} virtual hours",
        PLANS.load(Ordering::Relaxed),
        all.revisions,
        all.runs,
        all.virtual_time.as_secs() / 3600,
    );
    let (verdict, passed, code) = if all.failed == 0 && all.runs > 0 {
        ("ok", 1, ExitCode::SUCCESS)
    } else {
        ("FAILED", 0, ExitCode::FAILURE)
    };
    println!(
        "\ntest result: {verdict}. {passed} passed; {} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s\n",
        1 - passed,
        started.elapsed().as_secs_f64()
    );
    code
}
