//! What was last seen of Rollouts, ReplicaSets and Services, in order and indexed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crds::label_selector::Selector;
use crds::{Rollout, names};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::DynamicObject;
use planner::{Owner, ReplicaSet, Service};

use crate::decode::{self, OwnedSet, Poison};

mod services;

use services::Services;

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub(crate) fn of(object: &DynamicObject) -> Self {
        let metadata = &object.metadata;
        Self::new(
            metadata.namespace.clone().unwrap_or_default(),
            metadata.name.clone().unwrap_or_default(),
        )
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The kinds that are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `argoproj.io/v1alpha1`, `Rollout`.
    Rollout,
    /// `apps/v1`, `ReplicaSet`.
    ReplicaSet,
    /// `v1`, `Service`.
    Service,
}

/// Everything that was last seen.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    rollouts: BTreeMap<Key, Arc<Rollout>>,
    poison: BTreeMap<Key, Box<Poison>>,
    sets: BTreeMap<Key, OwnedSet>,
    services: Services,
    /// Names of the ReplicaSets that a Rollout, by uid, controls.
    by_rollout: BTreeMap<String, BTreeSet<Key>>,
    /// ReplicaSets that nothing controls.
    orphans: BTreeSet<Key>,
    by_uid: BTreeMap<String, Key>,
}

impl Cache {
    /// Takes in an object. Returns the Rollouts it concerns.
    pub(crate) fn apply(&mut self, kind: Kind, object: DynamicObject) -> Vec<Key> {
        let key = Key::of(&object);
        match kind {
            Kind::Rollout => {
                self.forget_rollout(&key);
                match decode::rollout(object) {
                    Ok(rollout) => self.learn_rollout(key.clone(), rollout),
                    Err(poison) => {
                        self.poison.insert(key.clone(), poison);
                    }
                }
                vec![key]
            }
            Kind::ReplicaSet => {
                let mut concerned = self.forget_set(&key);
                concerned.extend(self.learn_set(key, decode::replica_set(&object)));
                concerned.sort();
                concerned.dedup();
                concerned
            }
            Kind::Service => self.services.apply(key, decode::service(&object)),
        }
    }

    /// Forgets an object. Returns the Rollouts it concerns.
    pub(crate) fn delete(&mut self, kind: Kind, key: &Key) -> Vec<Key> {
        match kind {
            Kind::Rollout => {
                self.forget_rollout(key);
                vec![key.clone()]
            }
            Kind::ReplicaSet => self.forget_set(key),
            Kind::Service => self.services.delete(key),
        }
    }

    /// Services that carry the mark of this Rollout.
    pub(crate) fn managed_by(&self, rollout: &Key) -> Vec<Arc<Service>> {
        self.services.managed_by(rollout)
    }

    /// Keys of all objects of a kind.
    pub(crate) fn keys(&self, kind: Kind) -> Vec<Key> {
        match kind {
            Kind::Rollout => self
                .rollouts
                .keys()
                .chain(self.poison.keys())
                .cloned()
                .collect(),
            Kind::ReplicaSet => self.sets.keys().cloned().collect(),
            Kind::Service => self.services.keys().cloned().collect(),
        }
    }

    /// The resourceVersion and uid of an object, when it is there.
    pub(crate) fn version(&self, kind: Kind, key: &Key) -> Option<(&str, &str)> {
        match kind {
            Kind::Rollout => {
                let metadata = match (self.rollouts.get(key), self.poison.get(key)) {
                    (Some(rollout), _) => &rollout.metadata,
                    (None, poison) => &poison?.object.metadata,
                };
                Some((
                    metadata.resource_version.as_deref()?,
                    metadata.uid.as_deref()?,
                ))
            }
            Kind::ReplicaSet => self
                .sets
                .get(key)
                .map(|it| (it.set.resource_version.as_str(), it.set.uid.as_str())),
            Kind::Service => self
                .services
                .get(key)
                .map(|it| (it.resource_version.as_str(), it.uid.as_str())),
        }
    }

    pub(crate) fn rollout(&self, key: &Key) -> Option<&Arc<Rollout>> {
        self.rollouts.get(key)
    }

    /// All owners of a ReplicaSet.
    pub(crate) fn owners(&self, key: &Key) -> &[OwnerReference] {
        self.sets.get(key).map_or(&[], |owned| &owned.owners)
    }

    pub(crate) fn poison(&self, key: &Key) -> Option<&Poison> {
        self.poison.get(key).map(AsRef::as_ref)
    }

