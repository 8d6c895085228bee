//! The blue-green strategy: two ReplicaSets at full size, and a Service that is switched.
//!
//! Source: `compat/bluegreen.md`. Where it and safety.md disagree safety wins:
//! an abort switches back whatever the state of the new pods (S14), and a selector that somebody
//! else removed is put back to what was committed last, not on to the new version (F22).

use crds::defaults::{self, ScaleDownDelay};
use crds::rollout::{BlueGreenStrategy, RolloutStatus, status::PauseCondition};
use crds::{names, rollout::status::BlueGreenStatus};

use crate::conditions::{self, is, kind};
use crate::duration::Rollback;
use crate::finish::{Verdict, finish};
use crate::services::{Selected, Services};
use crate::situation::{Draft, Situation};
use crate::{Now, Plan, ReplicaSet, WaitingOn, create, events, old_sets};

/// Why a blue-green rollout waits before the switch.
const PAUSE_REASON: &str = "BlueGreenPause";

pub(crate) fn plan(situation: &Situation<'_>, strategy: &BlueGreenStrategy) -> Plan {
    let mut draft = Draft::of(situation);
    draft.status.current_step_hash = None;
    draft.status.current_step_index = None;
    let services = Services::of(situation, strategy);

    let Some(new) = situation.new_rs() else {
        let creating = create::new_replica_set(situation, &mut draft);
        if situation.old.current_pod_hash.is_some() {
            reset(&mut draft);
        }
        let verdict = Verdict {
            creating: Some(creating),
            ..verdict(situation, &draft.status, strategy, true)
        };
        return finish(situation, draft, &verdict);
    };
    draft.sync_revision(situation, new);
    services.point_preview(situation, &mut draft, new);

    let another = situation.is_another_revision(&new.hash);
    draft.status.current_pod_hash = Some(new.hash.clone());
    note_selectors(situation, &mut draft, &services);
    if another {
        reset(&mut draft);
        let verdict = verdict(situation, &draft.status, strategy, true);
        return finish(situation, draft, &verdict);
    }

    let update = Update::of(situation, &mut draft, strategy, &services, new);
    update.resize(&mut draft);
    update.pause(&mut draft);
    update.point_active(&mut draft);
    update.promote(&mut draft);
    update.shrink_others(&mut draft);
    old_sets::delete_beyond_history(situation, &mut draft);
    draft.waiting_on = update.waiting_on(&draft);
    let verdict = verdict(situation, &draft.status, strategy, false);
    finish(situation, draft, &verdict)
}

/// With nothing left of the update before.
fn reset(draft: &mut Draft<'_>) {
    let status = &mut draft.status;
    status.pause_conditions.clear();
    status.controller_pause = false;
    status.abort = false;
    status.promote_full = false;
    status.blue_green.scale_up_preview_check_point = false;
}

/// What the Services select is part of the status. A selector that was removed or points at
/// nothing of ours leaves what was committed last, until it is put back.
fn note_selectors(situation: &Situation<'_>, draft: &mut Draft<'_>, services: &Services<'_>) {
    let BlueGreenStatus {
        preview_selector,
        active_selector,
        ..
    } = &mut draft.status.blue_green;
    let ours = |label: &str| situation.revisions.all.iter().any(|rs| rs.hash == label);
    if let Selected::Revision(label) = services.active().selected
        && ours(label)
    {
        *active_selector = Some(label.to_owned());
    }
    *preview_selector = match services.preview().map(|preview| preview.selected) {
        Some(Selected::Revision(label)) => Some(label.to_owned()),
        Some(Selected::Nothing) | None => None,
    };
}

/// An update of a blue-green rollout whose new ReplicaSet exists.
struct Update<'s, 'a> {
    situation: &'s Situation<'a>,
    strategy: &'s BlueGreenStrategy,
    services: &'s Services<'a>,
    new: &'a ReplicaSet,
    stable: Option<&'a ReplicaSet>,
    /// Whether the new version is stable already.
    fully_promoted: bool,
    aborted: bool,
    /// Whether the active Service selects the new version.
    is_active: bool,
    /// Size that the new ReplicaSet should have now.
    wanted: i64,
    /// Whether neither a pause nor a count of preview pods holds up the switch.
    fast_track: bool,
}

