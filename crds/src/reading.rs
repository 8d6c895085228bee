//! What a Rollout says about itself: the readings that the planner and the view share.
//!
//! Pure functions of the object: no decision, no clock. Two programs that show the same object
//! must show the same phase, weight and step, so they ask here.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::Rollout;
use crate::defaults;
use crate::rollout::{CanaryStep, CanaryStrategy, RolloutSpec};

mod phase;

pub use phase::{Phase, computed_phase, phase_of};

/// `Canary`, `BlueGreen`, or empty when neither is set.
#[must_use]
pub fn strategy_name(spec: &RolloutSpec) -> &'static str {
    match (&spec.strategy.blue_green, &spec.strategy.canary) {
        (Some(_), _) => "BlueGreen",
        (None, Some(_)) => "Canary",
        (None, None) => "",
    }
}

/// The canary steps; empty for another strategy.
#[must_use]
pub fn steps(spec: &RolloutSpec) -> &[CanaryStep] {
    spec.strategy
        .canary
        .as_ref()
        .map_or(&[], |canary| canary.steps.as_slice())
}

/// The step that is being done, with its index from 0; `None` without steps, before the first
/// status, and when all steps are done.
#[must_use]
pub fn current_step(rollout: &Rollout) -> Option<(usize, &CanaryStep)> {
    let index = rollout.status.as_ref()?.current_step_index?;
    let index = usize::try_from(index).ok()?;
    Some((index, steps(&rollout.spec).get(index)?))
}

/// The share of the traffic that the steps give to the new version, out of
/// [`defaults::max_weight`] (100).
///
/// - Aborted: 0.
/// - No steps, no index, or past the last step: everything.
/// - Else the nearest `setWeight` at or before the step at `index`; 0 when there is none.
///
/// Source: `compat/canary.md` §5.1, `compat/cli.md` §1.
#[must_use]
pub fn current_set_weight(canary: &CanaryStrategy, index: Option<i32>, aborted: bool) -> i64 {
    if aborted {
        return 0;
    }
    let index = index.and_then(|index| usize::try_from(index).ok());
    match index.and_then(|index| canary.steps.get(..=index)) {
        None => defaults::max_weight(canary),
        Some(so_far) => so_far
            .iter()
            .rev()
            .find_map(|step| step.set_weight)
            .map_or(0, i64::from),
    }
}

/// A step in a few words, as events and the tree show it, e.g. `setWeight: 20` or `pause: 5m`.
///
/// Source: `compat/canary.md` §4.
#[must_use]
pub fn step_text(step: &CanaryStep) -> String {
    let CanaryStep {
        set_weight,
        pause,
        experiment,
        analysis,
        set_canary_scale,
        set_header_route,
        set_mirror_route,
        plugin,
    } = step;
    if let Some(weight) = set_weight {
        return format!("setWeight: {weight}");
    }
    if let Some(pause) = pause {
        return match &pause.duration {
            None => "pause".to_owned(),
            Some(IntOrString::Int(seconds)) => format!("pause: {seconds}"),
            Some(IntOrString::String(duration)) => format!("pause: {duration}"),
        };
    }
    if experiment.is_some() {
        return "experiment".to_owned();
    }
    if analysis.is_some() {
        return "analysis".to_owned();
    }
    if let Some(scale) = set_canary_scale {
        // For display the weight comes first, for sizes matchTrafficWeight does.
        let inner = match (scale.weight, scale.match_traffic_weight, scale.replicas) {
            (Some(weight), _, _) => format!("weight: {weight}"),
            (None, true, _) => "matchTrafficWeight: true".to_owned(),
            (None, false, Some(replicas)) => format!("replicas: {replicas}"),
            (None, false, None) => String::new(),
        };
        return format!("setCanaryScale{{{inner}}}");
    }
    if let Some(plugin) = plugin {
        return format!("plugin: {}", plugin.name);
    }
    if let Some(route) = set_header_route {
        return format!(
            "setHeaderRoute: {}",
            route.name.as_deref().unwrap_or_default()
        );
    }
    if let Some(route) = set_mirror_route {
        return format!("setMirrorRoute: {}", route.name);
    }
    "invalid".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn canary(json: Value) -> CanaryStrategy {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_set_weight_is_the_nearest_one_at_or_before_the_step() {
        let steps = json!({"steps": [
            {"pause": {}}, {"setWeight": 20}, {"pause": {}}, {"setWeight": 60}]});
        for (index, aborted, weight) in [
            (Some(0), false, 0),
            (Some(1), false, 20),
            (Some(2), false, 20),
            (Some(3), false, 60),
            (Some(4), false, 100),
            (Some(-1), false, 100),
            (None, false, 100),
            (Some(3), true, 0),
            (None, true, 0),
        ] {
            assert_eq!(
                current_set_weight(&canary(steps.clone()), index, aborted),
                weight,
                "{index:?} {aborted}"
            );
        }
        let routed = canary(json!({"trafficRouting": {"maxTrafficWeight": 1000}}));
        assert_eq!(current_set_weight(&routed, None, false), 1000);
    }

    #[test]
    fn every_kind_of_step_has_its_text() {
        for (json, text) in [
            (json!({"setWeight": 20}), "setWeight: 20"),
            (json!({"pause": {}}), "pause"),
            (json!({"pause": {"duration": 30}}), "pause: 30"),
            (json!({"pause": {"duration": "5m"}}), "pause: 5m"),
            (json!({"experiment": {"templates": []}}), "experiment"),
            (json!({"analysis": {}}), "analysis"),
            (
                json!({"setCanaryScale": {"weight": 5, "replicas": 2}}),
                "setCanaryScale{weight: 5}",
            ),
            (
                json!({"setCanaryScale": {"matchTrafficWeight": true, "replicas": 2}}),
                "setCanaryScale{matchTrafficWeight: true}",
            ),
            (
                json!({"setCanaryScale": {"replicas": 2}}),
                "setCanaryScale{replicas: 2}",
            ),
            (json!({"plugin": {"name": "p"}}), "plugin: p"),
            (
                json!({"setHeaderRoute": {"name": "h"}}),
                "setHeaderRoute: h",
            ),
            (
                json!({"setMirrorRoute": {"name": "m"}}),
                "setMirrorRoute: m",
            ),
            (json!({}), "invalid"),
        ] {
            let step: CanaryStep = serde_json::from_value(json).unwrap();
            assert_eq!(step_text(&step), text);
        }
    }

    #[test]
    fn the_current_step_is_the_one_at_the_status_index() {
        let mut rollout: Rollout = serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {"strategy": {"canary": {"steps": [{"setWeight": 5}, {"pause": {}}]}}},
        }))
        .unwrap();
        assert!(current_step(&rollout).is_none());
        assert_eq!(strategy_name(&rollout.spec), "Canary");
        rollout.status = serde_json::from_value(json!({"currentStepIndex": 1})).unwrap();
        assert_eq!(current_step(&rollout).unwrap().0, 1);
        rollout.status = serde_json::from_value(json!({"currentStepIndex": 2})).unwrap();
        assert!(current_step(&rollout).is_none());
    }
}
