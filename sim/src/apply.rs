//! Who owns which field of an object, and server-side apply.
//!
//! Everything here is a function of objects, schema and owners: no store, no clock, no request.
//!
//! - [`Place`] tells how a place of an object is owned: as one, or part by part.
//! - [`FieldSet`] is a set of fields; [`compare`] and [`fields`] make them of objects.
//! - [`Managers`] is what `metadata.managedFields` holds; every write makes new ones of the old.
//!
//! Source: the Kubernetes documentation of server-side apply and the published behaviour of
//! `structured-merge-diff`; `tests/cluster` holds both servers' `managedFields` against each other.

mod check;
mod compare;
mod conflict;
mod encode;
mod fields;
mod last_applied;
mod managers;
mod merge;
mod place;
mod prune;
mod reset;
mod scale;
mod set;
mod step;

pub(crate) use check::type_errors;
pub(crate) use conflict::refusal;
pub(crate) use encode::{Sent, read, written};
pub(crate) use last_applied::apply;
pub(crate) use managers::{Managers, Way, Who};
pub(crate) use place::Place;
pub(crate) use reset::{blank, ignored};
pub(crate) use set::FieldSet;
