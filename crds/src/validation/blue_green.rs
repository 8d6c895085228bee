//! The checks of `spec.strategy.blueGreen`. Source: `compat/api.md` §7.2.

use super::{FieldError, canary::anti_affinity, path::Path};
use crate::defaults;
use crate::rollout::{BlueGreenStrategy, RolloutSpec};

pub(super) fn check(
    spec: &RolloutSpec,
    blue_green: &BlueGreenStrategy,
    errors: &mut Vec<FieldError>,
) {
    let path = Path::blue_green();
    let preview = blue_green.preview_service.as_deref().unwrap_or_default();
    if blue_green.active_service == preview {
        let fix = if preview.is_empty() {
            "set spec.strategy.blueGreen.activeService to the Service that users reach"
        } else {
            "name another Service in spec.strategy.blueGreen.previewService, or remove it"
        };
        errors.push(path.child("activeService").invalid(
            &blue_green.active_service,
            "This rollout uses the same service for the active and preview services, but two \
             different services are required.",
            fix,
        ));
    }
    let history = defaults::revision_history_limit(spec);
    if let Some(limit) = blue_green
        .scale_down_delay_revision_limit
        .filter(|limit| i64::from(*limit) > history)
    {
        errors.push(path.child("scaleDownDelayRevisionLimit").invalid(
            limit,
            "This rollout's revision history limit can not be smaller than the rollout's scale \
             down limit",
            &format!("use at most {history}, or raise spec.revisionHistoryLimit"),
        ));
    }
    anti_affinity(blue_green.anti_affinity.as_ref(), &path, errors);
}
