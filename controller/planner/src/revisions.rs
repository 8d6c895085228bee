//! Which ReplicaSet is which: new, stable, and the others.
//!
//! Source: `compat/api.md` §10. Labels are opaque names here: they are read, never recomputed.

use crds::names;
use serde_json::Value;

use crate::{Observed, Owner, ReplicaSet, TemplateOutcome, stable, template};

/// The ReplicaSets of one rollout, told apart.
#[derive(Debug)]
pub(crate) struct Revisions<'a> {
    /// Digest of the template in the spec.
    pub(crate) digest: &'a str,
    /// The ReplicaSet of the template in the spec.
    pub(crate) new: Found<'a>,
    /// The label of the stable version; `None` before the first deployment.
    pub(crate) stable_label: Option<&'a str>,
    /// The ReplicaSet that has this label; the new one when the label is shared. Where it
    /// is gone, the newest other one that serves stands in for it.
    pub(crate) stable: Option<&'a ReplicaSet>,
    /// All that belong to the rollout, oldest first.
    pub(crate) all: Vec<&'a ReplicaSet>,
    /// Those without a controller that match the selector: adopt them first.
    pub(crate) orphans: Vec<&'a ReplicaSet>,
}

/// Whether there is a ReplicaSet for the template in the spec.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// There is.
    Yes(&'a ReplicaSet),
    /// There is none: one must be made.
    No,
    /// The API server has not said yet what the template means.
    NotAsked,
    /// The API server would refuse the template.
    Refused {
        /// The server's path of the field.
        field: Option<&'a str>,
        /// The server's words.
        message: &'a str,
    },
}

/// When an old ReplicaSet may be scaled to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Nothing says so.
    None,
    /// After this moment.
    At(crds::Time),
    /// What is written there is no time: at once.
    Unreadable,
}

impl<'a> Revisions<'a> {
    /// Tells the ReplicaSets of `observed` apart.
    pub(crate) fn of(observed: &'a Observed) -> Self {
        let digest = observed.rollout.spec.template.digest();
        let live = || {
            observed
                .replica_sets
                .iter()
                .map(AsRef::as_ref)
                .filter(|rs| !rs.deleting)
        };
        let mut all: Vec<&ReplicaSet> = live().filter(|rs| rs.owner == Owner::Us).collect();
        all.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        let mut orphans: Vec<&ReplicaSet> = live().filter(|rs| rs.owner == Owner::Nobody).collect();
        orphans.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));

        let new = find_new(observed, digest, &all);
        let stable_label = stable::label(observed, &new, &all);
        let stable = stable_label.and_then(|label| match new {
            Found::Yes(new) if new.hash == label => Some(new),
            Found::Yes(_) | Found::No | Found::NotAsked | Found::Refused { .. } => {
                let named = all.iter().copied().find(|rs| rs.hash == label);
                named.or_else(|| stand_in(&new, &all))
            }
        });
        Self {
            digest,
            new,
            stable_label,
            stable,
            all,
            orphans,
        }
    }

    /// Those that are neither new nor stable, newest revision first.
    pub(crate) fn others(&self) -> Vec<&'a ReplicaSet> {
        let is = |rs: &ReplicaSet, named: Option<&ReplicaSet>| {
            named.is_some_and(|named| named.uid == rs.uid)
        };
        let new = match self.new {
            Found::Yes(new) => Some(new),
            Found::No | Found::NotAsked | Found::Refused { .. } => None,
        };
        let mut others: Vec<&ReplicaSet> = self
            .all
            .iter()
            .copied()
            .filter(|rs| !is(rs, new) && !is(rs, self.stable))
            .collect();
        others.sort_by(|a, b| {
            (b.revision(), b.created, &b.name).cmp(&(a.revision(), a.created, &a.name))
        });
        others
    }

    /// The revision that the new ReplicaSet should carry: one more than all others.
    pub(crate) fn wanted_revision(&self) -> i64 {
        let new = match self.new {
            Found::Yes(new) => Some(new.uid.as_str()),
            Found::No | Found::NotAsked | Found::Refused { .. } => None,
        };
        let others = self.all.iter().filter(|rs| Some(rs.uid.as_str()) != new);
        others
            .filter_map(|rs| rs.revision())
            .max()
            .unwrap_or(0)
            .saturating_add(1)
    }
}

