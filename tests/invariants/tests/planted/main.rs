//! Each checker finds the bad history that is planted for it, and no checker minds the same history
//! without the bad change.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod objects;
mod order;
mod progress;
mod rights;
mod run;
mod sizes;

const NOTHING: [&str; 0] = [];
