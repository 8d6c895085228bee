//! Fuzz targets, and observations made of bytes.
//!
//! A target takes any bytes, makes its input of them, and panics when a promise is broken. The
//! same targets run over the committed corpus (`tests/corpus.rs`), under the runner of this crate
//! (`main.rs`) and under libFuzzer (`fuzz/`).
//!
//! [`observation`] and [`model`] serve the planner properties of the crate `tests` too: whatever
//! shrinks bytes shrinks an observation, because a byte of zero always draws the plainest thing.

pub mod draw;
pub mod model;
pub mod mutate;
pub mod observation;
pub mod targets;
