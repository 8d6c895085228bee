//! Many scenarios at the same time: most of the time of each is waiting.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tests::scenario::disturbance::Lines;
use tests::scenario::parse::{Scenario, read_all};

use crate::scenario;

/// At the same time.
const THREADS: usize = 16;

/// One of each thing that people do.
pub const FEW: [&str; 10] = [
    "blue_green_abort_at_the_pause",
    "blue_green_example",
    "blue_green_scale_midway",
    "canary_abort_then_fix",
    "canary_deleted",
    "canary_example",
    "canary_new_image_midway",
    "canary_scale_up_midway",
    "canary_undo_midway",
    "canary_waits_for_promotion",
];

/// The scenarios of `tests/scenarios/` of which the command line has a word, or those that are `meant`
/// where it has none.
///
/// # Panics
/// When one cannot be read.
pub fn chosen(meant: impl Fn(&str) -> bool) -> Vec<Scenario> {
    let words = std::env::args().skip(1);
    let words: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut all = read_all(&folder).unwrap_or_else(|error| panic!("{error:#}"));
    all.retain(|scenario| {
        let has_word = words.iter().any(|word| scenario.name.contains(word));
        has_word || words.is_empty() && meant(&scenario.name)
    });
    // Those that take longest begin first.
    all.sort_by_key(|scenario| std::cmp::Reverse(scenario.lines.len()));
    all
}

/// Runs them, and says how each went; their lines hold in time or late.
#[must_use]
pub fn run(scenarios: &[Scenario], lines: Lines) -> ExitCode {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(scenarios.len()) {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if !is_fine(scenario, lines) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(scenario.name.as_str());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; finished in {:.0?}",
        if failed.is_empty() { "ok" } else { "FAILED" },
        scenarios.len() - failed.len(),
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

fn is_fine(scenario: &Scenario, lines: Lines) -> bool {
    let begun = Instant::now();
    let world = scenario::open(scenario);
    let outcome = world.map(|world| scenario::run(&world, scenario, lines));
    let took = begun.elapsed();
    match &outcome {
        Some(Ok(raised)) if raised.is_empty() => println!("{} ... ok in {took:.0?}", scenario.name),
        Some(Ok(raised)) => println!(
            "{} ... ok in {took:.0?}; not as short as they should be: {}",
            scenario.name,
            raised.join(", ")
        ),
        Some(Err(error)) => println!("{} ... FAILED in {took:.0?}\n{error:#}", scenario.name),
        None => println!("{} ... there is no cluster", scenario.name),
    }
    !matches!(outcome, Some(Err(_)))
}
