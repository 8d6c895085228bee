//! How many pods, and whose: S1, S2, S16, S17.

use serde_json::{Value, json};

use super::{blue_green, canary, selects, sized};
use crate::history::{Actor, Request};
use crate::invariants::checkers;

#[test]
fn every_invariant_of_the_issue_has_a_checker() {
    let ids: Vec<_> = checkers().iter().map(|it| it.id()).collect();
    let wanted = "S1 S2 S9 S10 S11 S12 S13 S14 S16 S17";
    assert_eq!(ids.join(" "), wanted);
}

#[test]
fn s1_finds_a_write_that_takes_too_many_available_pods() {
    // 10 pods, 2 may be missing.
    assert_eq!(
        canary()
            .controller("replicasets", "web-old", &sized(7))
            .broken(),
        Vec::<&str>::new()
    );
    assert_eq!(
        canary()
            .controller("replicasets", "web-old", &sized(6))
            .broken(),
        ["S1"]
    );
}

#[test]
fn s1_finds_pods_that_are_gone_because_we_made_a_set_smaller() {
    let made_smaller_by = |actor| {
        let mut planted = canary();
        // The status is behind, so that the write alone looks harmless.
        let behind = json!({"status": {"availableReplicas": 0}});
        planted.cluster("replicasets", "web-old", &behind);
        planted.change(actor, "replicasets", "web-old", &sized(6));
        for index in 0..3 {
            planted.cluster("pods", &format!("web-old-{index}"), &Value::Null);
        }
        planted.broken()
    };
    assert_eq!(made_smaller_by(Actor::Controller), ["S1"]);
    assert_eq!(made_smaller_by(Actor::User), Vec::<&str>::new());
}

#[test]
fn s1_does_not_blame_the_controller_for_pods_that_the_cluster_lost() {
    let mut planted = canary();
    for index in 0..5 {
        planted.cluster("pods", &format!("web-old-{index}"), &Value::Null);
    }
    assert_eq!(planted.broken(), Vec::<&str>::new());
}

#[test]
fn s2_finds_a_write_that_asks_for_too_many_pods() {
    // 10 pods, 3 may come on top.
    assert_eq!(
        canary()
            .controller("replicasets", "web-new", &sized(4))
            .broken(),
        Vec::<&str>::new()
    );
    assert_eq!(
        canary()
            .controller("replicasets", "web-new", &sized(5))
            .broken(),
        ["S2"]
    );
    assert_eq!(
        blue_green()
            .controller("replicasets", "web-new", &sized(4))
            .broken(),
        ["S2"]
    );
}

#[test]
fn s16_finds_a_second_replica_set_of_one_revision() {
    let twin = |hash: &str| {
        json!({
            "metadata": {
                "labels": {"rollouts-pod-template-hash": hash},
                "ownerReferences": [{"uid": "uid-web", "controller": true}]},
            "spec": {"replicas": 0, "template": {"spec": {"containers": [{"image": hash}]}}}})
    };
    let mut same_hash = canary();
    same_hash.controller("replicasets", "web-new-2", &twin("new"));
    assert_eq!(same_hash.broken(), ["S16"]);
    let mut same_meaning = twin("other");
    same_meaning["spec"]["template"] = twin("new")["spec"]["template"].clone();
    assert_eq!(
        canary()
            .controller("replicasets", "web-other", &same_meaning)
            .broken(),
        ["S16"]
    );
    assert_eq!(
        canary()
            .controller("replicasets", "web-other", &twin("other"))
            .broken(),
        Vec::<&str>::new()
    );
}

#[test]
fn s17_finds_writes_to_what_is_not_ours() {
    let foreign =
        json!({"metadata": {"ownerReferences": [{"uid": "uid-else", "controller": true}]}});
    let mut set = canary();
    set.user("replicasets", "theirs", &foreign)
        .controller("replicasets", "theirs", &sized(0));
    assert_eq!(set.broken(), ["S17"]);

    let mut service = blue_green();
    service.user("services", "other", &selects("x")).controller(
        "services",
        "other",
        &selects("old"),
    );
    assert_eq!(service.broken(), ["S17"]);

    assert_eq!(
        canary()
            .controller("pods", "web-old-0", &Value::Null)
            .broken(),
        ["S17"]
    );
}

#[test]
fn s17_finds_a_removal_without_preconditions() {
    let delete = |body: Value| {
        let mut planted = canary();
        planted.history.requests.push(Request {
            actor: Actor::Controller,
            method: "DELETE".to_owned(),
            path: "/apis/apps/v1/namespaces/default/replicasets/web-old".to_owned(),
            query: String::new(),
            body,
            status: 200,
        });
        planted.broken()
    };
    let whole = json!({"preconditions": {"uid": "u", "resourceVersion": "1"}});
    assert_eq!(delete(whole), Vec::<&str>::new());
    assert_eq!(delete(json!({"preconditions": {"uid": "u"}})), ["S17"]);
}
