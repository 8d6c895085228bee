//! Whole rollouts in a small typed world: what a user sees of each strategy.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at a surprise"
)]

mod abort;
mod blue_green;
mod canary;
mod counts;
mod made;
mod people;
mod search;
mod told;
mod wiped;
mod world;
