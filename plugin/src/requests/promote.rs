//! `promote`: which patches release a rollout.
//!
//! Source: `compat/cli.md` §3.1.

use crds::Rollout;
use crds::reading;
use crds::rollout::status::RolloutStatus;
use serde_json::{Map, Value, json};

/// How far to promote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromoteMode {
    /// The pause, or the step.
    Once,
    /// Everything that is left, without steps, pauses and analysis.
    Full,
    /// The current step; deprecated.
    SkipCurrentStep,
    /// All steps; deprecated.
    SkipAllSteps,
}

/// The patches of a promotion.
///
/// `status` goes to `/status` first. Where that is not found, `unified` goes to the object
/// instead of `spec`. Then `spec`, if any, goes to the object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PromotePatches {
    /// To the object.
    pub spec: Option<Value>,
    /// To `/status`.
    pub status: Option<Value>,
    /// To the object where there is no status subresource.
    pub unified: Option<Value>,
}

/// The patches that promote `rollout`; none where there is nothing to promote.
///
/// # Errors
/// With the text for the user when steps should be skipped and there are none.
pub fn promote(rollout: &Rollout, mode: PromoteMode) -> Result<PromotePatches, String> {
    let nothing = RolloutStatus::default();
    let status = rollout.status.as_ref().unwrap_or(&nothing);
    let steps = i64::try_from(reading::steps(&rollout.spec).len()).unwrap_or(i64::MAX);
    let skips = matches!(
        mode,
        PromoteMode::SkipCurrentStep | PromoteMode::SkipAllSteps
    );
    if skips && rollout.spec.strategy.blue_green.is_some() {
        return Err("Cannot skip steps of a bluegreen rollout. Run without a flags".to_owned());
    }
    if skips && steps == 0 {
        return Err("Cannot skip steps of a rollout without steps".to_owned());
    }
    let current = status.current_step_index.map_or(0, i64::from);
    let next = (steps > 0).then(|| (current + 1).min(steps));
    let unpause = rollout
        .spec
        .paused
        .then(|| json!({"spec": {"paused": false}}));
    Ok(match mode {
        PromoteMode::SkipCurrentStep => only_index(next),
        PromoteMode::SkipAllSteps => only_index(Some(steps)),
        PromoteMode::Full => full(status, unpause),
        PromoteMode::Once => once(status, next, unpause),
    })
}

fn only_index(index: Option<i64>) -> PromotePatches {
    let patch = json!({"status": {"currentStepIndex": index}});
    PromotePatches {
        spec: None,
        status: Some(patch.clone()),
        unified: Some(patch),
    }
}

fn full(status: &RolloutStatus, unpause: Option<Value>) -> PromotePatches {
    let hash = |hash: &Option<String>| hash.clone().unwrap_or_default();
    let updating = hash(&status.current_pod_hash) != hash(&status.stable_rs);
    PromotePatches {
        spec: unpause,
        status: updating.then(|| json!({"status": {"promoteFull": true}})),
        unified: updating
            .then(|| json!({"spec": {"paused": false}, "status": {"promoteFull": true}})),
    }
}

