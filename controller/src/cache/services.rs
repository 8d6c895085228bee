//! Services, by who names them and by whose mark they carry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crds::Rollout;
use planner::{Service, services_named};

use super::{Key, remove_from};

/// Every Service that was last seen.
#[derive(Debug, Default)]
pub(super) struct Services {
    all: BTreeMap<Key, Arc<Service>>,
    /// Rollouts that name a Service.
    named_by: BTreeMap<Key, BTreeSet<Key>>,
    /// Services that carry the mark of a Rollout, whether it names them or not.
    marked: BTreeMap<Key, BTreeSet<Key>>,
}

impl Services {
    /// Takes in a Service. Returns the Rollouts that name it, the one whose mark it carries, and the
    /// one whose mark it carried before: that one waits to see that it was given back.
    pub(super) fn apply(&mut self, key: Key, service: Service) -> Vec<Key> {
        let before = self.forget(&key);
        let mut concerned = self.naming(&key);
        concerned.extend(before);
        if let Some(manager) = manager(&key, &service) {
            let marked = self.marked.entry(manager.clone()).or_default();
            marked.insert(key.clone());
            concerned.push(manager);
        }
        concerned.sort();
        concerned.dedup();
        self.all.insert(key, Arc::new(service));
        concerned
    }

    /// Forgets a Service. Returns the Rollouts that name it.
    pub(super) fn delete(&mut self, key: &Key) -> Vec<Key> {
        self.forget(key);
        self.naming(key)
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Service>> {
        self.all.get(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.all.keys()
    }

    /// Services that carry the mark of this Rollout.
    pub(super) fn managed_by(&self, rollout: &Key) -> Vec<Arc<Service>> {
        let marked = self.marked.get(rollout).into_iter().flatten();
        marked
            .filter_map(|key| self.all.get(key))
            .cloned()
            .collect()
    }

    /// A Rollout names its Services.
    pub(super) fn learn_names(&mut self, key: &Key, rollout: &Rollout) {
        for service in services_named(&rollout.spec) {
            let service = Key::new(key.namespace.clone(), service);
            let naming = self.named_by.entry(service).or_default();
            naming.insert(key.clone());
        }
    }

    /// A Rollout is gone, or will name others.
    pub(super) fn forget_names(&mut self, key: &Key, rollout: &Rollout) {
        for service in services_named(&rollout.spec) {
            let service = Key::new(key.namespace.clone(), service);
            remove_from(&mut self.named_by, &service, key);
        }
    }

    /// Returns the Rollout whose mark it carried.
    fn forget(&mut self, key: &Key) -> Option<Key> {
        let old = self.all.remove(key)?;
        let manager = manager(key, &old)?;
        remove_from(&mut self.marked, &manager, key);
        Some(manager)
    }

    fn naming(&self, service: &Key) -> Vec<Key> {
        let naming = self.named_by.get(service).into_iter().flatten();
        naming.cloned().collect()
    }
}

/// The Rollout whose mark a Service carries.
fn manager(key: &Key, service: &Service) -> Option<Key> {
    let name = service
        .managed_by
        .as_deref()
        .filter(|name| !name.is_empty())?;
    Some(Key::new(key.namespace.clone(), name))
}
