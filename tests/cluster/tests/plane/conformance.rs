//! The embedded cluster answers as a real API server does: the same requests to both, in the same
//! order, and the same answers. Objects are the same but for what a server makes up; refusals have the
//! same code and reason and name the same fields. Their words may differ, and what the real one adds
//! without a field.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::{Answer, Cluster, Plane, ask};
use kube::Client;
use serde_json::{Value, json};
use tests::scenario::lab::rollout_crd;

/// Method, path (below the namespace, or whole), content type, body.
type Asked = (&'static str, String, &'static str, Value);

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const PATCH: &str = "application/json-patch+json";

fn here(rest: &str) -> String {
    match rest.split_once('/') {
        Some(("rollouts", _)) | None if rest.starts_with("rollouts") => {
            format!("/apis/argoproj.io/v1alpha1/namespaces/default/{rest}")
        }
        _ if rest.starts_with("replicasets") => format!("/apis/apps/v1/namespaces/default/{rest}"),
        _ if rest.starts_with("leases") => {
            format!("/apis/coordination.k8s.io/v1/namespaces/default/{rest}")
        }
        _ => format!("/api/v1/namespaces/default/{rest}"),
    }
}

fn rollout(name: &str, spec: Value) -> Value {
    let mut rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]},
            },
            "strategy": {"canary": {}},
        },
    });
    tests::scenario::parse::merge(&mut rollout["spec"], &spec);
    rollout
}

fn replica_set(name: &str, spec: Value) -> Value {
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]},
            },
        },
    });
    tests::scenario::parse::merge(&mut set["spec"], &spec);
    set
}

