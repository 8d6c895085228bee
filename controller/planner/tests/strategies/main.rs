//! Whole rollouts in a small typed world: what a user sees of each strategy.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at a surprise"
)]

mod blue_green;
mod canary;
mod search;
mod world;
