//! The canary steps with what is done, what is being done, and what comes.

use crds::durations::{PauseLength, pause_length};
use crds::{Rollout, Time, reading};
use serde::Serialize;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Done, or skipped.
    Past,
    /// Being done.
    Now,
    /// Still to come.
    Next,
}

/// One canary step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    reading::steps(&rollout.spec)
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
            }
        })
        .collect()
}
