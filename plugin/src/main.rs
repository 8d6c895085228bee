//! The binary: parses the line, runs it, says how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(plugin::run(std::env::args_os().collect()))
}
