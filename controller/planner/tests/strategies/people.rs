//! What people and other controllers do to a rollout and its Services at awkward moments.

use crds::names::POD_TEMPLATE_HASH;
use planner::Write;
use serde_json::{Value, json};

use crate::world::World;

fn canary(steps: Value) -> World {
    let mut world = World::new(10, json!({"canary": {"steps": steps}}));
    world.settle();
    world
}

fn blue_green(more: Value) -> World {
    let mut strategy = json!({"activeService": "active", "previewService": "preview"});
    let more = more.as_object().unwrap().clone();
    strategy.as_object_mut().unwrap().extend(more);
    let mut world = World::new(3, json!({"blueGreen": strategy}));
    world.settle();
    world
}

fn point(world: &mut World, service: &str, label: &str) {
    let service = world.services.get_mut(service).unwrap();
    service
        .selector
        .insert(POD_TEMPLATE_HASH.to_owned(), label.to_owned());
}

fn selected(world: &World, service: &str) -> String {
    world.services[service].selector[POD_TEMPLATE_HASH].clone()
}

#[test]
fn a_user_who_holds_a_canary_at_its_end_holds_its_promotion() {
    let mut world = canary(json!([]));
    world.broken.push("v2".to_owned());
    world.set_image("v2");
    world.edit(|spec| {
        let canary = spec.strategy.canary.as_mut().unwrap();
        canary.max_surge = Some(serde_json::from_value(json!("100%")).unwrap());
    });
    world.settle();
    assert_eq!(world.pods("v2"), 10);
    let stable = world.status().stable_rs.clone();
    world.edit(|spec| spec.paused = true);
    world.broken.clear();
    world.replica_set_controller();
    world.settle();
    assert_eq!(world.status().stable_rs, stable);
    world.edit(|spec| spec.paused = false);
    world.settle();
    assert_ne!(world.status().stable_rs, stable);
}

#[test]
fn a_canary_that_is_held_follows_the_number_of_pods_with_its_stable_version() {
    let mut world = canary(json!([{"setWeight": 10}, {"pause": {}}]));
    world.set_image("v2");
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (1, 9));
    world.edit(|spec| {
        spec.paused = true;
        spec.replicas = Some(20);
    });
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (1, 19));
}

#[test]
fn an_index_beyond_the_last_step_is_the_end_of_the_steps() {
    let mut world = canary(json!([{"setWeight": 10}, {"pause": {}}]));
    world.broken.push("v2".to_owned());
    world.set_image("v2");
    world.settle();
    for (written, read) in [(99, 2), (-7, 0)] {
        world.status().current_step_index = Some(written);
        world.only_status();
        assert_eq!(world.status().current_step_index, Some(read));
    }
}

/// Another controller of the field holds the rollout for a reason of its own (an analysis, say).
#[test]
fn a_step_that_was_resumed_stays_resumed_while_something_else_pauses() {
    let mut world = canary(json!([{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}]));
    world.set_image("v2");
    world.settle();
    let mut other = world.status().pause_conditions[0].clone();
    other.reason = "InconclusiveAnalysisRun".to_owned();
    world.status().pause_conditions = vec![other];
    world.settle();
    let pauses = &world.status().pause_conditions;
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!(world.phase(), "Healthy");
}

/// safety.md S12: what was waited for one version was not waited for another.
#[test]
fn another_version_waits_the_whole_time() {
    let mut world = blue_green(json!({"autoPromotionSeconds": 100}));
    world.set_image("v2");
    world.advance(200);
    assert_eq!(world.phase(), "Healthy");
    world.set_image("v3");
    world.advance(90);
    assert_eq!(world.waiting_on(), "PauseEnd");
    // There is a ReplicaSet of this one already.
    world.set_image("v1");
    world.advance(50);
    assert_eq!(world.waiting_on(), "PauseEnd");
    assert_eq!(selected(&world, "active"), world.set_of("v2").hash);
    world.advance(60);
    assert_eq!(selected(&world, "active"), world.set_of("v1").hash);
}

#[test]
fn a_way_back_after_its_time_is_an_update_like_any_other() {
    let mut world = blue_green(json!({"autoPromotionEnabled": false}));
    world.set_image("v2");
    world.settle();
    world.status().pause_conditions.clear();
    world.settle();
    let new = world.set_of("v2").hash.clone();
    assert_eq!(selected(&world, "active"), new);
    // Nobody looked meanwhile.
    world.now += 40_000;
    world.set_image("v1");
    world.settle();
    assert_eq!(selected(&world, "active"), new);
    assert_eq!(world.waiting_on(), "Promotion");
}

