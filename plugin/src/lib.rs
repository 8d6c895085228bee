//! `kubectl rollouts`: see and steer rollouts, and try them without a cluster.
//!
//! One binary with two names. As `kubectl-argo-rollouts` it has the commands, flags, texts,
//! requests and exit codes that existing pipelines rely on; as `kubectl-rollouts` the same and
//! more. It talks to the API server only, and decides nothing that the controller decides:
//! every write is one of the small patches in [`requests`].
//!
//! Source: `compat/cli.md`.

pub mod args;
mod completion;
mod connection;
mod failure;
mod local;
pub mod name;
mod output;
pub mod requests;
mod screen;
mod session;
mod verbs;
mod watching;

pub use dashboard::ServerClock;
pub use failure::Failure;
pub use output::Output;
pub use session::Session;
pub use verbs::{dispatch, run};
