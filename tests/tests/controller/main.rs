//! The shipped controller over the embedded cluster: what holds for every strategy.

mod behaviour;
mod election;
mod faults;
mod objects;
mod replay;
mod world;
