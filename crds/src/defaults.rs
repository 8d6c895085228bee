//! What a Rollout means where a field is absent.
//!
//! The one place for defaults: everything else asks here. Nothing is ever written back into
//! `spec`. Source: `compat/api.md` §2, §6.

use crate::percent;
use crate::rollout::{BlueGreenStrategy, CanaryStrategy, RolloutSpec};

/// Seconds that old pods stay when nothing else is said.
const DEFAULT_SCALE_DOWN_DELAY: i64 = 30;

/// How long pods stay after something that makes them superfluous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleDownDelay {
    /// They stay for ever (until something else removes them).
    Never,
    /// They go after this many seconds; 0 is at once.
    After(i64),
}

/// Pods wanted; 1 when absent, never negative.
#[must_use]
pub fn replicas(spec: &RolloutSpec) -> i64 {
    i64::from(spec.replicas.unwrap_or(1)).max(0)
}

/// Old ReplicaSets kept for rollback; 10 when absent.
#[must_use]
pub fn revision_history_limit(spec: &RolloutSpec) -> i64 {
    i64::from(spec.revision_history_limit.unwrap_or(10)).max(0)
}

/// Seconds without progress after which an update counts as stuck; 600 when absent.
#[must_use]
pub fn progress_deadline_seconds(spec: &RolloutSpec) -> i64 {
    i64::from(spec.progress_deadline_seconds.unwrap_or(600))
}

/// Seconds a pod must be ready before it counts as available; 0 when absent.
#[must_use]
pub fn min_ready_seconds(spec: &RolloutSpec) -> i64 {
    i64::from(spec.min_ready_seconds)
}

/// Seconds old pods stay after they were replaced: 30 for blue-green and for a canary with a
/// traffic router, 0 for a canary without one (where the field is refused).
#[must_use]
pub fn scale_down_delay_seconds(spec: &RolloutSpec) -> i64 {
    if let Some(blue_green) = &spec.strategy.blue_green {
        return blue_green_scale_down_delay_seconds(blue_green);
    }
    match &spec.strategy.canary {
        Some(canary) if canary.traffic_routing.is_some() => canary
            .scale_down_delay_seconds
            .map_or(DEFAULT_SCALE_DOWN_DELAY, i64::from)
            .max(0),
        _ => 0,
    }
}

/// Seconds old pods stay after a blue-green switch; 30 when absent.
#[must_use]
pub fn blue_green_scale_down_delay_seconds(blue_green: &BlueGreenStrategy) -> i64 {
    blue_green
        .scale_down_delay_seconds
        .map_or(DEFAULT_SCALE_DOWN_DELAY, i64::from)
        .max(0)
}

/// How many old ReplicaSets may wait for their delay at once; `None` is any number.
#[must_use]
pub fn scale_down_delay_revision_limit(spec: &RolloutSpec) -> Option<i64> {
    let limit = match (&spec.strategy.blue_green, &spec.strategy.canary) {
        (Some(blue_green), _) => blue_green.scale_down_delay_revision_limit,
        (None, Some(canary)) => canary.scale_down_delay_revision_limit,
        (None, None) => None,
    };
    limit.map(|limit| i64::from(limit).max(0))
}

/// How long the pods of the new version stay after an abort.
///
/// Blue-green and a canary with a traffic router: 30 s when absent, [`ScaleDownDelay::Never`]
/// when 0. A canary without a router has no such delay: its pods go at once, whatever is set.
#[must_use]
pub fn abort_scale_down_delay(spec: &RolloutSpec) -> ScaleDownDelay {
    let field = match (&spec.strategy.blue_green, &spec.strategy.canary) {
        (Some(blue_green), _) => blue_green.abort_scale_down_delay_seconds,
        (None, Some(canary)) if canary.traffic_routing.is_some() => {
            canary.abort_scale_down_delay_seconds
        }
        (None, _) => return ScaleDownDelay::After(0),
    };
    match field {
        Some(0) => ScaleDownDelay::Never,
        Some(seconds) => ScaleDownDelay::After(i64::from(seconds).max(0)),
        None => ScaleDownDelay::After(DEFAULT_SCALE_DOWN_DELAY),
    }
}

