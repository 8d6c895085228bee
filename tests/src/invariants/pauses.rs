//! S12: a pause is never shortened.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Checker, Step};
use crate::history::Actor;
use crate::reading::{is_true, name, seconds, steps, text, uid};

/// S12: `pause: {}` ends only by a person's act after the pause was committed; `pause: {duration}`
/// lasts at least that long between its commit and the next step.
#[derive(Default)]
pub(super) struct Pauses {
    /// By uid of the Rollout: the pause that is committed.
    committed: BTreeMap<String, Committed>,
}

struct Committed {
    /// Step it belongs to.
    index: i64,
    /// When, in milliseconds since 1970.
    at: i64,
    /// Whether a person has ended it.
    resumed: bool,
}

impl Checker for Pauses {
    fn id(&self) -> &'static str {
        "S12"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let (before, after) = step.change("rollouts")?;
        let verdict = self.judge(step, before, after);
        self.note(step, before, after);
        verdict.map(|what| format!("rollout {} left its pause: {what}", name(after)))
    }
}

impl Pauses {
    fn note(&mut self, step: &Step<'_>, before: &Value, after: &Value) {
        let key = uid(after).to_owned();
        // A step that ends and the pause of the next one may come in one write.
        let is_new = pause_start(before) != pause_start(after) || index(before) != index(after);
        match (pause_start(before), pause_start(after)) {
            (_, Some(_)) if is_new => {
                self.committed.insert(
                    key,
                    Committed {
                        index: index(after),
                        at: step.now_millis(),
                        resumed: false,
                    },
                );
            }
            (Some(_), None) if step.commit.actor == Actor::User => {
                if let Some(pause) = self.committed.get_mut(&key) {
                    pause.resumed = true;
                }
            }
            _ => {}
        }
    }

    fn judge(&self, step: &Step<'_>, before: &Value, after: &Value) -> Option<String> {
        let (old, new) = (index(before), index(after));
        let same = |field: &str| text(before, field) == text(after, field);
        let same_epoch = same("/status/currentPodHash") && same("/status/currentStepHash");
        if step.commit.actor != Actor::Controller || !same_epoch || new != old + 1 {
            return None;
        }
        if is_true(before, "/status/promoteFull") || text(before, "/status/stableRS").is_empty() {
            return None;
        }
        let at_stable = text(after, "/status/currentPodHash") == text(before, "/status/stableRS");
        if at_stable {
            return None;
        }
        let pause = steps(before)
            .get(usize::try_from(old).ok()?)?
            .get("pause")?;
        let Some(committed) = self.committed.get(uid(after)).filter(|it| it.index == old) else {
            return Some("it was never committed".to_owned());
        };
        if committed.resumed {
            return None;
        }
        let Some(duration) = pause.get("duration").and_then(seconds) else {
            return Some("nobody has promoted it".to_owned());
        };
        let waited = step.now_millis() - committed.at;
        (waited < duration * 1000).then(|| format!("after {waited} ms of {duration} s"))
    }
}

fn index(rollout: &Value) -> i64 {
    rollout
        .pointer("/status/currentStepIndex")
        .and_then(Value::as_i64)
        .unwrap_or(0)
}

/// `startTime` of the pause of a canary step, when there is one.
fn pause_start(rollout: &Value) -> Option<&str> {
    rollout
        .pointer("/status/pauseConditions")?
        .as_array()?
        .iter()
        .find(|pause| text(pause, "/reason") == "CanaryPauseStep")
        .map(|pause| text(pause, "/startTime"))
}
