//! The repository is as its documents say.

mod crates;
mod documents;
mod files;
mod scenarios;
