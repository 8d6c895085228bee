//! A status that somebody wiped promotes nothing.

use crds::names::POD_TEMPLATE_HASH;
use serde_json::json;

use crate::world::World;

fn stable(world: &mut World) -> String {
    let label = world.status().stable_rs.clone().unwrap_or_default();
    let set = world.sets.iter().find(|rs| rs.hash == label).unwrap();
    set.images[0].clone()
}

fn canary() -> World {
    let steps = json!([{"setWeight": 25}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]);
    let mut world = World::new(4, json!({"canary": {"steps": steps}}));
    world.settle();
    world
}

#[test]
fn a_canary_begins_its_steps_again() {
    let mut world = canary();
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (3, 1));
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v1");
    assert_eq!((world.pods("v2"), world.pods("v1")), (1, 3));
    assert_eq!(world.phase(), "Paused CanaryPauseStep");
}

#[test]
fn an_update_that_was_never_finished_is_not_what_is_stable() {
    let mut world = canary();
    world.set_image("v2");
    world.settle();
    world.set_image("v3");
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v1");
}

#[test]
fn a_finished_canary_stays_as_it_is() {
    let mut world = canary();
    world.sizes.clear();
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v1");
    assert_eq!(world.sizes, Vec::<String>::new());
    assert_eq!(world.phase(), "Healthy");
}

#[test]
fn pods_that_are_not_available_are_pods_of_stable_all_the_same() {
    let mut world = canary();
    world.broken.push("v1".to_owned());
    world.replica_set_controller();
    world.set_image("v2");
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v1");
}

#[test]
fn blue_green_keeps_what_the_active_service_selects() {
    let strategy = json!({"activeService": "active", "previewService": "preview", "autoPromotionEnabled": false});
    let mut world = World::new(3, json!({"blueGreen": strategy}));
    world.settle();
    world.set_image("v2");
    world.settle();
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v1");
    assert_eq!(world.phase(), "Paused BlueGreenPause");

    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!(stable(&mut world), "v2");
    // The old version is kept for its delay still; users are on the new one.
    assert_eq!(world.pods("v1"), 3);
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v2");

    // Without a selector only the deadline tells which one was left.
    world.set_image("v3");
    let active = world.services.get_mut("active").unwrap();
    active.selector.remove(POD_TEMPLATE_HASH);
    world.rollout.status = None;
    world.settle();
    assert_eq!(stable(&mut world), "v2");
}
