//! What a list and a watch say together is what there is, at every revision.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use futures::StreamExt;
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use sim::{Cluster, GroupResource, Options};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt;

const PATH: &str = "/api/v1/namespaces/default/configmaps";

async fn send(cluster: &Cluster, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let kind = if method == "PATCH" {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(Full::new(bytes::Bytes::from(body)))
        .unwrap();
    let response = cluster.service().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Some hundred creations, changes and deletions of few objects, drawn from a seed.
async fn churn(cluster: &Cluster, seed: u64, steps: u64) {
    let mut state = seed;
    for step in 0..steps {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let name = format!("c{}", (state >> 33) % 5);
        let color = if (state >> 40).is_multiple_of(2) {
            "red"
        } else {
            "blue"
        };
        let one = format!("{PATH}/{name}");
        match (state >> 50) % 4 {
            0 => {
                send(cluster, "DELETE", &one, Value::Null).await;
            }
            _ => {
                let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": name, "labels": {"color": color}},
                    "data": {"step": step.to_string()}});
                if send(cluster, "POST", PATH, object.clone()).await.0 == 409 {
                    send(cluster, "PATCH", &one, object).await;
                }
            }
        }
    }
}

type World = BTreeMap<String, Value>;

fn world(items: &[Value]) -> World {
    let mut world = World::new();
    for item in items {
        let mut item = item.clone();
        let map = item.as_object_mut().unwrap();
        map.remove("apiVersion");
        map.remove("kind");
        world.insert(item["metadata"]["name"].as_str().unwrap().to_owned(), item);
    }
    world
}

async fn list(cluster: &Cluster, query: &str) -> (World, u64) {
    let (_, list) = send(cluster, "GET", &format!("{PATH}?{query}"), Value::Null).await;
    let revision = list["metadata"]["resourceVersion"].as_str().unwrap();
    (
        world(list["items"].as_array().unwrap()),
        revision.parse().unwrap(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_list_and_the_watch_after_it_give_what_a_later_list_gives_for_any_selector() {
    for (seed, selector) in [
        (1, ""),
        (2, "labelSelector=color%3Dred"),
        (3, "labelSelector=color!%3Dred"),
        (4, "fieldSelector=metadata.name%3Dc1"),
    ] {
        let cluster = Cluster::new(Options::default());
        churn(&cluster, seed, 20).await;
        let (mut seen, from) = list(&cluster, selector).await;
        churn(&cluster, seed + 100, 200).await;
        let path = format!("{PATH}?watch=true&timeoutSeconds=1&resourceVersion={from}&{selector}");
        let request = Request::get(path)
            .body(Full::new(bytes::Bytes::new()))
            .unwrap();
        let response = cluster.service().oneshot(request).await.unwrap();
        let lines = response.into_body().into_data_stream();
        let mut last = from;
        let lines: Vec<_> = lines.collect().await;
        for line in lines {
            let event: Value = serde_json::from_slice(&line.unwrap()).unwrap();
            let object = &event["object"];
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            let version: u64 = object["metadata"]["resourceVersion"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!(version > last, "{event}");
            last = version;
            let known = seen.contains_key(&name);
            match event["type"].as_str().unwrap() {
                "ADDED" => assert!(!known, "{event}"),
                _ => assert!(known, "{event}"),
            }
            if event["type"] == "DELETED" {
                seen.remove(&name);
            } else {
                seen.extend(world(std::slice::from_ref(object)));
            }
        }
        assert_eq!(seen, list(&cluster, selector).await.0, "{selector}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_at_an_old_revision_shows_what_there_was_then() {
    let cluster = Cluster::new(Options::default());
    let mut then = Vec::new();
    for seed in 0..10 {
        churn(&cluster, seed, 15).await;
        then.push(list(&cluster, "").await);
    }
    for (world, revision) in then {
        let query = format!("resourceVersionMatch=Exact&resourceVersion={revision}");
        assert_eq!(list(&cluster, &query).await, (world, revision));
    }
}

#[tokio::test(start_paused = true)]
async fn commits_come_one_by_one_without_gaps_and_name_their_writer() {
    let cluster = Cluster::new(Options::default());
    let before = cluster.revision();
    let mut commits = cluster.commits();
    let _actors = cluster.start();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i:1"}]}});
    let path = "/api/v1/namespaces/default/pods?fieldManager=someone";
    assert_eq!(send(&cluster, "POST", path, pod).await.0, 201);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let pods = GroupResource::new("", "pods");
    let mut writers = Vec::new();
    let mut expected = before;
    while let Some(commit) = commits.try_next() {
        expected += 1;
        assert_eq!(commit.revision, expected);
        if commit.resource == pods {
            writers.push(commit.writer.clone());
        }
    }
    assert_eq!(cluster.revision(), expected);
    assert_eq!(writers[..2], ["someone".to_owned(), "kubelet".to_owned()]);
}
