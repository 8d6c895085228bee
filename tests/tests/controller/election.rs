//! Who acts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use controller::{Config, End, LeaderElection};
use serde_json::json;
use sim::{ApiError, Intercept, Phase};

use crate::world::{World, canary, rollout};

fn candidate(identity: &str) -> Config {
    Config {
        leader_election: Some(LeaderElection {
            namespace: "default".to_owned(),
            name: "argo-rollouts-controller-lock".to_owned(),
            identity: identity.to_owned(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }),
        ..Config::default()
    }
}

async fn holder(world: &World) -> String {
    let lease = world.get("Lease", "argo-rollouts-controller-lock").await;
    lease["spec"]["holderIdentity"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn one_of_two_controllers_acts_and_the_other_takes_over_at_once_when_it_stops() {
    let world = World::new();
    let mut first = world.run_with(candidate("first"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = world.run_with(candidate("second"));
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    assert_eq!(holder(&world).await, "first");
    assert!(first.gauge.counters().writes() > 0);
    assert_eq!(second.gauge.counters().writes(), 0);

    first.shutdown.cancel();
    assert_eq!((&mut first.task).await.unwrap(), End::Stopped);
    assert_ne!(holder(&world).await, "first", "it gives its Lease back");
    world.set_image("web", "app:v2").await;
    world.until("web", "Healthy").await;
    assert_eq!(holder(&world).await, "second");
    assert_eq!(world.pods().await, ["app:v2=2"]);
    let events = world.events("web").await;
    let greetings = events
        .iter()
        .filter(|it| *it == "RolloutAddedToInformer")
        .count();
    assert_eq!(
        greetings, 2,
        "each says once, when it begins to act: {events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_dies_is_replaced_when_its_lease_has_run_out() {
    let world = World::new();
    let first = world.run_with(candidate("first"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = world.run_with(candidate("second"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(first);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(holder(&world).await, "first");
    assert_eq!(second.gauge.counters().plans, 0);
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(holder(&world).await, "second");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_writes_nothing_any_more_and_ends() {
    let world = World::new();
    let mut first = world.run_with(candidate("first"));
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    world.fail(|request| {
        let is_lease = request
            .resource
            .as_ref()
            .is_some_and(|it| it.resource == "leases");
        is_lease.then_some(Intercept::Reset)
    });
    tokio::time::sleep(Duration::from_secs(14)).await;
    assert_eq!((&mut first.task).await.unwrap(), End::LostLease);
}

/// Both see that there is no Lease, and both make one.
#[tokio::test(start_paused = true)]
async fn of_two_controllers_that_take_a_free_lease_at_once_one_acts() {
    let world = World::new();
    world.fail(|request| {
        let asked = request.resource.as_ref();
        let is_lease = asked.is_some_and(|it| it.resource == "leases");
        let is_late = is_lease && request.verb == "create" && request.phase == Phase::Before;
        is_late.then_some(Intercept::Delay(Duration::from_secs(1)))
    });
    world.create(rollout("web", 2, canary())).await;
    let first = world.run_with(candidate("first"));
    let second = world.run_with(candidate("second"));
    world.until("web", "Healthy").await;
    let plans = [first, second].map(|it| it.gauge.counters().plans);
    assert_eq!(plans.iter().filter(|it| **it > 0).count(), 1, "{plans:?}");
    assert!(world.log().matches(" create leases/").count() == 2);
}

/// Somebody else has the Lease: another controller may write from now on.
#[tokio::test(start_paused = true)]
async fn a_leader_whose_lease_was_taken_ends_when_it_sees_so() {
    let world = World::new();
    let mut first = world.run_with(candidate("first"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let taken = json!({"spec": {"holderIdentity": "second"}});
    world
        .patch("Lease", "argo-rollouts-controller-lock", taken)
        .await;
    let end = tokio::time::timeout(Duration::from_secs(3), &mut first.task).await;
    assert_eq!(end.unwrap().unwrap(), End::LostLease);
}

/// Somebody wrote a note on the Lease between its reading and its renewal.
#[tokio::test(start_paused = true)]
async fn a_leader_whose_renewal_meets_a_conflict_goes_on_while_it_holds_the_lease() {
    let world = World::new();
    let first = world.run_with(candidate("first"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let conflicts = Arc::new(AtomicUsize::new(0));
    let met = conflicts.clone();
    world.fail(move |request| {
        let asked = request.resource.as_ref();
        let is_lease = asked.is_some_and(|it| it.resource == "leases");
        let is_renewal = is_lease && request.verb == "update" && request.phase == Phase::Before;
        let is_met = is_renewal && met.fetch_add(1, Ordering::SeqCst) < 2;
        let conflict = || ApiError::new(409, "Conflict", "the object has been modified");
        is_met.then(|| Intercept::Answer(conflict()))
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(conflicts.load(Ordering::SeqCst) > 2, "it renews again");
    assert!(!first.task.is_finished());
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    assert_eq!(holder(&world).await, "first");
}

#[tokio::test(start_paused = true)]
async fn a_controller_leaves_alone_what_belongs_to_another_instance() {
    let world = World::new();
    let plain = world.run();
    let mut labelled = rollout("blue", 1, canary());
    labelled["metadata"]["labels"] =
        json!({"argo-rollouts.argoproj.io/controller-instance-id": "blue"});
    world.create(labelled).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(plain.gauge.counters().writes(), 0);
    let instance_id = Some("blue".to_owned());
    let _blue = world.run_with(Config {
        instance_id,
        ..Config::default()
    });
    world.until("blue", "Healthy").await;
    assert_eq!(plain.gauge.counters().writes(), 0);
}
