//! All objects at one revision, in an order in which the children of an object are neighbours.

use std::sync::Arc;

use crate::history::{Change, Changed, Pair};
use crate::vocabulary::{Millis, Pod, ReplicaSet, Rollout, Service, Uid};

/// All objects at one revision. Small sorted lists: a lookup is a binary search, and no object is
/// ever copied.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// By uid.
    rollouts: Vec<Arc<Rollout>>,
    /// By owner and uid.
    sets: Vec<Arc<ReplicaSet>>,
    /// By uid.
    services: Vec<Arc<Service>>,
    /// By ReplicaSet and uid.
    pods: Vec<Arc<Pod>>,
}

impl World {
    /// Makes this the world after `change`.
    pub fn apply(&mut self, change: &Change) {
        match &change.what {
            Changed::Rollout(pair) => replace(&mut self.rollouts, pair, |it| it.uid),
            Changed::ReplicaSet(pair) => replace(&mut self.sets, pair, |it| (it.owner, it.uid)),
            Changed::Service(pair) => replace(&mut self.services, pair, |it| it.uid),
            Changed::Pod(pair) => replace(&mut self.pods, pair, |it| (it.set, it.uid)),
            Changed::Bookkeeping | Changed::Other { .. } => {}
        }
    }

    /// All Rollouts.
    #[must_use]
    pub fn rollouts(&self) -> &[Arc<Rollout>] {
        &self.rollouts
    }

    /// One Rollout.
    #[must_use]
    pub fn rollout(&self, uid: Uid) -> Option<&Rollout> {
        let index = self.rollouts.binary_search_by_key(&uid, |it| it.uid);
        self.rollouts.get(index.ok()?).map(|it| &**it)
    }

    /// The ReplicaSets that a Rollout controls; those that nobody controls, for `None`.
    #[must_use]
    pub fn sets_of(&self, owner: impl Into<Option<Uid>>) -> &[Arc<ReplicaSet>] {
        let owner = owner.into();
        between(&self.sets, |set| set.owner.cmp(&owner))
    }

    /// The ReplicaSet of a revision, when the name of the revision is not empty.
    #[must_use]
    pub fn set_of(&self, rollout: &Rollout, hash: &str) -> Option<&ReplicaSet> {
        if hash.is_empty() {
            return None;
        }
        let sets = self.sets_of(rollout.uid).iter();
        sets.map(|set| &**set).find(|set| &*set.hash == hash)
    }

    /// The pods that a ReplicaSet controls.
    #[must_use]
    pub fn pods_of(&self, set: Uid) -> &[Arc<Pod>] {
        let owner = Some(set);
        between(&self.pods, |pod| pod.set.cmp(&owner))
    }

    /// Pods of a ReplicaSet that are Ready for as long as it asks, and not going away.
    #[must_use]
    pub fn available(&self, set: &ReplicaSet, now: Millis) -> i64 {
        let needed = set.min_ready_seconds.saturating_mul(1000);
        let pods = self.pods_of(set.uid).iter();
        let available = pods.filter(|pod| {
            let since = pod.ready_since.filter(|_| !pod.terminating);
            since.is_some_and(|since| now >= since.saturating_add(needed))
        });
        i64::try_from(available.count()).unwrap_or(i64::MAX)
    }

    /// All Services.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// One Service.
    #[must_use]
    pub fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        let mut services = self.services.iter().map(|it| &**it);
        services.find(|it| &*it.name == name && &*it.namespace == namespace)
    }
}

fn replace<T, K: Ord>(list: &mut Vec<Arc<T>>, pair: &Pair<T>, key: impl Fn(&T) -> K) {
    let old = pair.before.as_deref().map(&key);
    let new = pair.after.as_deref().map(&key);
    let gone = old.filter(|old| new.as_ref() != Some(old));
    if let Some(Ok(index)) = gone.map(|old| list.binary_search_by(|it| key(it).cmp(&old))) {
        list.remove(index);
    }
    let (Some(after), Some(new)) = (&pair.after, new) else {
        return;
    };
    match list.binary_search_by(|it| key(it).cmp(&new)) {
        Ok(index) => {
            if let Some(place) = list.get_mut(index) {
                *place = Arc::clone(after);
            }
        }
        Err(index) => list.insert(index, Arc::clone(after)),
    }
}

/// The neighbours that compare equal.
fn between<T>(list: &[T], compare: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    let start = list.partition_point(|it| compare(it).is_lt());
    let rest = list.get(start..).unwrap_or_default();
    let length = rest.partition_point(|it| compare(it).is_eq());
    rest.get(..length).unwrap_or_default()
}
