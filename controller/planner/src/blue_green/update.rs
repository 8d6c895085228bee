//! An update of a blue-green rollout: sizes, the switch, the promotion.

use crds::Time;
use crds::defaults::{self, ScaleDownDelay};
use crds::names;
use crds::rollout::{BlueGreenStrategy, RolloutStatus};

use super::{noted_end, reached_until, rollback};
use crate::duration::Rollback;
use crate::revisions::Deadline;
use crate::services::{Selected, Services};
use crate::situation::{Draft, Situation, end_update};
use crate::{Now, ReplicaSet, events};

/// An update of a blue-green rollout whose new ReplicaSet exists.
pub(super) struct Update<'s, 'a> {
    pub(super) situation: &'s Situation<'a>,
    pub(super) strategy: &'s BlueGreenStrategy,
    pub(super) services: &'s Services<'a>,
    pub(super) new: &'a ReplicaSet,
    pub(super) stable: Option<&'a ReplicaSet>,
    /// Whether the new version is stable already.
    pub(super) fully_promoted: bool,
    pub(super) aborted: bool,
    /// Whether the active Service selects the new version.
    pub(super) is_active: bool,
    /// Until when the new ReplicaSet is larger than it should be, since users may still reach it.
    pub(super) kept_until: Option<Time>,
    /// Size that the new ReplicaSet should have now.
    pub(super) wanted: i64,
    /// Whether no pause holds up the switch. The new ReplicaSet needs all its pods all the same.
    pub(super) fast_track: bool,
}

impl<'s, 'a> Update<'s, 'a> {
    pub(super) fn of(
        situation: &'s Situation<'a>,
        draft: &mut Draft<'a>,
        strategy: &'s BlueGreenStrategy,
        services: &'s Services<'a>,
        new: &'a ReplicaSet,
    ) -> Self {
        let fully_promoted = situation.stable_label() == Some(new.hash.as_str());
        let aborted = situation.is_aborted(fully_promoted);
        draft.status.abort = aborted;
        if aborted {
            draft.status.promote_full = false;
        }
        let is_active = services.active().selects(&new.hash);
        let first = situation.stable_label().is_none();
        let rollback = rollback(situation, new);
        let fast_track = first
            || fully_promoted
            || is_active
            || draft.status.promote_full
            || rollback == Some(Rollback::Fast);
        // What users left a moment ago may still answer them: no preview is that small so soon.
        let kept_until = reached_until(situation, strategy, new);
        let kept = kept_until.map_or(0, |_| new.spec().min(situation.replicas));
        let wanted = wanted_size(situation, &draft.status, strategy, is_active);
        let kept_until = kept_until.filter(|_| kept > wanted);
        let wanted = wanted.max(kept);
        let stable = situation.stable_beside_new();
        Self {
            situation,
            strategy,
            services,
            new,
            stable,
            fully_promoted,
            aborted,
            is_active,
            kept_until,
            wanted,
            fast_track,
        }
    }

    /// Stable to full size; new to the size of a preview or to full size; after an abort new is
    /// kept for its delay and then goes.
    pub(super) fn resize(&self, draft: &mut Draft<'a>) {
        if let Some(stable) = self.stable {
            draft.remove_annotation(stable, names::SCALE_DOWN_DEADLINE);
            draft.resize(stable, self.situation.replicas);
        }
        if self.aborted && self.stable.is_some() {
            self.keep_for_abort_delay(draft);
            return;
        }
        if let Some(end) = self.kept_until {
            draft.wake(Now::just_after(end));
        }
        // A deadline marks a way back that is still fast; it goes once it is of no use any more.
        let is_fast = rollback(self.situation, self.new) == Some(Rollback::Fast);
        match noted_end(self.situation, self.new) {
            // Then the way back is no longer a fast one.
            Some(end) if !self.is_active && is_fast => draft.wake(Now::just_after(end)),
            Some(_) | None => draft.remove_annotation(self.new, names::SCALE_DOWN_DEADLINE),
        }
        draft.resize(self.new, self.wanted);
    }

    pub(super) fn keep_for_abort_delay(&self, draft: &mut Draft<'a>) {
        let ScaleDownDelay::After(delay) = defaults::abort_scale_down_delay(self.situation.spec)
        else {
            return;
        };
        // The delay begins when users have left, also those who came after it had begun: by a Service
        // that was sent elsewhere since status was written.
        let noted = &self.situation.old.blue_green;
        if self.is_active || !self.services.are_as_noted(self.situation, noted) {
            draft.remove_annotation(self.new, names::SCALE_DOWN_DEADLINE);
            return;
        }
        if self.new.spec() == 0 {
            return;
        }
        // One from before the abort marked a way back; it says nothing about the abort.
        let deadline = match self.situation.old.aborted_at {
            Some(_) => self.new.scale_down_deadline(),
            None => Deadline::None,
        };
        match deadline {
            Deadline::At(deadline) if !self.situation.now.is_after(deadline) => {
                draft.wake(Now::just_after(deadline))
            }
            Deadline::At(_) | Deadline::Unreadable => {
                draft.resize(self.new, 0);
            }
            Deadline::None => {
                let served = self
                    .stable
                    .is_some_and(|stable| stable.available() >= self.situation.replicas);
                if served {
                    let deadline = self.situation.now.next_second().plus_seconds(delay);
                    draft.annotate(self.new, names::SCALE_DOWN_DEADLINE, deadline.to_string());
                    draft.wake(Now::just_after(deadline));
                } else {
                    draft.remove_annotation(self.new, names::SCALE_DOWN_DEADLINE);
                }
            }
        }
    }

