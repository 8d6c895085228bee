//! S9: when users are sent to another version.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::Actor;
use crate::judge::{Checker, Step};
use crate::vocabulary::{Millis, PauseReason, Rollout, Spec, Strategy, Text, Uid};

/// S9: the active Service moves to another ReplicaSet only when all its pods are available and the
/// pause is satisfied; never to nothing. Back to stable it may always move, and drift may always
/// be put back to where users were sent last.
#[derive(Clone, Default)]
pub(crate) struct Switch {
    /// Revisions that a person let pass since they became current.
    promoted: BTreeSet<(Uid, Text)>,
    /// Revisions that were still being kept when they became current again.
    kept: BTreeSet<(Uid, Text)>,
    /// When the blue-green pause of a Rollout was committed.
    paused: BTreeMap<Uid, Millis>,
    /// The revision that each Rollout's Service was last pointed at by us.
    committed: BTreeMap<Uid, Text>,
}

impl Checker for Switch {
    fn id(&self) -> &'static str {
        "S9"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if let Some((before, after)) = step.rollout().and_then(|pair| pair.both()) {
            self.note(step, before, after);
            return None;
        }
        let (before, after) = step.service()?.both()?;
        let (from, to) = (&before.selects, &after.selects);
        if !step.is_ours() || from == to {
            return None;
        }
        let rollout = step.world.switched_by(after)?;
        let verdict = self.judge(step, rollout, to);
        self.committed.insert(rollout.uid, to.clone());
        verdict.map(|what| {
            format!(
                "service {} moved from '{from}' to '{to}': {what}",
                after.name
            )
        })
    }
}

impl Switch {
    fn note(&mut self, step: &Step<'_>, before: &Rollout, after: &Rollout) {
        let uid = after.uid;
        // A template that came and went before a controller saw it changes nothing.
        if before.status.current != after.status.current && step.is_ours() {
            self.forget(uid);
        }
        if before.spec.template != after.spec.template {
            self.kept.retain(|(owner, _)| *owner != uid);
            for set in step.world.sets_of(uid) {
                if set.deadline.is_some_and(|end| end >= step.now()) {
                    self.kept.insert((uid, set.hash.clone()));
                }
            }
        }
        let (was, is) = (&before.status, &after.status);
        if step.change.actor == Actor::User {
            let resumed = !was.pauses.is_empty() && is.pauses.is_empty();
            if resumed || is.promote_full {
                self.promoted.insert((uid, is.current.clone()));
            }
        } else if start(after).is_some() && start(before) != start(after) {
            self.paused.insert(uid, step.now());
        }
        // An abort that is taken back before a controller saw it never was.
        // Beside a promotion in full that is still noted it is overruled.
        if is.abort && !is.promote_full && step.is_ours() {
            self.forget(uid);
        }
    }

    fn forget(&mut self, uid: Uid) {
        self.promoted.retain(|(owner, _)| *owner != uid);
    }

    fn judge(&self, step: &Step<'_>, rollout: &Rollout, to: &Text) -> Option<String> {
        if step.is_overtaken(rollout.uid) {
            return None;
        }
        if to.is_empty() {
            return Some("to nothing".to_owned());
        }
        let Some(target) = step.world.set_of(rollout, to) else {
            return Some("no ReplicaSet has this revision".to_owned());
        };
        let stable = &rollout.status.stable;
        // Nothing is stable yet, so nobody is sent away from it.
        if stable.is_empty() || to == stable || self.committed.get(&rollout.uid) == Some(to) {
            return None;
        }
        let specs = step.specs(rollout.uid);
        let wanted = specs.clone().map(|spec| spec.replicas).min()?;
        let available = step.world.counted_on(target);
        if available < wanted {
            return Some(format!("{available} of {wanted} pods are available"));
        }
        let key = (rollout.uid, to.clone());
        // Where somebody deleted the stable ReplicaSet, what serves stands in for it.
        let is_stable_gone = step.world.set_of(rollout, stable).is_none();
        if is_stable_gone || self.promoted.contains(&key) || self.kept.contains(&key) {
            return None;
        }
        // Each spec that this may have been decided on has its own word on the pause.
        let mut verdicts = specs.map(|spec| self.waits(step, rollout, spec));
        verdicts.try_fold(None, |_, verdict| verdict.map(Some))?
    }

    fn waits(&self, step: &Step<'_>, rollout: &Rollout, spec: &Spec) -> Option<String> {
        let Strategy::BlueGreen(options) = &spec.strategy else {
            return None;
        };
        if options.waits_for_promotion {
            return Some("nobody has promoted it".to_owned());
        }
        let wait = options.auto_promotion_seconds;
        if wait <= 0 {
            return None;
        }
        let Some(since) = self.paused.get(&rollout.uid) else {
            return Some(format!("without the pause of {wait} s"));
        };
        let waited = step.now() - since;
        (waited < wait * 1000).then(|| format!("after {waited} ms of a pause of {wait} s"))
    }
}

/// `startTime` of the pause before the switch, when there is one.
fn start(rollout: &Rollout) -> Option<Millis> {
    let mut pauses = rollout.status.pauses.iter();
    let pause = pauses.find(|pause| pause.reason == PauseReason::BlueGreen)?;
    Some(pause.start)
}
