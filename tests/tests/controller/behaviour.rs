//! What users see of a controller in which nothing goes wrong.

use std::time::Duration;

use serde_json::json;

use crate::world::{World, canary, rollout, service};

#[tokio::test(start_paused = true)]
async fn a_canary_goes_through_its_steps_to_the_end() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Paused").await;
    assert_eq!(world.pods().await, ["app:v1=3", "app:v2=1"]);
    world.until("web", "Healthy").await;
    assert_eq!(world.pods().await, ["app:v2=4"]);
    let events = world.events("web").await;
    assert_eq!(events.first().unwrap(), "RolloutAddedToInformer");
    assert_eq!(events.last().unwrap(), "RolloutCompleted");
}

#[tokio::test(start_paused = true)]
async fn a_blue_green_rollout_switches_when_it_is_promoted() {
    let world = World::new();
    let _controller = world.run();
    world.create(service("active", "web")).await;
    world.create(service("preview", "web")).await;
    let strategy = json!({"blueGreen": {"activeService": "active", "previewService": "preview",
        "autoPromotionEnabled": false}});
    world.create(rollout("web", 3, strategy)).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Paused").await;
    let selected = async |name: &str| {
        let service = world.get("Service", name).await;
        service["spec"]["selector"]["rollouts-pod-template-hash"].clone()
    };
    assert_ne!(selected("active").await, selected("preview").await);
    world
        .patch_status("web", json!({"pauseConditions": null}))
        .await;
    world.until("web", "Healthy").await;
    assert_eq!(selected("active").await, selected("preview").await);
    let pods = world.pods().await;
    assert_eq!(pods, ["app:v1=3", "app:v2=3"], "a fast way back");
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(world.pods().await, ["app:v2=3"]);
}

/// `compat/status-and-events.md` §5.1.
#[tokio::test(start_paused = true)]
async fn events_come_in_the_order_that_users_tests_know() {
    let world = World::new();
    let _controller = world.run();
    world.create(service("active", "web")).await;
    let strategy = json!({"blueGreen": {"activeService": "active"}});
    world.create(rollout("web", 1, strategy)).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Healthy").await;
    let known = [
        "RolloutAddedToInformer",
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "ScalingReplicaSet",
        "RolloutCompleted",
        "SwitchService",
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "SwitchService",
        "RolloutCompleted",
    ];
    let mut seen = world.events("web").await;
    // The two that go with the first full pass may come in either order there; the writes decide.
    let mut expected = known.map(str::to_owned).to_vec();
    seen[..6].sort();
    expected[..6].sort();
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_at_rest_writes_nothing() {
    let world = World::new();
    let controller = world.run();
    for name in ["a", "b", "c"] {
        world.create(rollout(name, 2, canary())).await;
    }
    for name in ["a", "b", "c"] {
        world.until(name, "Healthy").await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = controller.gauge.counters().writes();
    tokio::time::sleep(Duration::from_secs(6 * 3600)).await;
    assert_eq!(controller.gauge.counters().writes(), before);
}

#[tokio::test(start_paused = true)]
async fn no_shipped_plan_is_held_by_the_kernel() {
    let world = World::new();
    let controller = world.run();
    world.create(rollout("web", 5, canary())).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Paused").await;
    world.patch_status("web", json!({"abort": true})).await;
    world.until("web", "Degraded").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.pods().await, ["app:v1=5"]);
    world.patch_status("web", json!({"abort": null})).await;
    world.until("web", "Healthy").await;
    world
        .patch("Rollout", "web", json!({"spec": {"replicas": 0}}))
        .await;
    world.until("web", "Healthy").await;
    world
        .patch("Rollout", "web", json!({"spec": {"replicas": 2}}))
        .await;
    world.until("web", "Healthy").await;
    assert_eq!(controller.gauge.counters().holds, [].into());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_is_deleted_takes_its_pods_with_it_and_is_told() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    world.delete("Rollout", "web").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.list("ReplicaSet").await.len(), 0);
    assert_eq!(world.events("web").await.last().unwrap(), "RolloutDeleted");
}
