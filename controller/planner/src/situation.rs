//! What a strategy looks at, and the plan it drafts.

use std::collections::BTreeMap;

use crds::{Rollout, RolloutSpec, RolloutStatus, defaults, names};

use crate::revisions::{Found, Revisions};
use crate::{
    Action, Event, Now, Observed, Plan, ReplicaSet, ReplicaSetChange, WaitingOn, Write, abort,
    events,
};

/// One rollout as a strategy sees it.
///
/// `old` is the old *status*. Four readings of stable: `old.stable_rs` as written, maybe wiped;
/// `stable_label()`, `None` before the first deployment; `revisions.stable`, its ReplicaSet, which
/// may be the new one; `stable_beside_new()`, which is not.
#[derive(Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) observed: &'a Observed,
    pub(crate) now: Now,
    pub(crate) rollout: &'a Rollout,
    pub(crate) spec: &'a RolloutSpec,
    /// The status as last written.
    pub(crate) old: &'a RolloutStatus,
    pub(crate) revisions: Revisions<'a>,
    /// `spec.replicas`, 1 when absent.
    pub(crate) replicas: i64,
}

impl<'a> Situation<'a> {
    pub(crate) fn of(observed: &'a Observed, old: &'a RolloutStatus, now: Now) -> Self {
        let rollout = observed.rollout.as_ref();
        Self {
            observed,
            now,
            rollout,
            spec: &rollout.spec,
            old,
            revisions: Revisions::of(observed),
            replicas: defaults::replicas(&rollout.spec),
        }
    }

    pub(crate) fn name(&self) -> &'a str {
        self.rollout.metadata.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn generation(&self) -> i64 {
        self.rollout.metadata.generation.unwrap_or(0)
    }

    /// The new ReplicaSet, when there is one.
    pub(crate) fn new_rs(&self) -> Option<&'a ReplicaSet> {
        match self.revisions.new {
            Found::Yes(new) => Some(new),
            Found::No | Found::NotAsked | Found::Refused { .. } => None,
        }
    }

    /// The stable ReplicaSet, when there is one beside the new one.
    pub(crate) fn stable_beside_new(&self) -> Option<&'a ReplicaSet> {
        let new = self.new_rs().map(|new| new.uid.as_str());
        self.revisions
            .stable
            .filter(|stable| Some(stable.uid.as_str()) != new)
    }

    /// The stable ReplicaSet, when users may be sent to it at any time. What stands in for one that is
    /// gone, or that nobody has noted, has to have its pods first, and a user who holds the rollout
    /// holds it too.
    pub(crate) fn stable_to_serve(&self) -> Option<&'a ReplicaSet> {
        self.revisions.stable.filter(|stable| {
            let is_whole = stable.is_current() && stable.available() >= self.replicas;
            let noted = self.old.stable_rs.as_deref();
            let stands_in = noted != Some(stable.hash.as_str());
            !stands_in || (is_whole && !self.spec.paused)
        })
    }

    /// The label of the stable version; `None` before the first deployment.
    pub(crate) const fn stable_label(&self) -> Option<&'a str> {
        self.revisions.stable_label
    }

    /// Whether `label` is another revision than the one status was written for. Nothing written
    /// yet counts as the same, and so does a revision that is made again after its abort.
    pub(crate) fn is_another_revision(&self, label: &str) -> bool {
        self.old
            .current_pod_hash
            .as_deref()
            .is_some_and(|old| !old.is_empty() && old != label)
            && !abort::outlives_its_version(self)
    }

    /// Whether a user's or our abort holds: not once the new version is stable.
    pub(crate) fn is_aborted(&self, fully_promoted: bool) -> bool {
        // Abort and promote --full may both be set. An abort that was already acted on
        // (abortedAt) clears promoteFull, so a promoteFull beside it is the later wish; without
        // abortedAt the order is unknown, and abort wins (safety.md S13).
        let promoted_after_abort = self.old.promote_full && self.old.aborted_at.is_some();
        self.old.abort && !fully_promoted && !promoted_after_abort
    }
}

