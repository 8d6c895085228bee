//! Runs every scenario of `tests/scenarios/`: its lines must hold, its transcript must be the
//! golden one, and every store revision must keep every invariant.
//!
//! - `cargo test -p tests --test scenarios [NAME…]` runs those whose name contains a word.
//! - `BLESS=1` writes the golden transcripts anew; read the difference as carefully as code.
//! - The summary names the rule each scenario covers.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::scenario::disturbance::Disturbance;
use tests::scenario::parse::{Scenario, read_all};
use tests::scenario::run::run;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let all = match read_all(&folder) {
        Ok(all) => all,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let total = all.len();
    let chosen: Vec<Scenario> = all
        .into_iter()
        .filter(|it| words.is_empty() || words.iter().any(|word| it.name.contains(*word)))
        .collect();
    if arguments.iter().any(|it| it == "--list") {
        chosen.iter().for_each(|it| println!("{}: test", it.name));
        return ExitCode::SUCCESS;
    }
    let started = Instant::now();
    println!("\nrunning {} tests", chosen.len());
    let mut failures = Vec::new();
    for (scenario, (problems, took)) in chosen.iter().zip(run_all(&chosen)) {
        let verdict = if problems.is_empty() { "ok" } else { "FAILED" };
        println!(
            "test {} ... {verdict} ({} ms)\n     {}\n     covers {}",
            scenario.name,
            took.as_millis(),
            scenario.claim,
            scenario.covers.join(", ")
        );
        if !problems.is_empty() {
            failures.push((scenario, problems));
        }
    }
    for (scenario, problems) in &failures {
        println!("\n---- {} ----\n{}", scenario.name, problems.join("\n"));
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        chosen.len() - failures.len(),
        failures.len(),
        total - chosen.len(),
        started.elapsed().as_secs_f64()
    );
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What is wrong with each scenario and how long it took, in their order; as many at a time as
/// there are processors.
fn run_all(scenarios: &[Scenario]) -> Vec<(Vec<String>, Duration)> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<_>> = scenarios.iter().map(|_| OnceLock::new()).collect();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let (Some(scenario), Some(result)) = (scenarios.get(index), results.get(index))
                    else {
                        break;
                    };
                    let began = Instant::now();
                    let _ = result.set((problems_of(scenario), began.elapsed()));
                }
            });
        }
    });
    let panicked = || (vec!["it panicked".to_owned()], Duration::ZERO);
    results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(panicked))
        .collect()
}

fn problems_of(scenario: &Scenario) -> Vec<String> {
    let outcome = match run(scenario, Disturbance::Steady) {
        Ok(outcome) => outcome,
        Err(error) => return vec![format!("{error:#}")],
    };
    let mut problems: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    problems.extend(outcome.failure.clone());
    // What the kernel holds is a bug of the planner, whatever became of it.
    let reason = "/status/waitingOn/reason";
    let holds = outcome.requests.iter().map(|request| &request.body);
    let mut holds = holds.filter(|body| body.pointer(reason).is_some_and(|it| it == "SafetyHold"));
    problems.extend(
        holds
            .next()
            .map(|body| format!("the kernel held a plan: {body}")),
    );
    let golden = scenario.path.with_extension("golden");
    if let Some(problem) = compare(&golden, &outcome.transcript, problems.is_empty()) {
        problems.push(problem);
    }
    problems
}

/// What differs from the golden transcript; writes it anew when asked to and all else is well.
fn compare(golden: &PathBuf, transcript: &str, may_bless: bool) -> Option<String> {
    let expected = std::fs::read_to_string(golden).unwrap_or_default();
    if expected == transcript {
        return None;
    }
    if may_bless && std::env::var_os("BLESS").is_some() {
        let written = std::fs::write(golden, transcript);
        return written.err().map(|error| error.to_string());
    }
    let (mut old, mut new) = (expected.lines(), transcript.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (None, None) => return Some("the transcript differs in its line ends".to_owned()),
            (old, new) if old == new => {}
            (old, new) => {
                return Some(format!(
                    "the transcript differs from {} in line {number} (BLESS=1 writes it anew):\n  \
                     golden: {}\n  now:    {}\n{}",
                    golden.display(),
                    old.unwrap_or("nothing"),
                    new.unwrap_or("nothing"),
                    if std::env::var_os("VERBOSE").is_some() {
                        transcript
                    } else {
                        ""
                    }
                ));
            }
        }
    }
}