/// Of Rollouts: what may be written, what the server makes of it, and what it says of the rest.
fn of_rollouts() -> Vec<Asked> {
    let strict = |spec: Value| -> Asked {
        let path = here("rollouts?fieldValidation=Strict&dryRun=All");
        ("POST", path, JSON, rollout("web", spec))
    };
    let mut asked: Vec<Asked> = [
        json!({}),
        json!({"replicas": -1}),
        json!({"replicas": 3_000_000_000_i64}),
        json!({"replicas": "three"}),
        json!({"replicas": 1.5}),
        json!({"minReadySeconds": -1}),
        json!({"minReadySeconds": "soon"}),
        json!({"progressDeadlineSeconds": 0}),
        json!({"replica": 3}),
        json!({"template": {"spec": {"containerz": []}}}),
        json!({"template": {"spec": {"containers": [{"name": "main", "imagee": "x"}]}}}),
        json!({"template": {"spec": {"containers": [{"image": "x"}]}}}),
        json!({"template": {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]}}}),
        json!({"template": {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 80}]}]}}}),
        json!({"template": {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "lots"}}}]}}}),
        json!({"template": {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": 2}}}]}}}),
        json!({"template": null}),
        json!({"selector": null}),
        json!({"strategy": null}),
        json!({"strategy": {"canary": {"maxSurge": "25%", "maxUnavailable": 1}}}),
        json!({"strategy": {"canary": {"maxSurge": true}}}),
        json!({"strategy": {"canary": {"steps": [{"setWeight": "10"}]}}}),
        json!({"strategy": {"canary": {"steps": [{"setWeight": 120}]}}}),
        json!({"strategy": {"canary": {"steps": [{"pause": {"duration": "5m"}}, {"pause": {"duration": 30}}, {"pause": {}}]}}}),
        json!({"strategy": {"canary": {"steps": [{"pause": {"duration": 1.5}}]}}}),
        json!({"strategy": {"canary": {"steps": [{}]}}}),
        json!({"strategy": {"canary": {"steps": "none"}}}),
        json!({"strategy": {"canary": {"step": []}}}),
        json!({"strategy": {"canary": null, "blueGreen": {}}}),
        json!({"strategy": {"canary": null, "blueGreen": {"activeService": "a", "previewReplicaCount": 1}}}),
    ]
    .map(strict)
    .into();
    let path = || here("rollouts");
    let one = || here("rollouts/web");
    asked.extend([
        ("POST", path(), JSON, rollout("Web_1", json!({}))),
        ("POST", path(), JSON, json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Deployment", "metadata": {"name": "x"}})),
        ("POST", path(), JSON, json!({"apiVersion": "argoproj.io/v1", "kind": "Rollout", "metadata": {"name": "x"}})),
        ("POST", path(), JSON, json!(["no object"])),
        ("POST", path(), JSON, json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {}})),
        ("POST", path(), JSON, json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "x", "namespace": "elsewhere"}})),
        ("POST", path(), JSON, json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "x", "labels": {"a b": "c"}}})),
        ("GET", one(), JSON, Value::Null),
        ("PATCH", one(), MERGE, json!({"spec": {"paused": true}})),
        ("DELETE", one(), JSON, Value::Null),
        ("POST", path(), JSON, rollout("web", json!({"replicas": 0, "paused": true}))),
        ("POST", path(), JSON, rollout("web", json!({}))),
        ("GET", one(), JSON, Value::Null),
        ("GET", here("rollouts/web/scale"), JSON, Value::Null),
        ("PATCH", here("rollouts/web/scale?dryRun=All"), MERGE, json!({"spec": {"replicas": 3}})),
        ("PATCH", here("rollouts/web/scale"), MERGE, json!({"spec": {"replicas": -3}})),
        ("PATCH", here("rollouts/web/scale"), MERGE, json!({"spec": {"replicas": "three"}})),
        ("PATCH", one(), MERGE, json!({"spec": {"replicas": -1}})),
        ("PATCH", one(), MERGE, json!({"metadata": {"name": "other"}})),
        ("PATCH", one(), MERGE, json!({"metadata": {"uid": "0"}})),
        ("PATCH", one(), MERGE, json!({"metadata": {"resourceVersion": "1"}, "spec": {"paused": false}})),
        ("PATCH", one(), MERGE, json!({"metadata": {"annotations": {"no good!": "x"}}})),
        ("PATCH", one(), MERGE, json!({"metadata": {"finalizers": ["keep"]}, "status": {"phase": "Made up"}})),
        ("PATCH", here("rollouts/web/status"), MERGE, json!({"status": {"replicas": -1}})),
        ("PATCH", here("rollouts/web/status"), MERGE, json!({"status": {"replicas": "none"}})),
        ("PATCH", here("rollouts/web/status?fieldValidation=Strict"), MERGE, json!({"status": {"fase": "x"}})),
        ("PATCH", here("rollouts/web/status?dryRun=All"), MERGE, json!({"status": {"HPAReplicas": 7}, "spec": {"replicas": 9}})),
        ("PATCH", one(), PATCH, json!([{"op": "test", "path": "/spec/paused", "value": false}])),
        ("PATCH", one(), PATCH, json!([{"op": "replace", "path": "/spec/none/at", "value": 1}])),
        ("PATCH", one(), PATCH, json!([{"op": "remove", "path": "/spec/none"}])),
        ("PATCH", one(), PATCH, json!({"op": "remove"})),
        ("PATCH", one(), PATCH, json!([{"op": "shift", "path": "/spec"}])),
        ("PATCH", one(), "application/strategic-merge-patch+json", json!({"spec": {}})),
        ("PATCH", one(), "text/plain", json!({})),
        ("PUT", one(), JSON, rollout("web", json!({"replicas": 0, "paused": true}))),
        ("PUT", one(), JSON, rollout("other", json!({}))),
        ("PUT", here("rollouts/none"), JSON, rollout("none", json!({}))),
        ("DELETE", one(), JSON, json!({"preconditions": {"uid": "0"}})),
        ("DELETE", one(), JSON, json!({"preconditions": {"resourceVersion": "1"}})),
        ("DELETE", one(), JSON, json!({"propagationPolicy": "Sometimes"})),
        ("GET", here("rollouts?labelSelector=a%20b"), JSON, Value::Null),
        ("GET", here("rollouts?fieldSelector=spec.replicas%3D3"), JSON, Value::Null),
        ("GET", here("rollouts?limit=none"), JSON, Value::Null),
        ("GET", here("rollouts/web/none"), JSON, Value::Null),
        ("PATCH", one(), MERGE, json!({"metadata": {"finalizers": null}})),
        ("DELETE", one(), JSON, Value::Null),
        ("GET", one(), JSON, Value::Null),
    ]);
    asked
}

