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
mod search;
mod wiped;
mod world;
