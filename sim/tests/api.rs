//! The API's semantics, request by request: what is stored, what is refused and in which words.
//!
//! Source: the Kubernetes API conventions and the behaviour of kube-apiserver v1.36.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use sim::{Cluster, Options};
use std::time::Duration;
use tower::{Service, ServiceExt};

struct Server(sim::Api);

struct Answer {
    code: u16,
    body: Value,
    headers: http::HeaderMap,
}

impl Server {
    async fn raw(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        body: Value,
    ) -> Response<sim::Body> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(Full::new(bytes::Bytes::from(body)))
            .unwrap();
        let ready = ServiceExt::<Request<Full<bytes::Bytes>>>::ready(&mut self.0).await;
        ready.unwrap().call(request).await.unwrap()
    }

    async fn send(&mut self, method: &str, path: &str, kind: &str, body: Value) -> Answer {
        let response = self.raw(method, path, kind, body).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            code: parts.status.as_u16(),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            headers: parts.headers,
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", Value::Null).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", body).await
    }

    async fn put(&mut self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, "application/json", body).await
    }

    async fn merge(&mut self, path: &str, body: Value) -> Answer {
        let kind = "application/merge-patch+json";
        self.send("PATCH", path, kind, body).await
    }

    async fn delete(&mut self, path: &str, body: Value) -> Answer {
        self.send("DELETE", path, "application/json", body).await
    }
}

fn server() -> (Cluster, Server) {
    let cluster = Cluster::new(Options::default());
    let server = Server(cluster.service());
    (cluster, server)
}

const CONFIG: &str = "/api/v1/namespaces/default/configmaps";
const SETS: &str = "/apis/apps/v1/namespaces/default/replicasets";
const WIDGETS: &str = "/apis/test.dev/v1/namespaces/default/widgets";

fn config(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value}})
}

fn crd() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.test.dev"},
        "spec": {
            "group": "test.dev", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wi"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {
                    "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                    "labelSelectorPath": ".status.selector"}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "replicas": {"type": "integer", "default": 1},
                        "color": {"type": "string", "enum": ["red", "blue"]}}},
                    "status": {"type": "object", "properties": {
                        "replicas": {"type": "integer"}, "selector": {"type": "string"}}},
                }}},
            }],
        },
    })
}

