//! From the cache to what one plan depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use planner::{
    Observed, ServiceState, Settings, TakenName, TemplateCheck, WriteFailure, services_named,
};
use tokio::time::Instant;

use crate::cache::{Cache, Key};
use crate::execute::Unseen;

/// What the controller remembers of one Rollout between plans. All of it can be asked for again:
/// nothing is lost with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// The API server's answer about the newest template.
    pub(crate) check: Option<Arc<TemplateCheck>>,
    /// A name that turned out to be taken.
    pub(crate) taken: Option<TakenName>,
    /// The last refused write.
    pub(crate) failure: Option<WriteFailure>,
    /// When to ask again about a template that was refused: what refused it may be gone.
    pub(crate) ask_again: Option<Instant>,
    /// What a last look showed that the view did not.
    pub(crate) looked: Unseen,
    /// ReplicaSets that left a watch: whether they are gone is looked into first.
    pub(crate) lost: BTreeSet<Key>,
}

/// Everything about the Rollout `key`; `None` when it is not in the cache.
pub(crate) fn observe(
    cache: &Cache,
    key: &Key,
    memory: &Memory,
    settings: Settings,
) -> Option<Observed> {
    let rollout = cache.rollout(key)?;
    let marked = cache.managed_by(key).into_iter();
    let mut services: BTreeMap<String, ServiceState> = marked
        .map(|service| (service.name.clone(), ServiceState::Found(service)))
        .collect();
    for name in services_named(&rollout.spec) {
        let service = cache.service(&Key::new(key.namespace.clone(), name));
        services.insert(
            name.to_owned(),
            service.map_or(ServiceState::NotFound, |it| ServiceState::Found(it.clone())),
        );
    }
    Some(Observed {
        rollout: rollout.clone(),
        replica_sets: cache.sets_of(key, rollout),
        services,
        template_check: memory.check.clone(),
        taken_name: memory.taken.clone(),
        failure: memory.failure.clone(),
        settings,
    })
}