/// safety.md F22: a selector of nobody's version is not what was committed.
#[test]
fn a_selector_that_somebody_else_wrote_is_not_noted_and_is_put_back() {
    for label in ["of-somebody-else", ""] {
        let mut world = blue_green(json!({}));
        let stable = world.set_of("v1").hash.clone();
        point(&mut world, "active", label);
        world.only_status();
        let noted = world.status().blue_green.active_selector.clone();
        assert_eq!(noted.as_ref(), Some(&stable), "{label}");
        world.settle();
        assert_eq!(selected(&world, "active"), stable);
    }
}

#[test]
fn an_empty_label_in_a_selector_selects_no_version() {
    let mut world = blue_green(json!({}));
    world.edit(|spec| spec.paused = true);
    point(&mut world, "preview", "");
    world.only_status();
    assert_eq!(world.status().blue_green.preview_selector, None);
}

/// safety.md S9: users are sent to a preview by hand; then it is no preview any more.
#[test]
fn a_small_preview_that_users_are_sent_to_grows_and_stays_large() {
    let mut world = blue_green(json!({"previewReplicaCount": 1, "autoPromotionEnabled": false}));
    world.set_image("v2");
    world.settle();
    assert_eq!(world.pods("v2"), 1);
    let new = world.set_of("v2").hash.clone();
    point(&mut world, "active", &new);
    world.edit(|spec| spec.paused = true);
    world.settle();
    assert_eq!(world.pods("v2"), 3);
}

/// safety.md S9: the switch back is refused for a long time.
#[test]
fn an_aborted_version_keeps_its_pods_as_long_as_users_reach_it() {
    let mut world = blue_green(json!({}));
    world.set_image("v2");
    world.settle();
    let stable = world.set_of("v1").hash.clone();
    world.status().stable_rs = Some(stable);
    world.status().abort = true;
    for _ in 0..20 {
        for action in world.plan().actions {
            if !matches!(action.write, Write::PatchService { .. }) {
                world.apply(&action.write);
            }
        }
        world.replica_set_controller();
        world.now += 10_000;
    }
    assert_eq!(world.pods("v2"), 3);
}

/// The delay is there so that nobody is cut off: it begins when stable has its pods.
#[test]
fn the_delay_after_an_abort_begins_when_stable_serves() {
    let mut world =
        blue_green(json!({"autoPromotionEnabled": false, "abortScaleDownDelaySeconds": 30}));
    world.set_image("v2");
    world.settle();
    world.broken.push("v1".to_owned());
    world.replica_set_controller();
    world.status().abort = true;
    world.advance(100);
    assert_eq!(world.pods("v2"), 3);
    world.broken.clear();
    world.replica_set_controller();
    world.advance(29);
    assert_eq!(world.pods("v2"), 3);
    world.advance(5);
    assert_eq!(world.pods("v2"), 0);
}

/// safety.md S14: an abort is not held up, least of all the way back of users.
#[test]
fn a_user_who_holds_a_rollout_does_not_hold_up_its_abort() {
    let mut world = blue_green(json!({}));
    world.set_image("v2");
    world.settle();
    let stable = world.set_of("v1").hash.clone();
    world.status().stable_rs = Some(stable.clone());
    world.status().abort = true;
    world.edit(|spec| spec.paused = true);
    world.settle();
    assert_eq!(selected(&world, "active"), stable);
}

/// A promoted `v2`, and `v1` with its pods, a moment before its delay is over.
fn with_a_way_back() -> (World, String) {
    let mut world = blue_green(json!({}));
    let old = world.set_of("v1").hash.clone();
    world.set_image("v2");
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    world.advance(29);
    assert_eq!(world.pods("v1"), 3);
    (world, old)
}

#[test]
fn what_a_preview_shows_keeps_its_pods_from_the_moment_it_shows_it() {
    let (mut world, old) = with_a_way_back();
    world.edit(|spec| spec.paused = true);
    point(&mut world, "preview", &old);
    world.now += 10_000;
    for action in world.plan().actions {
        world.apply(&action.write);
    }
    assert_eq!(world.pods("v1"), 3);
    assert_eq!(selected(&world, "preview"), old);
}

#[test]
fn what_users_were_sent_to_last_keeps_its_pods_while_the_selector_is_lost() {
    let (mut world, old) = with_a_way_back();
    world.status().blue_green.active_selector = Some(old.clone());
    let active = world.services.get_mut("active").unwrap();
    active.selector.remove(POD_TEMPLATE_HASH);
    world.now += 10_000;
    for action in world.plan().actions {
        world.apply(&action.write);
    }
    assert_eq!(selected(&world, "active"), old);
    assert_eq!(world.pods("v1"), 3);
}