/// What serves beside the new ReplicaSet when the stable one was deleted: an update goes step by
/// step away from it, and an abort back to it.
fn stand_in<'a>(new: &Found<'a>, all: &[&'a ReplicaSet]) -> Option<&'a ReplicaSet> {
    let is_new = |rs: &ReplicaSet| matches!(new, Found::Yes(new) if new.uid == rs.uid);
    // `all` is ordered by age.
    all.iter()
        .copied()
        .rfind(|rs| !is_new(rs) && rs.available() > 0)
}

/// By digest; else, once the API server has told what the template means, by meaning.
fn find_new<'a>(observed: &'a Observed, digest: &str, all: &[&'a ReplicaSet]) -> Found<'a> {
    let by_digest = |rs: &&&ReplicaSet| {
        rs.annotations
            .get(names::TEMPLATE_DIGEST)
            .is_some_and(|it| it == digest)
    };
    if let Some(new) = all.iter().find(by_digest) {
        return Found::Yes(new);
    }
    let Some(check) = observed
        .template_check
        .as_deref()
        .filter(|check| check.digest == digest)
    else {
        return Found::NotAsked;
    };
    match &check.outcome {
        TemplateOutcome::Refused { field, message } => Found::Refused {
            field: field.as_deref(),
            message,
        },
        TemplateOutcome::Accepted { defaulted, live } => {
            let means_the_same = |rs: &&&ReplicaSet| {
                live.get(&rs.uid).is_some_and(|live| {
                    template::same_meaning(defaulted, live, &rs.ephemeral_keys())
                })
            };
            match all.iter().find(means_the_same) {
                Some(new) => Found::Yes(new),
                // An answer from before one of them was made says nothing about it.
                None if all.iter().any(|rs| !live.contains_key(&rs.uid)) => Found::NotAsked,
                None => Found::No,
            }
        }
    }
}

impl ReplicaSet {
    /// Its revision; `None` when the annotation is absent or not a number.
    #[must_use]
    pub fn revision(&self) -> Option<i64> {
        self.annotations.get(names::REVISION)?.parse().ok()
    }

    /// `spec.replicas` as a count.
    pub(crate) fn spec(&self) -> i64 {
        i64::from(self.replicas)
    }

    /// Available pods that can be relied on: never more than were asked for.
    pub(crate) fn available(&self) -> i64 {
        i64::from(self.available_replicas.min(self.replicas).max(0))
    }

    /// Whether the ReplicaSet controller has seen our last change, so that its counts mean something.
    pub(crate) const fn is_current(&self) -> bool {
        self.observed_generation >= self.generation
    }

    /// Whether `spec.replicas` of the Rollout changed since this ReplicaSet was sized.
    pub(crate) fn was_sized_for(&self, replicas: i64) -> bool {
        self.annotations
            .get(names::DESIRED_REPLICAS)
            .is_none_or(|text| text.parse() == Ok(replicas))
    }

    /// Until when it is kept, as its annotation says.
    pub(crate) fn scale_down_deadline(&self) -> Deadline {
        let text = self.annotations.get(names::SCALE_DOWN_DEADLINE);
        text.map_or(Deadline::None, |text| {
            crds::Time::parse(text).map_or(Deadline::Unreadable, Deadline::At)
        })
    }

    /// Label and annotation keys that the peer put on the pod template while it had a role.
    fn ephemeral_keys(&self) -> Vec<(&'static str, String)> {
        let Some(text) = self.annotations.get(names::EPHEMERAL_METADATA) else {
            return Vec::new();
        };
        let injected: Value = serde_json::from_str(text).unwrap_or_default();
        ["labels", "annotations"]
            .into_iter()
            .flat_map(|kind| {
                let keys = injected
                    .get(kind)
                    .and_then(Value::as_object)
                    .map(|map| map.keys().cloned());
                keys.into_iter().flatten().map(move |key| (kind, key))
            })
            .collect()
    }
}
