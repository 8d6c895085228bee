//! What is wrong with a Rollout, in the peer's words and order, with the true path and a fix.
//!
//! Rules that need only the Rollout itself (`compat/api.md` §7.1 to §7.3). What needs other
//! objects (Services that do not exist, a template that the API server refuses) is not judged
//! here. Only the first error is shown to users, so the order is part of the contract.

use crate::{Rollout, unsupported};

mod blue_green;
mod canary;
mod error;
mod path;
mod routes;
mod routing;
mod spec;
mod step;
mod stricter;
mod template;

pub use error::{ErrorKind, FieldError};

/// Everything that the peer would refuse, in its order; then what it accepts although it cannot
/// work (an unreadable `maxSurge`, say).
///
/// Empty when the Rollout is valid. Fields that are valid but not honoured yet are not here; see
/// [`unsupported::unsupported`].
#[must_use]
pub fn validate(rollout: &Rollout) -> Vec<FieldError> {
    let mut errors = Vec::new();
    spec::check(&rollout.spec, &mut errors);
    if let (Some(blue_green), None) = (
        &rollout.spec.strategy.blue_green,
        &rollout.spec.strategy.canary,
    ) {
        blue_green::check(&rollout.spec, blue_green, &mut errors);
    }
    if let (None, Some(canary)) = (
        &rollout.spec.strategy.blue_green,
        &rollout.spec.strategy.canary,
    ) {
        canary::check(canary, &mut errors);
    }
    stricter::check(&rollout.spec, &mut errors);
    errors
}

/// The one error to show: the first of [`validate`], else the first field not honoured by this
/// version. `None` when the Rollout can be acted on.
#[must_use]
pub fn first_error(rollout: &Rollout) -> Option<FieldError> {
    validate(rollout)
        .into_iter()
        .next()
        .or_else(|| unsupported::unsupported(rollout))
}
