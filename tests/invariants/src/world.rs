//! All objects at one revision, in an order in which the children of an object are neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::history::{Actor, Change, Changed, Pair};
use crate::vocabulary::{Millis, Pod, ReplicaSet, Rollout, Service, Spec, Strategy, Uid};

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
    /// What a single version of a ReplicaSet does not tell.
    about: BTreeMap<Uid, About>,
    /// Every spec of a Rollout, the newest last.
    specs: BTreeMap<Uid, Vec<Known>>,
    /// Rollouts that were removed.
    gone: BTreeSet<Uid>,
    /// When users changed a Rollout or a child of it last, or the cluster took a pod of it.
    disturbed: BTreeMap<Uid, u64>,
}

#[derive(Debug, Clone)]
struct Known {
    generation: i64,
    spec: Arc<Spec>,
    /// The version of the Rollout whose status first spoke of a later generation.
    left_at: Option<u64>,
}

#[derive(Debug, Clone, Default)]
struct About {
    owner: Option<Uid>,
    /// Sizes that it was told to have since the generation that its status speaks of, with the
    /// generation of each.
    told: Vec<(i64, i64)>,
}

impl World {
    /// Makes this the world after `change`.
    pub fn apply(&mut self, change: &Change) {
        self.note_disturbance(change);
        match &change.what {
            Changed::Rollout(pair) => {
                replace(&mut self.rollouts, pair, |it| it.uid);
                self.note_spec(pair);
            }
            Changed::ReplicaSet(pair) => {
                replace(&mut self.sets, pair, |it| (it.owner, it.uid));
                self.note_size(pair);
            }
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

    /// Every Rollout that is there or was.
    pub fn known_rollouts(&self) -> impl Iterator<Item = Uid> {
        let here = self.rollouts.iter().map(|it| it.uid);
        here.chain(self.gone.iter().copied())
    }

    /// Whether this was the uid of a Rollout that is gone.
    #[must_use]
    pub fn was_rollout(&self, uid: Uid) -> bool {
        self.gone.contains(&uid)
    }

    /// Every spec that a write may have been decided on: those since the generation that the status
    /// says was observed, the newest last. The user can always change the spec between a decision
    /// and its writes, since these carry the version of a ReplicaSet or Service only.
    pub fn specs(&self, rollout: Uid) -> impl DoubleEndedIterator<Item = &Spec> + Clone {
        self.specs_of(rollout, None)
    }

    /// As [`Self::specs`], for a write of somebody who saw the Rollout at this version: a status that
    /// speaks of a later generation says what another controller has observed.
    pub fn specs_of(
        &self,
        rollout: Uid,
        decided_on: Option<u64>,
    ) -> impl DoubleEndedIterator<Item = &Spec> + Clone {
        let specs = self.specs.get(&rollout).map_or(&[][..], Vec::as_slice);
        let may_be = move |known: &&Known| match known.left_at {
            Some(left_at) => decided_on.is_some_and(|seen| seen < left_at),
            None => true,
        };
        specs.iter().filter(may_be).map(|known| &*known.spec)
    }

    /// Whether users or the cluster did something to a Rollout or its children that a write could
    /// not know of yet: nobody can make one write depend on two objects, so what was right when it
    /// was decided on may arrive now.
    #[must_use]
    pub fn is_overtaken(&self, rollout: Uid, change: &Change) -> bool {
        let disturbed = self.disturbed.get(&rollout);
        let seen = change.seen;
        seen.is_some_and(|seen| disturbed.is_some_and(|since| seen < *since))
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

    /// One ReplicaSet.
    #[must_use]
    pub fn set(&self, uid: Uid) -> Option<&ReplicaSet> {
        let owner = self.about.get(&uid)?.owner;
        let sets = &self.sets;
        let index = sets.binary_search_by_key(&(owner, uid), |it| (it.owner, it.uid));
        sets.get(index.ok()?).map(|it| &**it)
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

    /// Pods a ReplicaSet can be counted on for (`avail⁻` of `safety.md` §1): what its status says,
    /// but no more than it is told to have, nor than it was told to have at any time since the
    /// generation that the status speaks of. E.g. 5 available, told 3, then 5 again: until the
    /// status has caught up, 2 of them may be going.
    #[must_use]
    pub fn counted_on(&self, set: &ReplicaSet) -> i64 {
        let about = self.about.get(&set.uid);
        let told = about.map_or(&[][..], |about| &about.told);
        let since = told.iter().filter(|(generation, _)| {
            *generation >= set.observed_generation && *generation <= set.generation
        });
        let least = since.map(|(_, size)| *size).min();
        set.available
            .min(set.replicas)
            .min(least.unwrap_or(i64::MAX))
    }

    /// The Rollout that sends its users through this Service.
    #[must_use]
    pub fn switched_by(&self, service: &Service) -> Option<&Rollout> {
        let mut rollouts = self.rollouts.iter().map(|it| &**it);
        rollouts.find(|rollout| {
            let active = match &rollout.spec.strategy {
                Strategy::BlueGreen(blue_green) => &blue_green.active_service,
                Strategy::Canary(_) | Strategy::Invalid => return false,
            };
            rollout.namespace == service.namespace && *active == service.name
        })
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

    fn note_disturbance(&mut self, change: &Change) {
        let by_user = change.actor == Actor::User;
        let rollout = match &change.what {
            Changed::Rollout(pair) => pair.any().filter(|_| by_user).map(|it| it.uid),
            Changed::ReplicaSet(pair) => {
                let owner = |set: &Option<Arc<ReplicaSet>>| set.as_ref().and_then(|it| it.owner);
                let owner = owner(&pair.before).or_else(|| owner(&pair.after));
                let fewer = pair
                    .both()
                    .is_some_and(|(was, is)| is.available < was.available);
                let by_cluster = change.actor == Actor::Environment && fewer;
                owner.filter(|_| by_user || by_cluster)
            }
            Changed::Service(pair) => {
                let service = pair.any().filter(|_| by_user);
                service.and_then(|it| self.switched_by(it)).map(|it| it.uid)
            }
            Changed::Pod(pair) => {
                let ready = |pod: &Option<Arc<Pod>>| {
                    pod.as_ref().is_some_and(|it| it.ready_since.is_some())
                };
                let lost = ready(&pair.before) && !ready(&pair.after);
                let set = pair.any().filter(|_| lost).and_then(|pod| pod.set);
                set.and_then(|set| self.set(set)?.owner)
            }
            Changed::Bookkeeping | Changed::Other { .. } => None,
        };
        if let Some(rollout) = rollout {
            self.disturbed.insert(rollout, change.revision);
        }
    }

    fn note_spec(&mut self, pair: &Pair<Rollout>) {
        let Some(rollout) = &pair.after else {
            if let Some(gone) = &pair.before {
                self.specs.remove(&gone.uid);
                self.gone.insert(gone.uid);
            }
            return;
        };
        let specs = self.specs.entry(rollout.uid).or_default();
        let observed = rollout.status.observed_generation.unwrap_or(0);
        for known in specs.iter_mut().rev() {
            if known.left_at.is_some() {
                break;
            }
            known.left_at = (known.generation < observed).then_some(rollout.version);
        }
        let is_known = specs.last().is_some_and(|known| {
            known.generation == rollout.generation
                && (Arc::ptr_eq(&known.spec, &rollout.spec) || known.spec == rollout.spec)
        });
        if !is_known {
            specs.push(Known {
                generation: rollout.generation,
                spec: Arc::clone(&rollout.spec),
                left_at: None,
            });
        }
    }

    fn note_size(&mut self, pair: &Pair<ReplicaSet>) {
        let Some(set) = &pair.after else {
            if let Some(gone) = &pair.before {
                self.about.remove(&gone.uid);
            }
            return;
        };
        let about = self.about.entry(set.uid).or_default();
        about.owner = set.owner;
        let observed = set.observed_generation;
        about.told.retain(|(generation, _)| *generation >= observed);
        if about.told.last() != Some(&(set.generation, set.replicas)) {
            about.told.push((set.generation, set.replicas));
        }
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
