//! S9 and S10: when users are sent to another ReplicaSet, and how long the one before stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crds::Time;
use serde_json::Value;

use super::{Checker, Step};
use crate::history::Actor;
use crate::reading::{
    DEADLINE, annotation, blue_green, counted_on, hash, is_true, name, namespace, number,
    replica_set_of, replica_sets, replicas, selected_hash, text, uid,
};

/// S9: the active Service moves to another ReplicaSet only when all its pods are available and the
/// pause is satisfied; never to nothing. Back to stable it may always move.
#[derive(Default)]
pub(super) struct Switch {
    /// Revisions (Rollout uid, hash) that a person let pass since they became current.
    promoted: BTreeSet<(String, String)>,
    /// Revisions that were still being kept when they became current again.
    kept: BTreeSet<(String, String)>,
    /// When the blue-green pause of a Rollout was committed, in milliseconds since 1970.
    paused: BTreeMap<String, i64>,
    /// The revision each Service was last pointed at by us, by Rollout uid.
    committed: BTreeMap<String, String>,
}

impl Checker for Switch {
    fn id(&self) -> &'static str {
        "S9"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if let Some((before, after)) = step.change("rollouts") {
            self.note(step, before, after);
        }
        let (before, after) = step.change("services")?;
        let (from, to) = (selected_hash(before), selected_hash(after));
        if step.commit.actor != Actor::Controller || from == to {
            return None;
        }
        let rollout = step.after.list("rollouts").find(|rollout| {
            namespace(rollout) == namespace(after)
                && text(rollout, "/spec/strategy/blueGreen/activeService") == name(after)
        })?;
        let verdict = self.judge(step, rollout, to);
        self.committed
            .insert(uid(rollout).to_owned(), to.to_owned());
        verdict.map(|what| {
            format!(
                "service {} moved from '{from}' to '{to}': {what}",
                name(after)
            )
        })
    }
}

impl Switch {
    fn note(&mut self, step: &Step<'_>, before: &Value, after: &Value) {
        let hash_of = |rollout: &Value| text(rollout, "/status/currentPodHash").to_owned();
        let key = (uid(after).to_owned(), hash_of(after));
        let is_new_template = before.pointer("/spec/template") != after.pointer("/spec/template");
        if is_new_template {
            self.promoted.retain(|(owner, _)| owner != uid(after));
            self.kept.retain(|(owner, _)| owner != uid(after));
            self.paused.remove(uid(after));
            for set in replica_sets(step.before, after) {
                if Time::parse(annotation(set, DEADLINE))
                    .is_ok_and(|end| end.unix() * 1000 >= step.now_millis())
                {
                    self.kept
                        .insert((uid(after).to_owned(), hash(set).to_owned()));
                }
            }
        }
        if step.commit.actor == Actor::User {
            let resumed = pauses(before) > 0 && pauses(after) == 0;
            if resumed || is_true(after, "/status/promoteFull") {
                self.promoted.insert(key);
            }
        } else if pauses(before) == 0 && pauses(after) > 0 {
            self.paused.insert(uid(after).to_owned(), step.now_millis());
        }
        if is_true(after, "/status/abort") && !is_true(before, "/status/abort") {
            self.promoted.retain(|(owner, _)| owner != uid(after));
        }
    }

    fn judge(&self, step: &Step<'_>, rollout: &Value, to: &str) -> Option<String> {
        let strategy = blue_green(rollout)?;
        if to.is_empty() {
            return Some("to nothing".to_owned());
        }
        let Some(target) = replica_set_of(step.after, rollout, to) else {
            return Some("no ReplicaSet has this revision".to_owned());
        };
        let stable = text(rollout, "/status/stableRS");
        // Back to stable, or drift that is put back to where users were.
        if to == stable || self.committed.get(uid(rollout)).is_some_and(|it| it == to) {
            return None;
        }
        let (available, wanted) = (counted_on(target), replicas(rollout));
        if available < wanted {
            return Some(format!("{available} of {wanted} pods are available"));
        }
        let key = (uid(rollout).to_owned(), to.to_owned());
        if stable.is_empty() || self.promoted.contains(&key) || self.kept.contains(&key) {
            return None;
        }
        if strategy
            .get("autoPromotionEnabled")
            .and_then(Value::as_bool)
            == Some(false)
        {
            return Some("nobody has promoted it".to_owned());
        }
        let wait = number(strategy, "/autoPromotionSeconds");
        if wait > 0 {
            let Some(since) = self.paused.get(uid(rollout)) else {
                return Some(format!("without the pause of {wait} s"));
            };
            let waited = step.now_millis() - since;
            if waited < wait * 1000 {
                return Some(format!("after {waited} ms of a pause of {wait} s"));
            }
        }
        None
    }
}

