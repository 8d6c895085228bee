//! The pause before the switch: for a person, or for some seconds.

use crds::defaults;
use crds::rollout::status::PauseCondition;

use super::PAUSE_REASON;
use super::update::Update;
use crate::Now;
use crate::situation::Draft;

impl<'a> Update<'_, 'a> {
    /// Whether a person or a time has to pass before the switch.
    pub(super) fn needs_pause(&self) -> bool {
        !defaults::auto_promotion_enabled(self.strategy)
            || defaults::auto_promotion_seconds(self.strategy).is_some()
    }

    pub(super) fn pause_condition<'d>(draft: &'d Draft<'_>) -> Option<&'d PauseCondition> {
        draft
            .status
            .pause_conditions
            .iter()
            .find(|pause| pause.reason == PAUSE_REASON)
    }

    /// When the pause ends by itself.
    pub(super) fn pause_end(&self, since: crds::Time) -> Option<crds::Time> {
        let seconds = defaults::auto_promotion_seconds(self.strategy)?;
        defaults::auto_promotion_enabled(self.strategy).then(|| since.plus_seconds(seconds))
    }

    /// Starts and ends the pause before the switch.
    ///
    /// A client resumes by removing the condition; `controllerPause` alone remembers that until
    /// the switch is made, whatever happens to pods in between.
    pub(super) fn pause(&self, draft: &mut Draft<'a>) {
        let checkpoint = draft.status.blue_green.scale_up_preview_check_point;
        if self.fast_track || !self.needs_pause() || checkpoint {
            draft
                .status
                .pause_conditions
                .retain(|pause| pause.reason != PAUSE_REASON);
            draft.status.controller_pause &= !draft.status.pause_conditions.is_empty();
        } else if self.aborted || self.situation.spec.paused || !self.is_ready() {
            // As it is.
        } else if let Some(since) = Self::pause_condition(draft).map(|pause| pause.start_time) {
            if let Some(end) = self.pause_end(since) {
                if self.situation.now.is_after(end) {
                    draft
                        .status
                        .pause_conditions
                        .retain(|pause| pause.reason != PAUSE_REASON);
                } else {
                    draft.wake(Now::just_after(end));
                }
            }
        } else if !draft.status.controller_pause {
            let start_time = self.situation.now.next_second();
            draft.status.pause_conditions.push(PauseCondition {
                reason: PAUSE_REASON.to_owned(),
                start_time,
            });
            draft.status.controller_pause = true;
            if let Some(end) = self.pause_end(start_time) {
                draft.wake(Now::just_after(end));
            }
        }
        // A small preview that was accepted may grow.
        let counted = self.strategy.preview_replica_count.map(i64::from);
        let available = self.new.available();
        let is_shown = counted.is_some_and(|counted| {
            available == counted || (self.kept_until.is_some() && available > counted)
        });
        let accepted = self.is_pause_over(draft) && !self.aborted && !self.situation.spec.paused;
        if !self.fully_promoted && accepted && self.is_ready() && is_shown {
            draft.status.blue_green.scale_up_preview_check_point = true;
        }
    }

    /// Whether nothing is to be waited for any more before the switch.
    pub(super) fn is_pause_over(&self, draft: &Draft<'_>) -> bool {
        self.fast_track
            || !self.needs_pause()
            || draft.status.blue_green.scale_up_preview_check_point
            || (draft.status.pause_conditions.is_empty() && draft.status.controller_pause)
    }
}
