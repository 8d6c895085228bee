//! Scenarios, invariants, conformance, properties and tidiness.
//!
//! - [`scenario`]: text files that say what a user does and sees, run with the shipped controller
//!   over the in-memory cluster on virtual time.
//! - [`history`]: what the store of that cluster went through, revision by revision, and who did it.
//! - [`sight`]: what the controller had seen when it decided on a write.
//! - [`storm`]: people, actors and faults drawn by seed, over the shipped controller.
//! - [`invariants`]: such a history, held against what must hold at every revision.

pub mod history;
pub mod invariants;
pub mod reading;
pub mod rights;
pub mod scenario;
pub mod sight;
pub mod storm;
pub mod tidy;
