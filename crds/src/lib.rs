//! API types of `argoproj.io/v1alpha1`: fields, defaults, validation, names.
//!
//! This crate knows what a user may write and what it means; it never decides what to do next
//! (that is `planner`) and never talks to a cluster. No clock, no client, no tokio.

pub mod analysis;
pub mod defaults;
pub mod durations;
pub mod experiment;
mod go_json;
pub mod label_selector;
pub mod manifests;
pub mod names;
pub mod percent;
pub mod reading;
pub mod rights;
pub mod rollout;
mod schema;
pub mod step_hash;
pub mod time;
pub mod unsupported;
pub mod validation;

pub use rollout::{Rollout, RolloutSpec, RolloutStatus};
pub use time::Time;
