//! Objects that are not as they should be.

use std::time::Duration;

use crds::manifests;
use serde_json::{Value, json};

use crate::world::{World, canary, rollout, service};

/// Our CRD of Rollouts after this change.
fn changed(change: impl Fn(&mut Value)) -> Vec<Value> {
    let mut crds = manifests::definitions();
    let rollouts = crds
        .iter_mut()
        .find(|crd| crd["spec"]["names"]["kind"] == "Rollout");
    change(
        &mut rollouts.unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"],
    );
    crds
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_cannot_be_read_is_told_so_and_blinds_nobody() {
    let world = World::with_crds(changed(|properties| {
        properties["spec"] =
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    }));
    let _controller = world.run();
    let mut broken = rollout("broken", 2, canary());
    broken["spec"]["strategy"]["canary"]["steps"][1] = json!({"setWeight": "a lot"});
    world.create(broken).await;
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    world.until("broken", "Degraded").await;
    let status = world.get("Rollout", "broken").await["status"].clone();
    assert_eq!(status["waitingOn"]["reason"], "InvalidSpec", "{status}");
    assert_eq!(
        status["waitingOn"]["object"],
        "spec.strategy.canary.steps[1].setWeight"
    );
    let strategy = json!({"spec": {"strategy": canary()}});
    world.patch("Rollout", "broken", strategy).await;
    world.until("broken", "Healthy").await;
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_does_not_keep_what_is_waited_on_costs_no_further_write() {
    let world = World::with_crds(changed(|properties| {
        let status = properties["status"]["properties"].as_object_mut().unwrap();
        status.remove("waitingOn");
        status.remove("mostUpdatedAvailable");
        let conditions = &mut status["conditions"]["items"]["properties"];
        conditions
            .as_object_mut()
            .unwrap()
            .remove("observedGeneration");
    }));
    let controller = world.run();
    let strategy = json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}});
    world.create(rollout("web", 2, strategy)).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Paused").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = controller.gauge.counters().writes();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(controller.gauge.counters().writes(), before);
    let events = world.events("web").await;
    let pauses = events
        .iter()
        .filter(|reason| *reason == "RolloutPaused")
        .count();
    assert_eq!(pauses, 1, "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_something_else_has_taken_is_left_to_it() {
    let world = World::new();
    let controller = world.run();
    world.create(rollout("web", 1, canary())).await;
    world.until("web", "Healthy").await;
    let name = world.list("ReplicaSet").await[0]["metadata"]["name"].clone();
    drop(controller);
    world.delete("Rollout", "web").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let labels = json!({"app": "foreign"});
    world
        .create(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}}}))
        .await;
    let _controller = world.run();
    world.create(rollout("web", 1, canary())).await;
    world.until("web", "Healthy").await;
    let foreign = world.get("ReplicaSet", name.as_str().unwrap()).await;
    assert_eq!(foreign["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(world.list("ReplicaSet").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_replica_set_that_lost_its_owner_is_taken_back_with_its_other_owners() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    let set = world.list("ReplicaSet").await.remove(0);
    let name = set["metadata"]["name"].as_str().unwrap();
    let uid = world.get("Rollout", "web").await["metadata"]["uid"].clone();
    world.create(service("watcher", "web")).await;
    let watcher = world.get("Service", "watcher").await["metadata"]["uid"].clone();
    let other = json!({"apiVersion": "v1", "kind": "Service", "name": "watcher", "uid": watcher});
    world
        .patch(
            "ReplicaSet",
            name,
            json!({"metadata": {"ownerReferences": [other]}}),
        )
        .await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let owners = world.get("ReplicaSet", name).await["metadata"]["ownerReferences"].clone();
    let uids: Vec<&Value> = owners
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["uid"])
        .collect();
    assert_eq!(uids, [&watcher, &uid]);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_the_api_server_refuses_is_invalid_in_its_words() {
    let world = World::with_crds(changed(|properties| {
        let spec = properties["spec"]["properties"].as_object_mut().unwrap();
        spec["template"] = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    }));
    let _controller = world.run();
    let mut misspelt = rollout("web", 2, canary());
    misspelt["spec"]["template"]["spec"]["containers"][0]["imagePullPolcy"] = json!("Always");
    world.create(misspelt).await;
    world.until("web", "Degraded").await;
    let status = world.get("Rollout", "web").await["status"].clone();
    let field = status["waitingOn"]["object"].as_str().unwrap();
    assert_eq!(
        field, "spec.template.spec.containers[0].imagePullPolcy",
        "{status}"
    );
    assert_eq!(world.list("ReplicaSet").await.len(), 0);
}