    pub(crate) fn service(&self, key: &Key) -> Option<&Arc<Service>> {
        self.services.get(key)
    }

    /// Whether a ReplicaSet carries a revision label.
    pub(crate) fn is_labelled(&self, set: &Key) -> bool {
        let owned = self.sets.get(set);
        owned.is_some_and(|it| it.set.labels.contains_key(names::POD_TEMPLATE_HASH))
    }

    /// ReplicaSets that the Rollout controls, and those that nothing controls and that its
    /// selector matches; by name.
    pub(crate) fn sets_of(&self, key: &Key, rollout: &Rollout) -> Vec<Arc<ReplicaSet>> {
        let uid = rollout.metadata.uid.as_deref().unwrap_or_default();
        let owned = self.by_rollout.get(uid).into_iter().flatten();
        let from = Key::new(key.namespace.clone(), "");
        let orphans = self
            .orphans
            .range(from..)
            .take_while(|orphan| orphan.namespace == key.namespace);
        let orphans = orphans.filter(|orphan| {
            self.sets
                .get(orphan)
                .is_some_and(|it| is_selected(rollout, &it.set))
        });
        owned
            .chain(orphans)
            .filter_map(|key| self.sets.get(key))
            .map(|it| it.set.clone())
            .collect()
    }

    fn learn_rollout(&mut self, key: Key, rollout: Rollout) {
        self.services.learn_names(&key, &rollout);
        if let Some(uid) = &rollout.metadata.uid {
            self.by_uid.insert(uid.clone(), key.clone());
        }
        self.rollouts.insert(key, Arc::new(rollout));
    }

    fn forget_rollout(&mut self, key: &Key) {
        self.poison.remove(key);
        let Some(rollout) = self.rollouts.remove(key) else {
            return;
        };
        if let Some(uid) = &rollout.metadata.uid {
            self.by_uid.remove(uid);
        }
        self.services.forget_names(key, &rollout);
    }

    fn learn_set(&mut self, key: Key, owned: OwnedSet) -> Vec<Key> {
        let concerned = self.concerned(&key, &owned);
        if let Some(uid) = &owned.rollout_uid {
            self.by_rollout
                .entry(uid.clone())
                .or_default()
                .insert(key.clone());
        } else if owned.set.owner == Owner::Nobody {
            self.orphans.insert(key.clone());
        }
        self.sets.insert(key, owned);
        concerned
    }

    fn forget_set(&mut self, key: &Key) -> Vec<Key> {
        let Some(owned) = self.sets.remove(key) else {
            return Vec::new();
        };
        if let Some(uid) = &owned.rollout_uid {
            remove_from(&mut self.by_rollout, uid, key);
        }
        self.orphans.remove(key);
        self.concerned(key, &owned)
    }

    /// The Rollout that controls a ReplicaSet, or those whose selector matches an orphan.
    fn concerned(&self, key: &Key, owned: &OwnedSet) -> Vec<Key> {
        if let Some(uid) = &owned.rollout_uid {
            return self.by_uid.get(uid).cloned().into_iter().collect();
        }
        if owned.set.owner != Owner::Nobody {
            return Vec::new();
        }
        let from = Key::new(key.namespace.clone(), "");
        let rollouts = self
            .rollouts
            .range(from..)
            .take_while(|(other, _)| other.namespace == key.namespace);
        rollouts
            .filter(|(_, rollout)| is_selected(rollout, &owned.set))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

fn remove_from<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Key>>, entry: &K, key: &Key) {
    if let Some(keys) = index.get_mut(entry) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(entry);
        }
    }
}

