//! What people and their tools do to the objects: the plugin's patches, edits, mishaps.
//!
//! Source of the patches: `compat/cli.md` §3.

use crds::rollout::{RolloutStatus, Strategy};
use crds::{Rollout, names};
use planner::Owner;
use serde_json::json;

use crate::event::Act;
use crate::store::{By, Store, plain_service, version_of};
use crate::world::shared;

/// Does it.
pub fn act(store: &mut Store, act: &Act) {
    let edit = |store: &mut Store, change: &dyn Fn(&mut Rollout)| {
        store.edit_rollout(By::User, |rollout| change(rollout));
    };
    match act {
        Act::SetImage(version) => edit(store, &|it| it.spec.template = shared(*version)),
        Act::Scale(replicas) => edit(store, &|it| it.spec.replicas = Some(*replicas)),
        Act::Promote => edit(store, &promote),
        Act::PromoteFull => edit(store, &promote_full),
        Act::Abort => edit(store, &|it| status(it).abort = true),
        Act::Retry => edit(store, &|it| status(it).abort = false),
        Act::SetPaused(paused) => edit(store, &|it| it.spec.paused = *paused),
        Act::Undo => {
            if let Some(version) = version_before(store) {
                edit(store, &|it| it.spec.template = shared(version));
            }
        }
        Act::SetStrategy(number) => {
            let strategy = strategy(*number);
            edit(store, &|it| it.spec.strategy = strategy.clone());
        }
        Act::HarmlessEdit => edit(store, &|it| {
            let limit = it.spec.revision_history_limit.unwrap_or(10);
            it.spec.revision_history_limit = Some(if limit == 10 { 9 } else { 10 });
        }),
        Act::ApplyService(role) => {
            if let Some(service) = store.services.get(role.service()) {
                let mut service = planner::Service::clone(service);
                service.selector.remove(names::POD_TEMPLATE_HASH);
                store.put_service(By::User, service);
            }
        }
        Act::DeleteService(role) => store.delete_service(By::User, role.service()),
        Act::CreateService(role) => {
            if !store.services.contains_key(role.service()) {
                let uid = store.next_uid(role.service());
                store.put_service(By::User, plain_service(role.service(), &uid));
            }
        }
        Act::ScaleSet(id, replicas) => {
            store.edit_set(By::User, *id, |set| set.replicas = *replicas);
        }
        Act::DeleteSet(id) => store.delete_set(By::User, *id),
        Act::StripSet(id, mark) => store.edit_set(By::User, *id, |set| {
            set.annotations.remove(mark.annotation());
        }),
        // Its selector, and with it its version, cannot be changed.
        Act::Relabel(id, label) => store.edit_set(By::User, *id, |set| {
            let key = names::POD_TEMPLATE_HASH.to_owned();
            match label {
                Some(label) => set.labels.insert(key, label.clone()),
                None => set.labels.remove(&key),
            };
        }),
        Act::OrphanSet(id) => store.edit_set(By::User, *id, |set| set.owner = Owner::Nobody),
        Act::WipeStatus => edit(store, &|it| it.status = None),
        Act::Delete => store.delete_rollout(By::User),
    }
}

fn status(rollout: &mut Rollout) -> &mut RolloutStatus {
    rollout.status.get_or_insert_default()
}

fn promote(rollout: &mut Rollout) {
    let strategy = &rollout.spec.strategy;
    let steps = strategy.canary.as_ref().map_or(0, |it| it.steps.len());
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    let status = status(rollout);
    if !status.pause_conditions.is_empty() {
        status.pause_conditions.clear();
    } else if steps > 0 {
        let next = status.current_step_index.unwrap_or(0).saturating_add(1);
        status.current_step_index = Some(next.min(steps));
    }
    rollout.spec.paused = false;
}

fn promote_full(rollout: &mut Rollout) {
    let status = status(rollout);
    if status.current_pod_hash != status.stable_rs {
        status.promote_full = true;
    }
    rollout.spec.paused = false;
}

/// The version of the ReplicaSet with the second highest revision.
fn version_before(store: &Store) -> Option<u8> {
    let mut sets: Vec<(i64, u8)> = store
        .sets
        .iter()
        .map(|set| {
            let revision = set.object.annotations.get(names::REVISION);
            let revision = revision.and_then(|it| it.parse().ok()).unwrap_or(0);
            let image = set.object.images.first();
            (revision, image.map_or(0, |it| version_of(it)))
        })
        .collect();
    sets.sort_unstable();
    sets.pop()?;
    sets.pop().map(|(_, version)| version)
}

/// Strategies that somebody may switch to.
fn strategy(number: usize) -> Strategy {
    let all = [
        json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}),
        json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": 30}}, {"setWeight": 60}]}}),
        json!({"canary": {"maxSurge": 0, "maxUnavailable": 1}}),
        json!({"blueGreen": {"activeService": "active", "autoPromotionEnabled": false}}),
        json!({"blueGreen": {"activeService": "active", "previewService": "preview"}}),
        json!({"blueGreen": {"activeService": "preview", "previewService": "active"}}),
    ];
    let chosen = all[number % all.len()].clone();
    serde_json::from_value(chosen).unwrap_or_default()
}
