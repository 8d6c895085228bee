//! Blue-green rollouts in the typed world.

use crate::world::World;
use crds::names::POD_TEMPLATE_HASH;
use serde_json::{Value, json};

fn three_pods(more: Value) -> World {
    let mut strategy = json!({"activeService": "active", "previewService": "preview", "autoPromotionEnabled": false});
    strategy
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let mut world = World::new(3, json!({"blueGreen": strategy}));
    world.settle();
    world
}

fn selects(world: &World, service: &str) -> String {
    let hash = world.services[service]
        .selector
        .get(POD_TEMPLATE_HASH)
        .cloned()
        .unwrap_or_default();
    world
        .sets
        .iter()
        .find(|rs| rs.hash == hash)
        .map(|rs| rs.images[0].clone())
        .unwrap_or_default()
}

#[test]
fn the_first_version_is_switched_to_when_it_is_there() {
    let mut world = three_pods(json!({}));
    assert_eq!(world.phase(), "Healthy");
    assert_eq!(
        (
            selects(&world, "active").as_str(),
            selects(&world, "preview").as_str()
        ),
        ("v1", "v1")
    );
}

#[test]
fn the_preview_waits_for_a_promotion_and_the_old_version_for_its_delay() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    assert_eq!(world.phase(), "Paused BlueGreenPause");
    assert_eq!(world.waiting_on(), "Promotion");
    assert_eq!(
        (
            selects(&world, "active").as_str(),
            selects(&world, "preview").as_str()
        ),
        ("v1", "v2")
    );
    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!(selects(&world, "active"), "v2");
    assert_eq!(world.pods("v1"), 3);
    world.advance(29);
    assert_eq!(world.pods("v1"), 3);
    world.advance(5);
    assert_eq!(world.pods("v1"), 0);
}

#[test]
fn a_rollback_within_the_delay_needs_no_promotion() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    world.settle();
    world.set_image("v1");
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!(selects(&world, "active"), "v1");
}

#[test]
fn a_small_preview_grows_before_the_switch() {
    let mut world = three_pods(json!({"previewReplicaCount": 1}));
    world.set_image("v2");
    world.settle();
    assert_eq!(world.pods("v2"), 1);
    assert_eq!(world.phase(), "Paused BlueGreenPause");
    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!(
        (world.pods("v2"), selects(&world, "active").as_str()),
        (3, "v2")
    );
    assert_eq!(world.phase(), "Healthy");
}

#[test]
fn an_aborted_preview_goes_after_its_delay() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    world.status().abort = true;
    world.settle();
    assert_eq!(world.waiting_on(), "Retry");
    world.advance(29);
    assert_eq!(world.pods("v2"), 3);
    world.advance(5);
    assert_eq!(world.pods("v2"), 0);
    assert_eq!(
        world.phase(),
        "Degraded RolloutAborted: Rollout aborted update to revision 2"
    );
    world.status().abort = false;
    world.settle();
    assert_eq!(world.phase(), "Paused BlueGreenPause");
}

#[test]
fn promotion_by_itself_after_some_seconds() {
    let mut world = three_pods(json!({"autoPromotionEnabled": true, "autoPromotionSeconds": 20}));
    world.set_image("v2");
    world.settle();
    assert_eq!(world.waiting_on(), "PauseEnd");
    world.advance(19);
    assert_eq!(selects(&world, "active"), "v1");
    world.advance(5);
    assert_eq!(selects(&world, "active"), "v2");
}

#[test]
fn a_selector_that_somebody_removed_is_put_back_to_the_old_version() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    world
        .services
        .get_mut("active")
        .unwrap()
        .selector
        .remove(POD_TEMPLATE_HASH);
    world.settle();
    assert_eq!(selects(&world, "active"), "v1");
    assert_eq!(world.phase(), "Paused BlueGreenPause");
}

/// safety.md S9, S12: a pause that was never committed is not over.
#[test]
fn a_canary_that_becomes_blue_green_in_a_pause_waits_for_its_own_approval() {
    let mut world = World::new(
        3,
        json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}),
    );
    world.settle();
    world.set_image("v2");
    world.settle();
    let strategy = json!({"blueGreen": {"activeService": "active", "autoPromotionEnabled": false}});
    world.edit(|spec| spec.strategy = serde_json::from_value(strategy).unwrap());
    world.settle();
    assert_eq!(world.phase(), "Paused BlueGreenPause");
    assert_eq!(selects(&world, "active"), "v1");
}

/// `compat/bluegreen.md` §8: a retry pauses again, also for a version that was there before.
#[test]
fn a_retried_rollback_waits_for_its_approval() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    world.advance(60);
    world.set_image("v1");
    world.settle();
    assert_eq!(world.phase(), "Paused BlueGreenPause");
    world.status().abort = true;
    world.settle();
    world.status().abort = false;
    world.settle();
    assert_eq!(world.phase(), "Paused BlueGreenPause");
    assert_eq!(selects(&world, "active"), "v2");
}

/// safety.md S6, F22: what served last is not given up because a selector was lost for a moment.
#[test]
fn a_serving_version_keeps_its_pods_when_its_selector_is_lost() {
    let mut world = three_pods(json!({}));
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    let switch = world.plan();
    world.apply(&switch.actions[0].write);
    world.set_image("v3");
    world.settle();
    for _ in 0..3 {
        assert_eq!(
            (selects(&world, "active").as_str(), world.pods("v2")),
            ("v2", 3)
        );
        world
            .services
            .get_mut("active")
            .unwrap()
            .selector
            .remove(POD_TEMPLATE_HASH);
        world.advance(60);
    }
}

#[test]
fn without_a_delay_the_old_version_stays_until_the_new_one_has_all_its_pods() {
    let mut world = three_pods(json!({"scaleDownDelaySeconds": 0}));
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    for action in world.plan().actions {
        if matches!(action.write, planner::Write::PatchService { .. }) {
            world.apply(&action.write);
        }
    }
    assert_eq!(selects(&world, "active"), "v2");
    let plan_with = |world: &mut World, available: i32, behind: i64| {
        let new = world.sets.iter_mut().find(|set| set.images == ["v2"]);
        let new = new.unwrap();
        new.available_replicas = available;
        new.observed_generation = new.generation - behind;
        for action in world.plan().actions {
            world.apply(&action.write);
        }
    };
    plan_with(&mut world, 3, 0);
    let new = world.set_of("v2").hash.clone();
    assert_eq!(world.status().stable_rs, Some(new));
    plan_with(&mut world, 2, 0);
    assert_eq!(world.pods("v1"), 3, "the new version has lost a pod");
    plan_with(&mut world, 3, 1);
    assert_eq!(world.pods("v1"), 3, "the counts are old");
    plan_with(&mut world, 3, 0);
    world.settle();
    assert_eq!(world.pods("v1"), 0);
}
