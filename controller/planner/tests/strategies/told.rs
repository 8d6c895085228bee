//! What status tells: conditions, their times, the phase, how long people kept an update waiting.

use crds::rollout::status::Condition;
use serde_json::json;

use crate::world::World;

fn condition(world: &mut World, kind: &str) -> Option<Condition> {
    let mut all = world.status().conditions.iter();
    all.find(|it| it.kind == kind).cloned()
}

fn is(world: &mut World, kind: &str) -> String {
    condition(world, kind).map_or_else(String::new, |it| it.status)
}

fn canary(replicas: i32) -> World {
    let mut world = World::new(
        replicas,
        json!({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]}}),
    );
    world.settle();
    world
}

#[test]
fn a_rollout_is_available_while_as_many_pods_answer_as_it_promises() {
    let mut world = canary(4);
    assert_eq!(is(&mut world, "Available"), "True");
    world.sets[0].available_replicas = 3;
    world.only_status();
    assert_eq!(is(&mut world, "Available"), "False");
}

#[test]
fn a_canary_is_not_healthy_while_pods_of_another_version_are_left() {
    let mut world = World::new(2, json!({"canary": {}}));
    world.settle();
    world.set_image("v2");
    world.settle();
    assert_eq!(is(&mut world, "Healthy"), "True");
    let old = world.sets.iter_mut().find(|rs| rs.images == ["v1"]);
    old.unwrap().current_replicas = 1;
    world.only_status();
    assert_eq!(is(&mut world, "Healthy"), "False");
}

#[test]
fn a_blue_green_rollout_is_not_healthy_before_its_version_is_stable() {
    let mut world = World::new(2, json!({"blueGreen": {"activeService": "active"}}));
    world.settle();
    world.set_image("v2");
    world.settle();
    let (old, new) = (
        world.set_of("v1").hash.clone(),
        world.set_of("v2").hash.clone(),
    );
    assert_eq!(world.status().stable_rs.as_ref(), Some(&new));
    // The switch was seen; whether its pods are those of now is not known.
    world.status().stable_rs = Some(old.clone());
    let set = world.sets.iter_mut().find(|rs| rs.hash == new);
    set.unwrap().generation += 1;
    world.only_status();
    assert_eq!(world.status().stable_rs.as_ref(), Some(&old));
    assert_eq!(is(&mut world, "Healthy"), "False");
}

#[test]
fn a_rollout_that_a_user_holds_is_not_called_healthy() {
    let mut world = canary(4);
    assert_eq!(is(&mut world, "Healthy"), "True");
    world.edit(|spec| spec.paused = true);
    world.settle();
    assert_eq!(is(&mut world, "Healthy"), "False");
}

/// Flux, Helm and others take a `Stalled` that is True for a failure, whatever else is there.
#[test]
fn a_rollout_that_recovers_is_not_stalled_any_more() {
    let mut world = World::new(2, json!({"canary": {}}));
    world.broken.push("v1".to_owned());
    world.advance(700);
    assert_eq!(is(&mut world, "Stalled"), "True");
    world.broken.clear();
    world.replica_set_controller();
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!(condition(&mut world, "Stalled"), None);
    assert_eq!(is(&mut world, "Ready"), "True");
}

#[test]
fn a_condition_with_another_reason_keeps_the_time_of_its_status() {
    let mut world = World::new(2, json!({"canary": {}}));
    world.settle();
    let healthy = condition(&mut world, "Progressing").unwrap();
    world.advance(100);
    world.sets[0].available_replicas = 1;
    world.only_status();
    let lost = condition(&mut world, "Progressing").unwrap();
    assert_ne!(healthy.reason, lost.reason);
    assert_eq!((&*healthy.status, &*lost.status), ("True", "True"));
    assert_eq!(healthy.last_transition_time, lost.last_transition_time);
    assert!(healthy.last_update_time < lost.last_update_time);
}

#[test]
fn all_waits_for_a_person_are_added_up() {
    let mut world = canary(4);
    world.set_image("v2");
    for seconds in [100, 30] {
        world.settle();
        assert_eq!(world.waiting_on(), "Promotion");
        world.advance(seconds);
        world.status().pause_conditions.clear();
    }
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    let record = world.status().duration.clone().unwrap();
    assert_eq!(record.total_manual_pause_duration_seconds, Some(130));
}

/// safety.md L2: one of two pods comes and goes.
#[test]
fn pods_that_come_and_go_do_not_put_off_the_deadline() {
    let mut world = World::new(8, json!({"canary": {"steps": [{"setWeight": 25}]}}));
    world.settle();
    world.broken.push("v2".to_owned());
    world.set_image("v2");
    world.settle();
    assert_eq!(world.pods("v2"), 2);
    for round in 0..14 {
        let set = world.sets.iter_mut().find(|rs| rs.images == ["v2"]);
        set.unwrap().available_replicas = round % 2;
        world.settle();
        world.now += 50_000;
    }
    world.settle();
    let phase = world.phase();
    assert!(phase.starts_with("Degraded ProgressDeadline"), "{phase}");
}

/// safety.md F26: a webhook that names a time or a request id says the same thing in other words.
#[test]
fn other_words_for_the_same_refusal_do_not_put_off_the_deadline() {
    let mut world = canary(4);
    world.set_image("v2");
    let since = crds::Time::from_unix(world.now / 1000);
    for round in 0..8 {
        world.failure = Some(planner::WriteFailure {
            object: "ReplicaSet/web-v2".to_owned(),
            creating: true,
            message: format!("no, says request {round}"),
            since,
        });
        world.check = None;
        let plan = world.plan();
        for action in plan.actions {
            world.apply(&action.write);
        }
        world.only_status();
        world.now += 100_000;
    }
    world.only_status();
    assert!(
        world
            .phase()
            .starts_with("Degraded ProgressDeadlineExceeded"),
        "{}",
        world.phase()
    );
}

#[test]
fn a_deadline_that_passed_before_a_user_held_the_rollout_aborts_nothing() {
    let deadline = |held: bool| {
        let mut world = canary(4);
        world.edit(|spec| spec.progress_deadline_abort = true);
        world.broken.push("v2".to_owned());
        world.set_image("v2");
        world.advance(500);
        // Nobody looked meanwhile.
        world.now += 200_000;
        world.edit(|spec| spec.paused = held);
        world.settle();
        world.status().abort
    };
    assert!(deadline(false));
    assert!(!deadline(true));
}

#[test]
fn a_rollout_that_is_being_deleted_is_left_alone() {
    let mut world = canary(4);
    world.set_image("v2");
    assert_ne!(world.plan().actions, []);
    let deleted = serde_json::from_value(json!("2026-01-01T00:00:00Z"));
    world.rollout.metadata.deletion_timestamp = Some(deleted.unwrap());
    assert_eq!(world.plan().actions, []);
}
