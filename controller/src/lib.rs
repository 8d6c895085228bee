//! rollouts-controller: observe, plan, check, execute.
//!
//! [`run`] watches Rollouts, their ReplicaSets and the Services they name, asks [`planner::plan`]
//! what to do, holds the answer against the safety kernel, and does it. It decides nothing itself.

mod cache;
pub mod checks;
mod client;
mod clock;
pub mod config;
mod controller;
mod decode;
mod event_writer;
mod execute;
mod gate;
mod health;
mod http_date;
mod http_server;
mod kernel;
mod lease;
mod metrics;
mod observe;
mod poison;
mod queue;
mod reconcile;
mod refusal;
mod release;
pub mod rights;
mod status_patch;
mod watch;

pub use config::{ClockMode, Config, LeaderElection, WallClock};
pub use controller::{Controller, End, Error, Gauge, run};
pub use metrics::{Counters, RequestKind};
