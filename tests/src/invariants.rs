//! What must hold at every store revision: S1, S2, S9–S14, S16 and S17 of `safety.md` §2.
//!
//! A checker sees every change in order, with who made it, and says what is wrong with it. It knows
//! the text of its invariant and nothing of how the controller decides. Each has a test that plants
//! a bad history and sees it found.

mod abort;
mod blue_green;
mod ceiling;
mod floor;
mod objects;
mod pauses;
mod split;
mod steps;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use crate::history::{Actor, Commit, History, Request, World};
use crate::reading;

/// One change, and the worlds around it.
pub struct Step<'a> {
    /// All objects before it.
    pub before: &'a World,
    /// All objects after it.
    pub after: &'a World,
    /// The change.
    pub commit: &'a Commit,
    /// Wall-clock time at the beginning of the run, in seconds since 1970.
    pub start: i64,
}

impl<'a> Step<'a> {
    /// Whether the controller changed an object of this resource.
    #[must_use]
    pub fn is_ours(&self, resource: &str) -> bool {
        self.commit.actor == Actor::Controller && self.commit.resource() == resource
    }

    /// The changed object before and after, when it was there both times and is of this resource.
    #[must_use]
    pub fn change(&self, resource: &str) -> Option<(&'a Value, &'a Value)> {
        let commit = self.commit;
        (commit.resource() == resource)
            .then_some((commit.before.as_deref()?, commit.after.as_deref()?))
    }

    /// The Rollout that controls the changed ReplicaSet, as it is after the change.
    #[must_use]
    pub fn owner(&self) -> Option<&'a Value> {
        let owner = reading::controller_uid(self.commit.object()?);
        self.after
            .list("rollouts")
            .find(|rollout| reading::uid(rollout) == owner)
    }

    /// Wall-clock time in milliseconds since 1970.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        let passed = i64::try_from(self.commit.at.as_millis()).unwrap_or(i64::MAX);
        self.start.saturating_mul(1000).saturating_add(passed)
    }
}

/// Something that must hold at every revision.
pub trait Checker {
    /// Its id in `safety.md` §2, e.g. `S1`.
    fn id(&self) -> &'static str;

    /// Looks at one change; what is wrong with it, if anything.
    fn see(&mut self, step: &Step<'_>) -> Option<String>;

    /// Looks at one mutating request; what is wrong with it, if anything.
    fn see_request(&mut self, _request: &Request) -> Option<String> {
        None
    }

    /// Looks at the state at the end; what is wrong with it, if anything.
    fn end(&mut self, _world: &World, _end: Duration) -> Option<String> {
        None
    }
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one, e.g. `S1`.
    pub id: &'static str,
    /// Virtual time.
    pub at: Duration,
    /// The store's revision; 0 for a request or the end.
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

/// One of each.
#[must_use]
pub fn checkers() -> Vec<Box<dyn Checker>> {
    vec![
        Box::new(floor::Floor::default()),
        Box::new(ceiling::Ceiling),
        Box::new(blue_green::Switch::default()),
        Box::new(blue_green::Keep::default()),
        Box::new(steps::Steps),
        Box::new(pauses::Pauses::default()),
        Box::new(abort::AbortWins),
        Box::new(abort::AbortReturns::default()),
        Box::new(objects::ExactlyOnce),
        Box::new(objects::Ownership),
    ]
}

/// Holds a whole run against every invariant.
#[must_use]
pub fn check(history: &History) -> Vec<Violation> {
    let mut checkers = checkers();
    let mut found = Vec::new();
    let (mut before, mut after) = (World::default(), World::default());
    for commit in &history.commits {
        after.apply(commit);
        let step = Step {
            before: &before,
            after: &after,
            commit,
            start: history.start,
        };
        for checker in &mut checkers {
            found.extend(checker.see(&step).map(|what| Violation {
                id: checker.id(),
                at: commit.at,
                revision: commit.revision,
                what,
            }));
        }
        before.apply(commit);
    }
    for checker in &mut checkers {
        let requests = history.requests.iter();
        let mut late: Vec<String> = requests
            .filter_map(|request| checker.see_request(request))
            .collect();
        late.extend(checker.end(&after, history.end));
        found.extend(late.into_iter().map(|what| Violation {
            id: checker.id(),
            at: history.end,
            revision: 0,
            what,
        }));
    }
    found
}
