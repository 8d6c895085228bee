//! What every request says, and what follows on one that fails.

use std::time::Duration;

use serde_json::{Value, json};
use sim::{ApiError, Intercept, Phase, RequestInfo};

use crate::world::{World, canary, rollout, service};

/// Writes of controllers to this resource: verb and body.
fn writes(world: &World, resource: &str) -> Vec<(String, Value)> {
    let log = world.log();
    let parts = log
        .lines()
        .map(|line| line.splitn(5, ' ').collect::<Vec<_>>());
    parts
        .filter(|parts| parts[2].starts_with(resource) && ["patch", "delete"].contains(&parts[1]))
        .map(|parts| {
            let body = serde_json::from_str(parts[4]).unwrap_or_default();
            (parts[1].to_owned(), body)
        })
        .collect()
}

fn is_of(request: &RequestInfo, resource: &str) -> bool {
    let asked = request.resource.as_ref();
    asked.is_some_and(|it| it.resource == resource)
}

/// safety.md S17, S19: nobody else's change is overwritten, and nothing is deleted by its name alone.
#[tokio::test(start_paused = true)]
async fn every_write_says_which_version_it_was_decided_on() {
    let world = World::new();
    let _controller = world.run();
    for name in ["active", "preview"] {
        world.create(service(name, "web")).await;
    }
    let strategy = json!({"blueGreen": {"activeService": "active", "previewService": "preview",
        "scaleDownDelaySeconds": 1}});
    let mut web = rollout("web", 2, strategy);
    web["spec"]["revisionHistoryLimit"] = json!(1);
    world.create(web).await;
    for version in 2..6 {
        world.until("web", "Healthy").await;
        world.set_image("web", &format!("app:v{version}")).await;
    }
    world.until("web", "Healthy").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    for resource in ["rollouts/", "replicasets/", "services/"] {
        let writes = writes(&world, resource);
        assert!(writes.len() > 3, "{resource}: {}", world.log());
        for (verb, body) in writes {
            let guard = match verb.as_str() {
                "delete" => &body["preconditions"],
                _ => &body["metadata"],
            };
            assert!(
                guard["resourceVersion"].is_string(),
                "{verb} {resource} {body}"
            );
            assert!(verb != "delete" || guard["uid"].is_string(), "{body}");
        }
    }
    let deletions = writes(&world, "replicasets/");
    assert!(
        deletions.iter().any(|(verb, _)| verb == "delete"),
        "{}",
        world.log()
    );
}

/// What comes after a refused write in a plan is not done: its status would speak of what is not.
#[tokio::test(start_paused = true)]
async fn a_write_that_stays_refused_leads_to_no_further_status() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.fail(|request| {
        let is_scaling = request.verb == "patch" && is_of(request, "replicasets");
        let refusal = ApiError::new(403, "Forbidden", "not today");
        (is_scaling && request.phase == Phase::Before).then_some(Intercept::Answer(refusal))
    });
    let before = writes(&world, "rollouts/status").len();
    world.set_image("web", "app:v2").await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    let written = writes(&world, "rollouts/status").len() - before;
    assert!(written < 10, "{written} times: {}", world.log());
}

/// What refused the template, a webhook or a quota, may be gone without the Rollout being touched.
#[tokio::test(start_paused = true)]
async fn a_template_that_was_refused_is_asked_about_again() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    world.fail(|request| {
        let is_creation = request.verb == "create" && is_of(request, "replicasets");
        let refusal = ApiError::new(422, "Invalid", "not this template");
        (is_creation && request.phase == Phase::Before).then_some(Intercept::Answer(refusal))
    });
    world.set_image("web", "app:v2").await;
    world.until("web", "Degraded").await;
    world.heal();
    world.until("web", "Healthy").await;
    assert_eq!(world.pods().await, ["app:v2=2"]);
}

/// safety.md F7: an API server that is overloaded says how long it wants to be left alone.
#[tokio::test(start_paused = true)]
async fn the_api_servers_wish_to_wait_is_heard() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.fail(|request| {
        let is_scaling = request.verb == "patch" && is_of(request, "replicasets");
        let overloaded = ApiError::too_many_requests(60);
        (is_scaling && request.phase == Phase::Before).then_some(Intercept::Answer(overloaded))
    });
    let before = writes(&world, "replicasets/").len();
    world.set_image("web", "app:v2").await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(writes(&world, "replicasets/").len() - before, 1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(writes(&world, "replicasets/").len() - before, 2);
}

/// safety.md F8: what happened to the write is not known, so its object is read before all else.
#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_looked_into_before_it_is_made_again() {
    let world = World::new();
    let _controller = world.run_behind(Duration::from_secs(2));
    let mut lost = false;
    world.fail(move |request| {
        let is_scaling = request.verb == "patch" && is_of(request, "replicasets");
        let is_done = request.phase == Phase::After(200);
        (is_scaling && is_done && !std::mem::replace(&mut lost, true)).then_some(Intercept::Reset)
    });
    world.create(rollout("web", 2, canary())).await;
    world.until("web", "Healthy").await;
    let mut patches = writes(&world, "replicasets/");
    assert!(world.log().contains(" get replicasets/"));
    let all = patches.len();
    patches.dedup();
    assert_eq!(patches.len(), all, "made again unseen: {}", world.log());
}

/// One Event with a count is what `kubectl describe` shows as "(x2 over 10s)".
#[tokio::test(start_paused = true)]
async fn an_event_that_is_repeated_is_counted() {
    let world = World::new();
    let _controller = world.run();
    world.create(rollout("web", 4, canary())).await;
    world.until("web", "Healthy").await;
    world.set_image("web", "app:v2").await;
    for _ in 0..2 {
        world.until("web", "Paused").await;
        world.patch_status("web", json!({"abort": true})).await;
        world.until("web", "Degraded").await;
        world.patch_status("web", json!({"abort": null})).await;
    }
    let events = world.list("Event").await;
    let aborted = events
        .iter()
        .filter(|event| event["reason"] == "RolloutAborted");
    let counts: Vec<&Value> = aborted.map(|event| &event["count"]).collect();
    assert_eq!(counts, [2]);
}