/// Of what a Rollout owns or names.
fn of_children() -> Vec<Asked> {
    let rehearse = |spec: Value| -> Asked {
        let path = here("replicasets?fieldValidation=Strict&dryRun=All");
        ("POST", path, JSON, replica_set("web-1", spec))
    };
    let container = |fields: Value| json!({"template": {"spec": {"containers": [fields]}}});
    let mut asked: Vec<Asked> = [
        json!({}),
        json!({"replicas": -1}),
        json!({"replica": 1}),
        json!({"minReadySeconds": -5}),
        json!({"selector": {"matchLabels": {"app": "other"}}}),
        json!({"selector": {"matchLabels": null}}),
        json!({"template": {"spec": {"restartPolicy": "Never"}}}),
        json!({"template": {"spec": {"restartPolicy": "Sometimes"}}}),
        json!({"template": {"spec": {"containers": []}}}),
        json!({"template": {"spec": {"terminationGracePeriodSeconds": -1}}}),
        json!({"template": {"spec": {"volumes": [{"name": "v"}]}}}),
        json!({"template": {"spec": {"nodeSelector": {"a": 1}}}}),
        container(json!({"name": "Main", "image": "x"})),
        container(json!({"name": "main"})),
        container(json!({"name": "main", "image": " x"})),
        container(json!({"name": "main", "image": "x", "imagePullPolicy": "Often"})),
        container(json!({"name": "main", "image": "x", "imagee": "y"})),
        container(json!({"name": "main", "image": "x", "env": [{"name": "A", "value": 1}]})),
        container(json!({"name": "main", "image": "x", "env": [{"name": "", "value": "1"}]})),
        container(json!({"name": "main", "image": "x", "ports": [{"containerPort": 0}]})),
        container(json!({"name": "main", "image": "x", "ports": [{"containerPort": 70000}]})),
        container(json!({"name": "main", "image": "x", "resources": {"limits": {"cpu": "lots"}}})),
        container(json!({"name": "main", "image": "x", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}})),
        container(json!({"name": "main", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
        container(json!({"name": "main", "image": "x", "readinessProbe": {}})),
        container(json!({"name": "main", "image": "x", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}})),
        container(json!({"name": "main", "image": "x", "readinessProbe": {"httpGet": {"path": "/", "port": "no such port name"}}})),
    ]
    .map(rehearse)
    .into();
    let sets = || here("replicasets");
    let set = || here("replicasets/web-1");
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
    });
    let event = |namespace: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "web.1", "namespace": namespace},
            "involvedObject": {"kind": "Rollout", "name": "web", "namespace": namespace},
            "reason": "Told", "message": "told", "type": "Normal", "count": 1,
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
        })
    };
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "lock"},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15},
    });
    asked.extend([
        ("POST", sets(), JSON, replica_set("web-1", json!({}))),
        ("POST", sets(), JSON, replica_set("web-1", json!({}))),
        ("PATCH", set(), MERGE, json!({"spec": {"selector": {"matchLabels": {"app": "web-2"}}}})),
        ("PATCH", set(), MERGE, json!({"spec": {"replicas": -1}})),
        ("PATCH", set(), MERGE, json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}})),
        ("PATCH", set(), PATCH, json!([{"op": "test", "path": "/spec/replicas", "value": 4}, {"op": "replace", "path": "/spec/replicas", "value": 5}])),
        ("PATCH", set(), PATCH, json!([{"op": "test", "path": "/metadata/uid", "value": "0"}])),
        ("PATCH", set(), MERGE, json!({"metadata": {"ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}]}})),
        ("PATCH", set(), MERGE, json!({"metadata": {"ownerReferences": [
            {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "a", "uid": "1", "controller": true},
            {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "b", "uid": "2", "controller": true}]}})),
        ("GET", here("replicasets/web-1/scale"), JSON, Value::Null),
        ("DELETE", set(), JSON, json!({"preconditions": {"uid": "0"}})),
        ("DELETE", set(), JSON, json!({"preconditions": {"resourceVersion": "1"}})),
        ("DELETE", set(), JSON, json!({"propagationPolicy": "Background"})),
        ("POST", here("services"), JSON, service.clone()),
        ("POST", here("services"), JSON, service),
        ("PATCH", here("services/shop"), MERGE, json!({"spec": {"selector": {"app": "shop", "bad key!": "x"}}})),
        ("PATCH", here("services/shop"), MERGE, json!({"metadata": {"resourceVersion": "1"}, "spec": {"selector": {"app": "x"}}})),
        ("PATCH", here("services/shop"), MERGE, json!({"spec": {"selector": {"hash": "1"}}, "metadata": {"annotations": {"a": "b"}}})),
        ("PATCH", here("services/shop"), PATCH, json!([{"op": "remove", "path": "/spec/selector/hash"}])),
        ("PATCH", here("services/shop"), PATCH, json!([{"op": "remove", "path": "/spec/selector/hash"}])),
        ("DELETE", here("services/shop"), JSON, Value::Null),
        ("POST", here("events"), JSON, event("default")),
        ("POST", here("events"), JSON, event("elsewhere")),
        ("PATCH", here("events/web.1"), MERGE, json!({"count": 2, "lastTimestamp": "2026-01-01T00:01:00Z"})),
        ("PATCH", here("events/none"), MERGE, json!({"count": 2})),
        ("POST", here("leases"), JSON, lease.clone()),
        ("POST", here("leases"), JSON, lease.clone()),
        ("PUT", here("leases/lock"), JSON, lease),
        ("PATCH", here("leases/lock"), MERGE, json!({"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": "you"}})),
        ("PATCH", here("leases/lock"), MERGE, json!({"spec": {"leaseDurationSeconds": 0}})),
        ("GET", here("secretz"), JSON, Value::Null),
    ]);
    asked
}

