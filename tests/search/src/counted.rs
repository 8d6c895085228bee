//! How many states each scope had when they were last counted: fewer of them mean that something is
//! not tried any more.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// Percent of the states that were counted last which there must be at least.
const LEAST: u64 = 95;

/// States by the name of their scope.
pub type Counts = BTreeMap<String, u64>;

/// `states.txt` as it is committed.
///
/// # Errors
/// When it cannot be read.
pub fn read() -> io::Result<Counts> {
    let text = std::fs::read_to_string(file())?;
    let lines = text.lines().filter_map(|line| {
        let (states, name) = line.trim().split_once(' ')?;
        Some((name.to_owned(), states.parse().ok()?))
    });
    Ok(lines.collect())
}

/// Writes `states.txt` anew.
///
/// # Errors
/// When it cannot be written.
pub fn write(counts: &Counts) -> io::Result<()> {
    let lines = counts.iter();
    let text: String = lines
        .map(|(name, states)| format!("{states:>7} {name}\n"))
        .collect();
    std::fs::write(file(), text)
}

/// What is wrong with so many states of a scope, if anything.
#[must_use]
pub fn wrong(counted: &Counts, name: &str, states: u64) -> Option<String> {
    match counted.get(name) {
        None => Some(format!("{name}: {states} states, not in states.txt")),
        Some(before) if states * 100 < before * LEAST => Some(format!(
            "{name}: {states} states, {before} when last counted"
        )),
        Some(_) => None,
    }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("states.txt")
}
