//! The scenario suite on a real control plane: the same files, the same outcomes.
//!
//! `cargo test -p cluster --test suite -- canary_` runs those with that in their names.

use std::process::ExitCode;

use cluster::{Cluster, suite};
use tests::scenario::disturbance::Lines;

fn main() -> ExitCode {
    if Cluster::shared().is_none() {
        return ExitCode::SUCCESS;
    }
    suite::run(&suite::chosen(|_| true), Lines::InTime)
}