/// What a server makes up is another thing each time.
fn without_made_up(value: &mut Value) {
    const MADE_UP: [&str; 6] = [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
        "clusterIP",
        "clusterIPs",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !MADE_UP.contains(&name.as_str()));
            fields.values_mut().for_each(without_made_up);
        }
        Value::Array(items) => items.iter_mut().for_each(without_made_up),
        _ => {}
    }
}

/// What is compared of an answer.
fn essence((code, mut body): Answer) -> Answer {
    if body["kind"] != "Status" {
        without_made_up(&mut body);
        return (code, body);
    }
    let causes = body.pointer("/details/causes").and_then(Value::as_array);
    let fields = causes.into_iter().flatten();
    let fields = fields.filter_map(|cause| cause["field"].as_str());
    // The real one tells some things twice, and some without a field.
    let fields: BTreeSet<&str> = fields.filter(|field| *field != "<nil>").collect();
    (code, json!({"reason": body["reason"], "fields": fields}))
}

async fn answers(client: &Client, asked: &[Asked]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (method, path, kind, body) in asked {
        answers.push(ask(client, method, path, kind, body).await.unwrap());
    }
    answers
}

#[test]
fn the_embedded_cluster_answers_as_a_real_one_does() {
    if Cluster::shared().is_none() {
        return;
    }
    let asked = [of_rollouts(), of_children()].concat();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let crd = rollout_crd().unwrap();
    let embedded = runtime.block_on(async {
        let cluster = sim::Cluster::new(sim::Options::default());
        cluster.install_crd(crd.clone()).unwrap();
        answers(&Client::new(cluster.service(), "default"), &asked).await
    });
    // One without our controller, which would take part in it.
    let real = runtime.block_on(async {
        let plane = Plane::start().await.unwrap();
        let client = plane.client().await.unwrap();
        let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (code, body) = ask(&client, "POST", crds, JSON, &crd).await.unwrap();
        assert_eq!(code, 201, "{body}");
        // It is served a moment later.
        let collection = here("rollouts");
        for _ in 0..100 {
            let answer = ask(&client, "GET", &collection, JSON, &Value::Null).await;
            if answer.unwrap().0 == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        answers(&client, &asked).await
    });
    let mut differences = String::new();
    for ((asked, real), embedded) in asked.iter().zip(&real).zip(&embedded) {
        if essence(real.clone()) != essence(embedded.clone()) {
            let (method, path, _, body) = asked;
            differences += &format!(
                "{method} {path} {body}\n  real     {} {}\n  embedded {} {}\n",
                real.0, real.1, embedded.0, embedded.1
            );
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
