//! People, autoscalers and crashes in any order (`safety.md` F21, F24, F25): no invariant breaks, and
//! once a good image is promoted the rollout becomes Healthy (L1, L6).
//!
//! The sequences are drawn from a fixed seed; `PROPTEST_CASES` asks for more of them. A failure is
//! shrunk to the shortest sequence that still fails.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};
use tests::invariants;
use tests::reading::{phase_and_message, text};
use tests::scenario::disturbance::Disturbance;
use tests::scenario::lab::{Lab, on_virtual_time};
use tests::scenario::parse::Act;

/// Something that happens.
#[derive(Debug, Clone)]
enum Deed {
    Act(Act),
    Wait(u64),
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    let image = prop_oneof![
        4 => (1..4_u8).prop_map(|version| format!("shop:v{version}")),
        1 => Just("shop:v5-bad".to_owned()),
        1 => Just("shop:v6-flap".to_owned()),
    ];
    let act = prop_oneof![
        4 => image.prop_map(Act::SetImage),
        2 => (0..7_i64).prop_map(Act::Scale),
        4 => Just(Act::Promote),
        1 => Just(Act::PromoteFull),
        2 => Just(Act::Abort),
        2 => Just(Act::Retry),
        1 => Just(Act::Pause),
        1 => Just(unpause()),
        1 => Just(Act::Undo(None)),
        1 => Just(lost_selector()),
        1 => Just(harmless_edit()),
        1 => (0..6_i64).prop_map(|replicas| Act::PatchOther {
            resource: "replicasets".to_owned(),
            name: "new".to_owned(),
            body: json!({"spec": {"replicas": replicas}}),
        }),
        1 => prop_oneof![Just("new"), Just("stable")].prop_map(|which| Act::DeleteOther {
            resource: "pods".to_owned(),
            name: which.to_owned(),
        }),
    ];
    prop_oneof![
        5 => act.prop_map(Deed::Act),
        4 => prop_oneof![Just(0), Just(1), Just(3), Just(12), Just(45), Just(400)].prop_map(Deed::Wait),
        1 => Just(Deed::Restart),
    ]
}

fn unpause() -> Act {
    Act::Patch {
        status: false,
        body: json!({"spec": {"paused": false}}),
    }
}

/// A GitOps tool applies the active Service without our key.
fn lost_selector() -> Act {
    Act::PatchOther {
        resource: "services".to_owned(),
        name: "shop-active".to_owned(),
        body: json!({"spec": {"selector": {"rollouts-pod-template-hash": null}}}),
    }
}

/// An edit that changes nothing of the update.
fn harmless_edit() -> Act {
    Act::Patch {
        status: false,
        body: json!({"spec": {"revisionHistoryLimit": 7}}),
    }
}

fn canary() -> impl Strategy<Value = Value> {
    let step = prop_oneof![
        (0..=100_i64).prop_map(|weight| json!({"setWeight": weight})),
        Just(json!({"pause": {}})),
        (0..60_i64).prop_map(|seconds| json!({"pause": {"duration": seconds}})),
    ];
    let steps = proptest::collection::vec(step, 0..5);
    let limits = prop_oneof![
        Just(json!({})),
        Just(json!({"maxSurge": 1, "maxUnavailable": 0})),
        Just(json!({"maxSurge": 0, "maxUnavailable": 1})),
        Just(json!({"maxSurge": "100%", "maxUnavailable": "50%"})),
    ];
    (steps, limits).prop_map(|(steps, mut canary)| {
        canary["steps"] = json!(steps);
        json!({"canary": canary})
    })
}

fn blue_green() -> impl Strategy<Value = Value> {
    let options = prop_oneof![
        Just(json!({})),
        Just(json!({"autoPromotionEnabled": false})),
        Just(json!({"autoPromotionSeconds": 20})),
        Just(json!({"autoPromotionEnabled": false, "previewReplicaCount": 1})),
        Just(json!({"scaleDownDelaySeconds": 0})),
        Just(json!({"scaleDownDelayRevisionLimit": 1, "abortScaleDownDelaySeconds": 0})),
    ];
    options.prop_map(|mut options| {
        options["activeService"] = json!("shop-active");
        options["previewService"] = json!("shop-preview");
        json!({"blueGreen": options})
    })
}

