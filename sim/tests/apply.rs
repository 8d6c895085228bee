//! Server-side apply: who owns what, conflicts, what goes with its last owner.
//!
//! `cargo test -p cluster --test programs` holds much more of it against a real API server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use sim::{Cluster, Options};
use tower::ServiceExt;

const CONFIG: &str = "/api/v1/namespaces/default/configmaps/a";
const SET: &str = "/apis/apps/v1/namespaces/default/replicasets/web";

struct Server(Cluster);

impl Server {
    fn new() -> Self {
        Self(Cluster::new(Options::default()))
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: String) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind);
        let request = request.body(Full::new(bytes::Bytes::from(body))).unwrap();
        let (parts, body) = self
            .0
            .service()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status.as_u16(),
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    async fn apply(&self, path: &str, query: &str, config: Value) -> (u16, Value) {
        let path = format!("{path}?{query}");
        self.send(
            "PATCH",
            &path,
            "application/apply-patch+yaml",
            config.to_string(),
        )
        .await
    }

    async fn get(&self, path: &str) -> Value {
        self.send("GET", path, "", String::new()).await.1
    }

    async fn merge(&self, path: &str, patch: Value) -> (u16, Value) {
        self.send(
            "PATCH",
            path,
            "application/merge-patch+json",
            patch.to_string(),
        )
        .await
    }
}

fn config(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn set(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec})
}

fn whole() -> Value {
    json!({
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "web:v1"}]},
        },
    })
}

