//! Which fields of a Rollout this version does not honour yet: one table.
//!
//! A Rollout that sets one of them is refused with the field's true path and "not supported by
//! this version", and nothing is written for it: better no rollout than one that leaves out what
//! its author relies on. `docs/unsupported.md` and a test for each row come from the table.

use crate::Rollout;
use crate::validation::{ErrorKind, FieldError};

mod page;
mod table;

pub use page::page;
pub use table::{ACCEPTED, Accepted, UNSUPPORTED, Unsupported};

/// The first field that is set and not honoured, in the order of the table; `None` when there is
/// none. Rules of [`crate::validation::validate`] come before it.
#[must_use]
pub fn unsupported(rollout: &Rollout) -> Option<FieldError> {
    all_unsupported(rollout).into_iter().next()
}

/// Every field that is set and not honoured, one error for each row of the table.
#[must_use]
pub fn all_unsupported(rollout: &Rollout) -> Vec<FieldError> {
    UNSUPPORTED
        .iter()
        .filter_map(|row| {
            let path = (row.find)(rollout)?;
            Some(FieldError {
                compat_path: path.clone(),
                fix: format!("remove {path}: {}; docs/unsupported.md says more", row.why),
                path,
                kind: ErrorKind::Forbidden,
                value: None,
                detail: "not supported by this version".to_owned(),
            })
        })
        .collect()
}
