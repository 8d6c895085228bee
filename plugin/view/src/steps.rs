//! The canary steps with what is done, what is being done, and what comes.

use crds::durations::{PauseLength, pause_length};
use crds::rollout::CanaryStep;
use crds::{Rollout, Time, reading};
use schemars::JsonSchema;
use serde::Serialize;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Done, or skipped.
    Past,
    /// Being done.
    Now,
    /// Still to come.
    Next,
}

/// When a step that is still to come begins at the earliest: timed pauses before it are counted,
/// the time that pods take is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepStart {
    /// At this moment: the pause that goes on has an end.
    At(Time),
    /// This many seconds after the current step, which ends when its pods are there.
    After(i64),
    /// After somebody promotes.
    Promoted,
}

/// One canary step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Its index from 0.
    pub index: usize,
    /// What it does: `setWeight: 20`.
    pub text: String,
    /// Where it stands.
    pub state: StepState,
    /// When a pause that goes on began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// When a timed pause that goes on ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When a step that is still to come begins at the earliest; absent when the steps do not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<StepStart>,
}

/// All canary steps; none for another strategy.
///
/// All steps are past when the index has reached their number. All are still to come when nobody
/// counts them yet, and after an abort: a retry begins with the first.
pub(crate) fn steps(rollout: &Rollout) -> Vec<StepView> {
    let status = rollout.status.as_ref();
    let current = status
        .and_then(|status| status.current_step_index)
        .and_then(|index| usize::try_from(index).ok());
    let aborted = status.is_some_and(|status| status.abort);
    let paused_since = status
        .and_then(|status| {
            status
                .pause_conditions
                .iter()
                .find(|pause| pause.reason == "CanaryPauseStep")
        })
        .map(|pause| pause.start_time);
    let steps = reading::steps(&rollout.spec);
    let mut views: Vec<StepView> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let state = match current {
                None => StepState::Next,
                Some(_) if aborted => StepState::Next,
                Some(now) if index == now => StepState::Now,
                Some(now) if index > now => StepState::Next,
                Some(_) => StepState::Past,
            };
            let since = paused_since.filter(|_| state == StepState::Now && step.pause.is_some());
            let length = step.pause.as_ref().map(pause_length);
            let until = match (since, length) {
                (Some(since), Some(Ok(PauseLength::Seconds(seconds)))) => {
                    Some(since.plus_seconds(seconds))
                }
                _ => None,
            };
            StepView {
                index,
                text: reading::step_text(step),
                state,
                since,
                until,
                start: None,
            }
        })
        .collect();
    if !aborted && !rollout.spec.paused {
        foresee(&mut views, steps);
    }
    views
}

/// Fills in when each step to come begins.
fn foresee(views: &mut [StepView], steps: &[CanaryStep]) {
    let mut start = None;
    for (view, step) in views.iter_mut().zip(steps) {
        let length = step.pause.as_ref().map(pause_length);
        if view.state == StepState::Now {
            start = Some(match (view.until, length) {
                (Some(until), _) => StepStart::At(until),
                (None, Some(Ok(PauseLength::UntilPromoted))) => StepStart::Promoted,
                (None, Some(Ok(PauseLength::Seconds(seconds)))) => StepStart::After(seconds),
                (None, Some(Err(_)) | None) => StepStart::After(0),
            });
            continue;
        }
        view.start = start.filter(|_| view.state == StepState::Next);
        start = start.map(|start| match (start, length) {
            (_, Some(Ok(PauseLength::UntilPromoted))) => StepStart::Promoted,
            (StepStart::At(time), Some(Ok(PauseLength::Seconds(seconds)))) => {
                StepStart::At(time.plus_seconds(seconds))
            }
            (StepStart::After(before), Some(Ok(PauseLength::Seconds(seconds)))) => {
                StepStart::After(before.saturating_add(seconds))
            }
            (start, _) => start,
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn starts(current: i32, paused: bool) -> Vec<Option<StepStart>> {
        let pauses = if paused {
            json!([{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}])
        } else {
            json!([])
        };
        let rollout = json!({
            "metadata": {"name": "web"},
            "spec": {"strategy": {"canary": {"steps": [
                {"setWeight": 10}, {"pause": {"duration": "60s"}},
                {"setWeight": 20}, {"pause": {"duration": 30}},
                {"setWeight": 40}, {"pause": {}}, {"setWeight": 60},
            ]}}},
            "status": {"currentStepIndex": current, "pauseConditions": pauses},
        });
        let rollout: Rollout = serde_json::from_value(rollout).unwrap();
        steps(&rollout).iter().map(|step| step.start).collect()
    }

    #[test]
    fn steps_to_come_are_foreseen_from_the_pauses_before_them() {
        let after = |seconds| Some(StepStart::After(seconds));
        let at = |text| Some(StepStart::At(Time::parse(text).unwrap()));
        let promoted = Some(StepStart::Promoted);
        assert_eq!(
            starts(0, false),
            [
                None,
                after(0),
                after(60),
                after(60),
                after(90),
                after(90),
                promoted
            ]
        );
        assert_eq!(
            starts(1, true),
            [
                None,
                None,
                at("2026-01-01T00:01:00Z"),
                at("2026-01-01T00:01:00Z"),
                at("2026-01-01T00:01:30Z"),
                at("2026-01-01T00:01:30Z"),
                promoted
            ]
        );
        assert_eq!(
            starts(5, true),
            [None, None, None, None, None, None, promoted]
        );
        assert_eq!(starts(7, false), [None; 7]);
    }
}
