//! What holds of every plan, whatever was observed.
//!
//! An input is bytes, of which the crate `fuzz` makes a world; fewer and smaller bytes are a
//! plainer world, so what proptest shrinks is the world. `PROPTEST_CASES=n` tries more of them.

mod any;
mod found;
mod reachable;
mod story;

use proptest::prelude::*;

/// `cases` by default; `PROPTEST_CASES` multiplies them.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let asked = asked.and_then(|it| it.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 100_000,
        failure_persistence: None,
        // The same worlds each time; another seed is another search.
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// What worlds are made of.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}
