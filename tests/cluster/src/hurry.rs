//! Scenarios in less time than they say: every duration of a manifest, of its defaults and of what is
//! expected is divided by one number. The controller knows nothing of it.

use std::time::Duration;

use serde_json::{Value, json};
use sim::pods::{READY_AFTER, TERMINATE_AFTER};
use tests::reading::seconds;

/// Divides every duration.
pub(crate) const FACTOR: u32 = 60;
/// What would be shorter is this long: a real cluster needs time of its own.
pub(crate) const LEAST: Duration = Duration::from_secs(2);

/// How long something takes that a scenario says takes `time`.
pub(crate) fn shorter(time: Duration) -> Duration {
    if time.is_zero() {
        return time;
    }
    (time / FACTOR).max(LEAST)
}

/// Fields of a Rollout's strategies that are seconds, and what they are when nobody says.
const OF_BLUE_GREEN: [(&str, Option<i64>); 3] = [
    ("scaleDownDelaySeconds", Some(30)),
    ("abortScaleDownDelaySeconds", Some(30)),
    ("autoPromotionSeconds", None),
];

/// Makes every duration of a Rollout shorter; with `defaults` also those that it does not say, which
/// a patch must not set.
pub(crate) fn rollout(object: &mut Value, defaults: bool) {
    let Some(spec) = object.get_mut("spec") else {
        return;
    };
    let default = |seconds: i64| defaults.then_some(seconds);
    field(spec, "progressDeadlineSeconds", default(600));
    field(spec, "minReadySeconds", None);
    if let Some(annotations) = spec.pointer_mut("/template/metadata/annotations") {
        pods(annotations);
    }
    if let Some(blue_green) = spec.pointer_mut("/strategy/blueGreen").filter(|it| it.is_object()) {
        for (name, usual) in OF_BLUE_GREEN {
            field(blue_green, name, usual.and_then(default));
        }
    }
    let steps = spec.pointer_mut("/strategy/canary/steps");
    for step in steps.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(duration) = step.pointer_mut("/pause/duration")
            && let Some(time) = seconds(duration)
        {
            *duration = json!(format!("{}s", shortened(time)));
        }
    }
}

fn field(object: &mut Value, name: &str, usual: Option<i64>) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    let said = object.get(name).and_then(Value::as_i64);
    let is_null = object.get(name).is_some_and(Value::is_null);
    if let Some(time) = said.or(usual.filter(|_| !is_null)) {
        object.insert(name.to_owned(), json!(shortened(time)));
    }
}

fn shortened(time: i64) -> i64 {
    let time = Duration::from_secs(u64::try_from(time).unwrap_or(0));
    i64::try_from(shorter(time).as_secs()).unwrap_or(i64::MAX)
}

/// Pods are as quick as they say, but never slower than two seconds.
fn pods(annotations: &mut Value) {
    for key in [READY_AFTER, TERMINATE_AFTER] {
        if let Some(said) = annotations.get_mut(key)
            && let Some(time) = seconds(said)
        {
            let time = Duration::from_secs(u64::try_from(time).unwrap_or(0));
            if time > LEAST {
                *said = json!(format!("{}s", shorter(time).as_secs()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_of_a_rollout_is_divided_and_none_gets_shorter_than_two_seconds() {
        let mut rollout_ = json!({"spec": {
            "minReadySeconds": 10,
            "strategy": {
                "canary": {"steps": [{"pause": {"duration": "5m"}}, {"pause": {}}, {"pause": {"duration": 30}}]},
                "blueGreen": {"scaleDownDelaySeconds": 0, "autoPromotionSeconds": 600},
            },
        }});
        rollout(&mut rollout_, true);
        let expected = json!({"spec": {
            "minReadySeconds": 2,
            "progressDeadlineSeconds": 10,
            "strategy": {
                "canary": {"steps": [{"pause": {"duration": "5s"}}, {"pause": {}}, {"pause": {"duration": "2s"}}]},
                "blueGreen": {
                    "scaleDownDelaySeconds": 0, "autoPromotionSeconds": 10, "abortScaleDownDelaySeconds": 2,
                },
            },
        }});
        assert_eq!(rollout_, expected);
    }

    #[test]
    fn a_patch_gets_no_defaults() {
        let mut patch = json!({"spec": {"strategy": {"blueGreen": null}, "replicas": 3}});
        let before = patch.clone();
        rollout(&mut patch, false);
        assert_eq!(patch, before);
    }
}
