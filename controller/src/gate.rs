//! No plan on a view that is older than our own last writes.
//!
//! After each write the version it gave is remembered. Until the cache has seen it, that Rollout
//! is not planned for (safety.md S18): otherwise a decision would be made twice, on the state
//! before the first. A view that stays behind for [`PATIENCE`] is refreshed by live reads.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::cache::{Cache, Key, Kind};

/// How long the watch may take to show our own write before the object is read live.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What a write of ours should make visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A new object, at this version or later.
    Created(String),
    /// An object at this version or later, or gone.
    Changed(String),
    /// No object with this uid.
    Deleted(String),
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    objects: BTreeMap<(Kind, Key), Expected>,
}

/// The versions that our own last writes for one Rollout gave, by kind and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wrote(BTreeMap<(Kind, String), String>);

impl Wrote {
    /// The version that our last write to an object gave, when there was one.
    pub(crate) fn version(&self, kind: Kind, name: &str) -> Option<String> {
        self.0.get(&(kind, name.to_owned())).cloned()
    }

    /// Remembers what a write gave; `None` when nothing is known of the object any more.
    pub(crate) fn note(&mut self, kind: Kind, name: &str, version: Option<String>) {
        let object = (kind, name.to_owned());
        match version {
            Some(version) => self.0.insert(object, version),
            None => self.0.remove(&object),
        };
    }
}

/// Our own writes, by Rollout: which have not been seen yet, and what the last ones gave.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    waiting: BTreeMap<Key, Waiting>,
    wrote: BTreeMap<Key, Wrote>,
}

impl Gate {
    /// Remembers a write for a Rollout.
    pub(crate) fn wrote(
        &mut self,
        rollout: &Key,
        kind: Kind,
        object: Key,
        expected: Expected,
        now: Instant,
    ) {
        let version = match &expected {
            Expected::Created(version) | Expected::Changed(version) => Some(version.clone()),
            Expected::Deleted(_) => None,
        };
        let wrote = self.wrote.entry(rollout.clone()).or_default();
        wrote.note(kind, &object.name, version);
        let waiting = self
            .waiting
            .entry(rollout.clone())
            .or_insert_with(|| Waiting {
                since: now,
                objects: BTreeMap::new(),
            });
        waiting.objects.insert((kind, object), expected);
    }

    /// Whether the cache has seen all writes for a Rollout. When not: since when, and which
    /// objects are missing.
    pub(crate) fn check(
        &mut self,
        rollout: &Key,
        cache: &Cache,
    ) -> Result<(), (Instant, Vec<(Kind, Key)>)> {
        let Some(waiting) = self.waiting.get_mut(rollout) else {
            return Ok(());
        };
        waiting
            .objects
            .retain(|(kind, key), expected| !is_seen(expected, cache.version(*kind, key)));
        if waiting.objects.is_empty() {
            self.waiting.remove(rollout);
            return Ok(());
        }
        Err((waiting.since, waiting.objects.keys().cloned().collect()))
    }

    /// An object was read live: whatever it shows is the present.
    pub(crate) fn saw_live(&mut self, rollout: &Key, kind: Kind, object: &Key) {
        if let Some(wrote) = self.wrote.get_mut(rollout) {
            wrote.note(kind, &object.name, None);
        }
        if let Some(waiting) = self.waiting.get_mut(rollout) {
            waiting.objects.remove(&(kind, object.clone()));
        }
    }

    /// The Rollout is gone.
    pub(crate) fn forget(&mut self, rollout: &Key) {
        self.waiting.remove(rollout);
        self.wrote.remove(rollout);
    }

    /// What our own last writes for a Rollout gave.
    pub(crate) fn last_writes(&self, rollout: &Key) -> Wrote {
        self.wrote.get(rollout).cloned().unwrap_or_default()
    }
}

fn is_seen(expected: &Expected, seen: Option<(&str, &str)>) -> bool {
    match (expected, seen) {
        (Expected::Created(_), None) => false,
        (Expected::Changed(_) | Expected::Deleted(_), None) => true,
        (Expected::Created(version) | Expected::Changed(version), Some((seen, _))) => {
            is_as_new(seen, version)
        }
        (Expected::Deleted(uid), Some((_, seen))) => seen != uid,
    }
}

/// Whether version `a` is `b` or later. Versions of one resource are comparable as integers; where
/// they are no integers only equality is known.
pub(crate) fn is_as_new(a: &str, b: &str) -> bool {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a >= b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_seen_at_its_version_or_later() {
        let changed = Expected::Changed("10".to_owned());
        assert!(!is_seen(&changed, Some(("9", "u"))));
        assert!(is_seen(&changed, Some(("10", "u"))));
        assert!(is_seen(&changed, Some(("11", "u"))));
        assert!(is_seen(&changed, None), "gone is later than any version");
        assert!(
            !is_seen(&Expected::Created("10".to_owned()), None),
            "not there yet"
        );
    }

    #[test]
    fn a_deletion_is_seen_when_the_uid_is_gone() {
        let deleted = Expected::Deleted("old".to_owned());
        assert!(!is_seen(&deleted, Some(("12", "old"))));
        assert!(is_seen(&deleted, Some(("12", "new"))));
        assert!(is_seen(&deleted, None));
    }
}
