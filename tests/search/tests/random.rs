//! Some of the search with every change; `cargo run -p search --release -- random --minutes N` is
//! the rest.

use search::run::{Totals, of_seed};

/// Seeds in the gate.
const SEEDS: u64 = 10_000;

#[test]
fn nothing_is_found_in_random_worlds() {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let portion = SEEDS.div_ceil(threads as u64);
    let begin = std::time::Instant::now();
    let mut totals = Totals::default();
    let mut found = Vec::new();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads as u64)
            .map(|part| {
                scope.spawn(move || {
                    let mut totals = Totals::default();
                    let mut found = Vec::new();
                    for seed in part * portion..((part + 1) * portion).min(SEEDS) {
                        let (_, outcome) = of_seed(seed);
                        totals.add(outcome.totals);
                        found.extend(outcome.found.map(|it| {
                            let line = it.what.lines().next().unwrap_or_default().to_owned();
                            format!("seed {seed}: {} {line}", it.id)
                        }));
                    }
                    (totals, found)
                })
            })
            .collect();
        for part in parts {
            let (some, wrong) = part.join().unwrap();
            totals.add(some);
            found.extend(wrong);
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    println!("search: {totals:?} in {seconds:.1} s");
    assert!(
        found.is_empty(),
        "{}\nshrink: cargo run -p search -- random --first SEED --seeds 1",
        found.join("\n")
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..50 {
        let (_, one) = of_seed(seed);
        let (_, other) = of_seed(seed);
        assert_eq!(one.events, other.events, "seed {seed}");
        assert_eq!(one.totals, other.totals, "seed {seed}");
        assert_eq!(one.found, other.found, "seed {seed}");
    }
}