fn widget(spec: Value) -> Value {
    json!({"apiVersion": "test.dev/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_changes_nothing_makes_no_revision() {
    let (cluster, mut server) = server();
    let made = server.post(CONFIG, config("a", "1")).await;
    assert_eq!(made.code, 201);
    let before = cluster.revision();
    let path = format!("{CONFIG}/a");
    let patched = server.merge(&path, json!({"data": {"k": "1"}})).await;
    let put = server.put(&path, made.body.clone()).await;
    assert_eq!((patched.code, put.code), (200, 200));
    assert_eq!(patched.body, made.body);
    assert_eq!(cluster.revision(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stale_resource_version_is_a_conflict_in_put_and_patch() {
    let (_cluster, mut server) = server();
    let old = server.post(CONFIG, config("a", "1")).await.body;
    let path = format!("{CONFIG}/a");
    server.merge(&path, json!({"data": {"k": "2"}})).await;
    let mut stale = old.clone();
    stale["data"]["k"] = json!("3");
    let put = server.put(&path, stale).await;
    let sent =
        json!({"metadata": {"resourceVersion": version(&old).to_string()}, "data": {"k": "3"}});
    let patch = server.merge(&path, sent).await;
    for answer in [put, patch] {
        assert_eq!(answer.code, 409);
        assert_eq!(answer.body["reason"], "Conflict");
        assert_eq!(
            answer.body["message"],
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn names_taken_missing_or_without_namespace_are_refused_as_kubernetes_does() {
    let (_cluster, mut server) = server();
    server.post(CONFIG, config("a", "1")).await;
    let taken = server.post(CONFIG, config("a", "1")).await;
    assert_eq!(taken.body["message"], "configmaps \"a\" already exists");
    let missing = server.get(&format!("{SETS}/x")).await;
    assert_eq!(missing.code, 404);
    assert_eq!(missing.body["message"], "replicasets.apps \"x\" not found");
    assert_eq!(
        missing.body["details"],
        json!({"name": "x", "group": "apps", "kind": "replicasets"})
    );
    let nowhere = server
        .post("/api/v1/namespaces/nowhere/configmaps", config("a", "1"))
        .await;
    assert_eq!(nowhere.body["message"], "namespaces \"nowhere\" not found");
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_is_pruned_defaulted_and_validated() {
    let (_cluster, mut server) = server();
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(server.post(crds, crd()).await.code, 201);
    let strict = format!("{WIDGETS}?fieldValidation=Strict");
    let misspelt = server.post(&strict, widget(json!({"colour": "red"}))).await;
    assert_eq!(misspelt.code, 400);
    assert_eq!(
        misspelt.body["message"],
        "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \"spec.colour\""
    );
    let made = server.post(WIDGETS, widget(json!({"colour": "red"}))).await;
    assert_eq!(made.body["spec"], json!({"replicas": 1}));
    assert_eq!(
        made.headers["warning"].to_str().unwrap(),
        "299 - \"unknown field \\\"spec.colour\\\"\""
    );
    let wrong = server
        .merge(&format!("{WIDGETS}/w"), json!({"spec": {"color": "green"}}))
        .await;
    assert_eq!(
        (wrong.code, &wrong.body["reason"]),
        (422, &json!("Invalid"))
    );
    assert_eq!(wrong.body["details"]["causes"][0]["field"], "spec.color");
}

#[tokio::test(start_paused = true)]
async fn spec_and_status_are_written_apart_and_generation_follows_the_spec() {
    let (cluster, mut server) = server();
    cluster.install_crd(crd()).unwrap();
    let mut first = widget(json!({"replicas": 2}));
    first["status"] = json!({"replicas": 9});
    let made = server.post(WIDGETS, first).await.body;
    assert_eq!(made["status"], Value::Null);
    let path = format!("{WIDGETS}/w");
    let status = json!({"spec": {"replicas": 7}, "status": {"replicas": 2}, "metadata": {"labels": {"a": "b"}}});
    let after = server.merge(&format!("{path}/status"), status).await.body;
    assert_eq!(after["spec"]["replicas"], 2);
    assert_eq!(after["status"]["replicas"], 2);
    assert_eq!(after["metadata"]["labels"], Value::Null);
    assert_eq!(after["metadata"]["generation"], 1);
    let labelled = server
        .merge(
            &path,
            json!({"metadata": {"labels": {"a": "b"}}, "status": null}),
        )
        .await
        .body;
    assert_eq!(labelled["metadata"]["generation"], 1);
    assert_eq!(labelled["status"]["replicas"], 2);
    let scaled = server
        .merge(&format!("{path}/scale"), json!({"spec": {"replicas": 4}}))
        .await
        .body;
    assert_eq!(
        (&scaled["kind"], &scaled["spec"]["replicas"]),
        (&json!("Scale"), &json!(4))
    );
    assert_eq!(server.get(&path).await.body["metadata"]["generation"], 2);
}

#[tokio::test(start_paused = true)]
async fn custom_resources_need_a_resource_version_in_put_and_know_no_strategic_patch() {
    let (cluster, mut server) = server();
    cluster.install_crd(crd()).unwrap();
    server.post(WIDGETS, widget(json!({}))).await;
    let path = format!("{WIDGETS}/w");
    let put = server.put(&path, widget(json!({"replicas": 3}))).await;
    assert_eq!(put.code, 422);
    assert!(
        put.body["message"]
            .as_str()
            .unwrap()
            .contains("metadata.resourceVersion")
    );
    for (kind, code) in [
        ("application/strategic-merge-patch+json", 415),
        ("text/plain", 415),
    ] {
        let answer = server.send("PATCH", &path, kind, json!({"spec": {}})).await;
        assert_eq!(answer.code, code, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_json_patch_whose_test_fails_changes_nothing() {
    let (_cluster, mut server) = server();
    server.post(CONFIG, config("a", "1")).await;
    let patch = |seen: &str| {
        json!([{"op": "test", "path": "/data/k", "value": seen},
               {"op": "replace", "path": "/data/k", "value": "2"}])
    };
    let path = format!("{CONFIG}/a");
    let kind = "application/json-patch+json";
    assert_eq!(
        server.send("PATCH", &path, kind, patch("9")).await.code,
        422
    );
    assert_eq!(server.get(&path).await.body["data"]["k"], "1");
    assert_eq!(
        server.send("PATCH", &path, kind, patch("1")).await.body["data"]["k"],
        "2"
    );
}

#[tokio::test(start_paused = true)]
async fn an_object_with_finalizers_stays_until_the_last_is_gone() {
    let (cluster, mut server) = server();
    let mut object = config("a", "1");
    object["metadata"]["finalizers"] = json!(["test.dev/hold"]);
    server.post(CONFIG, object).await;
    let path = format!("{CONFIG}/a");
    let marked = server.delete(&path, Value::Null).await;
    assert_eq!(marked.code, 200);
    assert!(marked.body["metadata"]["deletionTimestamp"].is_string());
    let added = server
        .merge(
            &path,
            json!({"metadata": {"finalizers": ["test.dev/hold", "test.dev/more"]}}),
        )
        .await;
    assert_eq!(added.code, 422);
    let before = cluster.revision();
    let freed = server
        .merge(&path, json!({"metadata": {"finalizers": null}}))
        .await;
    assert_eq!(freed.code, 200);
    assert_eq!(cluster.revision(), before + 1);
    assert_eq!(server.get(&path).await.code, 404);
}

#[tokio::test(start_paused = true)]
async fn a_delete_with_another_uid_is_refused() {
    let (_cluster, mut server) = server();
    server.post(CONFIG, config("a", "1")).await;
    let path = format!("{CONFIG}/a");
    let wrong = json!({"preconditions": {"uid": "other"}});
    assert_eq!(server.delete(&path, wrong).await.code, 409);
    assert_eq!(
        server.delete(&path, Value::Null).await.body["status"],
        "Success"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answers_and_stores_nothing() {
    let (cluster, mut server) = server();
    let before = cluster.revision();
    let made = server
        .post(&format!("{CONFIG}?dryRun=All"), config("a", "1"))
        .await;
    assert_eq!(made.code, 201);
    assert_eq!(made.body["metadata"]["resourceVersion"], Value::Null);
    assert_eq!(cluster.revision(), before);
    assert_eq!(server.get(&format!("{CONFIG}/a")).await.code, 404);
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_a_list_show_one_revision() {
    let (cluster, mut server) = server();
    for name in ["a", "b", "c"] {
        server.post(CONFIG, config(name, "1")).await;
    }
    let first = server.get(&format!("{CONFIG}?limit=2")).await.body;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    server.delete(&format!("{CONFIG}/c"), Value::Null).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let path = format!("{CONFIG}?limit=2&continue={token}");
    let second = server.get(&path).await.body;
    assert_eq!(second["items"][0]["metadata"]["name"], "c");
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    cluster.compact();
    assert_eq!(server.get(&path).await.code, 410);
}

/// Reads the lines of a watch until it has `count`.
async fn lines(server: &mut Server, path: &str, count: usize) -> Vec<Value> {
    let mut body = server.raw("GET", path, "", Value::Null).await.into_body();
    let mut lines = Vec::new();
    while lines.len() < count {
        let frame = body.frame().await.unwrap().unwrap();
        lines.push(serde_json::from_slice(frame.data_ref().unwrap()).unwrap());
    }
    lines
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_a_revision_shows_what_came_after_it_and_deletions_have_their_own() {
    let (_cluster, mut server) = server();
    let a = server.post(CONFIG, config("a", "1")).await.body;
    server.post(CONFIG, config("b", "1")).await;
    server.delete(&format!("{CONFIG}/a"), Value::Null).await;
    let path = format!("{CONFIG}?watch=true&resourceVersion={}", version(&a));
    let seen = lines(&mut server, &path, 2).await;
    assert_eq!(seen[0]["type"], "ADDED");
    assert_eq!(seen[0]["object"]["metadata"]["name"], "b");
    assert_eq!(seen[1]["type"], "DELETED");
    assert_eq!(version(&seen[1]["object"]), version(&a) + 2);
}

#[tokio::test(start_paused = true)]
async fn a_watch_with_a_selector_turns_leaving_it_into_a_deletion() {
    let (_cluster, mut server) = server();
    let mut object = config("a", "1");
    object["metadata"]["labels"] = json!({"in": "yes"});
    let made = server.post(CONFIG, object).await.body;
    let path = format!("{CONFIG}/a");
    server
        .merge(&path, json!({"metadata": {"labels": {"in": "no"}}}))
        .await;
    server
        .merge(&path, json!({"metadata": {"labels": {"in": "yes"}}}))
        .await;
    let path = format!(
        "{CONFIG}?watch=1&labelSelector=in%3Dyes&resourceVersion={}",
        version(&made)
    );
    let seen = lines(&mut server, &path, 2).await;
    assert_eq!(
        (&seen[0]["type"], &seen[1]["type"]),
        (&json!("DELETED"), &json!("ADDED"))
    );
    assert_eq!(seen[0]["object"]["metadata"]["labels"]["in"], "yes");
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_forgotten_history_ends_with_expired() {
    let (cluster, mut server) = server();
    let made = server.post(CONFIG, config("a", "1")).await.body;
    server.post(CONFIG, config("b", "1")).await;
    cluster.compact();
    let path = format!("{CONFIG}?watch=true&resourceVersion={}", version(&made));
    let seen = lines(&mut server, &path, 1).await;
    assert_eq!(seen[0]["type"], "ERROR");
    assert_eq!(seen[0]["object"]["code"], 410);
    assert_eq!(seen[0]["object"]["reason"], "Expired");
}

#[tokio::test(start_paused = true)]
async fn initial_events_end_with_a_bookmark_and_bookmarks_follow_each_minute() {
    let (_cluster, mut server) = server();
    server.post(CONFIG, config("a", "1")).await;
    let path = format!(
        "{CONFIG}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    );
    let start = tokio::time::Instant::now();
    let seen = lines(&mut server, &path, 3).await;
    let kinds: Vec<&str> = seen.iter().map(|l| l["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ADDED", "BOOKMARK", "BOOKMARK"]);
    let end = &seen[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
    assert_eq!(end, "true");
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn dependents_go_when_the_owner_of_that_uid_is_gone() {
    let (cluster, mut server) = server();
    let _actors = cluster.start();
    let owner = server.post(CONFIG, config("owner", "1")).await.body;
    let owned = |name: &str, uid: &Value| {
        let mut object = config(name, "1");
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}]);
        object
    };
    server
        .post(CONFIG, owned("child", &owner["metadata"]["uid"]))
        .await;
    server
        .post(CONFIG, owned("stranger", &json!("another-uid")))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.get(&format!("{CONFIG}/child")).await.code, 200);
    assert_eq!(server.get(&format!("{CONFIG}/stranger")).await.code, 404);
    server.delete(&format!("{CONFIG}/owner"), Value::Null).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.get(&format!("{CONFIG}/child")).await.code, 404);
}

#[tokio::test(start_paused = true)]
async fn foreground_deletion_waits_for_blocking_dependents_and_orphaning_frees_them() {
    let (cluster, mut server) = server();
    let _actors = cluster.start();
    for (name, policy) in [("one", "Foreground"), ("two", "Orphan")] {
        let owner = server.post(CONFIG, config(name, "1")).await.body;
        let child = format!("{name}-child");
        let mut object = config(&child, "1");
        object["metadata"]["finalizers"] = json!(["test.dev/hold"]);
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": "ConfigMap", "name": name,
            "uid": owner["metadata"]["uid"], "blockOwnerDeletion": true}]);
        server.post(CONFIG, object).await;
        let body = json!({"propagationPolicy": policy});
        server.delete(&format!("{CONFIG}/{name}"), body).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(server.get(&format!("{CONFIG}/one")).await.code, 200);
    let child = format!("{CONFIG}/one-child");
    assert!(server.get(&child).await.body["metadata"]["deletionTimestamp"].is_string());
    server
        .merge(&child, json!({"metadata": {"finalizers": null}}))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.get(&format!("{CONFIG}/one")).await.code, 404);
    assert_eq!(server.get(&format!("{CONFIG}/two")).await.code, 404);
    let freed = server.get(&format!("{CONFIG}/two-child")).await.body;
    assert_eq!(freed["metadata"]["ownerReferences"], Value::Null);
    assert_eq!(freed["metadata"]["deletionTimestamp"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_namespace_takes_its_contents_with_it_and_takes_nothing_new() {
    let (cluster, mut server) = server();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    server.post("/api/v1/namespaces", namespace).await;
    let path = "/api/v1/namespaces/shop/configmaps";
    server.post(path, config("a", "1")).await;
    server.delete("/api/v1/namespaces/shop", Value::Null).await;
    let late = server.post(path, config("b", "1")).await;
    assert_eq!(late.code, 403);
    assert_eq!(
        late.body["message"],
        "configmaps \"b\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );
    let _actors = cluster.start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.get("/api/v1/namespaces/shop").await.code, 404);
    assert_eq!(server.get(&format!("{path}/a")).await.code, 404);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_modelled_is_answered_with_501_and_what_does_not_exist_with_404() {
    let (_cluster, mut server) = server();
    for (path, code) in [
        ("/apis/batch/v1/namespaces/default/jobs", 501),
        ("/api/v1/persistentvolumes", 501),
        ("/api/v1/namespaces/default/pods/x/log", 501),
        ("/apis/nobody.dev/v1/things", 404),
        ("/api/v1/namespaces/default/things", 404),
        ("/nonsense", 404),
    ] {
        assert_eq!(server.get(path).await.code, code, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_above_three_mebibytes_is_refused() {
    let (_cluster, mut server) = server();
    let big = config("a", &"x".repeat(3 * 1024 * 1024));
    assert_eq!(server.post(CONFIG, big).await.code, 413);
    let etcd = config("a", &"x".repeat(1_600_000));
    let answer = server.post(CONFIG, etcd).await;
    assert!(answer.code == 500 || answer.code == 422, "{}", answer.body);
}

#[tokio::test(start_paused = true)]
async fn the_date_header_is_the_clusters_time() {
    let (_cluster, mut server) = server();
    tokio::time::advance(Duration::from_secs(90)).await;
    let answer = server.get("/version").await;
    assert_eq!(answer.headers["date"], "Thu, 01 Jan 2026 00:01:30 GMT");
}

#[tokio::test(start_paused = true)]
async fn the_string_data_of_a_secret_is_stored_as_data() {
    let (_cluster, mut server) = server();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"a": "QQ=="}, "stringData": {"b": "hi"}});
    let made = server
        .post("/api/v1/namespaces/default/secrets", secret)
        .await
        .body;
    assert_eq!(made["data"], json!({"a": "QQ==", "b": "aGk="}));
    assert_eq!(made["stringData"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_watch_on_one_object_shows_no_other() {
    let (_cluster, mut server) = server();
    server.post(CONFIG, config("a", "1")).await;
    server.post(CONFIG, config("b", "1")).await;
    let seen = lines(&mut server, &format!("{CONFIG}/b?watch=true"), 1).await;
    assert_eq!(seen[0]["object"]["metadata"]["name"], "b");
}

#[tokio::test(start_paused = true)]
async fn an_evicted_pod_is_deleted() {
    let (cluster, mut server) = server();
    let _actors = cluster.start();
    let pods = "/api/v1/namespaces/default/pods";
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i:1"}]}});
    server.post(pods, pod).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}});
    assert_eq!(
        server
            .post(&format!("{pods}/p/eviction"), eviction)
            .await
            .code,
        201
    );
    let going = server.get(&format!("{pods}/p")).await.body;
    assert_eq!(going["metadata"]["deletionGracePeriodSeconds"], 30);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.get(&format!("{pods}/p")).await.code, 404);
}
