//! What is sent for a plan, and what is made of the answers, without a cluster.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use planner::{Action, ReplicaSetChange, Settings};

use tokio::time::Instant;

use super::*;
use crate::config::{ClockMode, WallClock};
use crate::lease::Leading;
use crate::metrics::Metrics;

/// Method and path of each request.
type Log = Arc<Mutex<Vec<String>>>;

/// Status and body for a method and a path.
type Answer = fn(&str) -> (u16, Value);

/// An executor whose API server answers so.
fn executor(answer: Answer) -> (Executor, Log) {
    let log = Log::default();
    let lines = log.clone();
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let line = format!("{} {}", request.method(), request.uri().path());
        let (status, body) = answer(&line);
        if let Ok(mut lines) = lines.lock() {
            lines.push(line);
        }
        let body = kube::client::Body::from(body.to_string().into_bytes());
        async move { http::Response::builder().status(status).body(body) }
    });
    let client = Client::new(service, "shop");
    let clock = Clock::new(ClockMode::Server, WallClock::default());
    let metrics = Arc::new(Metrics::default());
    let (events, _) = EventWriter::new(client.clone(), clock.clone(), metrics);
    let executor = Executor {
        client,
        events,
        fence: Fence::open(),
        clock,
    };
    (executor, log)
}

fn refusal(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": reason});
    (code, status)
}

/// The Rollout `shop/web` as everybody sees it.
fn rollout() -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web",
        "namespace": "shop", "uid": "r1", "resourceVersion": "1"}, "spec": {}})
}

fn work(executor: &Executor, writes: Vec<Write>) -> Work {
    let observed = Observed {
        rollout: Arc::new(serde_json::from_value(rollout()).unwrap()),
        replica_sets: Vec::new(),
        services: BTreeMap::new(),
        template_check: None,
        taken_name: None,
        failure: None,
        settings: Settings::default(),
    };
    let actions = writes.into_iter().map(|write| Action {
        write,
        events: Vec::new(),
    });
    let plan = Plan {
        actions: actions.collect(),
        ..Plan::default()
    };
    Work {
        key: Key::new("shop", "web"),
        observed,
        plan,
        owners: Owners::new(),
        pruned: Pruned::new(),
        planned: executor.clock.now(),
        looked: Unseen::new(),
    }
}

fn creation() -> Write {
    let object = json!({"metadata": {"name": "web-1"}});
    Write::CreateReplicaSet {
        object: Box::new(object),
    }
}

fn resizing(name: &str) -> Write {
    Write::PatchReplicaSet {
        name: name.to_owned(),
        uid: name.to_owned(),
        resource_version: "1".to_owned(),
        change: ReplicaSetChange {
            replicas: Some(3),
            ..ReplicaSetChange::default()
        },
    }
}

fn set_of(owner: &str) -> (u16, Value) {
    let owners = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web",
        "uid": owner, "controller": true}]);
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-1",
        "namespace": "shop", "uid": "s1", "resourceVersion": "7", "ownerReferences": owners}});
    (200, set)
}

fn exists(line: &str, owner: &str) -> (u16, Value) {
    match line.split_once(' ') {
        Some(("POST", _)) => refusal(409, "AlreadyExists"),
        Some((_, path)) if path.ends_with("/replicasets/web-1") => set_of(owner),
        _ => (200, rollout()),
    }
}

/// safety.md S16: of a creation whose answer was lost the next one finds what it made.
#[tokio::test]
async fn a_name_is_taken_by_others_and_not_by_our_own_creation() {
    let answers: [(Answer, Option<&str>); 2] = [
        (|line| exists(line, "r1"), None),
        (|line| exists(line, "r0"), Some("web-1")),
    ];
    for (answer, taken) in answers {
        let (executor, _) = executor(answer);
        let outcome = executor.run(work(&executor, vec![creation()])).await;
        let name = outcome.taken.map(|taken| taken.name);
        assert_eq!(name.as_deref(), taken);
        assert_eq!(outcome.failed.unwrap().refusal, Refusal::AlreadyExists);
    }
}

/// What comes later in a plan counts on what comes before it.
#[tokio::test]
async fn nothing_is_sent_after_a_write_that_failed() {
    let (executor, log) = executor(|line| match line {
        "PATCH /apis/apps/v1/namespaces/shop/replicasets/web-2" => refusal(403, "Forbidden"),
        line if line.starts_with("PATCH") => set_of("r1"),
        _ => (200, rollout()),
    });
    let writes = ["web-1", "web-2", "web-3"].map(resizing).to_vec();
    let outcome = executor.run(work(&executor, writes)).await;
    assert_eq!(outcome.failed.unwrap().object, "ReplicaSet/web-2");
    assert_eq!(outcome.wrote.len(), 1, "what was done before is known");
    let log = log.lock().unwrap();
    let patches = log.iter().filter(|line| line.starts_with("PATCH"));
    assert_eq!(patches.count(), 2, "{log:?}");
}

/// safety.md S20: another one may lead from the moment at which our Lease runs out.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_the_lease_has_run_out() {
    let (executor, log) = executor(|line| match line {
        line if line.starts_with("PATCH") => set_of("r1"),
        _ => (200, rollout()),
    });
    let (fence, leading) = Fence::closed();
    let executor = Executor { fence, ..executor };
    let term = Duration::from_secs(10);
    leading.send_replace(Leading::Until(Instant::now() + term));
    for (passed, is_sent) in [(Duration::ZERO, true), (term, false)] {
        tokio::time::sleep(passed).await;
        log.lock().unwrap().clear();
        let outcome = executor.run(work(&executor, vec![resizing("web-1")])).await;
        let patches = log.lock().unwrap().iter().any(|it| it.starts_with("PATCH"));
        assert_eq!(patches, is_sent);
        let refusal = outcome.failed.map(|failed| failed.refusal);
        assert_eq!(refusal, (!is_sent).then_some(Refusal::NotLeading));
    }
}
