//! The embedded cluster against a real API server: the same programs of requests to both, and the same
//! answers.
//!
//! - A [`Program`] is a text of requests; one is drawn from a seed ([`draw`]), or read from a file.
//! - [`Pair`] runs one on both servers, each in a namespace of its own, and says where they differ.
//! - What may differ is [`KNOWN`], and nothing else.
//! - [`shrink`] drops what a difference does not need.
//!
//! Only API servers are compared: neither side runs controllers.

mod canon;
mod check;
mod draw;
mod known;
mod pair;
mod program;
mod shrink;
mod target;

pub use canon::Seen;
pub use check::{Found, check};
pub use draw::draw;
pub use known::{KNOWN, Known, NOT_DRAWN};
pub use pair::{Difference, Pair};
pub use program::{Program, Request};
pub use shrink::shrink;