impl<'s, 'a> Update<'s, 'a> {
    fn of(
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
        let wanted = wanted_size(situation, &draft.status, strategy, is_active);
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
            wanted,
            fast_track,
        }
    }

    /// Stable to full size; new to the size of a preview or to full size; after an abort new is
    /// kept for its delay and then goes.
    fn resize(&self, draft: &mut Draft<'a>) {
        if let Some(stable) = self.stable {
            draft.remove_annotation(stable, names::SCALE_DOWN_DEADLINE);
            draft.resize(stable, self.situation.replicas);
        }
        if self.aborted && self.stable.is_some() {
            self.keep_for_abort_delay(draft);
            return;
        }
        // A deadline marks a way back that is still fast; it goes once it is of no use any more.
        if self.is_active || rollback(self.situation, self.new).is_none() {
            draft.remove_annotation(self.new, names::SCALE_DOWN_DEADLINE);
        }
        draft.resize(self.new, self.wanted);
    }

    fn keep_for_abort_delay(&self, draft: &mut Draft<'a>) {
        let ScaleDownDelay::After(delay) = defaults::abort_scale_down_delay(self.situation.spec)
        else {
            return;
        };
        if self.is_active || self.new.spec() == 0 {
            return;
        }
        match self.new.scale_down_deadline() {
            Some(Some(deadline)) if !self.situation.now.is_after(deadline) => {
                draft.wake(Now::just_after(deadline))
            }
            Some(_) => {
                draft.resize(self.new, 0);
            }
            None => {
                let served = self
                    .stable
                    .is_some_and(|stable| stable.available() >= self.situation.replicas);
                if served {
                    let deadline = self.situation.now.next_second().plus_seconds(delay);
                    draft.annotate(self.new, names::SCALE_DOWN_DEADLINE, deadline.to_string());
                    draft.wake(Now::just_after(deadline));
                }
            }
        }
    }

    /// Whether the new ReplicaSet has the pods it should have now.
    fn is_ready(&self) -> bool {
        self.new.is_current()
            && self.new.spec() == self.wanted
            && self.new.available() == self.wanted
    }

    /// Whether the new ReplicaSet could serve all users.
    fn is_saturated(&self) -> bool {
        let replicas = self.situation.replicas;
        self.new.is_current() && self.new.spec() == replicas && self.new.available() == replicas
    }

    /// Whether users reach the new version, and it has its pods.
    fn is_serving(&self) -> bool {
        self.is_active && self.is_saturated()
    }

    /// Whether a person or a time has to pass before the switch.
    fn needs_pause(&self) -> bool {
        !defaults::auto_promotion_enabled(self.strategy)
            || defaults::auto_promotion_seconds(self.strategy).is_some()
    }

    fn pause_condition<'d>(draft: &'d Draft<'_>) -> Option<&'d PauseCondition> {
        draft
            .status
            .pause_conditions
            .iter()
            .find(|pause| pause.reason == PAUSE_REASON)
    }

    /// When the pause ends by itself.
    fn pause_end(&self, since: crds::Time) -> Option<crds::Time> {
        let seconds = defaults::auto_promotion_seconds(self.strategy)?;
        defaults::auto_promotion_enabled(self.strategy).then(|| since.plus_seconds(seconds))
    }

    /// Starts and ends the pause before the switch.
    ///
    /// A client resumes by removing the condition; `controllerPause` alone remembers that until
    /// the switch is made, whatever happens to pods in between.
    fn pause(&self, draft: &mut Draft<'a>) {
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
        let accepted = self.is_pause_over(draft) && !self.aborted && !self.situation.spec.paused;
        if !self.fully_promoted
            && accepted
            && self.is_ready()
            && counted == Some(self.new.available())
        {
            draft.status.blue_green.scale_up_preview_check_point = true;
        }
    }

    /// Whether nothing is to be waited for any more before the switch.
    fn is_pause_over(&self, draft: &Draft<'_>) -> bool {
        self.fast_track
            || !self.needs_pause()
            || draft.status.blue_green.scale_up_preview_check_point
            || (Self::pause_condition(draft).is_none() && draft.status.controller_pause)
    }

    /// Switches the active Service: back to stable after an abort, forth once all is there, and
    /// to what was committed last where somebody else took the selector away.
    fn point_active(&self, draft: &mut Draft<'a>) {
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
        let target = if self.aborted {
            self.stable
        } else if current.is_none() && committed.and_then(of).or(self.stable).is_some() {
            committed.and_then(of).or(self.stable)
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
            active.point_at(self.situation, draft, target);
        }
    }

    /// Makes the new version stable: at once when there is none, else when the active Service
    /// was seen to select it and it has its pods.
    fn promote(&self, draft: &mut Draft<'a>) {
        let first = self.situation.stable_label().is_none();
        let switched = self.is_active
            && self.new.is_current()
            && self.new.available() >= self.situation.replicas;
        let status = &mut draft.status;
        let reason = if first {
            "Initial deploy"
        } else if self.fully_promoted || self.aborted || !switched {
            if self.fully_promoted {
                settle(status);
            }
            return;
        } else if status.promote_full {
            "Full promotion requested"
        } else if rollback(self.situation, self.new) == Some(Rollback::Fast) {
            "Fast rollback"
        } else {
            "Completed blue-green update"
        };
        settle(status);
        status.stable_rs = Some(self.new.hash.clone());
        draft.events.push(events::completed(
            self.new.revision().unwrap_or(0),
            &self.new.hash,
            reason,
        ));
    }

    /// Old ReplicaSets keep all their pods for the scale-down delay, then go.
    fn shrink_others(&self, draft: &mut Draft<'a>) {
        let delay = defaults::blue_green_scale_down_delay_seconds(self.strategy);
        let limit = defaults::scale_down_delay_revision_limit(self.situation.spec);
        let mut delayed = 0_i64;
        let serving = self.services.selected_labels();
        for rs in self.situation.revisions.others() {
            if rs.spec() == 0 || serving.contains(&rs.hash.as_str()) {
                continue;
            }
            let room = limit.is_none_or(|limit| delayed < limit);
            match rs.scale_down_deadline() {
                None if room && delay > 0 => {
                    delayed += 1;
                    let deadline = self.situation.now.next_second().plus_seconds(delay);
                    draft.annotate(rs, names::SCALE_DOWN_DEADLINE, deadline.to_string());
                    self.keep(draft, rs, deadline);
                }
                Some(Some(deadline)) if room && !self.situation.now.is_after(deadline) => {
                    delayed += 1;
                    draft.resize(rs, self.situation.replicas);
                    self.keep(draft, rs, deadline);
                }
                // Without a delay the way back is given up at once, but not before the new version
                // can serve; a delay that is over has said how long that is waited for.
                None if !self.is_serving() => {}
                Some(_) | None => {
                    draft.resize(rs, 0);
                }
            }
        }
    }

    fn keep(&self, draft: &mut Draft<'a>, rs: &ReplicaSet, until: crds::Time) {
        draft.wake(Now::just_after(until));
        if draft.waiting_on.is_none() {
            draft.waiting_on = Some(WaitingOn::ScaleDownDelay {
                replica_set: rs.name.clone(),
                until,
            });
        }
    }

    fn waiting_on(&self, draft: &Draft<'_>) -> Option<WaitingOn> {
        let since = conditions::find(&self.situation.old.conditions, kind::PROGRESSING)
            .map(|it| it.last_update_time);
        let short = |rs: &ReplicaSet, needed: i64| {
            (rs.available() < needed).then(|| WaitingOn::Pods {
                replica_set: rs.name.clone(),
                available: rs.available(),
                needed,
                failure: rs.failure.as_ref().map(|failure| failure.message.clone()),
                since,
            })
        };
        let stable = self
            .stable
            .and_then(|stable| short(stable, self.situation.replicas));
        if self.aborted {
            return stable.or(Some(WaitingOn::Retry {
                since: self.situation.old.aborted_at,
            }));
        }
        if self.situation.spec.paused {
            return Some(WaitingOn::UserPause);
        }
        if let Some(pause) = Self::pause_condition(draft) {
            return Some(match self.pause_end(pause.start_time) {
                Some(until) => WaitingOn::PauseEnd {
                    since: pause.start_time,
                    until,
                },
                None => WaitingOn::Promotion {
                    since: pause.start_time,
                },
            });
        }
        let lagging = self
            .situation
            .revisions
            .all
            .iter()
            .find(|rs| !rs.is_current());
        lagging
            .map(|rs| WaitingOn::ReplicaSetController {
                replica_set: rs.name.clone(),
            })
            .or_else(|| short(self.new, self.wanted))
            .or(stable)
            .or_else(|| draft.waiting_on.clone())
    }
}

