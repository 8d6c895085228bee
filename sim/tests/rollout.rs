//! kube's own client and watcher over the cluster, on tokio's paused clock.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Event, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Error, ResourceExt};
use serde_json::{Value, json};
use sim::{Actors, ActorsHandle, ApiError, Cluster, Intercept, Options, Phase};
use std::time::Duration;
use tokio::time::Instant;

fn cluster() -> (Cluster, ActorsHandle, Client) {
    let cluster = Cluster::new(Options::default());
    let actors = cluster.start();
    let client = Client::new(cluster.service(), "default");
    (cluster, actors, client)
}

fn replica_set(name: &str, replicas: i32, image: &str) -> ReplicaSet {
    serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": image,
                    "ports": [{"name": "http", "containerPort": 8080}]}]},
            },
        },
    }))
    .unwrap()
}

/// Waits until a ReplicaSet's status satisfies `good`; gives the virtual time that took.
async fn until(api: &Api<ReplicaSet>, name: &str, good: impl Fn(&ReplicaSet) -> bool) -> Duration {
    let start = Instant::now();
    loop {
        let rs = api.get(name).await.unwrap();
        if good(&rs) {
            return start.elapsed();
        }
        assert!(
            start.elapsed() < Duration::from_secs(3600),
            "{:?}",
            rs.status
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn available(n: i32) -> impl Fn(&ReplicaSet) -> bool {
    move |rs| {
        rs.status.as_ref().is_some_and(|s| {
            s.available_replicas.unwrap_or(0) == n
                && s.replicas == n
                && s.observed_generation == rs.metadata.generation
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_replica_set_become_available_after_their_time() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    sets.create(&PostParams::default(), &replica_set("web", 10, "web:v1"))
        .await
        .unwrap();
    let took = until(&sets, "web", available(10)).await;
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(3),
        "{took:?}"
    );

    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let list = pods
        .list(&ListParams::default().labels("app=web"))
        .await
        .unwrap();
    assert_eq!(list.items.len(), 10);
    for pod in &list {
        assert!(pod.name_any().starts_with("web-") && pod.name_any().len() == 9);
        assert!(pod.status.as_ref().unwrap().pod_ip.is_some());
    }
    let events: Api<Event> = Api::default_namespaced(client);
    let events = events.list(&ListParams::default()).await.unwrap();
    let made = events
        .iter()
        .filter(|e| e.reason.as_deref() == Some("SuccessfulCreate"));
    assert_eq!(made.count(), 10);

    let scale = json!({"spec": {"replicas": 3}});
    sets.patch_scale("web", &PatchParams::default(), &Patch::Merge(&scale))
        .await
        .unwrap();
    until(&sets, "web", available(3)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(
        pods.list(&ListParams::default()).await.unwrap().items.len(),
        3
    );
}

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_every_pod_come_and_go() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    let mut seen = watcher(pods, watcher::Config::default().labels("app=web"))
        .default_backoff()
        .boxed();
    let watching = tokio::spawn(async move {
        let mut gone = 0;
        while let Some(event) = seen.try_next().await.unwrap() {
            if let watcher::Event::Delete(_) = event {
                gone += 1;
            }
            if gone == 2 {
                break;
            }
        }
    });
    sets.create(&PostParams::default(), &replica_set("web", 2, "web:v1"))
        .await
        .unwrap();
    until(&sets, "web", available(2)).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    sets.delete("web", &DeleteParams::default()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), watching)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_ready_pod_is_available_only_after_min_ready_seconds() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client);
    let mut rs = replica_set("web", 1, "web:v1");
    rs.spec.min_ready_seconds = Some(30);
    sets.create(&PostParams::default(), &rs).await.unwrap();
    let took = until(&sets, "web", available(1)).await;
    assert!(
        took >= Duration::from_secs(31) && took < Duration::from_secs(34),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn images_named_by_the_rule_never_get_available() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    for (name, image, reason, restarts) in [
        ("pull", "web:v2-bad", "ImagePullBackOff", 0),
        ("crash", "web:crash", "CrashLoopBackOff", 2),
    ] {
        sets.create(&PostParams::default(), &replica_set(name, 1, image))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let rs = sets.get(name).await.unwrap();
        assert_eq!(rs.status.unwrap().available_replicas, None);
        let all = pods
            .list(&ListParams::default().labels(&format!("app={name}")))
            .await
            .unwrap();
        let status = all.items[0].status.clone().unwrap();
        let container = &status.container_statuses.unwrap()[0];
        let waiting = container.state.as_ref().unwrap().waiting.as_ref().unwrap();
        assert_eq!(waiting.reason.as_deref(), Some(reason));
        assert_eq!(container.restart_count, restarts, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_has_the_ready_pods_that_it_selects() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let slices: Api<EndpointSlice> = Api::default_namespaced(client);
    let service: Service = serde_json::from_value(json!({
        "metadata": {"name": "front"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }))
    .unwrap();
    let made = services
        .create(&PostParams::default(), &service)
        .await
        .unwrap();
    assert!(made.spec.unwrap().cluster_ip.unwrap().starts_with("10.96."));
    sets.create(&PostParams::default(), &replica_set("web", 2, "web:v1"))
        .await
        .unwrap();
    until(&sets, "web", available(2)).await;
    let list = slices
        .list(&ListParams::default().labels("kubernetes.io/service-name=front"))
        .await
        .unwrap();
    let slice = &list.items[0];
    let ready = |e: &k8s_openapi::api::discovery::v1::Endpoint| {
        e.conditions.as_ref().and_then(|c| c.ready) == Some(true)
    };
    assert_eq!(
        slice
            .endpoints
            .iter()
            .flatten()
            .filter(|e| ready(e))
            .count(),
        2
    );
    assert_eq!(slice.ports.as_ref().unwrap()[0].port, Some(8080));
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_denies_pods_shows_as_replica_failure_and_heals() {
    let (cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client);
    cluster.intercept(|info| {
        let pods = info.resource.as_ref().is_some_and(|r| r.resource == "pods");
        (info.phase == Phase::Before && info.verb == "create" && pods).then(|| {
            Intercept::Answer(ApiError::forbidden(
                info.resource.as_ref().unwrap(),
                "web",
                "exceeded quota: small",
            ))
        })
    });
    sets.create(&PostParams::default(), &replica_set("web", 2, "web:v1"))
        .await
        .unwrap();
    let failing = |rs: &ReplicaSet| {
        let status = rs.status.clone().unwrap_or_default();
        status.conditions.unwrap_or_default().iter().any(|c| {
            c.type_.as_deref() == Some("ReplicaFailure")
                && c.message.as_deref().unwrap().contains("exceeded quota")
        })
    };
    until(&sets, "web", failing).await;
    cluster.intercept(|_| None);
    until(&sets, "web", available(2)).await;
    until(&sets, "web", |rs| !failing(rs)).await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_after_the_commit_leaves_the_object_and_an_error() {
    let (cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client);
    cluster.intercept(|info| matches!(info.phase, Phase::After(201)).then_some(Intercept::Reset));
    let rs = replica_set("web", 0, "web:v1");
    let lost = sets.create(&PostParams::default(), &rs).await;
    assert!(matches!(lost, Err(Error::Service(_))), "{lost:?}");
    cluster.intercept(|_| None);
    let again = sets.create(&PostParams::default(), &rs).await;
    assert!(matches!(again, Err(Error::Api(s)) if s.reason == "AlreadyExists"));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_commits() {
    let mut runs: Vec<Vec<Value>> = Vec::new();
    for _ in 0..2 {
        let cluster = Cluster::new(Options {
            seed: 7,
            actors: Actors::default(),
            ..Options::default()
        });
        let mut commits = cluster.commits();
        let _actors = cluster.start();
        let client = Client::new(cluster.service(), "default");
        let sets: Api<ReplicaSet> = Api::default_namespaced(client);
        sets.create(
            &PostParams::default(),
            &replica_set("web", 5, "web:v1-flap"),
        )
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        let mut run = Vec::new();
        while let Some(commit) = commits.try_next() {
            run.push(json!([
                commit.revision,
                commit.writer,
                commit.after.as_deref()
            ]));
        }
        assert!(run.len() > 50, "{}", run.len());
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_no_longer_matches_is_let_go_and_a_matching_orphan_is_adopted() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    sets.create(&PostParams::default(), &replica_set("web", 2, "web:v1"))
        .await
        .unwrap();
    until(&sets, "web", available(2)).await;
    let all = pods.list(&ListParams::default()).await.unwrap();
    let name = all.items[0].name_any();
    let label = |value: &str| Patch::Merge(json!({"metadata": {"labels": {"app": value}}}));
    pods.patch(&name, &PatchParams::default(), &label("aside"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pods.get(&name).await.unwrap().owner_references().is_empty());
    assert_eq!(
        pods.list(&ListParams::default()).await.unwrap().items.len(),
        3
    );

    pods.patch(&name, &PatchParams::default(), &label("web"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let left = pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.len(), 2);
    assert!(left.iter().all(|p| p.owner_references()[0].name == "web"));
}

#[tokio::test(start_paused = true)]
async fn the_pod_with_the_lowest_deletion_cost_goes_first() {
    let (_cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    sets.create(&PostParams::default(), &replica_set("web", 3, "web:v1"))
        .await
        .unwrap();
    until(&sets, "web", available(3)).await;
    let all = pods.list(&ListParams::default()).await.unwrap();
    let cheap = all.items[1].name_any();
    let cost =
        json!({"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-5"}}});
    pods.patch(&cheap, &PatchParams::default(), &Patch::Merge(cost))
        .await
        .unwrap();
    let scale = json!({"spec": {"replicas": 2}});
    sets.patch("web", &PatchParams::default(), &Patch::Merge(scale))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pods.get(&cheap).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_readiness_gate_holds_a_pod_back_until_its_condition_is_true() {
    let (_cluster, _actors, client) = cluster();
    let pods: Api<Pod> = Api::default_namespaced(client);
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": "gated", "annotations": {"sim.rollouts.dev/ready-after": "10s"}},
        "spec": {"readinessGates": [{"conditionType": "test.dev/open"}],
                 "containers": [{"name": "web", "image": "web:v1"}]},
    }))
    .unwrap();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    let condition = |pod: &Pod, kind: &str| {
        let status = pod.status.clone().unwrap_or_default();
        let found = status.conditions.unwrap_or_default();
        let found = found.into_iter().find(|c| c.type_ == kind);
        found.map(|c| (c.status, c.reason))
    };
    tokio::time::sleep(Duration::from_secs(9)).await;
    let early = pods.get("gated").await.unwrap();
    assert_eq!(condition(&early, "ContainersReady").unwrap().0, "False");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held = pods.get("gated").await.unwrap();
    assert_eq!(condition(&held, "ContainersReady").unwrap().0, "True");
    let reason = Some("ReadinessGatesNotReady".to_owned());
    assert_eq!(
        condition(&held, "Ready"),
        Some(("False".to_owned(), reason))
    );
    let open = json!({"status": {"conditions": [{"type": "test.dev/open", "status": "True"}]}});
    pods.patch_status("gated", &PatchParams::default(), &Patch::Strategic(open))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ready = pods.get("gated").await.unwrap();
    assert_eq!(condition(&ready, "Ready"), Some(("True".to_owned(), None)));
    assert_eq!(condition(&ready, "test.dev/open").unwrap().0, "True");
}

#[tokio::test(start_paused = true)]
async fn lagging_watches_show_changes_late_while_gets_are_up_to_date() {
    let (cluster, _actors, client) = cluster();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client);
    let lag = Duration::from_secs(40);
    cluster.lag_watches(&sim::GroupResource::new("apps", "replicasets"), lag);
    let mut seen = watcher(sets.clone(), watcher::Config::default())
        .touched_objects()
        .boxed();
    let first = tokio::spawn(async move { seen.try_next().await.unwrap().unwrap() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    sets.create(&PostParams::default(), &replica_set("web", 0, "web:v1"))
        .await
        .unwrap();
    assert!(sets.get("web").await.is_ok());
    assert_eq!(first.await.unwrap().name_any(), "web");
    assert_eq!(start.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_behavior_that_does_not_exist_is_named_in_an_event() {
    let (_cluster, _actors, client) = cluster();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": "odd", "annotations": {"sim.rollouts.dev/behavior": "explode"}},
        "spec": {"containers": [{"name": "web", "image": "web:v1"}]},
    }))
    .unwrap();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events: Api<Event> = Api::default_namespaced(client);
    let of_pod = ListParams::default().fields("involvedObject.name=odd,type=Warning");
    let events = events.list(&of_pod).await.unwrap();
    let message = events.items[0].message.as_deref().unwrap();
    assert!(
        message.contains("\"explode\"; use ready, never-ready"),
        "{message}"
    );
}
