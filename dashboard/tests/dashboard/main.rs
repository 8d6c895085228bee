//! The dashboard over a cluster with the real controller, asked over a socket.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "helpers of tests, outside the functions that clippy knows as tests"
)]

mod api;
mod login;
mod page;
mod schema;
mod world;
