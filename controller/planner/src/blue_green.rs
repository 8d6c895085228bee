//! The blue-green strategy: two ReplicaSets at full size, and a Service that is switched.
//!
//! Source: `compat/bluegreen.md`. Where it and safety.md disagree safety wins:
//! an abort switches back whatever the state of the new pods (S14), and a selector that somebody
//! else removed is put back to what was committed last, not on to the new version (F22).

mod old;
mod pause;
mod update;
mod waiting;

use update::Update;

use crds::defaults::{self};
use crds::rollout::status::BlueGreenStatus;
use crds::rollout::{BlueGreenStrategy, RolloutStatus};
use crds::{Time, names};

use crate::conditions::{self, is, kind};
use crate::duration::Rollback;
use crate::finish::{Verdict, finish};
use crate::revisions::Deadline;
use crate::services::{Selected, Services};
use crate::situation::{Draft, Situation, end_update};
use crate::{Action, Plan, ReplicaSet, create, old_sets};

/// Why a blue-green rollout waits before the switch.
const PAUSE_REASON: &str = "BlueGreenPause";

pub(crate) fn plan(situation: &Situation<'_>, strategy: &BlueGreenStrategy) -> Plan {
    let mut draft = Draft::of(situation);
    if situation
        .old
        .current_step_hash
        .as_ref()
        .is_some_and(|hash| !hash.is_empty())
    {
        // The last status was a canary's: its pauses, and a resume of theirs, are not ours.
        draft.status.pause_conditions.clear();
        draft.status.controller_pause = false;
    }
    draft.status.current_step_hash = None;
    draft.status.current_step_index = None;
    let services = Services::of(situation, strategy);

    let Some(new) = situation.new_rs() else {
        let creation = create::new_replica_set(situation, &mut draft);
        if creation.begins_update && situation.old.current_pod_hash.is_some() {
            end_update(&mut draft.status);
        }
        let verdict = Verdict {
            creating: Some(creation.name),
            ..verdict(situation, &draft.status, strategy, creation.begins_update)
        };
        return finish(situation, draft, &verdict);
    };
    draft.sync_revision(situation, new);
    services.point_preview(situation, &mut draft, new);

    let another = situation.is_another_revision(&new.hash);
    draft.status.current_pod_hash = Some(new.hash.clone());
    services.note(situation, &mut draft.status.blue_green);
    if another {
        end_update(&mut draft.status);
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

/// Takes users back to `stable`; `None` when they are there already, when the Service cannot be
/// written, and when they are on the pods of all versions and stable has none yet.
pub(crate) fn switch_back(
    situation: &Situation<'_>,
    strategy: &BlueGreenStrategy,
    stable: &ReplicaSet,
) -> Option<Action> {
    let active = Services::of(situation, strategy).active();
    let all = &situation.revisions.all;
    let is_on_one = all.iter().any(|rs| active.selects(&rs.hash));
    // Old counts show pods that a smaller size may take yet. Users who are on no pods at all have
    // nothing to lose.
    let is_on_all = active.selected == Selected::Nothing;
    let has_some = stable.available() > 0 && (stable.is_current() || !is_on_all);
    let can_answer = has_some || all.iter().all(|rs| rs.available() == 0);
    (is_on_one || can_answer)
        .then(|| active.point_at(situation, stable))
        .flatten()
}

/// The sizes of an abort, whatever is wrong with the rest of the spec.
pub(crate) fn give_way<'a>(
    situation: &Situation<'a>,
    draft: &mut Draft<'a>,
    strategy: &BlueGreenStrategy,
) {
    let aborted = situation.new_rs();
    let is_stable = |new: &&ReplicaSet| situation.stable_label() == Some(new.hash.as_str());
    let aborted = aborted
        .filter(|new| !situation.is_another_revision(&new.hash))
        .filter(|new| !is_stable(new));
    let services = Services::of(situation, strategy);
    services.note(situation, &mut draft.status.blue_green);
    if let Some(new) = aborted {
        Update::of(situation, draft, strategy, &services, new).resize(draft);
    } else if let Some(stable) = situation.revisions.stable {
        draft.resize(stable, situation.replicas);
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
    Some(match noted_end(situation, new) {
        Some(_) => Rollback::Fast,
        None => Rollback::Normal,
    })
}

/// The end of a delay that the new version carries from the time before this update.
fn noted_end(situation: &Situation<'_>, new: &ReplicaSet) -> Option<Time> {
    // After an abort the same annotation says how long the aborted version is kept.
    let is_abort_delay = situation.old.abort || situation.old.aborted_at.is_some();
    match new.scale_down_deadline() {
        Deadline::At(deadline) => {
            (!is_abort_delay && !situation.now.is_after(deadline)).then_some(deadline)
        }
        Deadline::None | Deadline::Unreadable => None,
    }
}

/// Until when users who left the new version before this update may still reach its pods. Where no
/// end is noted, those of a version that was there before left it before the update began.
fn reached_until(
    situation: &Situation<'_>,
    strategy: &BlueGreenStrategy,
    new: &ReplicaSet,
) -> Option<Time> {
    let delay = defaults::blue_green_scale_down_delay_seconds(strategy);
    let was_there = new.annotations.contains_key(names::REVISION_HISTORY);
    let is_kept = was_there && defaults::scale_down_delay_revision_limit(situation.spec) != Some(0);
    let duration = situation.old.duration.as_ref().filter(|_| is_kept);
    let began = duration.and_then(|duration| duration.rollout_started_at);
    let end = began.map(|began| began.plus_seconds(delay));
    let end = end.filter(|end| !situation.now.is_after(*end));
    noted_end(situation, new).max(end)
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
