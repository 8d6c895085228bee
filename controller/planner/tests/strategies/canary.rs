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

/// safety.md S13, F21: what people do after an abort is to delete what failed.
#[test]
fn deleting_the_aborted_replica_set_does_not_end_the_abort() {
    let mut world = ten_pods();
    world.set_image("v2");
    world.settle();
    world.status().abort = true;
    world.settle();
    world.sets.retain(|rs| rs.images != ["v2"]);
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 10));
    assert!(world.status().abort);
}

/// safety.md F26: a version that cannot be made is never Healthy, and Degraded in the end.
#[test]
fn a_refused_creation_is_not_healthy_and_misses_its_deadline() {
    let mut world = ten_pods();
    world.set_image("v2");
    let failure = planner::WriteFailure {
        object: "ReplicaSet/web-new".to_owned(),
        creating: true,
        message: "exceeded quota: pods".to_owned(),
        since: crds::Time::from_unix(world.now / 1000),
    };
    world.failure = Some(failure);
    world.only_status();
    assert_eq!(
        world.phase(),
        "Progressing more replicas need to be updated"
    );
    assert_eq!(world.waiting_on(), "WriteRefused");
    world.now += 601_000;
    world.only_status();
    let message = "ReplicaSet \"web-new\" has timed out progressing.";
    assert_eq!(
        world.phase(),
        format!("Degraded ProgressDeadlineExceeded: {message}")
    );
}

/// safety.md S12: a pause is as long as its step says, also when a client skips to it.
#[test]
fn skipping_from_one_pause_to_the_next_starts_that_one_anew() {
    let steps = serde_json::json!([{"pause": {}}, {"pause": {"duration": "1h"}}]);
    let mut world = World::new(2, serde_json::json!({"canary": {"steps": steps}}));
    world.settle();
    world.set_image("v2");
    world.advance(7200);
    world.status().current_step_index = Some(1);
    world.advance(3500);
    assert_eq!(world.waiting_on(), "PauseEnd");
    world.advance(200);
    assert_eq!(world.phase(), "Healthy");
}

/// safety.md L2: pods that come and go do not put off the deadline.
#[test]
fn evicted_pods_do_not_put_off_the_deadline() {
    let mut world = ten_pods();
    world.broken.push("v2".to_owned());
    world.set_image("v2");
    world.settle();
    for round in 0..40 {
        world.now += 20_000;
        let gone = world
            .sets
            .iter_mut()
            .find(|rs| rs.images == ["v2"])
            .unwrap();
        gone.current_replicas = round % 2;
        world.only_status();
    }
    assert!(
        world
            .phase()
            .starts_with("Degraded ProgressDeadlineExceeded")
    );
}

/// docs/decisions/0005: capacity is repaired only where nothing else serves.
#[test]
fn without_the_stable_replica_set_the_next_version_goes_step_by_step_away_from_what_serves() {
    let mut world = ten_pods();
    world.set_image("v2");
    world.settle();
    world.sets.retain(|rs| rs.images != ["v1"]);
    world.settle();
    assert_eq!(world.pods("v2"), 10);
    world.set_image("v3");
    world.settle();
    assert_eq!((world.pods("v3"), world.pods("v2")), (1, 9));
    world.status().abort = true;
    world.settle();
    assert_eq!((world.pods("v3"), world.pods("v2")), (0, 10));
}