fn once(status: &RolloutStatus, next: Option<i64>, unpause: Option<Value>) -> PromotePatches {
    let paused = !status.pause_conditions.is_empty();
    let run = status.canary.current_step_analysis_run_status.as_ref();
    let inconclusive = run.is_some_and(|run| run.status == "Inconclusive");
    let mut fields = Map::from_iter([("pauseConditions".to_owned(), Value::Null)]);
    let mut unified = fields.clone();
    if paused && inconclusive && status.controller_pause {
        fields.insert("controllerPause".to_owned(), json!(false));
        if let Some(next) = next {
            fields.insert("currentStepIndex".to_owned(), json!(next));
        }
    } else if !paused {
        match next {
            // Nothing to release.
            None => {
                return PromotePatches {
                    spec: unpause,
                    ..PromotePatches::default()
                };
            }
            Some(next) => {
                fields.insert("currentStepIndex".to_owned(), json!(next));
                unified.insert("currentStepIndex".to_owned(), json!(next));
            }
        }
    }
    PromotePatches {
        spec: unpause,
        status: Some(json!({"status": fields})),
        unified: Some(json!({"spec": {"paused": false}, "status": unified})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(paused: bool, strategy: Value, status: Value) -> Rollout {
        serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {"paused": paused, "strategy": strategy},
            "status": status,
        }))
        .unwrap()
    }

    fn canary() -> Value {
        json!({"canary": {"steps": [{"setWeight": 5}, {"pause": {}}, {"setWeight": 9}]}})
    }

    fn blue_green() -> Value {
        json!({"blueGreen": {"activeService": "a"}})
    }

    fn pauses() -> Value {
        json!([{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}])
    }

    #[test]
    fn a_promotion_sends_the_first_patch_that_applies() {
        let unpaused = json!({"spec": {"paused": false}});
        for (case, given, spec, status, unified) in [
            (
                "a pause is cleared",
                rollout(
                    false,
                    canary(),
                    json!({"pauseConditions": pauses(), "currentStepIndex": 1}),
                ),
                None,
                Some(json!({"status": {"pauseConditions": null}})),
                Some(json!({"spec": {"paused": false}, "status": {"pauseConditions": null}})),
            ),
            (
                "without a pause the next step begins",
                rollout(false, canary(), json!({"currentStepIndex": 1})),
                None,
                Some(json!({"status": {"pauseConditions": null, "currentStepIndex": 2}})),
                Some(json!({"spec": {"paused": false},
                            "status": {"pauseConditions": null, "currentStepIndex": 2}})),
            ),
            (
                "an absent index counts as the first step",
                rollout(false, canary(), json!({})),
                None,
                Some(json!({"status": {"pauseConditions": null, "currentStepIndex": 1}})),
                Some(json!({"spec": {"paused": false},
                            "status": {"pauseConditions": null, "currentStepIndex": 1}})),
            ),
            (
                "the index never passes the number of steps",
                rollout(false, canary(), json!({"currentStepIndex": 3})),
                None,
                Some(json!({"status": {"pauseConditions": null, "currentStepIndex": 3}})),
                Some(json!({"spec": {"paused": false},
                            "status": {"pauseConditions": null, "currentStepIndex": 3}})),
            ),
            (
                "an inconclusive analysis is passed over",
                rollout(
                    true,
                    canary(),
                    json!({
                    "pauseConditions": pauses(), "controllerPause": true, "currentStepIndex": 0,
                    "canary": {"currentStepAnalysisRunStatus":
                        {"name": "a", "status": "Inconclusive"}}}),
                ),
                Some(unpaused.clone()),
                Some(
                    json!({"status": {"pauseConditions": null, "controllerPause": false,
                                       "currentStepIndex": 1}}),
                ),
                Some(json!({"spec": {"paused": false}, "status": {"pauseConditions": null}})),
            ),
            (
                "a user's pause ends together with the controller's",
                rollout(true, blue_green(), json!({"pauseConditions": pauses()})),
                Some(unpaused.clone()),
                Some(json!({"status": {"pauseConditions": null}})),
                Some(json!({"spec": {"paused": false}, "status": {"pauseConditions": null}})),
            ),
            (
                "a user's pause alone leaves the status",
                rollout(true, blue_green(), json!({})),
                Some(unpaused),
                None,
                None,
            ),
            (
                "nothing to release",
                rollout(false, blue_green(), json!({})),
                None,
                None,
                None,
            ),
        ] {
            let expected = PromotePatches {
                spec,
                status,
                unified,
            };
            let seen = promote(&given, PromoteMode::Once);
            assert_eq!(seen, Ok(expected), "{case}");
        }
    }

    #[test]
    fn a_full_promotion_is_asked_for_only_while_an_update_goes_on() {
        let updating = json!({"currentPodHash": "b", "stableRS": "a"});
        let seen = promote(&rollout(true, canary(), updating), PromoteMode::Full).unwrap();
        assert_eq!(seen.spec, Some(json!({"spec": {"paused": false}})));
        assert_eq!(seen.status, Some(json!({"status": {"promoteFull": true}})));
        let whole = json!({"spec": {"paused": false}, "status": {"promoteFull": true}});
        assert_eq!(seen.unified, Some(whole));
        let done = json!({"currentPodHash": "a", "stableRS": "a"});
        let seen = promote(&rollout(false, canary(), done), PromoteMode::Full);
        assert_eq!(seen, Ok(PromotePatches::default()));
    }

    #[test]
    fn the_deprecated_flags_set_the_index_and_need_steps() {
        let at_one = || rollout(true, canary(), json!({"currentStepIndex": 1}));
        for (mode, index) in [
            (PromoteMode::SkipCurrentStep, 2),
            (PromoteMode::SkipAllSteps, 3),
        ] {
            let patch = Some(json!({"status": {"currentStepIndex": index}}));
            let expected = PromotePatches {
                spec: None,
                status: patch.clone(),
                unified: patch,
            };
            assert_eq!(promote(&at_one(), mode), Ok(expected));
            let without = promote(&rollout(false, json!({"canary": {}}), json!({})), mode);
            let text = "Cannot skip steps of a rollout without steps";
            assert_eq!(without, Err(text.to_owned()));
            let blue_green = promote(&rollout(false, blue_green(), json!({})), mode);
            let text = "Cannot skip steps of a bluegreen rollout. Run without a flags";
            assert_eq!(blue_green, Err(text.to_owned()));
        }
    }
}
