//! Worlds that can come about: a Rollout from its creation on, and what people and pods do to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::RolloutStatus;
use fuzz::draw::Draw;
use fuzz::model::Model;
use fuzz::observation::{NOW, template};
use planner::{Observed, Service, ServiceState, Settings};
use serde_json::{Value, json};

/// A Rollout `web` that was just created.
pub(crate) fn created(draw: &mut Draw<'_>) -> Model {
    let rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop", "uid": "r1", "generation": 1, "resourceVersion": "1"},
        "spec": {"replicas": draw.pick(&[4, 1, 2, 3, 10, 0]), "selector": {"matchLabels": {"app": "web"}},
            "template": template(0), "strategy": strategy(draw),
            "progressDeadlineSeconds": draw.pick(&[600, 30]), "revisionHistoryLimit": draw.pick(&[10, 1, 0])},
    });
    let service = |name: &str| {
        let service = Service {
            name: name.to_owned(),
            uid: name.to_owned(),
            resource_version: "1".to_owned(),
            selector: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
            managed_by: None,
        };
        (name.to_owned(), ServiceState::Found(Arc::new(service)))
    };
    let observed = Observed {
        rollout: Arc::new(serde_json::from_value(rollout).unwrap()),
        replica_sets: Vec::new(),
        services: ["active", "preview"].map(service).into(),
        template_check: None,
        taken_name: None,
        failure: None,
        settings: Settings::default(),
    };
    Model::new(observed, BTreeMap::new(), NOW * 1000)
}

fn strategy(draw: &mut Draw<'_>) -> Value {
    let steps = json!([{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": 10}}, {"setWeight": 75}]);
    match draw.below(6) {
        0 => json!({"canary": {"steps": steps}}),
        1 => {
            json!({"canary": {"steps": steps, "maxSurge": 0, "maxUnavailable": draw.pick(&[1, 2])}})
        }
        2 => json!({"canary": {"maxSurge": draw.pick(&["25%", "100%"]), "maxUnavailable": "0%"}}),
        3 => {
            json!({"blueGreen": {"activeService": "active", "scaleDownDelaySeconds": draw.pick(&[30, 0])}})
        }
        4 => json!({"blueGreen": {"activeService": "active", "previewService": "preview",
            "autoPromotionEnabled": false, "previewReplicaCount": draw.pick(&[1, 2])}}),
        _ => json!({"blueGreen": {"activeService": "active", "previewService": "preview",
            "autoPromotionSeconds": 20, "abortScaleDownDelaySeconds": draw.pick(&[30, 0])}}),
    }
}

/// One thing that happens around the controller; its words are for the failure that it leads to.
pub(crate) fn happens(world: &mut Model, draw: &mut Draw<'_>) -> String {
    match draw.below(12) {
        0..=3 => {
            world.catch_up();
            "all pods are ready".to_owned()
        }
        4 | 5 => {
            pods_come_and_go(world, draw);
            "some pods come or go".to_owned()
        }
        6 => {
            let seconds = draw.pick(&[1, 11, 31, 700]);
            world.now += seconds * 1000;
            format!("{seconds} s pass")
        }
        7 | 8 => {
            let version = draw.below(3);
            edit(world, |spec| spec.template = template(version).into());
            format!("image v{version}")
        }
        9 => {
            let replicas = draw.pick(&[4, 1, 6]);
            edit(world, |spec| spec.replicas = Some(replicas));
            format!("scale to {replicas}")
        }
        10 => {
            edit_status(world, |status| status.abort = true);
            "abort".to_owned()
        }
        _ => promote(world, draw.once_in(3)),
    }
}

/// What a person does who wants the update to go on.
pub(crate) fn promote(world: &mut Model, full: bool) -> String {
    edit_status(world, |status| {
        status.abort = false;
        status.pause_conditions.clear();
        status.promote_full |= full && status.current_pod_hash != status.stable_rs;
    });
    format!("retry and promote, full: {full}")
}

/// Each ReplicaSet has some of its pods, and its controller may be behind.
fn pods_come_and_go(world: &mut Model, draw: &mut Draw<'_>) {
    let version = world.next_version();
    for set in &mut world.observed.replica_sets {
        if draw.once_in(3) {
            continue;
        }
        let set = Arc::make_mut(set);
        set.resource_version.clone_from(&version);
        set.observed_generation = set.generation;
        set.current_replicas = set.replicas;
        let missing = i32::try_from(draw.below(3)).unwrap();
        set.available_replicas = (set.replicas - missing).max(0);
        set.ready_replicas = set.available_replicas;
    }
}

pub(crate) fn edit(world: &mut Model, change: impl FnOnce(&mut crds::RolloutSpec)) {
    let version = world.next_version();
    let rollout = Arc::make_mut(&mut world.observed.rollout);
    change(&mut rollout.spec);
    rollout.metadata.generation = rollout.metadata.generation.map(|it| it + 1);
    rollout.metadata.resource_version = Some(version);
}

fn edit_status(world: &mut Model, change: impl FnOnce(&mut RolloutStatus)) {
    let version = world.next_version();
    let rollout = Arc::make_mut(&mut world.observed.rollout);
    change(rollout.status.get_or_insert_default());
    rollout.metadata.resource_version = Some(version);
}