    /// Whether the new ReplicaSet has the pods it should have now.
    pub(super) fn is_ready(&self) -> bool {
        self.new.is_current()
            && self.new.spec() == self.wanted
            && self.new.available() == self.wanted
    }

    /// Whether the new ReplicaSet could serve all users.
    pub(super) fn is_saturated(&self) -> bool {
        let replicas = self.situation.replicas;
        self.new.is_current() && self.new.spec() == replicas && self.new.available() == replicas
    }

    /// Whether users reach the new version, and it has its pods.
    pub(super) fn is_serving(&self) -> bool {
        self.is_active && self.is_saturated()
    }

    /// Switches the active Service once all is there, and to what was committed last where somebody
    /// else took the selector away. An abort's switch back is in every plan already.
    pub(super) fn point_active(&self, draft: &mut Draft<'a>) {
        if self.aborted {
            return;
        }
        let active = self.services.active();
        let committed = self
            .situation
            .old
            .blue_green
            .active_selector
            .as_deref()
            .filter(|label| !label.is_empty());
        let of = |label: &str| {
            self.situation
                .revisions
                .all
                .iter()
                .copied()
                .find(|rs| rs.hash == label)
        };
        let current = match active.selected {
            Selected::Revision(label) => of(label),
            Selected::Nothing => None,
        };
        // What was committed last, as long as it can serve. Nobody is sent to a version without an
        // available pod while others have some.
        let answering = self.situation.revisions.all.iter().map(|rs| rs.available());
        let most = answering.max().unwrap_or(0);
        let can_serve = |rs: &ReplicaSet| rs.available() > 0 || (rs.spec() > 0 && most == 0);
        let restored = committed
            .and_then(of)
            .filter(|rs| can_serve(rs))
            .or_else(|| {
                // Without a selector users are on all pods, and stay there as long as stable has
                // fewer than others. Old counts show pods that a smaller size may take yet.
                let has_enough = |stable: &ReplicaSet| match active.selected {
                    Selected::Nothing => stable.is_current() && stable.available() >= most,
                    Selected::Revision(_) => true,
                };
                let stable = self.situation.stable_to_serve();
                stable
                    .filter(|stable| stable.uid != self.new.uid)
                    .filter(|stable| can_serve(stable) && has_enough(stable))
            });
        let target = if current.is_none() && restored.is_some() {
            restored
        } else if !self.situation.spec.paused
            && self.is_saturated()
            && self.is_ready()
            && self.is_pause_over(draft)
        {
            Some(self.new)
        } else {
            current
        };
        if let Some(target) = target {
            draft.last.extend(active.point_at(self.situation, target));
        }
    }

    /// Makes the new version stable: at once when there is none, else when the active Service
    /// was seen to select it and it has its pods.
    pub(super) fn promote(&self, draft: &mut Draft<'a>) {
        let first = self.situation.stable_label().is_none();
        let switched = self.is_active
            && self.new.is_current()
            && self.new.available() >= self.situation.replicas;
        let status = &mut draft.status;
        let reason = if first {
            "Initial deploy"
        } else if self.fully_promoted || self.aborted || !switched {
            if self.fully_promoted {
                end_update(status);
            }
            return;
        } else if status.promote_full {
            "Full promotion requested"
        } else if rollback(self.situation, self.new) == Some(Rollback::Fast) {
            "Fast rollback"
        } else {
            "Completed blue-green update"
        };
        end_update(status);
        status.stable_rs = Some(self.new.hash.clone());
        draft.events.push(events::completed(
            self.new.revision().unwrap_or(0),
            &self.new.hash,
            reason,
        ));
    }
}

/// Full size, unless a smaller preview is asked for and the switch is not near.
fn wanted_size(
    situation: &Situation<'_>,
    status: &RolloutStatus,
    strategy: &BlueGreenStrategy,
    is_active: bool,
) -> i64 {
    let Some(preview) = strategy.preview_replica_count else {
        return situation.replicas;
    };
    let paused = situation.spec.paused || !status.pause_conditions.is_empty();
    let first = situation.stable_label().is_none();
    let full = first
        || is_active
        || situation.stable_label() == status.current_pod_hash.as_deref()
        || status.promote_full
        || (!paused && status.blue_green.scale_up_preview_check_point);
    if full {
        situation.replicas
    } else {
        i64::from(preview).max(0)
    }
}
