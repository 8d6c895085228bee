//! The scenario suite on a real control plane: the same files, the same outcomes.
//!
//! `cargo test -p cluster --test scenarios -- canary_` runs those with that in their names, `-- all`
//! runs every one; without a word a few of each kind are run.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cluster::{Cluster, World, scenario};
use tests::scenario::parse::{Scenario, read_all};

/// At the same time. Most of the time of a scenario is waiting.
const THREADS: usize = 6;

/// Run without a word: one of each thing that people do.
const FEW: [&str; 6] = [
    "blue_green_abort_at_the_pause",
    "blue_green_example",
    "canary_abort_then_fix",
    "canary_deleted",
    "canary_undo_midway",
    "canary_waits_for_promotion",
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_meant = |scenario: &Scenario| {
        let mut words = words.iter();
        if words.len() == 0 {
            FEW.contains(&scenario.name.as_str())
        } else {
            words.any(|word| word == "all" || scenario.name.contains(word))
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut scenarios = read_all(&folder).expect("scenarios can be read");
    scenarios.retain(is_meant);
    if scenarios.is_empty() || Cluster::shared().is_none() {
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let took = Instant::now();
                    let outcome = run(scenario);
                    let said = if outcome.is_ok() { "ok" } else { "FAILED" };
                    println!("{} ... {said} in {:.0?}", scenario.name, took.elapsed());
                    if let Err(error) = outcome {
                        println!("{error}");
                        failed.lock().unwrap().push(&scenario.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let passed = scenarios.len() - failed.len();
    println!(
        "\ntest result: {}. {passed} passed; {} failed; 0 ignored; in {:.0?}",
        if failed.is_empty() { "ok" } else { "FAILED" },
        failed.len(),
        begun.elapsed()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        println!("failed: {failed:?}");
        ExitCode::FAILURE
    }
}

fn run(scenario: &Scenario) -> Result<(), String> {
    let name = scenario.name.replace('_', "-");
    let world = World::open(&name).ok_or("there is no cluster")?;
    scenario::run(&world, scenario).map_err(|error| format!("{error:#}"))
}
