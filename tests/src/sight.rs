//! What the controller saw when it made its last plan, so that nobody holds against a write what
//! could not be known when it was decided on.
//!
//! A run keeps to one thread, so the last plan of the thread is the one that a write belongs to;
//! where one controller plans for several Rollouts at a time, the plan function must not be
//! [`noted_plan`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use invariants::Change;
use planner::{Now, Observed, Plan, ServiceState};

use crate::history::{Actor, Commit, Key};

/// The version of each object that a plan was made for; 0 where there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight(BTreeMap<Key, u64>);

thread_local! {
    static LAST: RefCell<Option<Arc<Sight>>> = const { RefCell::new(None) };
}

/// [`planner::plan`], and a note of what it was asked about.
#[must_use]
pub fn noted_plan(observed: &Observed, now: Now) -> Plan {
    LAST.set(Some(Arc::new(Sight::of(observed))));
    planner::plan(observed, now)
}

/// What the last plan of this thread was made for.
#[must_use]
pub fn last() -> Option<Arc<Sight>> {
    LAST.with_borrow(Clone::clone)
}

/// Forgets the runs that this thread has had before.
pub fn forget() {
    LAST.set(None);
}

impl Sight {
    fn of(observed: &Observed) -> Self {
        let metadata = &observed.rollout.metadata;
        let namespace = metadata.namespace.clone().unwrap_or_default();
        let key =
            |resource: &str, name: &str| (resource.to_owned(), namespace.clone(), name.to_owned());
        let version = |text: &str| text.parse().unwrap_or(0);
        let name = metadata.name.as_deref().unwrap_or_default();
        let rollout = metadata.resource_version.as_deref().unwrap_or_default();
        let mut seen = BTreeMap::from([(key("rollouts", name), version(rollout))]);
        for set in &observed.replica_sets {
            seen.insert(
                key("replicasets", &set.name),
                version(&set.resource_version),
            );
        }
        for (name, state) in &observed.services {
            let version = match state {
                ServiceState::Found(service) => version(&service.resource_version),
                ServiceState::NotFound => 0,
            };
            seen.insert(key("services", name), version);
        }
        Self(seen)
    }

    /// What these versions of objects show; 0 where there was none.
    pub fn of_versions(versions: impl IntoIterator<Item = (Key, u64)>) -> Self {
        Self(versions.into_iter().collect())
    }

    /// The version of the Rollout.
    fn rollout(&self) -> Option<u64> {
        let mut seen = self.0.iter();
        seen.find(|(key, _)| key.0 == "rollouts")
            .map(|(_, version)| *version)
    }

    /// The first revision that others made of what was looked at, and that it does not show.
    fn first_unseen(&self, others: &Others<'_>) -> Option<u64> {
        let unseen = self.0.iter().filter_map(|(key, seen)| {
            let revisions = others.0.get(key)?;
            revisions.get(revisions.partition_point(|it| it <= seen))
        });
        unseen.min().copied()
    }

    /// Notes in a change what others had done before it that could not be known when it was decided
    /// on; where all was known, nothing is excused.
    pub fn note(&self, change: &mut Change, others: &Others<'_>) {
        let unseen = self.first_unseen(others);
        if let Some(unseen) = unseen.filter(|unseen| *unseen < change.revision) {
            change.seen = Some(unseen.saturating_sub(1));
            change.decided_on = self.rollout();
        }
    }
}

/// The revisions of each object that were not made by the controller, in order.
pub struct Others<'a>(BTreeMap<&'a Key, Vec<u64>>);

impl<'a> Others<'a> {
    /// Of a whole history.
    #[must_use]
    pub fn of(commits: &'a [Commit]) -> Self {
        let mut others: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for commit in commits.iter().filter(|it| it.actor != Actor::Controller) {
            others.entry(&commit.key).or_default().push(commit.revision);
        }
        Self(others)
    }
}
