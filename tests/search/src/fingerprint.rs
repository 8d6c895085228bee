//! What makes two states the same: everything but versions, uids, and the moment itself.

use std::hash::{DefaultHasher, Hash, Hasher};

use crds::{Time, names};

use crate::process::Process;
use crate::store::{Set, Store, version_of};
use crate::world::World;

/// A number for a state: equal states, equal numbers. Times count from now.
///
/// A plan under way is known by the state it was made in (`planned_on`) and by how much of it is
/// left.
#[must_use]
pub fn fingerprint(world: &World, planned_on: &[u64], left: (u32, u32)) -> u64 {
    let mut hasher = DefaultHasher::new();
    left.hash(&mut hasher);
    planned_on.hash(&mut hasher);
    for process in &world.controllers {
        process_hash(process, &mut hasher);
    }
    rollout_hash(&world.store, &mut hasher);
    for set in &world.store.sets {
        set_hash(set, &world.store, &mut hasher);
    }
    for service in world.store.services.values() {
        (&service.name, &service.selector, &service.managed_by).hash(&mut hasher);
    }
    hasher.finish()
}

fn process_hash(process: &Process, hasher: &mut DefaultHasher) {
    process
        .pass
        .as_ref()
        .map(|pass| pass.actions.len())
        .hash(hasher);
    process.memory().hash(hasher);
}

fn rollout_hash(store: &Store, hasher: &mut DefaultHasher) {
    let Some(rollout) = &store.rollout else {
        return;
    };
    let spec = &rollout.spec;
    spec.template.text().hash(hasher);
    (spec.replicas, spec.paused).hash(hasher);
    spec.strategy.blue_green.is_some().hash(hasher);
    let Some(status) = &rollout.status else {
        return;
    };
    let ago = |time: &Time| store.second().seconds_since(*time);
    let seen = status
        .observed_generation
        .as_ref()
        .and_then(|it| it.number());
    (seen == rollout.metadata.generation).hash(hasher);
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
    for (name, value) in &object.annotations {
        name.hash(hasher);
        match Time::parse(value) {
            Ok(time) if name == names::SCALE_DOWN_DEADLINE => {
                store.second().seconds_since(time).hash(hasher);
            }
            _ => value.hash(hasher),
        }
    }
    let mut pods: Vec<bool> = set.pods.iter().map(|pod| pod.ready.is_some()).collect();
    pods.sort_unstable();
    pods.hash(hasher);
}
