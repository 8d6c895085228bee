//! Canary rollouts in the typed world.

use crate::world::World;
use serde_json::json;

fn ten_pods() -> World {
    let mut world = World::new(
        10,
        json!({"canary": {"steps": [
            {"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 30}, {"pause": {}}, {"setWeight": 100}]}}),
    );
    world.settle();
    world
}

#[test]
fn a_first_deployment_is_promoted_at_once() {
    let mut world = ten_pods();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!(world.sizes, ["v1 10"]);
    let order = [
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "RolloutCompleted",
    ];
    assert_eq!(world.events, order);
}

#[test]
fn a_canary_goes_through_its_steps() {
    let mut world = ten_pods();
    world.sizes.clear();
    world.events.clear();
    world.set_image("v2");
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (1, 9));
    assert_eq!(world.phase(), "Paused CanaryPauseStep");
    assert_eq!(world.waiting_on(), "PauseEnd");
    world.advance(299);
    assert_eq!(world.phase(), "Paused CanaryPauseStep");
    world.advance(10);
    assert_eq!((world.pods("v2"), world.pods("v1")), (3, 7));
    assert_eq!(world.waiting_on(), "Promotion");
    world.advance(100_000);
    assert_eq!(world.waiting_on(), "Promotion");
    world.status().pause_conditions.clear();
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!((world.pods("v2"), world.pods("v1")), (10, 0));
}

#[test]
fn an_abort_and_a_retry_make_the_events_users_know() {
    let mut world = World::new(
        1,
        json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": "3s"}}]}}),
    );
    world.settle();
    world.set_image("v2");
    world.settle();
    assert_eq!(world.phase(), "Paused CanaryPauseStep");
    world.status().abort = true;
    world.settle();
    assert_eq!(
        world.phase(),
        "Degraded RolloutAborted: Rollout aborted update to revision 2"
    );
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 1));
    world.status().abort = false;
    world.advance(20);
    assert_eq!(world.phase(), "Healthy");
    let order = "RolloutUpdated NewReplicaSetCreated RolloutNotCompleted ScalingReplicaSet RolloutCompleted \
        RolloutUpdated NewReplicaSetCreated RolloutNotCompleted ScalingReplicaSet RolloutStepCompleted RolloutPaused \
        ScalingReplicaSet RolloutAborted ScalingReplicaSet RolloutStepCompleted RolloutPaused RolloutStepCompleted \
        RolloutResumed ScalingReplicaSet RolloutCompleted";
    assert_eq!(world.events.join(" "), order);
}

#[test]
fn a_canary_that_gets_no_pods_misses_its_deadline() {
    let mut world = ten_pods();
    world.broken.push("v2".to_owned());
    world.set_image("v2");
    world.advance(599);
    assert_eq!(
        world.phase(),
        "Progressing more replicas need to be updated"
    );
    world.advance(10);
    let name = world.set_of("v2").name.clone();
    assert_eq!(
        world.phase(),
        format!(
            "Degraded ProgressDeadlineExceeded: ReplicaSet \"{name}\" has timed out progressing."
        )
    );
    world.broken.clear();
    world
        .sets
        .iter_mut()
        .for_each(|rs| rs.available_replicas = rs.replicas);
    world.settle();
    assert_eq!(world.phase(), "Paused CanaryPauseStep");
}

#[test]
fn a_rollback_to_stable_skips_all_steps() {
    let mut world = ten_pods();
    world.set_image("v2");
    world.settle();
    world.set_image("v1");
    world.settle();
    assert_eq!(world.phase(), "Healthy");
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 10));
    assert!(world.events.contains(&"SkipSteps".to_owned()));
}

#[test]
fn a_third_version_midway_starts_over() {
    let mut world = ten_pods();
    world.set_image("v2");
    world.settle();
    world.set_image("v3");
    world.settle();
    assert_eq!(
        (world.pods("v3"), world.pods("v2"), world.pods("v1")),
        (1, 0, 9)
    );
}

/// A client promotes in two writes: first it removes the pause, then `spec.paused`.
#[test]
fn a_promotion_while_a_user_holds_the_rollout_ends_the_pause_too() {
    let mut world = ten_pods();
    world.set_image("v2");
    world.settle();
    world.edit(|spec| spec.paused = true);
    world.settle();
    world.status().pause_conditions.clear();
    world.settle();
    world.edit(|spec| spec.paused = false);
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (3, 7));
}
