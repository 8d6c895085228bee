//! Whatever people do, the kernel never holds what the shipped planner plans.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, rollout, service};

/// A small generator of numbers: the same seed gives the same acts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn strategy(dice: &mut Dice) -> Value {
    match dice.roll(4) {
        0 => json!({"canary": {"maxSurge": dice.roll(3), "maxUnavailable": 1,
            "steps": [{"setWeight": 20}, {"pause": {"duration": 5}}, {"setWeight": 60}, {"pause": {}}]}}),
        1 => json!({"canary": {}}),
        2 => json!({"blueGreen": {"activeService": "active", "previewService": "preview",
            "autoPromotionEnabled": false, "previewReplicaCount": 1}}),
        _ => json!({"blueGreen": {"activeService": "active", "scaleDownDelaySeconds": 4}}),
    }
}

async fn act(world: &World, dice: &mut Dice) -> String {
    let number = dice.roll(10);
    match number {
        0..=2 => {
            let image = ["app:v1", "app:v2", "app:v3", "app:bad"][dice.roll(4)];
            world.set_image("web", image).await;
            return format!("image {image}");
        }
        3 => world.patch_status("web", json!({"abort": true})).await,
        4 => world.patch_status("web", json!({"abort": null})).await,
        5 => {
            world
                .patch_status("web", json!({"pauseConditions": null}))
                .await
        }
        6 => {
            world
                .patch_status("web", json!({"promoteFull": true}))
                .await
        }
        7 => {
            let replicas = dice.roll(6);
            world
                .patch("Rollout", "web", json!({"spec": {"replicas": replicas}}))
                .await;
            return format!("replicas {replicas}");
        }
        8 => {
            let selector = json!({"rollouts-pod-template-hash": null});
            world
                .patch("Service", "active", json!({"spec": {"selector": selector}}))
                .await;
        }
        _ => {
            let paused = dice.roll(2) == 0;
            world
                .patch("Rollout", "web", json!({"spec": {"paused": paused}}))
                .await;
        }
    }
    format!("act {number}")
}

#[tokio::test(start_paused = true)]
async fn the_kernel_never_holds_a_plan_of_the_shipped_planner() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let world = World::new();
        let controller = world.run();
        for name in ["active", "preview"] {
            world.create(service(name, "web")).await;
        }
        let strategy = strategy(&mut dice);
        let mut acts = vec![format!("seed {seed}: {strategy}")];
        world.create(rollout("web", 4, strategy)).await;
        for _ in 0..20 {
            let wait = [0, 40, 900, 3_000, 11_000][dice.roll(5)];
            tokio::time::sleep(Duration::from_millis(wait)).await;
            acts.push(format!("after {wait} ms: {}", act(&world, &mut dice).await));
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let holds = controller.gauge.counters().holds;
        assert_eq!(holds, [].into(), "{acts:#?}");
    }
}
