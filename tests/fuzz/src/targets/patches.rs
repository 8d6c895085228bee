//! Patches as clients send them, to the embedded cluster's API server.

use std::sync::LazyLock;

use bytes::Bytes;
use crds::Rollout;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use sim::{Api, Cluster, Options};
use tower::{Service as _, ServiceExt};

static ROLLOUT_CRD: LazyLock<Value> = LazyLock::new(|| {
    let mut all = crds::manifests::definitions().into_iter();
    all.find(|crd| crd["spec"]["names"]["kind"] == "Rollout")
        .unwrap()
});

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";
const REPLICA_SETS: &str = "/apis/apps/v1/namespaces/default/replicasets";
const SERVICES: &str = "/api/v1/namespaces/default/services";

/// The first line is `KIND PATH`: `merge`, `json` or `strategic`, to `rollout`, `status`, `scale`,
/// `replicaset` or `service`. What follows is the patch.
///
/// # Panics
/// When the answer is an error of the server's own, when what was stored cannot be read as a
/// Rollout, or when the same merge patch changes the object a second time.
pub fn run(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let (head, patch) = text.split_once('\n').unwrap_or(("merge rollout", &text));
    let (kind, path) = head.split_once(' ').unwrap_or((head, "rollout"));
    let kind = match kind {
        "json" => "application/json-patch+json",
        "strategic" => "application/strategic-merge-patch+json",
        _ => "application/merge-patch+json",
    };
    let (object, path) = match path {
        "status" => (ROLLOUTS, "/web/status"),
        "scale" => (ROLLOUTS, "/web/scale"),
        "replicaset" => (REPLICA_SETS, "/web"),
        "service" => (SERVICES, "/web"),
        _ => (ROLLOUTS, "/web"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut api = furnished().await;
        let target = format!("{object}{path}");
        let (code, stored) = send(&mut api, "PATCH", &target, kind, patch).await;
        assert!(code.as_u16() < 500, "{head}: {stored}");
        if !code.is_success() {
            assert_eq!(stored["kind"], "Status", "{head}: {stored}");
            return format!("{} {}", code.as_u16(), stored["reason"]);
        }
        let main = format!("{object}/web");
        let (code, now) = send(&mut api, "GET", &main, "", "").await;
        if !code.is_success() {
            return "gone".to_owned();
        }
        if object == ROLLOUTS {
            let read: Result<Rollout, _> = serde_json::from_value(now.clone());
            assert!(read.is_ok(), "{head}: the CRD admits {now}: {read:?}");
        }
        if kind == "application/merge-patch+json" && !patch.contains("resourceVersion") {
            let (code, _) = send(&mut api, "PATCH", &target, kind, patch).await;
            let (_, again) = send(&mut api, "GET", &main, "", "").await;
            assert!(code.is_success(), "{head}: refused the second time");
            assert_eq!(again, now, "{head}: changes the second time");
        }
        format!("{path} {}", now["metadata"]["generation"])
    })
}

/// A cluster with a Rollout, a ReplicaSet and a Service of the name `web`.
async fn furnished() -> Api {
    let cluster = Cluster::new(Options::default());
    cluster.install_crd(ROLLOUT_CRD.clone()).unwrap();
    let mut api = cluster.service();
    let template = crate::observation::template(1);
    let selector = json!({"matchLabels": {"app": "web"}});
    let metadata = json!({"name": "web"});
    let objects = [
        (
            ROLLOUTS,
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata,
            "spec": {"replicas": 3, "selector": selector, "template": template,
                "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}}}),
        ),
        (
            REPLICA_SETS,
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata,
            "spec": {"replicas": 1, "selector": selector, "template": template}}),
        ),
        (
            SERVICES,
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}),
        ),
    ];
    for (path, object) in objects {
        let (code, answer) = send(
            &mut api,
            "POST",
            path,
            "application/json",
            &object.to_string(),
        )
        .await;
        assert!(code.is_success(), "{answer}");
    }
    api
}

async fn send(
    api: &mut Api,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let ready = ServiceExt::<Request<Full<Bytes>>>::ready(api)
        .await
        .unwrap();
    let (parts, body) = ready.call(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}