/// Nothing of an update is left: no pause, no abort, no wish of a user.
pub(crate) fn end_update(status: &mut RolloutStatus) {
    status.pause_conditions.clear();
    status.controller_pause = false;
    status.paused_step_index = None;
    status.abort = false;
    status.promote_full = false;
    status.blue_green.scale_up_preview_check_point = false;
}

/// A plan in the making.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    replicas: i64,
    /// Writes that come before the patches of ReplicaSets: the revision.
    pub(crate) first: Vec<Action>,
    changes: Vec<(&'a ReplicaSet, ReplicaSetChange, Vec<Event>)>,
    /// Writes that come after the patches of ReplicaSets: creations, deletions, Services.
    pub(crate) last: Vec<Action>,
    /// The status that is being made, from the one last written.
    pub(crate) status: RolloutStatus,
    /// Events that go with the status.
    pub(crate) events: Vec<Event>,
    pub(crate) wake_at: Option<Now>,
    pub(crate) waiting_on: Option<WaitingOn>,
}

impl<'a> Draft<'a> {
    pub(crate) fn of(situation: &Situation<'a>) -> Self {
        let mut status = situation.old.clone();
        // A promotion in full is a wish about a version; where none was noted there is nothing that
        // it can be about, least of all a template that comes later.
        let is_noted = status
            .current_pod_hash
            .as_deref()
            .is_some_and(|it| !it.is_empty());
        status.promote_full &= is_noted;
        if let Some(stable) = situation.stable_label() {
            status.stable_rs = Some(stable.to_owned());
        }
        Self {
            replicas: situation.replicas,
            first: Vec::new(),
            changes: Vec::new(),
            last: Vec::new(),
            status,
            events: Vec::new(),
            wake_at: None,
            waiting_on: None,
        }
    }

    /// Looks again at `at` at the latest.
    pub(crate) fn wake(&mut self, at: Now) {
        self.wake_at = Some(self.wake_at.map_or(at, |wake_at| wake_at.min(at)));
    }

    /// What will change on `rs`, in one patch, and the Events that go with it.
    fn change(&mut self, rs: &'a ReplicaSet) -> (&mut ReplicaSetChange, &mut Vec<Event>) {
        let index = self
            .changes
            .iter()
            .position(|(other, ..)| other.uid == rs.uid)
            .unwrap_or_else(|| {
                self.changes
                    .push((rs, ReplicaSetChange::default(), Vec::new()));
                self.changes.len() - 1
            });
        #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
        let (_, change, events) = &mut self.changes[index];
        (change, events)
    }

    /// Sets an annotation of `rs` unless it has that value.
    pub(crate) fn annotate(&mut self, rs: &'a ReplicaSet, key: &str, value: String) {
        if rs.annotations.get(key) != Some(&value) {
            self.change(rs)
                .0
                .annotations
                .insert(key.to_owned(), Some(value));
        }
    }

    /// Removes an annotation of `rs` if it is there.
    pub(crate) fn remove_annotation(&mut self, rs: &'a ReplicaSet, key: &str) {
        if rs.annotations.contains_key(key) {
            self.change(rs).0.annotations.insert(key.to_owned(), None);
        }
    }

    pub(crate) fn set_min_ready_seconds(&mut self, rs: &'a ReplicaSet, seconds: i32) {
        if rs.min_ready_seconds != seconds {
            self.change(rs).0.min_ready_seconds = Some(seconds);
        }
    }

    pub(crate) fn adopt(&mut self, rs: &'a ReplicaSet) {
        self.change(rs).0.adopts = true;
    }

    /// Gives `rs` its revision label back where somebody removed or changed it: people and other
    /// controllers tell versions apart by it.
    pub(crate) fn restore_label(&mut self, rs: &'a ReplicaSet) {
        if rs.labels.get(names::POD_TEMPLATE_HASH) != Some(&rs.hash) && !rs.hash.is_empty() {
            self.change(rs).0.label = Some(rs.hash.clone());
        }
    }

