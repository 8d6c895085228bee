//! S12: a pause is never shortened.

use std::collections::BTreeMap;

use crate::history::Actor;
use crate::judge::{Checker, Step};
use crate::sizes::canary;
use crate::vocabulary::{CanaryStep, Millis, PauseReason, Rollout, Uid};

/// S12: `pause: {}` ends only by a person's act after the pause was committed; `pause: {duration}`
/// lasts at least that long between its commit and the next step.
#[derive(Clone, Default)]
pub(crate) struct Pauses {
    /// The pause of each Rollout that is committed.
    committed: BTreeMap<Uid, Committed>,
}

#[derive(Clone)]
struct Committed {
    /// Step it belongs to.
    index: i64,
    at: Millis,
    /// Whether a person has ended it.
    resumed: bool,
}

impl Checker for Pauses {
    fn id(&self) -> &'static str {
        "S12"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.rollout()?.both()?;
        let verdict = self.judge(step, before, after);
        self.note(step, before, after);
        verdict.map(|what| format!("rollout {} left its pause: {what}", after.name))
    }
}

impl Pauses {
    fn note(&mut self, step: &Step<'_>, before: &Rollout, after: &Rollout) {
        let (was, is) = (start(before), start(after));
        // A step that ends and the pause of the next one may come in one write.
        let is_new = was != is || index(before) != index(after);
        let is_resumed = was.is_some() && is.is_none() && step.change.actor == Actor::User;
        if is.is_some() && is_new {
            let pause = Committed {
                index: index(after),
                at: step.now(),
                resumed: false,
            };
            self.committed.insert(after.uid, pause);
        } else if let Some(pause) = self.committed.get_mut(&after.uid).filter(|_| is_resumed) {
            pause.resumed = true;
        }
    }

    fn judge(&self, step: &Step<'_>, before: &Rollout, after: &Rollout) -> Option<String> {
        let (was, is) = (&before.status, &after.status);
        let (old, new) = (index(before), index(after));
        let same_epoch = was.current == is.current && was.steps_hash == is.steps_hash;
        if !step.is_ours() || !same_epoch || new != old + 1 {
            return None;
        }
        if was.promote_full || was.stable.is_empty() || is.current == was.stable {
            return None;
        }
        let steps = &canary(before)?.steps;
        let least = match steps.get(usize::try_from(old).ok()?)? {
            CanaryStep::Pause => None,
            CanaryStep::PauseFor(least) => Some(*least),
            CanaryStep::SetWeight(_) | CanaryStep::Other => return None,
        };
        let committed = self.committed.get(&after.uid);
        let Some(committed) = committed.filter(|it| it.index == old) else {
            return Some("it was never committed".to_owned());
        };
        if committed.resumed {
            return None;
        }
        let Some(least) = least else {
            return Some("nobody has promoted it".to_owned());
        };
        let waited = step.now() - committed.at;
        (waited < least).then(|| format!("after {waited} ms of {least} ms"))
    }
}

fn index(rollout: &Rollout) -> i64 {
    rollout.status.step.unwrap_or(0)
}

/// `startTime` of the pause of a canary step, when there is one.
fn start(rollout: &Rollout) -> Option<Millis> {
    let mut pauses = rollout.status.pauses.iter();
    let pause = pauses.find(|pause| pause.reason == PauseReason::CanaryStep)?;
    Some(pause.start)
}
