//! The shipped controller over the embedded cluster: what holds for every strategy.

mod world;

use std::time::Duration;

use serde_json::{Value, json};
use world::{World, rollout, service};

fn canary() -> Value {
    json!({"canary": {"steps": [{"setWeight": 25}, {"pause": {"duration": "30s"}}, {"setWeight": 50}]}})
}

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
    assert_eq!(
        world.pods().await,
        ["app:v1=3", "app:v2=3"],
        "a fast way back"
    );
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(world.pods().await, ["app:v2=3"]);
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
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(controller.gauge.counters().writes(), before);
}
