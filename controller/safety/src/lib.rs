//! The traffic-safety kernel: rules every plan is held against.
//!
//! [`check`] looks at what is (a [`World`], as observed) and at what is about to be written (a list
//! of [`Move`]s in their order), and says whether one of the moves breaks a promise. It knows
//! nothing of steps, pauses or strategies' wishes, and shares no code with the planner: a mistake
//! there must not be repeated here. Who receives traffic is read from live Services, never from
//! the status that is being made.
//!
//! Rules (safety.md §1–2, design.md "Traffic-safety kernel"). S7, S8 and the half of S5 that is about
//! weights have no move yet, since no traffic router is supported.
//!
//! | rule | promise |
//! |---|---|
//! | S1 | no write of ours takes available pods of a canary below `replicas - maxUnavailable` |
//! | S2 | no write of ours takes wanted pods above the ceiling |
//! | S3 | a version becomes stable only when it has its pods |
//! | S4 | stable of a blue-green rollout keeps its pods |
//! | S5 | users are not sent to a version without available pods while others have some |
//! | S6 | what receives traffic is not shrunk, what is referenced is not deleted |
//! | S9 | users are sent to a version only when it has its pods, and a Service is not let go |
//! | S13 | after an abort users are sent to stable only |
//! | S14 | after an abort the switch back to stable is in every plan, first |
//! | S16 | a version has one ReplicaSet |
//! | S17 | only objects of this Rollout are written |
//! | S18 | nothing is decided on a view that is older than our own last writes |
//! | S19 | every write names the version it was decided on |
//! | S22 | nothing is written for a Rollout that is being deleted |
//! | ORDER | the move that takes users off the new version goes first |
//!
//! No rule but S17 to S19 binds a move to stable (S14), and none forbids what a user asked for by
//! lowering `spec.replicas`.

mod exposure;
mod identity;
mod order;
mod sizes;
mod world;

pub use world::{Move, Owner, Role, Service, Set, Strategy, World};

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// S1: the floor.
    Floor,
    /// S2: the ceiling.
    Ceiling,
    /// S3: the stable mark.
    StableMark,
    /// S4: stable keeps its pods.
    StableKeepsPods,
    /// S5: capacity before exposure.
    Capacity,
    /// S6: what is referenced is not shrunk.
    Referenced,
    /// S9: the switch.
    Switch,
    /// S13: abort wins.
    Abort,
    /// S14: an abort returns.
    Return,
    /// S16: one ReplicaSet for each version.
    Once,
    /// S17: ownership.
    Ownership,
    /// S18: the view.
    View,
    /// S19: the version that was seen.
    Version,
    /// S22: deletion.
    Deletion,
    /// Of two moves the one that shrinks exposure goes first.
    Order,
}

impl Rule {
    /// Every rule, in the order in which they are asked.
    pub const ALL: [Self; 15] = [
        Self::Return,
        Self::Deletion,
        Self::View,
        Self::Once,
        Self::Version,
        Self::Ownership,
        Self::Floor,
        Self::Ceiling,
        Self::StableMark,
        Self::StableKeepsPods,
        Self::Referenced,
        Self::Abort,
        Self::Capacity,
        Self::Switch,
        Self::Order,
    ];

    /// Its short name, as in safety.md.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Floor => "S1",
            Self::Ceiling => "S2",
            Self::StableMark => "S3",
            Self::StableKeepsPods => "S4",
            Self::Capacity => "S5",
            Self::Referenced => "S6",
            Self::Switch => "S9",
            Self::Abort => "S13",
            Self::Return => "S14",
            Self::Once => "S16",
            Self::Ownership => "S17",
            Self::View => "S18",
            Self::Version => "S19",
            Self::Deletion => "S22",
            Self::Order => "ORDER",
        }
    }
}

/// A move that breaks a rule: which, and with what numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What would be written, e.g. `ReplicaSet/web-7c9d8`.
    pub object: String,
    /// What it would come to.
    pub seen: String,
    /// What the rule asks for.
    pub needed: String,
}

/// Holds `moves`, one after the other, against every rule.
///
/// A move is judged on the state after it and after the moves before it, with the availability
/// that was observed: nothing becomes available because we want it.
///
/// # Errors
/// The first move that breaks a rule. Asking again helps only when something new was observed.
pub fn check(world: &World, moves: &[Move]) -> Result<(), Violation> {
    order::check_plan(world, moves)?;
    let mut after = world.clone();
    for (index, next) in moves.iter().enumerate() {
        let before = after.clone();
        after.apply(next);
        identity::check(world, next)?;
        sizes::check(&before, &after, next)?;
        exposure::check(world, &before, next)?;
        order::check_move(world, moves, index)?;
    }
    Ok(())
}
