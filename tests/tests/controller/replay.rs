//! The same inputs give the same requests, and a crash anywhere gives the same end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use sim::{Intercept, Phase, RequestInfo};

use crate::world::{World, canary, rollout, service};

/// Two rollouts of both strategies, updated at once; the log of all requests.
async fn history() -> Vec<String> {
    let world = World::new();
    let _controller = world.run();
    world.create(service("active", "blue")).await;
    let strategy = json!({"blueGreen": {"activeService": "active"}});
    world.create(rollout("blue", 3, strategy)).await;
    for name in ["web", "api", "shop"] {
        world.create(rollout(name, 4, canary())).await;
    }
    for image in ["app:v2", "app:v3"] {
        for name in ["web", "blue", "api", "shop"] {
            world.until(name, "Healthy").await;
            world.set_image(name, image).await;
        }
    }
    for name in ["web", "blue", "api", "shop"] {
        world.until(name, "Healthy").await;
    }
    world.log.lock().unwrap().clone()
}

fn on_its_own_runtime<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

#[test]
fn the_same_run_gives_the_same_requests() {
    let first = on_its_own_runtime(history());
    assert!(first.len() > 100, "{} requests", first.len());
    for _ in 0..4 {
        let again = on_its_own_runtime(history());
        let differs = first.iter().zip(&again).find(|(a, b)| a != b);
        assert_eq!(differs, None);
        assert_eq!(first.len(), again.len());
    }
}

/// Runs an update with a controller that dies right after each of its writes was carried out, before
/// it learns of it.
async fn dying(strategy: serde_json::Value) -> Vec<String> {
    let world = World::new();
    world.create(service("active", "web")).await;
    world.create(rollout("web", 4, strategy)).await;
    let dead = Arc::new(AtomicBool::new(false));
    let flag = dead.clone();
    let (cluster, mut before) = (world.cluster.clone(), 0);
    world.fail(move |request| {
        if request.phase == Phase::Before {
            before = cluster.revision();
        }
        // A dry-run commits nothing.
        let killed = request.is_write() && cluster.revision() > before && !is_event(request);
        let was_dead = flag.fetch_or(killed, Ordering::Relaxed);
        (was_dead || killed).then_some(Intercept::Reset)
    });
    let mut controller = world.run();
    let (mut deaths, mut updated) = (0, false);
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if dead.load(Ordering::Relaxed) {
            drop(controller);
            dead.store(false, Ordering::Relaxed);
            controller = world.run();
            deaths += 1;
            assert!(deaths < 200);
        } else if world.phase("web").await == "Healthy" {
            if updated {
                break;
            }
            updated = true;
            world.set_image("web", "app:v2").await;
        }
    }
    assert!(deaths > 8, "{deaths}");
    world.heal();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut end = world.pods().await;
    let rollout = world.get("Rollout", "web").await;
    end.push(rollout["status"]["phase"].as_str().unwrap().to_owned());
    end.push(format!(
        "{} revisions",
        world.list("ReplicaSet").await.len()
    ));
    end
}

fn is_event(request: &RequestInfo) -> bool {
    let resource = request.resource.as_ref();
    resource.is_some_and(|resource| resource.resource == "events")
}

#[tokio::test(start_paused = true)]
async fn a_canary_ends_the_same_when_the_controller_dies_after_every_write() {
    assert_eq!(
        dying(canary()).await,
        ["app:v2=4", "Healthy", "2 revisions"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_blue_green_rollout_ends_the_same_when_the_controller_dies_after_every_write() {
    let strategy = json!({"blueGreen": {"activeService": "active"}});
    assert_eq!(
        dying(strategy).await,
        ["app:v2=4", "Healthy", "2 revisions"]
    );
}