/// Whether a blue-green switch happens by itself once the preview is ready; true when absent.
#[must_use]
pub fn auto_promotion_enabled(blue_green: &BlueGreenStrategy) -> bool {
    blue_green.auto_promotion_enabled.unwrap_or(true)
}

/// Seconds between a ready preview and the switch by itself; `None` when there is no such wait.
#[must_use]
pub fn auto_promotion_seconds(blue_green: &BlueGreenStrategy) -> Option<i64> {
    (blue_green.auto_promotion_seconds > 0).then(|| i64::from(blue_green.auto_promotion_seconds))
}

/// The preview Service's name; `None` when absent or empty.
#[must_use]
pub fn preview_service(blue_green: &BlueGreenStrategy) -> Option<&str> {
    blue_green
        .preview_service
        .as_deref()
        .filter(|name| !name.is_empty())
}

/// The weight that means all traffic: `trafficRouting.maxTrafficWeight`, 100 when absent.
#[must_use]
pub fn max_weight(canary: &CanaryStrategy) -> i64 {
    canary
        .traffic_routing
        .as_ref()
        .and_then(|routing| routing.max_traffic_weight)
        .map_or(100, i64::from)
}

/// Pods that may exist beyond `replicas` during an update; 0 for blue-green.
#[must_use]
pub fn max_surge(spec: &RolloutSpec) -> i64 {
    spec.strategy
        .canary
        .as_ref()
        .map_or(0, |canary| percent::max_surge(canary, replicas(spec)))
}

/// Pods that may be missing during an update of a canary; 0 for blue-green.
#[must_use]
pub fn max_unavailable(spec: &RolloutSpec) -> i64 {
    spec.strategy
        .canary
        .as_ref()
        .map_or(0, |canary| percent::max_unavailable(canary, replicas(spec)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(json: Value) -> RolloutSpec {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_empty_spec_has_the_documented_defaults() {
        let spec = spec(json!({}));
        assert_eq!(replicas(&spec), 1);
        assert_eq!(revision_history_limit(&spec), 10);
        assert_eq!(progress_deadline_seconds(&spec), 600);
        assert_eq!(min_ready_seconds(&spec), 0);
        assert_eq!(scale_down_delay_seconds(&spec), 0);
        assert_eq!(scale_down_delay_revision_limit(&spec), None);
    }

    #[test]
    fn the_delay_after_an_abort_depends_on_the_strategy() {
        for (strategy, delay) in [
            (json!({"blueGreen": {}}), ScaleDownDelay::After(30)),
            (
                json!({"blueGreen": {"abortScaleDownDelaySeconds": 0}}),
                ScaleDownDelay::Never,
            ),
            (
                json!({"blueGreen": {"abortScaleDownDelaySeconds": 7}}),
                ScaleDownDelay::After(7),
            ),
            (json!({"canary": {}}), ScaleDownDelay::After(0)),
            (
                json!({"canary": {"abortScaleDownDelaySeconds": 7}}),
                ScaleDownDelay::After(0),
            ),
            (
                json!({"canary": {"trafficRouting": {}}}),
                ScaleDownDelay::After(30),
            ),
            (
                json!({"canary": {"trafficRouting": {}, "abortScaleDownDelaySeconds": 0}}),
                ScaleDownDelay::Never,
            ),
        ] {
            let spec = spec(json!({"strategy": strategy}));
            assert_eq!(abort_scale_down_delay(&spec), delay, "{:?}", spec.strategy);
        }
    }

    #[test]
    fn old_pods_stay_thirty_seconds_where_traffic_has_to_follow() {
        for (strategy, seconds) in [
            (json!({"blueGreen": {}}), 30),
            (json!({"blueGreen": {"scaleDownDelaySeconds": 5}}), 5),
            (json!({"canary": {}}), 0),
            (json!({"canary": {"trafficRouting": {}}}), 30),
            (
                json!({"canary": {"trafficRouting": {}, "scaleDownDelaySeconds": 9}}),
                9,
            ),
        ] {
            let spec = spec(json!({"strategy": strategy}));
            assert_eq!(
                scale_down_delay_seconds(&spec),
                seconds,
                "{:?}",
                spec.strategy
            );
        }
    }
}
