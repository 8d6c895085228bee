//! The shipped controller over the embedded cluster: what holds for every strategy.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod behaviour;
mod drawn;
mod election;
mod faults;
mod objects;
mod replay;
mod requests;
mod rights;
mod servers;
mod world;
