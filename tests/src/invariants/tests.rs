//! JSON is read as a careful person would, and what is planted in it is found.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::check;
use crate::history::{Actor, Commit, History, Request, World};
use crate::scenario::parse::merge;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

/// A history that is written down change by change.
#[derive(Default)]
struct Planted {
    history: History,
    world: World,
}

impl Planted {
    /// Merges `change` over an object (or creates it, or removes it when it is null).
    fn change(&mut self, actor: Actor, resource: &str, name: &str, change: &Value) -> &mut Self {
        let before = self.world.get(resource, "default", name).cloned();
        let revision = u64::try_from(self.history.commits.len()).unwrap() + 1;
        let after = (!change.is_null()).then(|| {
            let mut object = before.clone().unwrap_or_else(|| {
                json!({"metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}")}})
            });
            merge(&mut object, change);
            object["metadata"]["resourceVersion"] = json!(revision.to_string());
            object
        });
        let commit = Commit {
            at: self.history.end,
            revision,
            key: (resource.to_owned(), "default".to_owned(), name.to_owned()),
            before: before.map(Arc::new),
            after: after.map(Arc::new),
            actor,
        };
        self.world.apply(&commit);
        self.history.commits.push(commit);
        self
    }

    fn controller(&mut self, resource: &str, name: &str, change: &Value) -> &mut Self {
        self.change(Actor::Controller, resource, name, change)
    }

    fn user(&mut self, resource: &str, name: &str, change: &Value) -> &mut Self {
        self.change(Actor::User, resource, name, change)
    }

    /// A ReplicaSet of the Rollout `web`, with this many pods, all available.
    fn set(&mut self, hash: &str, replicas: i64) -> &mut Self {
        let name = format!("web-{hash}");
        self.change(
            Actor::Environment,
            "replicasets",
            &name,
            &json!({
                "metadata": {
                    "generation": 1,
                    "labels": {"rollouts-pod-template-hash": hash},
                    "ownerReferences": [{"uid": "uid-web", "controller": true}]},
                "spec": {"replicas": replicas, "template": template(hash)},
                "status": {"observedGeneration": 1, "replicas": replicas,
                    "availableReplicas": replicas},
            }),
        );
        for index in 0..replicas {
            self.change(Actor::Environment, "pods", &format!("{name}-{index}"), &json!({
                "metadata": {"ownerReferences": [{"uid": format!("uid-{name}"), "controller": true}]},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }));
        }
        self
    }

    fn request(&mut self, method: &str, path: &str, body: Value) -> &mut Self {
        self.history.requests.push(Request {
            actor: Actor::Controller,
            process: 0,
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            body,
            status: 200,
            is_answered: true,
            sight: None,
        });
        self
    }

    /// The ids of the invariants that do not hold, each once.
    fn broken(&self) -> Vec<&'static str> {
        let mut ids: Vec<_> = check(&self.history).iter().map(|it| it.id).collect();
        ids.dedup();
        ids
    }
}

fn template(image: &str) -> Value {
    json!({"spec": {"containers": [{"image": image}]}})
}

/// Ten pods; `old` is stable, `new` is current; step 0 of `setWeight: 10, pause: {}, pause: 5m`.
fn canary() -> Planted {
    let mut planted = Planted::default();
    planted.history.start = START;
    planted
        .user(
            "rollouts",
            "web",
            &json!({
                "metadata": {"generation": 1},
                "spec": {"replicas": 10, "template": template("new"),
                    "strategy": {"canary": {"maxSurge": "25%", "steps": [
                        {"setWeight": 10}, {"pause": {}}, {"pause": {"duration": "5m"}}]}}},
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
    let mut planted = Planted::default();
    planted.history.start = START;
    planted
        .user("rollouts", "web", &json!({
            "metadata": {"generation": 1},
            "spec": {"replicas": 3, "template": template("new"),
                "strategy": {"blueGreen": {"activeService": "active", "autoPromotionEnabled": false}}},
            "status": {"observedGeneration": 1, "stableRS": "old", "currentPodHash": "new"},
        }))
        .set("old", 3)
        .set("new", 3)
        .user("services", "active", &json!({"spec": {"selector": {"rollouts-pod-template-hash": "old"}}}));
    planted
}

fn sized(replicas: i64) -> Value {
    json!({"metadata": {"generation": 2}, "spec": {"replicas": replicas}})
}

fn step(index: i64) -> Value {
    json!({"status": {"currentStepIndex": index}})
}

const NOTHING: [&str; 0] = [];

#[test]
fn sizes_surges_and_pods_are_read() {
    let resized = |name: &str, replicas| {
        canary()
            .controller("replicasets", name, &sized(replicas))
            .broken()
    };
    assert_eq!(resized("web-old", 7), NOTHING);
    assert_eq!(resized("web-old", 6), ["S1"]);
    assert_eq!(resized("web-new", 4), NOTHING);
    assert_eq!(resized("web-new", 5), ["S2"]);
}

#[test]
fn steps_and_pauses_are_read() {
    assert_eq!(
        canary().controller("rollouts", "web", &step(2)).broken(),
        ["S11"]
    );
    let pause = json!({"status": {"controllerPause": true, "pauseConditions": [
        {"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}]}});
    let left_after = |seconds| {
        let mut planted = canary();
        planted
            .user("rollouts", "web", &step(2))
            .controller("rollouts", "web", &pause);
        planted.history.end = Duration::from_secs(seconds);
        planted.controller("rollouts", "web", &step(3)).broken()
    };
    assert_eq!(left_after(299), ["S12"]);
    assert_eq!(left_after(300), NOTHING);
}

#[test]
fn selectors_and_promotions_are_read() {
    let to = |hash: &str| json!({"spec": {"selector": {"rollouts-pod-template-hash": hash}}});
    assert_eq!(
        blue_green()
            .controller("services", "active", &to("new"))
            .broken(),
        ["S9"]
    );
    let pause = json!({"status": {"controllerPause": true,
        "pauseConditions": [{"reason": "BlueGreenPause"}]}});
    let mut promoted = blue_green();
    promoted
        .controller("rollouts", "web", &pause)
        .user(
            "rollouts",
            "web",
            &json!({"status": {"pauseConditions": null}}),
        )
        .controller("services", "active", &to("new"));
    assert_eq!(promoted.broken(), NOTHING);
}

#[test]
fn a_template_means_the_same_with_the_defaults_of_the_server() {
    let twin = |image: &str| {
        let mut template = template(image);
        template["metadata"] = json!({"labels": {"rollouts-pod-template-hash": "other"}});
        template["spec"]["restartPolicy"] = json!("Always");
        template["spec"]["securityContext"] = json!({});
        json!({
            "metadata": {
                "labels": {"rollouts-pod-template-hash": "other"},
                "ownerReferences": [{"uid": "uid-web", "controller": true}]},
            "spec": {"replicas": 0, "template": template}})
    };
    let created = |image: &str| {
        canary()
            .controller("replicasets", "web-other", &twin(image))
            .broken()
    };
    assert_eq!(created("new"), ["S16"]);
    assert_eq!(created("other"), NOTHING);
}

#[test]
fn preconditions_are_read_off_the_body() {
    let path = "/apis/apps/v1/namespaces/default/replicasets/web-old";
    let delete = |body| canary().request("DELETE", path, body).broken();
    let whole = json!({"preconditions": {"uid": "u", "resourceVersion": "12"}});
    assert_eq!(delete(whole), NOTHING);
    assert!(delete(json!({"preconditions": {"uid": "u"}})).contains(&"S17"));
}