fn is_selected(rollout: &Rollout, set: &ReplicaSet) -> bool {
    let selector = rollout.spec.selector.as_ref().and_then(Selector::new);
    selector.is_some_and(|selector| !selector.is_empty() && selector.matches(&set.labels))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(value: Value) -> DynamicObject {
        serde_json::from_value(value).unwrap()
    }

    fn rollout(name: &str, uid: &str, spec: Value) -> DynamicObject {
        object(
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": "1"}, "spec": spec}),
        )
    }

    fn set(name: &str, owner: Option<&str>) -> DynamicObject {
        let owners: Vec<Value> = owner
            .iter()
            .map(|uid| {
                json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web",
                "uid": uid, "controller": true})
            })
            .collect();
        object(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "2",
                "labels": {"app": "web"}, "ownerReferences": owners}, "spec": {"replicas": 3}}))
    }

    fn selecting(app: &str) -> Value {
        json!({"selector": {"matchLabels": {"app": app}}})
    }

    #[test]
    fn a_replica_set_concerns_the_rollout_that_controls_it() {
        let mut cache = Cache::default();
        cache.apply(Kind::Rollout, rollout("web", "u1", selecting("web")));
        cache.apply(Kind::Rollout, rollout("other", "u2", selecting("web")));
        let concerned = cache.apply(Kind::ReplicaSet, set("web-1", Some("u1")));
        assert_eq!(concerned, [Key::new("shop", "web")]);
        assert_eq!(
            cache.apply(Kind::ReplicaSet, set("web-1", Some("gone"))),
            [Key::new("shop", "web")]
        );
        assert_eq!(
            cache.apply(Kind::ReplicaSet, set("web-2", Some("gone"))),
            []
        );
    }

    #[test]
    fn a_replica_set_that_nobody_controls_concerns_those_whose_selector_matches() {
        let mut cache = Cache::default();
        cache.apply(Kind::Rollout, rollout("web", "u1", selecting("web")));
        cache.apply(Kind::Rollout, rollout("other", "u2", selecting("other")));
        assert_eq!(
            cache.apply(Kind::ReplicaSet, set("lost", None)),
            [Key::new("shop", "web")]
        );
        let web = cache.rollout(&Key::new("shop", "web")).unwrap().clone();
        assert_eq!(cache.sets_of(&Key::new("shop", "web"), &web).len(), 1);
    }

    #[test]
    fn a_replica_set_of_another_namespace_or_owner_is_not_ours() {
        let mut cache = Cache::default();
        cache.apply(Kind::Rollout, rollout("web", "u1", selecting("web")));
        let key = Key::new("shop", "web");
        let names = |cache: &Cache| -> Vec<String> {
            let web = cache.rollout(&key).unwrap().clone();
            let sets = cache.sets_of(&key, &web);
            sets.iter().map(|set| set.name.clone()).collect()
        };
        let mut elsewhere = set("elsewhere", None);
        elsewhere.metadata.namespace = Some("shop-2".to_owned());
        assert_eq!(cache.apply(Kind::ReplicaSet, elsewhere), []);
        assert!(names(&cache).is_empty());
        cache.apply(Kind::ReplicaSet, set("web-1", Some("u1")));
        assert_eq!(names(&cache), ["web-1"]);
        cache.apply(Kind::ReplicaSet, set("web-1", Some("u2")));
        assert!(names(&cache).is_empty(), "it has another owner now");
    }

    #[test]
    fn a_service_concerns_the_rollouts_that_name_it() {
        let mut cache = Cache::default();
        let names = |active: &str| json!({"strategy": {"blueGreen": {"activeService": active}}});
        cache.apply(Kind::Rollout, rollout("web", "u1", names("live")));
        let service = || {
            object(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "live", "namespace": "shop", "uid": "s", "resourceVersion": "3"}}))
        };
        assert_eq!(
            cache.apply(Kind::Service, service()),
            [Key::new("shop", "web")]
        );
        cache.apply(Kind::Rollout, rollout("web", "u1", names("elsewhere")));
        assert_eq!(cache.apply(Kind::Service, service()), []);
    }

    #[test]
    fn a_rollout_that_cannot_be_read_leaves_the_others_in_sight() {
        let mut cache = Cache::default();
        cache.apply(Kind::Rollout, rollout("web", "u1", selecting("web")));
        cache.apply(
            Kind::Rollout,
            rollout("broken", "u2", json!({"replicas": "many"})),
        );
        assert!(cache.rollout(&Key::new("shop", "web")).is_some());
        assert!(cache.poison(&Key::new("shop", "broken")).is_some());
        cache.apply(
            Kind::Rollout,
            rollout("broken", "u2", json!({"replicas": 1})),
        );
        assert!(cache.poison(&Key::new("shop", "broken")).is_none());
    }

    #[test]
    fn an_empty_selector_selects_no_replica_set() {
        let mut cache = Cache::default();
        cache.apply(Kind::Rollout, rollout("web", "u1", json!({"selector": {}})));
        assert_eq!(cache.apply(Kind::ReplicaSet, set("lost", None)), []);
        let key = Key::new("shop", "web");
        let web = cache.rollout(&key).unwrap().clone();
        assert_eq!(cache.sets_of(&key, &web), []);
    }
}
