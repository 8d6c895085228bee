//! A search for a broken promise in thousands of small worlds.
//!
//! A typed world stands around the shipped planner: single-threaded, no JSON but what the planner
//! makes, pod templates shared. What happens in it is a list of [`event::Event`]s: drawn from a
//! seed ([`draw`]), enumerated ([`exhaustive`]) or read from a file ([`case`]). Every change is held
//! against the invariants of `safety.md` by the checkers that also judge the shipped controller;
//! at the end nothing goes wrong any more, and the rollout must come to rest as its user wants it.
//!
//! A failure is shrunk ([`shrink`]) to the shortest list that still breaks the same promise.

pub mod case;
pub mod cluster;
pub mod counted;
pub mod draw;
pub mod event;
pub mod exhaustive;
pub mod fingerprint;
pub mod people;
pub mod process;
pub mod run;
pub mod shrink;
pub mod store;
pub mod tell;
pub mod wire;
pub mod world;
