//! The checks of `spec.strategy.canary`, but for its steps. Source: `compat/api.md` §7.3.

use super::{FieldError, path::Path, routing, step};
use crate::percent::validity_value;
use crate::rollout::{
    CanaryStrategy,
    canary::{AntiAffinity, PreferredAntiAffinity},
};
use crate::step_hash::int_or_string;

pub(super) fn check(canary: &CanaryStrategy, errors: &mut Vec<FieldError>) {
    let path = Path::canary();
    if validity_value(canary.max_surge.as_ref()) == 0
        && validity_value(canary.max_unavailable.as_ref()) == 0
    {
        let surge = canary.max_surge.as_ref().map(int_or_string);
        errors.push(path.child("maxSurge").invalid_json(
            surge.unwrap_or_default(),
            "MaxSurge and MaxUnavailable both can not be zero",
            "raise maxSurge or maxUnavailable; with both at zero no pod could be replaced",
        ));
    }
    let stable = canary.stable_service.as_deref().unwrap_or_default();
    if !stable.is_empty() && canary.canary_service.as_deref() == Some(stable) {
        errors.push(path.child("stableService").invalid(
            stable,
            "This rollout uses the same service for the stable and canary services, but two \
             different services are required.",
            "name two different Services in canaryService and stableService",
        ));
    }
    routing::check(canary, &path, errors);
    for (index, canary_step) in canary.steps.iter().enumerate() {
        let path = path.child("steps").index(index);
        step::check(canary, canary_step, &path, errors);
    }
    anti_affinity(canary.anti_affinity.as_ref(), &path, errors);
}

/// The check of `antiAffinity`, the same for both strategies.
pub(super) fn anti_affinity(
    anti_affinity: Option<&AntiAffinity>,
    strategy: &Path,
    errors: &mut Vec<FieldError>,
) {
    let Some(AntiAffinity {
        preferred_during_scheduling_ignored_during_execution: preferred,
        required_during_scheduling_ignored_during_execution: required,
    }) = anti_affinity
    else {
        return;
    };
    let path = strategy.child("antiAffinity");
    if preferred.is_some() == required.is_some() {
        let set = preferred.is_some();
        errors.push(path.invalid(
            format!(
                "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {set} \
                 antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {set}"
            ),
            "AntiAffinity must have exactly one strategy listed",
            "set either preferredDuringSchedulingIgnoredDuringExecution or \
             requiredDuringSchedulingIgnoredDuringExecution",
        ));
    }
    if let Some(PreferredAntiAffinity { weight }) = preferred
        && !(1..=100).contains(weight)
    {
        errors.push(
            path.real_child("preferredDuringSchedulingIgnoredDuringExecution")
                .child("weight")
                .invalid(
                    weight,
                    "AntiAffinity weight must be between 1-100",
                    "use a weight from 1 to 100",
                ),
        );
    }
}
