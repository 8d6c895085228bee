//! Every bad manifest of the validation table and of the table of unsupported fields, through the
//! API server and the shipped controller: the peer's words as message, the true path and a fix in
//! `status.waitingOn`, and the running version untouched.
//!
//! Source: `compat/api.md` §7.1 to §7.3.

#[path = "../../crds/tests/validation/rows.rs"]
mod rows;

use std::num::NonZero;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tests::reading::{phase_and_message, replicas, text};
use tests::scenario::disturbance::Disturbance;
use tests::scenario::lab::{Lab, on_virtual_time};
use tests::scenario::parse::merge;

/// What is wrong with a spec: what the message is or contains, and the true path of the field.
struct Case {
    spec: Value,
    message: String,
    path: String,
}

fn rollout(spec: &Value) -> Value {
    let mut rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]},
            },
        },
    });
    merge(&mut rollout["spec"], spec);
    rollout
}

/// Runs `case` for each, several at a time; what went wrong, with the spec.
fn problems(cases: &[Case], case: impl Fn(&Case) -> Option<String> + Sync) -> Vec<String> {
    let (found, case) = (&Mutex::new(Vec::new()), &case);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(threads)) {
            scope.spawn(move || {
                for one in part {
                    if let Some(problem) = case(one) {
                        let spec = &one.spec;
                        found.lock().unwrap().push(format!("{spec}\n    {problem}"));
                    }
                }
            });
        }
    });
    let found = found.lock().unwrap();
    found.clone()
}

/// Names and sizes of all ReplicaSets.
fn sets(lab: &Lab) -> Vec<(String, i64)> {
    let sets = lab.world.list("replicasets");
    sets.map(|set| (text(set, "/metadata/name").to_owned(), replicas(set)))
        .collect()
}

async fn until_phase(lab: &mut Lab, phase: &str) {
    let time = Duration::from_secs(30);
    lab.watch(time, |lab| {
        let rollout = lab.world.get("rollouts", "default", "web");
        rollout.is_some_and(|rollout| phase_and_message(rollout).0 == phase)
    })
    .await;
}

/// What is wrong with what the status says of a bad spec.
fn judge(lab: &Lab, case: &Case) -> Option<String> {
    let rollout = lab.world.get("rollouts", "default", "web")?;
    let (phase, message) = phase_and_message(rollout);
    let waiting = |field: &str| text(rollout, &format!("/status/waitingOn/{field}"));
    let expected = format!(
        "InvalidSpec: The Rollout \"web\" is invalid: {}",
        case.message
    );
    if phase != "Degraded" || message != expected {
        return Some(format!("is {phase}: {message}, expected {expected}"));
    }
    if waiting("reason") != "InvalidSpec" || waiting("object") != case.path {
        let (reason, object) = (waiting("reason"), waiting("object"));
        return Some(format!(
            "waits on {reason} at {object}, not at {}",
            case.path
        ));
    }
    waiting("fix")
        .is_empty()
        .then(|| "without a fix".to_owned())
}

/// What is wrong with a refusal by the API server itself: it must name the field.
fn refused(case: &Case, error: &anyhow::Error) -> Option<String> {
    let error = error.to_string();
    (!error.contains(&case.path)).then(|| format!("is refused: {error}"))
}

/// A valid rollout runs; its spec is replaced by the bad one.
fn edited(case: &Case) -> Option<String> {
    on_virtual_time(async {
        let mut lab = Lab::new(Disturbance::Steady).await.unwrap();
        let valid = rollout(&json!({"strategy": {"canary": {}}}));
        lab.user.apply(&valid).await.unwrap();
        until_phase(&mut lab, "Healthy").await;
        let before = sets(&lab);
        let bad = rollout(&case.spec);
        if let Err(error) = lab.user.replace_spec("web", &bad["spec"]).await {
            // The selector cannot be changed: such a spec can only be there from the beginning.
            let is_selector = error.to_string().contains("selector is immutable");
            return refused(case, &error).filter(|_| !is_selector);
        }
        lab.settle().await;
        until_phase(&mut lab, "Degraded").await;
        lab.watch(Duration::from_secs(60), |_| false).await;
        if sets(&lab) != before {
            return Some(format!("the running version was touched: {:?}", sets(&lab)));
        }
        judge(&lab, case)
    })
    .unwrap()
}

/// The bad rollout is the first that is applied.
fn created(case: &Case) -> Option<String> {
    on_virtual_time(async {
        let mut lab = Lab::new(Disturbance::Steady).await.unwrap();
        if let Err(error) = lab.user.apply(&rollout(&case.spec)).await {
            return refused(case, &error);
        }
        lab.settle().await;
        until_phase(&mut lab, "Degraded").await;
        lab.watch(Duration::from_secs(60), |_| false).await;
        if !sets(&lab).is_empty() {
            return Some("something was created for it".to_owned());
        }
        judge(&lab, case)
    })
    .unwrap()
}

fn validation_table() -> Vec<Case> {
    rows::rows()
        .into_iter()
        .map(|(spec, message, path)| Case {
            spec,
            message,
            path: path.to_owned(),
        })
        .collect()
}

fn unsupported_table() -> Vec<Case> {
    crds::unsupported::UNSUPPORTED
        .iter()
        .map(|row| {
            let mut spec: Value = serde_json::from_str(row.example).unwrap();
            if spec.get("strategy").is_none() {
                spec["strategy"] = json!({"canary": {}});
            }
            if spec.get("workloadRef").is_some() {
                spec["template"] = Value::Null;
            }
            let typed: crds::Rollout = serde_json::from_value(rollout(&spec)).unwrap();
            // Where a field needs another one that is not supported either, the first is named.
            let path = crds::unsupported::unsupported(&typed).unwrap().path;
            Case {
                spec,
                message: format!("{path}: Forbidden: not supported by this version"),
                path,
            }
        })
        .collect()
}

#[test]
fn a_bad_edit_is_told_with_path_and_fix_and_the_running_version_stays() {
    let found = problems(&validation_table(), edited);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn for_a_bad_rollout_nothing_is_created() {
    let found = problems(&validation_table(), created);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_field_that_is_not_supported_is_named_and_nothing_is_created() {
    let found = problems(&unsupported_table(), created);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_field_that_is_not_supported_leaves_the_running_version_alone() {
    let found = problems(&unsupported_table(), edited);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
