//! A stock kubectl drives the embedded cluster.
//!
//! Not for what the controller does: none runs here. Each verb is run with the real binary, and
//! `asked.txt` lists what each of them asked the server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests, where a failure is a failed test"
)]

/// Skips the test where kubectl cannot be had.
macro_rules! world {
    () => {
        match World::start() {
            Some(world) => world,
            None => return,
        }
    };
}

mod asked;
mod binary;
mod fixtures;
mod reading;
mod world;
mod writing;
