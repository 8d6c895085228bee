//! What must hold at every revision, and what must come about once a world is calm (`safety.md`
//! §2 and §3), in words that every world can fill: the shipped controller over the embedded
//! cluster, and the typed world of the search.
//!
//! A world tells a [`Judge`] of every change, request and mark in order; the judge says what is
//! wrong. Checkers know the text of their invariant and nothing of how a controller decides: this
//! crate uses no other of ours. They do work in the number of the children of the object that
//! changed, copy no object and build no text unless they fail. Every instance of a controller is
//! judged alike, so whatever holds here holds with two leaders (S20).
//!
//! Not here: S7, S8 and S15, since there are no routers and no analysis yet; S21, which is about
//! what leaves the process; L6 is judged as L1, with whatever stable a world makes; L9 to L11, which compare runs or time a takeover and so belong to
//! whoever runs the worlds (the crash matrix and the search).

mod abort;
mod bounds;
mod ceiling;
mod exposure;
mod floor;
mod history;
mod judge;
mod keep;
mod objects;
mod overdue;
mod pauses;
mod progress;
mod quiet;
mod sizes;
mod stable;
mod steps;
mod switch;
mod versions;
mod vocabulary;
mod world;

pub use history::{Actor, Change, Changed, Kind, Mark, Pair, Request, Verb};
pub use judge::{BoxedClone, Checker, Judge, Step, Violation, checkers};
pub use vocabulary::{
    Amount, BlueGreen, Canary, CanaryStep, Millis, Pause, PauseReason, Phase, Pod, ReplicaSet,
    Rollout, Service, Spec, Status, Strategy, Template, Text, Uid,
};
pub use world::World;