fn rollout(strategy: &Value, abort_at_deadline: bool) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 4, "progressDeadlineSeconds": 60, "progressDeadlineAbort": abort_at_deadline,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]}},
            "strategy": strategy}})
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]}})
}

/// What goes wrong, if anything.
fn play(mode: Disturbance, rollout: &Value, deeds: &[Deed]) -> Result<(), String> {
    on_virtual_time(async {
        let mut lab = Lab::new(mode).await.unwrap();
        for object in [&service("shop-active"), &service("shop-preview"), rollout] {
            lab.user.apply(object).await.unwrap();
        }
        lab.watch(Duration::from_secs(20), |_| false).await;
        for deed in deeds {
            match deed {
                // What is refused (nothing to undo, say) changes nothing.
                Deed::Act(act) => {
                    let user = lab.user.clone();
                    let _ = user.act(act, &lab.world, "web").await;
                    lab.settle().await;
                }
                Deed::Wait(seconds) => {
                    lab.watch(Duration::from_secs(*seconds), |_| false).await;
                }
                Deed::Restart => lab.restart_controller(),
            }
        }
        let healed = heal(&mut lab).await;
        let broken = invariants::check(&lab.history());
        if let Some(first) = broken.first() {
            return Err(first.to_string());
        }
        healed
    })
    .unwrap()
}

/// A good image is rolled out and promoted; it must arrive.
async fn heal(lab: &mut Lab) -> Result<(), String> {
    let acts = [
        unpause(),
        Act::Scale(4),
        Act::SetImage("shop:v9".to_owned()),
        Act::PromoteFull,
    ];
    for act in acts {
        let user = lab.user.clone();
        let done = user.act(&act, &lab.world, "web").await;
        done.map_err(|error| format!("{act:?}: {error:#}"))?;
        lab.watch(Duration::from_secs(1), |_| false).await;
    }
    let arrived = |lab: &Lab| {
        let rollout = lab.world.get("rollouts", "default", "web");
        rollout.is_some_and(|rollout| {
            let image = text(rollout, "/spec/template/spec/containers/0/image");
            phase_and_message(rollout).0 == "Healthy" && image == "shop:v9"
        })
    };
    if lab.watch(Duration::from_secs(600), arrived).await {
        return Ok(());
    }
    let rollout = lab.world.get("rollouts", "default", "web");
    Err(format!(
        "never Healthy: {}",
        rollout.unwrap_or(&Value::Null)["status"]
    ))
}

fn hold(mode: Disturbance, strategy: impl Strategy<Value = Value>) {
    let config = Config {
        cases: std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(24),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let input = (
        strategy,
        any::<bool>(),
        proptest::collection::vec(deed(), 1..14),
    );
    let result = runner.run(&input, |(strategy, abort_at_deadline, deeds)| {
        play(mode, &rollout(&strategy, abort_at_deadline), &deeds).map_err(TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_canary_is_safe_whatever_people_do() {
    hold(Disturbance::Steady, canary());
}

#[test]
fn blue_green_is_safe_whatever_people_do() {
    hold(Disturbance::Steady, blue_green());
}

#[test]
fn a_canary_is_safe_whatever_people_do_in_a_slow_cluster() {
    hold(Disturbance::SlowCluster, canary());
}

#[test]
fn blue_green_is_safe_whatever_people_do_with_a_controller_that_dies_after_every_write() {
    hold(Disturbance::CrashAfterEveryWrite, blue_green());
}

#[test]
fn a_canary_is_safe_whatever_people_do_with_a_controller_that_dies_after_every_write() {
    hold(Disturbance::CrashAfterEveryWrite, canary());
}

#[test]
fn blue_green_is_safe_whatever_people_do_in_a_slow_cluster() {
    hold(Disturbance::SlowCluster, blue_green());
}
