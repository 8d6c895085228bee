//! What a page tells beside the rollout itself, and the document that brings it along.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::world::World;

const NAMESPACE: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop";

fn canary() -> Value {
    json!({"canary": {"steps": [{"setWeight": 34}, {"pause": {}}]}})
}

async fn healthy() -> World {
    let world = World::new().await;
    world.rollout("web", canary()).await;
    world
        .until("web", "healthy", |page| page["status"] == "Healthy")
        .await;
    world
}

/// What a document shows first.
fn first(document: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"first\">";
    let (_, rest) = document.split_once(start).unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_answer_brings_the_page_with_script_style_and_what_it_shows() {
    let world = healthy().await;
    let list = world.get("/").await.body;
    assert!(list.contains("<style>:root{") && list.contains("<script type=\"module\">"));
    for asked in ["src=\"", "<link rel=\"stylesheet\""] {
        assert!(
            !list.contains(asked),
            "something else is asked for: {asked}"
        );
    }
    let told = first(&list);
    assert_eq!(told["login"], "none");
    assert_eq!(told["list"]["rollouts"][0]["name"], "web");
    // A stream goes on from there.
    world.set_image("web", "shop:v2").await;
    let resume = format!(
        "Last-Event-ID: {}\r\n",
        told["list"]["id"].as_str().unwrap()
    );
    let (_, change) = world.stream("", &resume).await.next("rollouts").await;
    assert_eq!(change["all"], false);

    let page = first(&world.get("/rollouts/shop/web?q=x").await.body);
    assert_eq!(page["page"]["name"], "web");
    let pods = &page["page"]["revisions"][0]["replicaSets"][0]["pods"];
    assert!(!pods.as_array().unwrap().is_empty(), "{page:#}");
    let none = first(&world.get("/rollouts/shop/none").await.body);
    assert_eq!(none, json!({"login": "none"}));
}

#[tokio::test(start_paused = true)]
async fn what_people_write_does_not_end_the_element_that_it_is_told_in() {
    let world = World::new().await;
    let hostile = "</script><script>alert(1)</script>";
    world.annotated(
        "web",
        json!({
            "link.argocd.argoproj.io/app": format!("{hostile}|https://example.com/{hostile}"),
        }),
    );
    world.rollout("web", canary()).await;
    world
        .until("web", "there", |page| page["name"] == "web")
        .await;
    let document = world.get("/rollouts/shop/web").await.body;
    assert!(!document.contains("<script>alert"), "{document}");
    let told = first(&document);
    let title = told["page"]["links"][0]["title"].as_str().unwrap();
    assert_eq!(title, hostile);
}

#[tokio::test(start_paused = true)]
async fn links_lead_to_web_pages_only() {
    let world = World::new().await;
    world.annotated(
        "web",
        json!({
            "link.argocd.argoproj.io/external-link": "https://web.example.com/",
            "link.argocd.argoproj.io/graphs": "Graphs of web|http://graphs.example.com/d/1?var=web",
            "link.argocd.argoproj.io/bad": "javascript:alert(1)",
            "link.argocd.argoproj.io/worse": "Click|data:text/html,<script>",
            "other.example.com/link": "https://other.example.com/",
        }),
    );
    world.rollout("web", canary()).await;
    let page = world
        .until("web", "there", |page| page["name"] == "web")
        .await;
    assert_eq!(
        page["links"],
        json!([
            {"title": "Graphs of web", "url": "http://graphs.example.com/d/1?var=web"},
            {"title": "external-link", "url": "https://web.example.com/"},
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_tells_what_each_revision_changed_and_no_secret() {
    let world = healthy().await;
    world.patch("web", json!([
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "shop:v2"},
        {"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "hunter3"},
    ]))
    .await;
    let page = world
        .until("web", "at revision 2", |page| {
            page["changes"][0]["revision"] == 2
        })
        .await;
    let changes = json!([{"revision": 2, "since": 1, "changes": [
        {"field": "containers[app].env[PASSWORD]", "what": "changed"},
        {"field": "containers[app].image", "from": "shop:v1", "to": "shop:v2", "what": "changed"},
    ]}]);
    assert_eq!(page["changes"], changes);
    let manifest = world
        .get("/api/v1/namespaces/shop/rollouts/web/manifest")
        .await;
    assert_eq!(manifest.json()["spec"]["replicas"], 3);
    for text in [page.to_string(), manifest.body] {
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn analysis_runs_and_experiments_are_shown_while_they_are_there() {
    let world = healthy().await;
    let page = world.page("web").await;
    assert_eq!(
        (&page["analysisRuns"], &page["experiments"]),
        (&json!([]), &json!([]))
    );
    let uid = world.uid(&format!("{NAMESPACE}/rollouts/web")).await;
    let child = |kind: &str, name: &str, owner: Value| {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {
            "name": name, "ownerReferences": [owner],
            "labels": {"rollout-type": "Step", "step-index": "1"},
            "annotations": {"rollout.argoproj.io/revision": "1"},
        }})
    };
    let owner = |kind: &str, name: &str, uid: &str| {
        let group = "argoproj.io/v1alpha1";
        json!({"apiVersion": group, "kind": kind, "name": name, "uid": uid})
    };
    let mut run = child("AnalysisRun", "web-1", owner("Rollout", "web", &uid));
    run["spec"] = json!({"metrics": [{
        "name": "errors", "successCondition": "result < 0.05",
        "provider": {"web": {"url": "https://metrics.internal/secret-path",
                             "headers": [{"key": "Authorization", "value": "hunter2"}]}},
    }]});
    run["status"] = json!({"phase": "Failed", "message": "Metric \"errors\" assessed Failed",
    "metricResults": [{"name": "errors", "phase": "Failed", "failed": 1, "successful": 2,
        "metadata": {"query": "hunter2"},
        "measurements": [
            {"phase": "Successful", "value": "0.01", "finishedAt": "2026-03-08T12:00:00Z"},
            {"phase": "Failed", "value": "0.2", "startedAt": "2026-03-08T12:01:00Z"},
        ]}]});
    world
        .create(&format!("{NAMESPACE}/analysisruns"), run)
        .await;
    let mut experiment = child("Experiment", "web-try", owner("Rollout", "web", &uid));
    experiment["spec"] = json!({"templates": []});
    experiment["status"] = json!({"phase": "Running", "templateStatuses": [
        {"name": "baseline", "status": "Running", "replicas": 2, "availableReplicas": 1,
         "readyReplicas": 1, "updatedReplicas": 2}]});
    world
        .create(&format!("{NAMESPACE}/experiments"), experiment)
        .await;
    let mut other = child(
        "AnalysisRun",
        "other",
        owner("Rollout", "web", "somebody-else"),
    );
    other["spec"] = json!({"metrics": []});
    world
        .create(&format!("{NAMESPACE}/analysisruns"), other)
        .await;

    let page = world
        .until("web", "with an analysis", |page| {
            page["analysisRuns"][0]["status"] == "Failed"
                && page["experiments"][0]["status"] == "Running"
        })
        .await;
    let run = &page["analysisRuns"][0];
    assert_eq!(page["analysisRuns"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&run["purpose"], &run["step"], &run["revision"]),
        (&json!("Step"), &json!(1), &json!(1))
    );
    let metric = &run["metrics"][0];
    assert_eq!(metric["successCondition"], "result < 0.05");
    assert_eq!(
        (&metric["failed"], &metric["successful"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        metric["measurements"],
        json!([
            {"status": "Successful", "value": "0.01", "at": "2026-03-08T12:00:00Z"},
            {"status": "Failed", "value": "0.2", "at": "2026-03-08T12:01:00Z"},
        ])
    );
    assert_eq!(page["experiments"][0]["templates"][0]["available"], 1);
    let text = page.to_string();
    assert!(
        !text.contains("hunter") && !text.contains("secret-path"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn answers_are_compressed_for_those_who_take_it() {
    let world = healthy().await;
    let plain = world.get("/").await;
    assert!(plain.header("content-encoding").is_none());
    let (head, body) = world.bytes("/", "Accept-Encoding: br, gzip\r\n").await;
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(head.contains("vary: accept-encoding"), "{head}");
    assert!(body.len() < plain.body.len() / 2, "{} bytes", body.len());
    let mut text = String::new();
    GzDecoder::new(body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("</html>"));
}
