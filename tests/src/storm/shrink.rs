//! The fewest deeds that still break the same promise.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;

use super::draw::Storm;
use super::play::{Broken, play};

/// A storm made smaller, with what it breaks. At most `tries` storms are played for it.
///
/// # Errors
/// As [`play`].
pub fn shrink(storm: &Storm, found: &Broken, tries: usize) -> Result<(Storm, Broken)> {
    let mut search = Search {
        best: storm.clone(),
        broken: found.clone(),
        tries,
    };
    for calmed in CALMED {
        let simpler = calm(&search.best, calmed);
        search.offer(simpler)?;
    }
    let mut size = search.best.deeds.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < search.best.deeds.len() {
            let numbers = search.best.deeds.iter().enumerate();
            let kept: BTreeSet<usize> = numbers
                .filter(|(place, _)| *place < from || *place >= from + size)
                .map(|(_, (number, ..))| *number)
                .collect();
            let simpler = search.best.keep(&kept);
            if !search.offer(simpler)? {
                from += size;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    Ok((search.best, search.broken))
}

/// What can be switched off: names for the command line.
pub const CALMED: [&str; 3] = ["deaths", "errors", "lags"];

/// The same storm without one of [`CALMED`].
#[must_use]
pub fn calm(storm: &Storm, what: &str) -> Storm {
    let mut calmer = storm.clone();
    match what {
        "deaths" => calmer.dies_often = false,
        "errors" => calmer.errors = 0,
        _ => {
            calmer.lags = [Duration::ZERO; 3];
            calmer.path_lag = Duration::ZERO;
        }
    }
    calmer
}

/// The command that plays a shrunk storm again.
#[must_use]
pub fn command(storm: &Storm) -> String {
    let kept: Vec<String> = storm.deeds.iter().map(|it| it.0.to_string()).collect();
    let drawn = Storm::of(storm.seed);
    let mut calmed = Vec::new();
    if drawn.dies_often && !storm.dies_often {
        calmed.push(CALMED[0]);
    }
    if drawn.errors > 0 && storm.errors == 0 {
        calmed.push(CALMED[1]);
    }
    if drawn.lags != storm.lags || drawn.path_lag != storm.path_lag {
        calmed.push(CALMED[2]);
    }
    let mut command = format!(
        "cargo run -p tests --release --bin storm -- --seed {} --keep {}",
        storm.seed,
        kept.join(",")
    );
    if !calmed.is_empty() {
        command.push_str(" --without ");
        command.push_str(&calmed.join(","));
    }
    command
}

struct Search {
    best: Storm,
    broken: Broken,
    tries: usize,
}

impl Search {
    /// Takes a simpler storm when it breaks the same promise; says whether it does.
    fn offer(&mut self, simpler: Storm) -> Result<bool> {
        if self.tries == 0 {
            return Ok(false);
        }
        self.tries -= 1;
        let outcome = play(&simpler)?;
        let Some(broken) = outcome.broken.filter(|it| it.id == self.broken.id) else {
            return Ok(false);
        };
        self.best = simpler;
        self.broken = broken;
        Ok(true)
    }
}