    /// Gives `rs` this many pods. Returns whether that is a change.
    ///
    /// The annotation that tells for which `spec.replicas` it was sized is kept true as well: the
    /// peer freezes a rollout where it is not (`compat/api.md` §10).
    pub(crate) fn resize(&mut self, rs: &'a ReplicaSet, to: i64) -> bool {
        let changes = rs.spec() != to;
        if changes {
            let (change, events) = self.change(rs);
            change.replicas = Some(i32::try_from(to).unwrap_or(i32::MAX));
            events.push(crate::events::scaled(rs, to));
        }
        if changes || to > 0 {
            self.annotate(rs, names::DESIRED_REPLICAS, self.replicas.to_string());
        }
        if to == 0 {
            self.remove_annotation(rs, names::SCALE_DOWN_DEADLINE);
        }
        changes
    }

    /// Whether any ReplicaSet changes size in this plan.
    pub(crate) fn resizes(&self) -> bool {
        self.changes
            .iter()
            .any(|(_, change, _)| change.replicas.is_some())
    }

    /// Deletes `rs`.
    pub(crate) fn delete(&mut self, rs: &ReplicaSet) {
        let write = Write::DeleteReplicaSet {
            name: rs.name.clone(),
            uid: rs.uid.clone(),
            resource_version: rs.resource_version.clone(),
        };
        self.last.push(Action {
            write,
            events: Vec::new(),
        });
    }

    /// Keeps revision, copied annotations and `minReadySeconds` of the new ReplicaSet, and the
    /// Rollout's revision annotation, in step with the spec (`compat/api.md` §10).
    pub(crate) fn sync_revision(&mut self, situation: &Situation<'a>, new: &'a ReplicaSet) {
        let wanted = situation.revisions.wanted_revision();
        let revision = match new.revision() {
            Some(revision) if revision >= wanted => revision,
            Some(older) => {
                let history = match new.annotations.get(names::REVISION_HISTORY) {
                    Some(history) if !history.is_empty() => format!("{history},{older}"),
                    _ => older.to_string(),
                };
                self.annotate(new, names::REVISION_HISTORY, history);
                wanted
            }
            None => wanted,
        };
        self.annotate(new, names::REVISION, revision.to_string());
        self.annotate(
            new,
            names::TEMPLATE_DIGEST,
            situation.revisions.digest.to_owned(),
        );
        for (key, value) in copied_annotations(situation.rollout) {
            self.annotate(new, key, value.clone());
        }
        self.set_min_ready_seconds(new, situation.spec.min_ready_seconds);
        self.set_rollout_revision(situation, revision);
    }

    pub(crate) fn set_rollout_revision(&mut self, situation: &Situation<'_>, revision: i64) {
        let text = revision.to_string();
        let annotations = situation.rollout.metadata.annotations.as_ref();
        if annotations.and_then(|all| all.get(names::REVISION)) != Some(&text) {
            let write = Write::PatchRollout {
                annotations: BTreeMap::from([(names::REVISION.to_owned(), text)]),
            };
            self.first.push(Action {
                write,
                events: vec![events::rollout_updated(revision)],
            });
        }
    }

    /// The plan, with the status as its last action where it differs from the one last written.
    pub(crate) fn into_plan(self, old: &RolloutStatus) -> Plan {
        let Self {
            replicas: _,
            first,
            changes,
            last,
            status,
            events,
            wake_at,
            waiting_on,
        } = self;
        let mut actions = first;
        actions.extend(changes.into_iter().map(|(rs, change, events)| {
            let write = Write::PatchReplicaSet {
                name: rs.name.clone(),
                uid: rs.uid.clone(),
                resource_version: rs.resource_version.clone(),
                change,
            };
            Action { write, events }
        }));
        actions.extend(last);
        if status != *old {
            actions.push(Action {
                write: Write::WriteStatus {
                    status: Box::new(status),
                },
                events,
            });
        }
        Plan {
            actions,
            wake_at,
            waiting_on,
        }
    }
}

/// Annotations of the Rollout that its new ReplicaSet carries too.
pub(crate) fn copied_annotations(rollout: &Rollout) -> impl Iterator<Item = (&String, &String)> {
    const NOT_COPIED: [&str; 5] = [
        names::LAST_APPLIED,
        names::REVISION,
        names::REVISION_HISTORY,
        names::DESIRED_REPLICAS,
        names::NOTIFIED,
    ];
    let all = rollout.metadata.annotations.iter().flatten();
    all.filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()))
}
