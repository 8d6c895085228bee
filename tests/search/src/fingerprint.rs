//! What makes two states the same: everything but versions, uids, and the moment itself.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use crds::rollout::RolloutStatus;
use crds::{Time, names};
use planner::{ReplicaSetChange, Write};

use crate::process::Process;
use crate::store::{Set, Store, version_of};
use crate::wire::good;
use crate::world::World;

/// A number for a state: equal states, equal numbers. Times count from now.
///
/// Controllers are alike, so it does not matter which of them is which: their parts are sorted. A
/// plan under way is known by the writes that are left of it, by how many of them nobody has
/// overtaken, and by when it gets too late.
#[must_use]
pub fn fingerprint(world: &World, left: (u32, u32)) -> u64 {
    let mut hasher = DefaultHasher::new();
    left.hash(&mut hasher);
    let controllers = world.controllers.iter();
    let mut controllers: Vec<u64> = controllers.map(|it| of_process(it, &world.store)).collect();
    controllers.sort_unstable();
    controllers.hash(&mut hasher);
    store_hash(world, &mut hasher);
    hasher.finish()
}

/// A number for the cluster alone.
pub(crate) fn of_store(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    store_hash(world, &mut hasher);
    hasher.finish()
}

fn store_hash(world: &World, hasher: &mut DefaultHasher) {
    rollout_hash(&world.store, hasher);
    for set in &world.store.sets {
        set_hash(set, &world.store, hasher);
    }
    for service in world.store.services.values() {
        (&service.name, &service.selector, &service.managed_by).hash(hasher);
    }
}

/// A number for a controller's process.
pub(crate) fn of_process(process: &Process, store: &Store) -> u64 {
    let mut hasher = DefaultHasher::new();
    process.memory().hash(&mut hasher);
    process.pass.is_some().hash(&mut hasher);
    if let Some(pass) = &process.pass {
        (pass.until - store.now).max(-1).hash(&mut hasher);
        (pass.actions.len(), good(store, pass)).hash(&mut hasher);
        (pass.is_cut, pass.observed.failure.is_some()).hash(&mut hasher);
        // Checkers ask whether a write was decided on what people want now.
        (pass.decided_on() == version(store)).hash(&mut hasher);
        for action in &pass.actions {
            write_hash(&action.write, store, &mut hasher);
        }
    }
    hasher.finish()
}

fn version(store: &Store) -> Option<u64> {
    let metadata = &store.rollout.as_ref()?.metadata;
    metadata.resource_version.as_ref()?.parse().ok()
}

fn write_hash(write: &Write, store: &Store, hasher: &mut DefaultHasher) {
    discriminant(write).hash(hasher);
    match write {
        Write::CheckTemplate { digest, .. } => digest.hash(hasher),
        Write::CreateReplicaSet { object } => object.to_string().hash(hasher),
        Write::PatchReplicaSet {
            name,
            uid: _,
            resource_version: _,
            change,
        } => {
            let ReplicaSetChange {
                replicas,
                min_ready_seconds,
                annotations,
                adopts,
                label,
            } = change;
            (name, replicas, min_ready_seconds, adopts, label).hash(hasher);
            for (key, value) in annotations {
                match value {
                    Some(value) => annotation_hash(key, value, store, hasher),
                    None => key.hash(hasher),
                }
            }
        }
        Write::DeleteReplicaSet { name, .. } | Write::ReleaseService { name, .. } => {
            name.hash(hasher);
        }
        Write::PatchService {
            name,
            uid: _,
            resource_version: _,
            hash,
            managed_by,
        } => (name, hash, managed_by).hash(hasher),
        Write::PatchRollout { annotations } => annotations.hash(hasher),
        Write::WriteStatus { status } => status_hash(status, store, hasher),
    }
}

fn rollout_hash(store: &Store, hasher: &mut DefaultHasher) {
    let Some(rollout) = &store.rollout else {
        return;
    };
    let spec = &rollout.spec;
    spec.template.text().hash(hasher);
    (spec.replicas, spec.paused).hash(hasher);
    spec.strategy.blue_green.is_some().hash(hasher);
    let generation = status_generation(rollout.status.as_ref());
    (generation == rollout.metadata.generation).hash(hasher);
    if let Some(status) = &rollout.status {
        status_hash(status, store, hasher);
    }
}

fn status_generation(status: Option<&RolloutStatus>) -> Option<i64> {
    let generation = status?.observed_generation.as_ref();
    generation.and_then(|it| it.number())
}

fn status_hash(status: &RolloutStatus, store: &Store, hasher: &mut DefaultHasher) {
    let ago = |time: &Time| store.second().seconds_since(*time);
    (
        &status.current_pod_hash,
        &status.stable_rs,
        &status.current_step_hash,
    )
        .hash(hasher);
    (status.current_step_index, status.collision_count).hash(hasher);
    (status.abort, status.promote_full, status.controller_pause).hash(hasher);
    (&status.phase, &status.message).hash(hasher);
    status.aborted_at.as_ref().map(ago).hash(hasher);
    (status.replicas, status.updated_replicas).hash(hasher);
    (status.ready_replicas, status.available_replicas).hash(hasher);
    (
        &status.blue_green.active_selector,
        &status.blue_green.preview_selector,
    )
        .hash(hasher);
    status.blue_green.scale_up_preview_check_point.hash(hasher);
    for pause in &status.pause_conditions {
        (&pause.reason, ago(&pause.start_time)).hash(hasher);
    }
    for condition in &status.conditions {
        (&condition.kind, &condition.status, &condition.reason).hash(hasher);
        if condition.kind == "Progressing" {
            ago(&condition.last_update_time).hash(hasher);
        }
    }
}

fn set_hash(set: &Set, store: &Store, hasher: &mut DefaultHasher) {
    let object = &set.object;
    (&object.hash, object.replicas, object.min_ready_seconds).hash(hasher);
    (
        object.current_replicas,
        object.ready_replicas,
        object.available_replicas,
    )
        .hash(hasher);
    (object.generation - object.observed_generation).hash(hasher);
    (object.generation - set.acted_on).hash(hasher);
    object.images.first().map(|it| version_of(it)).hash(hasher);
    object.labels.get(names::POD_TEMPLATE_HASH).hash(hasher);
    for (key, value) in &object.annotations {
        annotation_hash(key, value, store, hasher);
    }
    let mut pods: Vec<bool> = set.pods.iter().map(|pod| pod.ready.is_some()).collect();
    pods.sort_unstable();
    pods.hash(hasher);
}

fn annotation_hash(key: &str, value: &str, store: &Store, hasher: &mut DefaultHasher) {
    key.hash(hasher);
    match Time::parse(value) {
        Ok(time) if key == names::SCALE_DOWN_DEADLINE => {
            store.second().seconds_since(time).hash(hasher);
        }
        _ => value.hash(hasher),
    }
}
