//! Where a canary stands in its steps, and when a step is done.
//!
//! Source: `compat/canary.md` §3, §5.4.

use crds::durations::{PauseLength, pause_length};
use crds::rollout::{CanaryStep, CanaryStrategy, RolloutStatus};

use crate::ReplicaSet;
use crate::canary::PAUSE_REASON;
use crate::situation::Situation;
use crate::split::Split;

/// The steps of a canary and the index of the present one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps<'a> {
    canary: &'a CanaryStrategy,
    index: i32,
}

impl<'a> Steps<'a> {
    pub(crate) fn of(canary: &'a CanaryStrategy, status: &RolloutStatus) -> Self {
        Self {
            canary,
            index: status.current_step_index.unwrap_or(0).max(0),
        }
    }

    pub(crate) const fn index(self) -> i32 {
        self.index
    }

    /// The present step; `None` without steps and past the last one.
    fn current(self) -> Option<&'a CanaryStep> {
        self.canary.steps.get(usize::try_from(self.index).ok()?)
    }

    /// Whether no step is left.
    pub(crate) fn is_past_the_end(self) -> bool {
        self.current().is_none()
    }

    /// The weight that holds at the present step; everything past the last one.
    pub(crate) fn weight(self) -> i64 {
        let index = (!self.is_past_the_end()).then_some(self.index);
        crds::reading::current_set_weight(self.canary, index, false)
    }

    /// How long the present step pauses; `None` when it is no pause.
    pub(crate) fn pause(self) -> Option<PauseLength> {
        let step = self.current()?;
        // Validation has refused lengths that cannot be read.
        step.pause
            .as_ref()
            .map(|pause| pause_length(pause).unwrap_or(PauseLength::UntilPromoted))
    }

    /// The present step in the words of its Event, when it is done.
    pub(crate) fn completed_step(
        self,
        situation: &Situation<'_>,
        status: &RolloutStatus,
        target: Split,
    ) -> Option<String> {
        let step = self.current()?;
        let done = if step.pause.is_some() {
            self.is_pause_over(situation, status)
        } else {
            step.set_weight.is_some() && is_at(situation, self.canary, target)
        };
        done.then(|| crds::reading::step_text(step))
    }

    fn is_pause_over(self, situation: &Situation<'_>, status: &RolloutStatus) -> bool {
        match status
            .pause_conditions
            .iter()
            .find(|pause| pause.reason == PAUSE_REASON)
        {
            // The controller paused and a client removed the condition: resumed.
            None => status.controller_pause && status.pause_conditions.is_empty(),
            Some(condition) => match self.pause() {
                Some(PauseLength::Seconds(seconds)) => situation
                    .now
                    .is_after(condition.start_time.plus_seconds(seconds)),
                Some(PauseLength::UntilPromoted) | None => false,
            },
        }
    }
}

/// Whether all ReplicaSets have the sizes of `target`: new pods available, stable pods made, other
/// pods gone.
fn is_at(situation: &Situation<'_>, canary: &CanaryStrategy, target: Split) -> bool {
    let new_is_there = situation.new_rs().is_some_and(|new| {
        new.is_current()
            && (meets_threshold(canary, new, target.new)
                || (canary.replica_progress_threshold.is_none()
                    && new.spec() == target.new
                    && new.available() == target.new))
    });
    let stable_is_made = situation.stable_beside_new().is_none_or(|stable| {
        stable.is_current()
            && stable.spec() == target.stable
            && i64::from(stable.current_replicas) == target.stable
    });
    let others_are_gone = situation
        .revisions
        .others()
        .iter()
        .all(|rs| rs.available_replicas == 0);
    new_is_there && stable_is_made && others_are_gone
}

/// Whether `replicaProgressThreshold` is set and met for `wanted` pods.
pub(crate) fn meets_threshold(canary: &CanaryStrategy, new: &ReplicaSet, wanted: i64) -> bool {
    let Some(threshold) = &canary.replica_progress_threshold else {
        return false;
    };
    let value = i64::from(threshold.value);
    if value < 0 {
        return new.spec() == wanted && new.available() == wanted;
    }
    match threshold.kind.as_str() {
        "Percent" => wanted == 0 || new.available() * 100 >= value * wanted,
        "Pods" => new.available() >= value,
        _ => false,
    }
}
