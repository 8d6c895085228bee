//! What the controller costs, beside what is needed: API writes, time, memory, instructions.
//!
//! `cargo run -p bench --release` prints one table; the budgets are in its last column. Counts
//! (writes, bytes, instructions) are the same on every machine and fit for a comparison; times
//! are not, so no test depends on them.

pub mod cpu;
pub mod dashboard;
mod family;
pub mod fleet;
pub mod least;
pub mod memory;
pub mod plane;
pub mod plans;
pub mod report;
pub mod updates;
pub mod world;
