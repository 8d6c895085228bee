//! Each checker finds the bad history that is planted for it, and no checker minds the same history
//! without the bad change.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::check;
use crate::history::{Actor, Commit, History, World};
use crate::scenario::parse::merge;

mod order;
mod pods;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

/// A history that is written down change by change.
#[derive(Default)]
struct Planted {
    history: History,
    world: World,
    at: Duration,
}

impl Planted {
    fn new() -> Self {
        let mut planted = Self::default();
        planted.history.start = START;
        planted
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.at += Duration::from_secs(seconds);
        self
    }

    /// Merges `change` over an object (or creates it, or removes it when it is null).
    fn change(&mut self, actor: Actor, resource: &str, name: &str, change: &Value) -> &mut Self {
        let before = self.world.get(resource, "default", name).cloned();
        let after = (!change.is_null()).then(|| {
            let mut object = before.clone().unwrap_or_else(|| {
                json!({"metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}")}})
            });
            merge(&mut object, change);
            object
        });
        let commit = Commit {
            at: self.at,
            revision: u64::try_from(self.history.commits.len()).unwrap() + 1,
            key: (resource.to_owned(), "default".to_owned(), name.to_owned()),
            before: before.map(Arc::new),
            after: after.map(Arc::new),
            actor,
        };
        self.world.apply(&commit);
        self.history.commits.push(commit);
        self.history.end = self.at;
        self
    }

    fn controller(&mut self, resource: &str, name: &str, change: &Value) -> &mut Self {
        self.change(Actor::Controller, resource, name, change)
    }

    fn user(&mut self, resource: &str, name: &str, change: &Value) -> &mut Self {
        self.change(Actor::User, resource, name, change)
    }

    fn cluster(&mut self, resource: &str, name: &str, change: &Value) -> &mut Self {
        self.change(Actor::Environment, resource, name, change)
    }

    /// A ReplicaSet of the Rollout `web`, with this many pods, all available.
    fn set(&mut self, hash: &str, replicas: i64) -> &mut Self {
        let name = format!("web-{hash}");
        self.cluster(
            "replicasets",
            &name,
            &json!({
                "metadata": {
                    "labels": {"rollouts-pod-template-hash": hash},
                    "ownerReferences": [{"uid": "uid-web", "controller": true}]},
                "spec": {"replicas": replicas,
                    "template": {"spec": {"containers": [{"image": hash}]}}},
                "status": {"replicas": replicas, "availableReplicas": replicas},
            }),
        );
        for index in 0..replicas {
            self.cluster(
                "pods",
                &format!("{name}-{index}"),
                &json!({
                    "metadata": {"ownerReferences": [{"uid": format!("uid-{name}"), "controller": true}]},
                    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
                }),
            );
        }
        self
    }

    /// The ids of the invariants that do not hold, each once.
    fn broken(&self) -> Vec<&'static str> {
        let mut ids: Vec<_> = check(&self.history).iter().map(|it| it.id).collect();
        ids.dedup();
        ids
    }
}

/// Ten pods; `old` is stable, `new` is current; step 0 of `setWeight: 10, pause: {}, pause: 5m`.
fn canary() -> Planted {
    let mut planted = Planted::new();
    planted
        .user(
            "rollouts",
            "web",
            &json!({
                "metadata": {"generation": 1},
                "spec": {"replicas": 10,
                    "template": {"spec": {"containers": [{"image": "new"}]}},
                    "strategy": {"canary": {"steps": [
                        {"setWeight": 10}, {"pause": {}}, {"pause": {"duration": "5m"}}, {"setWeight": 50}]}}},
                "status": {"observedGeneration": "1", "stableRS": "old", "currentPodHash": "new",
                    "currentStepHash": "steps", "currentStepIndex": 0},
            }),
        )
        .set("old", 9)
        .set("new", 1);
    planted
}

/// Three pods; users are on `old`, `new` is the preview; nobody has promoted it.
fn blue_green() -> Planted {
    let mut planted = Planted::new();
    planted
        .user(
            "rollouts",
            "web",
            &json!({
                "metadata": {"generation": 1},
                "spec": {"replicas": 3,
                    "template": {"spec": {"containers": [{"image": "new"}]}},
                    "strategy": {"blueGreen": {"activeService": "active", "autoPromotionEnabled": false}}},
                "status": {"observedGeneration": "1", "stableRS": "old", "currentPodHash": "new"},
            }),
        )
        .set("old", 3)
        .set("new", 3)
        .user("services", "active", &selects("old"));
    planted
}

fn selects(hash: &str) -> Value {
    json!({"spec": {"selector": {"rollouts-pod-template-hash": hash}}})
}

fn status(fields: Value) -> Value {
    json!({"status": fields})
}

fn sized(replicas: i64) -> Value {
    json!({"spec": {"replicas": replicas}})
}

fn paused() -> Value {
    status(json!({"controllerPause": true, "pauseConditions": [{"reason": "CanaryPauseStep"}]}))
}

fn blue_green_paused() -> Value {
    status(json!({"controllerPause": true, "pauseConditions": [{"reason": "BlueGreenPause"}]}))
}

fn step(index: i64) -> Value {
    status(json!({"currentStepIndex": index}))
}