/// Nothing of an update is left to settle.
fn settle(status: &mut RolloutStatus) {
    status.pause_conditions.clear();
    status.controller_pause = false;
    status.abort = false;
    status.promote_full = false;
    status.blue_green.scale_up_preview_check_point = false;
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

/// How the update goes back to a version that was there before, if it does.
fn rollback(situation: &Situation<'_>, new: &ReplicaSet) -> Option<Rollback> {
    if situation.stable_label() == Some(new.hash.as_str()) {
        return Some(Rollback::Fast);
    }
    let stable = situation.revisions.stable?;
    if new.created >= stable.created {
        return None;
    }
    let kept = matches!(new.scale_down_deadline(), Some(Some(deadline)) if !situation.now.is_after(deadline));
    Some(if kept {
        Rollback::Fast
    } else {
        Rollback::Normal
    })
}

fn verdict<'a>(
    situation: &Situation<'a>,
    status: &RolloutStatus,
    strategy: &BlueGreenStrategy,
    spec_changed: bool,
) -> Verdict<'a> {
    let label = |label: &Option<String>| label.clone().unwrap_or_default();
    let current = label(&status.current_pod_hash);
    let BlueGreenStatus {
        preview_selector,
        active_selector,
        ..
    } = &status.blue_green;
    let active = situation
        .revisions
        .all
        .iter()
        .copied()
        .find(|rs| Some(&rs.hash) == active_selector.as_ref());
    let preview_follows = defaults::preview_service(strategy).is_none()
        || preview_selector.as_deref() == Some(current.as_str());
    Verdict {
        counted: active,
        has_minimum_availability: active.is_some_and(|active| {
            active.spec() == situation.replicas && active.available() == situation.replicas
        }),
        is_complete: label(active_selector) == current
            && label(&status.stable_rs) == current
            && preview_follows,
        is_indefinite: conditions::find(&situation.old.conditions, kind::PAUSED)
            .is_some_and(|condition| condition.status == is::TRUE),
        spec_changed,
        rollback: situation.new_rs().and_then(|new| rollback(situation, new)),
        manual_pause: !defaults::auto_promotion_enabled(strategy)
            && !status.pause_conditions.is_empty(),
        creating: None,
    }
}
