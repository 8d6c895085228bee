//! Holds a run of the shipped controller over the embedded cluster against every invariant.
//!
//! The checkers and their words are the crate `invariants`; here JSON becomes those words, once per
//! commit. Nothing of the planner is used.

mod fields;
mod objects;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use invariants::{Judge, Mark, Millis};

use crate::history::History;
use crate::sight::{Others, Sight};

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one, e.g. `S1`.
    pub id: &'static str,
    /// Virtual time.
    pub at: Duration,
    /// The store's revision by then.
    pub revision: u64,
    /// What is wrong, with numbers.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            id,
            at,
            revision,
            what,
        } = self;
        write!(f, "{id} at {at:?}, revision {revision}: {what}")
    }
}

/// Holds a whole run against every invariant.
#[must_use]
pub fn check(history: &History) -> Vec<Violation> {
    let start = history.start.saturating_mul(1000);
    let wall = |at: Duration| start.saturating_add(millis(at));
    let mut judge = Judge::default();
    let mut reader = objects::Reader::default();
    let requests = requests::in_order(history);
    let decisions: BTreeMap<usize, &Sight> = requests
        .iter()
        .filter_map(requests::Placed::decision)
        .collect();
    let others = Others::of(&history.commits);
    let mut requests = requests.into_iter().peekable();
    let mut is_calm = false;
    for (index, commit) in history.commits.iter().enumerate() {
        if !is_calm && commit.at >= history.calm_since {
            is_calm = true;
            judge.mark(&Mark::Calm, wall(history.calm_since));
        }
        let mut change = reader.change(commit, wall(commit.at));
        if let Some(sight) = decisions.get(&index) {
            sight.note(&mut change, &others);
        }
        judge.see(&change);
        while let Some(placed) = requests.next_if(|placed| placed.after <= index) {
            judge.see_request(&placed.request(wall(commit.at)));
        }
    }
    for placed in requests {
        judge.see_request(&placed.request(wall(history.end)));
    }
    judge.end(wall(history.end));
    let found = judge.into_found().into_iter();
    found
        .map(|violation| Violation {
            id: violation.id,
            at: Duration::from_millis(u64::try_from(violation.at - start).unwrap_or(0)),
            revision: violation.revision,
            what: violation.what,
        })
        .collect()
}

fn millis(at: Duration) -> Millis {
    Millis::try_from(at.as_millis()).unwrap_or(Millis::MAX)
}
