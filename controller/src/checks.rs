//! What properties and fuzz targets ask of the controller's pure parts.

use crds::RolloutStatus;
use planner::{Now, Observed, Plan};
use serde_json::Value;

use crate::gate::Wrote;
use crate::{kernel, status_patch};

/// Short name of the safety rule that the controller would hold this plan for; `None` when it
/// would carry the plan out.
#[must_use]
pub fn broken_rule(observed: &Observed, plan: &Plan, now: Now) -> Option<&'static str> {
    kernel::check(observed, plan.clone(), now, &Wrote::default())
        .held
        .map(safety::Rule::id)
}

/// The merge patch that the executor sends to make `new` of `old`; `None` when nothing differs.
#[must_use]
pub fn status_difference(old: &RolloutStatus, new: &RolloutStatus) -> Option<Value> {
    let json = |status| status_patch::json(status, &status_patch::Pruned::new());
    status_patch::difference(&json(old), &json(new))
}