fn pauses(rollout: &Value) -> usize {
    rollout
        .pointer("/status/pauseConditions")
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

/// S10: the ReplicaSet that users reached keeps all its pods until `scaleDownDelaySeconds` after
/// the active Service moved on.
#[derive(Default)]
pub(super) struct Keep {
    /// When the active Service left a revision, by Rollout uid and hash.
    left: BTreeMap<(String, String), Duration>,
}

impl Checker for Keep {
    fn id(&self) -> &'static str {
        "S10"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if let Some((before, after)) = step.change("services") {
            self.note(step, before, after);
        }
        let (before, after) = step.change("replicasets")?;
        if step.commit.actor != Actor::Controller || replicas(after) >= replicas(before) {
            return None;
        }
        let rollout = step.owner()?;
        let strategy = blue_green(rollout)?;
        let desired = replicas(rollout);
        if replicas(after) >= desired {
            return None;
        }
        let active = step.after.get(
            "services",
            namespace(rollout),
            text(strategy, "/activeService"),
        )?;
        let shrunk = || {
            format!(
                "{} went from {} to {}",
                name(after),
                replicas(before),
                replicas(after)
            )
        };
        if selected_hash(active) == hash(after) {
            return Some(format!("{} while users still reach it", shrunk()));
        }
        let left = self
            .left
            .get(&(uid(rollout).to_owned(), hash(after).to_owned()))?;
        let delay = delay(rollout, strategy, after);
        let passed = step.commit.at.saturating_sub(*left);
        let too_early = passed < Duration::from_secs(u64::try_from(delay).unwrap_or(0));
        (too_early && !is_over_limit(step, rollout, strategy, after)).then(|| {
            format!(
                "{} {passed:?} after users left it; {delay} s are promised",
                shrunk()
            )
        })
    }
}

impl Keep {
    fn note(&mut self, step: &Step<'_>, before: &Value, after: &Value) {
        let (from, to) = (selected_hash(before), selected_hash(after));
        if from == to {
            return;
        }
        for rollout in step.after.list("rollouts") {
            if text(rollout, "/spec/strategy/blueGreen/activeService") == name(after) {
                let key = |hash: &str| (uid(rollout).to_owned(), hash.to_owned());
                self.left.insert(key(from), step.commit.at);
                self.left.remove(&key(to));
            }
        }
    }
}

fn delay(rollout: &Value, strategy: &Value, set: &Value) -> i64 {
    let seconds = |field: &str| strategy.get(field).and_then(Value::as_i64).unwrap_or(30);
    let is_new = hash(set) == text(rollout, "/status/currentPodHash");
    if is_new && is_true(rollout, "/status/abort") {
        seconds("abortScaleDownDelaySeconds")
    } else {
        seconds("scaleDownDelaySeconds")
    }
}

/// Whether more old ReplicaSets are kept than `scaleDownDelayRevisionLimit` allows.
fn is_over_limit(step: &Step<'_>, rollout: &Value, strategy: &Value, set: &Value) -> bool {
    let Some(limit) = strategy
        .get("scaleDownDelayRevisionLimit")
        .and_then(Value::as_i64)
    else {
        return false;
    };
    let others = replica_sets(step.before, rollout)
        .into_iter()
        .filter(|other| uid(other) != uid(set) && replicas(other) > 0)
        .filter(|other| {
            hash(other) != text(rollout, "/status/currentPodHash")
                && hash(other) != text(rollout, "/status/stableRS")
        })
        .count();
    i64::try_from(others).unwrap_or(i64::MAX) >= limit
}
