//! What users install.
//!
//! `charts/rollouts` is written by hand, but for what can be told from the code and from its
//! `values.yaml`: the CRDs, the rights of the controller, the schema, the keys that are known, the
//! table in its README. `deploy/` is what the chart renders. [`files`] has all of that; the program
//! `chart` writes it, and a test compares it with what is committed.

pub mod files;
mod helm;
mod rights;
pub mod values;

pub use helm::Helm;