#[tokio::test(start_paused = true)]
async fn the_first_apply_creates_and_owns_what_it_says() {
    let server = Server::new();
    let (code, made) = server
        .apply(CONFIG, "fieldManager=one", config(json!({"k": "1"})))
        .await;
    assert_eq!(code, 201);
    let owner = &made["metadata"]["managedFields"][0];
    assert_eq!(
        (&owner["manager"], &owner["operation"]),
        (&json!("one"), &json!("Apply"))
    );
    assert_eq!(owner["fieldsV1"], json!({"f:data": {"f:k": {}}}));
    assert_eq!(owner["time"], made["metadata"]["creationTimestamp"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_again_writes_nothing() {
    let server = Server::new();
    let same = || config(json!({"k": "1"}));
    server.apply(CONFIG, "fieldManager=one", same()).await;
    let before = server.0.revision();
    let (code, _) = server.apply(CONFIG, "fieldManager=one", same()).await;
    assert_eq!((code, server.0.revision()), (200, before));
}

#[tokio::test(start_paused = true)]
async fn what_another_owns_is_a_conflict_until_it_is_forced() {
    let server = Server::new();
    server
        .apply(CONFIG, "fieldManager=one", config(json!({"k": "1"})))
        .await;
    let (code, refusal) = server
        .apply(CONFIG, "fieldManager=two", config(json!({"k": "2"})))
        .await;
    assert_eq!((code, &refusal["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        refusal["message"],
        "Apply failed with 1 conflict: conflict with \"one\": .data.k"
    );
    assert_eq!(
        refusal["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".data.k"}])
    );
    let forced = server.apply(
        CONFIG,
        "fieldManager=two&force=true",
        config(json!({"k": "2"})),
    );
    let (code, object) = forced.await;
    assert_eq!((code, &object["data"]["k"]), (200, &json!("2")));
    let owners = object["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(owners.len(), 1, "one has nothing left: {owners:?}");
}

#[tokio::test(start_paused = true)]
async fn what_two_say_alike_both_own() {
    let server = Server::new();
    for manager in ["one", "two"] {
        let query = format!("fieldManager={manager}");
        server
            .apply(CONFIG, &query, config(json!({"k": "1"})))
            .await;
    }
    // The first takes it back; the second still wants it.
    let (_, object) = server
        .apply(CONFIG, "fieldManager=one", config(json!({})))
        .await;
    assert_eq!(object["data"], json!({"k": "1"}));
    let (_, object) = server
        .apply(CONFIG, "fieldManager=two", config(json!({})))
        .await;
    assert_eq!(object["data"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn an_update_takes_fields_over_without_asking() {
    let server = Server::new();
    server
        .apply(
            CONFIG,
            "fieldManager=one",
            config(json!({"k": "1", "l": "1"})),
        )
        .await;
    server
        .merge(
            &format!("{CONFIG}?fieldManager=two"),
            json!({"data": {"k": "2"}}),
        )
        .await;
    let (code, refusal) = server
        .apply(CONFIG, "fieldManager=one", config(json!({"k": "1"})))
        .await;
    assert_eq!(code, 409);
    assert_eq!(
        refusal["message"],
        "Apply failed with 1 conflict: conflict with \"two\" using v1: .data.k"
    );
}

#[tokio::test(start_paused = true)]
async fn members_of_a_list_by_key_have_owners_of_their_own() {
    let server = Server::new();
    server.apply(SET, "fieldManager=one", set(whole())).await;
    let side =
        set(json!({"template": {"spec": {"containers": [{"name": "side", "image": "side:v1"}]}}}));
    let (code, object) = server.apply(SET, "fieldManager=two", side).await;
    let containers = object["spec"]["template"]["spec"]["containers"]
        .as_array()
        .unwrap();
    let names: Vec<_> = containers.iter().map(|it| it["name"].clone()).collect();
    assert_eq!((code, names), (200, vec![json!("main"), json!("side")]));
    // It goes with its owner's next word, and the other stays.
    let (_, object) = server.apply(SET, "fieldManager=two", set(json!({}))).await;
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_and_the_scale_have_owners_of_their_own() {
    let server = Server::new();
    server.apply(SET, "fieldManager=one", set(whole())).await;
    let status = json!({"status": {"replicas": 2}});
    server
        .merge(&format!("{SET}/status?fieldManager=counter"), status)
        .await;
    let scale = json!({"spec": {"replicas": 5}});
    server
        .merge(&format!("{SET}/scale?fieldManager=scaler"), scale)
        .await;
    let object = server.get(SET).await;
    let owners = object["metadata"]["managedFields"].as_array().unwrap();
    let of = |subresource: &str| {
        owners
            .iter()
            .find(|it| it["subresource"] == subresource)
            .unwrap()
    };
    assert_eq!(
        of("status")["fieldsV1"],
        json!({"f:status": {"f:replicas": {}}})
    );
    assert_eq!(
        of("scale")["fieldsV1"],
        json!({"f:spec": {"f:replicas": {}}})
    );
    let (code, refusal) = server.apply(SET, "fieldManager=one", set(whole())).await;
    assert_eq!(code, 409);
    assert_eq!(
        refusal["message"],
        "Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_and_stores_nothing() {
    let server = Server::new();
    let config = || config(json!({"k": "1"}));
    let (code, object) = server
        .apply(CONFIG, "fieldManager=one&dryRun=All", config())
        .await;
    assert_eq!((code, &object["data"]["k"]), (201, &json!("1")));
    assert_eq!(server.get(CONFIG).await["code"], 404);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_applied_is_refused_by_its_path() {
    let server = Server::new();
    let (code, refusal) = server.apply(CONFIG, "", config(json!({}))).await;
    assert_eq!(
        (code, &refusal["details"]["causes"][0]["field"]),
        (422, &json!("fieldManager"))
    );
    let misspelt = set(json!({"replica": 3}));
    let (code, refusal) = server.apply(SET, "fieldManager=one", misspelt).await;
    assert_eq!(code, 500);
    assert_eq!(
        refusal["message"],
        "failed to create typed patch object (default/web; apps/v1, Kind=ReplicaSet): .spec.replica: field not declared in schema"
    );
    let mut named = config(json!({}));
    named["metadata"]["managedFields"] = json!([{}]);
    let (code, refusal) = server.apply(CONFIG, "fieldManager=one", named).await;
    assert_eq!(
        (code, &refusal["message"]),
        (400, &json!("metadata.managedFields must be nil"))
    );
}
