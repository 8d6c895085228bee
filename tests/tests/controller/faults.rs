//! What the way to the API server does to us, and what one object must not do to another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use controller::Config;
use planner::{Action, Now, Observed, Plan, ReplicaSetChange, Write};
use serde_json::json;
use sim::{ApiError, Intercept, Phase};

use crate::world::{World, canary, rollout};

/// A canary from `app:v1` to `app:v2`, whatever happens meanwhile.
async fn update(world: &World) -> Vec<String> {
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Healthy").await;
    let mut end = world.pods().await;
    end.push(format!(
        "{} revisions",
        world.list("ReplicaSet").await.len()
    ));
    end
}

const END: [&str; 2] = ["app:v2=4", "2 revisions"];

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_neither_lost_nor_done_twice() {
    let world = World::new();
    let mut count = 0;
    world.fail(move |request| {
        let done = matches!(request.phase, Phase::After(_));
        if !done || !request.is_write() {
            return None;
        }
        count += 1;
        (count % 2 == 0).then_some(Intercept::Reset)
    });
    let _controller = world.run();
    assert_eq!(update(&world).await, END);
}

/// With every third answer lost, reads too, hardly a plan is carried out whole, and each attempt leaves
/// something new behind to look at.
#[tokio::test(start_paused = true)]
async fn lost_answers_do_not_make_a_hot_loop() {
    let world = World::new();
    let mut count = 0;
    world.fail(move |request| {
        if !matches!(request.phase, Phase::After(_)) || request.verb == "watch" {
            return None;
        }
        count += 1;
        (count % 3 == 0).then_some(Intercept::Reset)
    });
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    for minute in 0..10 {
        world.set_image("web", &format!("app:v{minute}")).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let requests = world.log.lock().unwrap().len();
    assert!(requests < 1_000, "{requests} requests in ten minutes");
    world.heal();
    world.until("web", "Healthy").await;
}

/// A ReplicaSet that is gone says nothing about what a template means, however long the watch shows it.
#[tokio::test(start_paused = true)]
async fn a_replica_set_that_is_gone_unseen_does_not_make_a_hot_loop() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    let first = world.list("ReplicaSet").await[0]["metadata"]["name"].take();
    world.set_image("web", "app:v2").await;
    world.until("web", "Healthy").await;
    let sets = sim::GroupResource::new("apps", "replicasets");
    world.cluster.lag_watches(&sets, Duration::from_secs(60));
    world.delete("ReplicaSet", first.as_str().unwrap()).await;
    let before = world.log.lock().unwrap().len();
    let mut count = 0;
    world.fail(move |_| {
        count += 1;
        // Else no time would pass, and the test would not end.
        (count > 1_000).then_some(Intercept::Delay(Duration::from_secs(1)))
    });
    world.set_image("web", "app:v3").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let requests = world.log.lock().unwrap().len() - before;
    assert!(requests < 100, "{requests} requests in half a minute");
    assert_eq!(world.list("ReplicaSet").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrives_is_made_again() {
    let world = World::new();
    let mut count = 0;
    world.fail(move |request| {
        if request.phase != Phase::Before || !request.is_write() {
            return None;
        }
        count += 1;
        (count % 3 != 0).then_some(Intercept::Reset)
    });
    let _controller = world.run();
    assert_eq!(update(&world).await, END);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_is_given_up_after_its_time() {
    let world = World::new();
    let mut count = 0;
    world.fail(move |request| {
        if request.phase != Phase::Before || !request.is_write() {
            return None;
        }
        count += 1;
        (count % 7 == 0).then_some(Intercept::Delay(Duration::from_secs(3600)))
    });
    let _controller = world.run();
    assert_eq!(update(&world).await, END);
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_and_a_history_that_is_gone_lose_nothing() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.cluster.compact();
    world.cluster.end_watches();
    world.set_image("web", "app:v2").await;
    world.cluster.compact();
    world.until("web", "Paused").await;
    world.cluster.end_watches();
    world.until("web", "Healthy").await;
    assert_eq!(world.pods().await, ["app:v2=4"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_on_an_old_view_while_the_watches_cannot_be_had() {
    let world = World::new();
    let controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.fail(|request| {
        (request.verb == "watch" || request.verb == "list").then_some(Intercept::Reset)
    });
    world.cluster.end_watches();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = controller.gauge.counters().writes();
    world.set_image("web", "app:v2").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(controller.gauge.counters().writes(), before);
    world.heal();
    world.until("web", "Healthy").await;
    assert_eq!(world.pods().await, ["app:v2=4"]);
}

/// safety.md F1: our own write is not visible for a minute; it is read live after five seconds.
#[tokio::test(start_paused = true)]
async fn a_watch_that_lags_behind_leads_to_no_second_write_and_no_standstill() {
    let world = World::new();
    let controller = world.run_behind(Duration::from_secs(60));
    world.create(rollout("web", 4, json!({"canary": {}}))).await;
    let begun = tokio::time::Instant::now();
    while world.pods().await != ["app:v1=4"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", world.log());
    }
    assert!(
        begun.elapsed() > Duration::from_secs(4),
        "the gate was open"
    );
    world.until("web", "Healthy").await;
    let counters = controller.gauge.counters();
    let creations = counters.requests.iter().filter(|((kind, _), _)| {
        kind.verb == "Create" && kind.resource == "replicasets" && !kind.dry_run
    });
    assert_eq!(creations.map(|(_, count)| count).sum::<u64>(), 1);
    assert!(
        counters.requests.iter().all(|((_, code), _)| *code != 409),
        "{counters:?}"
    );
}

/// safety.md F2, S18: what a live read has shown to be gone does not come back with what a late watch
/// still tells of it.
#[tokio::test(start_paused = true)]
async fn a_rollout_that_was_read_to_be_gone_stays_gone() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 2, json!({"canary": {}}))).await;
    world.until("web", "Healthy").await;
    let rollouts = sim::GroupResource::new("argoproj.io", "rollouts");
    world
        .cluster
        .lag_watches(&rollouts, Duration::from_secs(60));
    let pods = world.list("Pod").await;
    let pod = pods[0]["metadata"]["name"].as_str().unwrap();
    // A status that a pod is missing; five seconds later, read live, one that it is back.
    world.delete("Pod", pod).await;
    tokio::time::sleep(Duration::from_millis(6_500)).await;
    world.delete("Rollout", "web").await;
    let before = world.log.lock().unwrap().len();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let log = world.log.lock().unwrap();
    let late: Vec<_> = log[before..]
        .iter()
        .filter(|line| line.contains("patch") && !line.contains("events"))
        .collect();
    assert!(late.is_empty(), "{late:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_told_and_made_once_it_is_allowed() {
    let world = World::new();
    world.fail(|request| {
        let is_scaling = request.verb == "patch"
            && request
                .resource
                .as_ref()
                .is_some_and(|it| it.resource == "replicasets");
        let refusal = ApiError::new(403, "Forbidden", "no pods for you today");
        (is_scaling && request.phase == Phase::Before).then_some(Intercept::Answer(refusal))
    });
    let controller = world.run();
    world.create(rollout("web", 2, canary())).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let waiting_on = world.get("Rollout", "web").await["status"]["waitingOn"].clone();
    assert_eq!(waiting_on["reason"], "WriteRefused", "{waiting_on}");
    assert!(
        waiting_on["seen"]
            .as_str()
            .unwrap()
            .contains("no pods for you today")
    );
    let requests = controller.gauge.counters().requests.values().sum::<u64>();
    assert!(requests < 120, "{requests} requests in a minute");
    world.heal();
    world.until("web", "Healthy").await;
    let waiting_on = world.get("Rollout", "web").await["status"]["waitingOn"].clone();
    assert_eq!(waiting_on, json!(null));
}

/// Nothing tells again what an Event told: e.g. that a Rollout was deleted.
#[tokio::test(start_paused = true)]
async fn an_event_whose_write_fails_or_whose_answer_is_lost_is_there_once() {
    let mut told = Vec::new();
    for is_disturbed in [false, true] {
        let world = World::new();
        let attempts = AtomicUsize::new(0);
        world.fail(move |request| {
            let asked = request.resource.as_ref();
            let is_event = asked.is_some_and(|it| it.resource == "events");
            if !is_disturbed || !is_event || request.verb != "create" {
                return None;
            }
            // Each is refused once, then written without an answer, and then asked for again.
            let trouble = || ApiError::new(500, "InternalError", "not today");
            match request.phase {
                Phase::Before if attempts.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) => {
                    Some(Intercept::Answer(trouble()))
                }
                Phase::After(_) if attempts.load(Ordering::SeqCst) % 3 == 2 => {
                    Some(Intercept::Reset)
                }
                Phase::Before | Phase::After(_) => None,
            }
        });
        let _controller = world.run();
        world.create(rollout("web", 2, canary())).await;
        world.until("web", "Healthy").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        told.push(world.events("web").await);
    }
    assert!(told[0].len() > 3, "{told:?}");
    assert_eq!(told[0], told[1]);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_always_fails_does_not_delay_another() {
    let world = World::new();
    world.fail(|request| {
        let is_of_broken = request.name.starts_with("broken") && request.is_write();
        let refusal = ApiError::new(403, "Forbidden", "not this one");
        (is_of_broken && request.phase == Phase::Before).then_some(Intercept::Answer(refusal))
    });
    let _controller = world.run_with(Config {
        workers: 1,
        ..Config::default()
    });
    world.create(rollout("broken", 2, canary())).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    world.create(rollout("web", 2, canary())).await;
    let begun = tokio::time::Instant::now();
    world.until("web", "Healthy").await;
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

/// How often a plan was asked for the Rollout `broken`.
static BROKEN: AtomicUsize = AtomicUsize::new(0);

/// Panics for the Rollout `broken`; plans a breach of the floor for the Rollout `greedy`.
fn buggy(observed: &Observed, now: Now) -> Plan {
    let name = observed.rollout.metadata.name.as_deref();
    if name == Some("broken") {
        BROKEN.fetch_add(1, Ordering::Relaxed);
        panic!("a bug that one object brings to light");
    }
    let full = observed
        .replica_sets
        .iter()
        .find(|set| set.available_replicas > 1);
    if let (Some("greedy"), Some(set)) = (name, full) {
        let change = ReplicaSetChange {
            replicas: Some(0),
            ..ReplicaSetChange::default()
        };
        let write = Write::PatchReplicaSet {
            name: set.name.clone(),
            uid: set.uid.clone(),
            resource_version: set.resource_version.clone(),
            change,
        };
        let actions = vec![Action {
            write,
            events: Vec::new(),
        }];
        return Plan {
            actions,
            ..Plan::default()
        };
    }
    planner::plan(observed, now)
}

#[tokio::test(start_paused = true)]
async fn a_bug_that_one_object_brings_to_light_leaves_the_others_alone() {
    let world = World::new();
    let _controller = world.run_with(Config {
        plan: buggy,
        workers: 1,
        ..Config::default()
    });
    world.create(rollout("broken", 2, canary())).await;
    world.create(rollout("web", 2, canary())).await;
    let begun = tokio::time::Instant::now();
    world.until("web", "Healthy").await;
    assert!(begun.elapsed() < Duration::from_secs(10), "web had to wait");
    tokio::time::sleep(Duration::from_secs(600)).await;
    // It is tried again, each time later: after 1 ms, doubled up to 10 s.
    let tried = BROKEN.load(Ordering::Relaxed);
    assert!((60..100).contains(&tried), "tried {tried} times");
    world.set_image("web", "app:v2").await;
    world.until("web", "Healthy").await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_breaks_a_safety_rule_is_held_and_says_why() {
    let world = World::new();
    let controller = world.run_with(Config {
        plan: buggy,
        ..Config::default()
    });
    world.create(rollout("greedy", 2, canary())).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.pods().await, ["app:v1=2"]);
    let waiting_on = world.get("Rollout", "greedy").await["status"]["waitingOn"].clone();
    assert_eq!(waiting_on["reason"], "SafetyHold", "{waiting_on}");
    assert!(controller.gauge.counters().holds["S1"] > 0);
    let before = controller.gauge.counters().writes();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(
        controller.gauge.counters().writes(),
        before,
        "it is said once"
    );
}

/// safety.md S1, S20: what others did and no watch has told yet is seen before pods are taken away.
#[tokio::test(start_paused = true)]
async fn stable_keeps_its_pods_while_those_of_the_new_version_are_gone_unseen() {
    let world = World::new();
    let _controller = world.run();
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let strategy = json!({"canary": {"maxSurge": 0, "maxUnavailable": 1, "steps": steps}});
    world.create(rollout("web", 4, strategy)).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    world.until("web", "Paused").await;
    assert_eq!(world.pods().await, ["app:v1=2", "app:v2=2"]);
    let sets = sim::GroupResource::new("apps", "replicasets");
    world.cluster.lag_watches(&sets, Duration::from_secs(60));
    let hash = world.get("Rollout", "web").await["status"]["currentPodHash"].take();
    let new = format!("web-{}", hash.as_str().unwrap());
    world
        .patch("ReplicaSet", &new, json!({"spec": {"replicas": 0}}))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let resume = json!({"pauseConditions": null});
    world.patch_status("web", resume).await;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let pods = world.pods().await;
        let running = pods
            .iter()
            .filter_map(|it| it.split_once('=')?.1.parse::<u32>().ok());
        let stable = pods.contains(&"app:v1=2".to_owned());
        assert!(
            stable || running.sum::<u32>() >= 3,
            "{pods:?} {}",
            world.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
