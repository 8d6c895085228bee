//! Scenarios in less time than they say: every duration of a manifest, of its defaults and of what is
//! expected is divided by one number. The controller knows nothing of it.

use std::time::Duration;

use ::tests::reading::seconds;
use ::tests::scenario::parse::merge;
use serde_json::{Value, json};
use sim::pods::{FLAP_EVERY, READY_AFTER, TERMINATE_AFTER};

/// Divides every duration.
const FACTOR: u32 = 60;
/// What would be shorter is this long: a real cluster needs time of its own.
const LEAST: Duration = Duration::from_secs(2);
/// No deadline is shorter than this: pods that are fine need two seconds to be ready, on a machine that
/// has much else to do.
const LEAST_DEADLINE: Duration = Duration::from_secs(8);

/// How long something takes that a scenario says takes `time`.
pub(crate) fn shorter(time: Duration) -> Duration {
    at_least(LEAST, time)
}

/// What lasts for `time` lasts for so long at least, even where clocks, machine and the way to the
/// API server take their share.
pub(crate) fn certainly_within(time: Duration) -> Duration {
    shorter(time) * 3 / 4
}

fn at_least(least: Duration, time: Duration) -> Duration {
    if time.is_zero() {
        return time;
    }
    (time / FACTOR).max(least)
}

/// Fields of a Rollout's strategies that are seconds, and what they are when nobody says.
const OF_BLUE_GREEN: [(&str, Option<i64>); 3] = [
    ("scaleDownDelaySeconds", Some(30)),
    ("abortScaleDownDelaySeconds", Some(30)),
    ("autoPromotionSeconds", None),
];

/// Makes every duration of a Rollout shorter; with `defaults` also those that it does not say, which
/// a patch must not set. Those that could not be as short as they should.
pub(crate) fn rollout(object: &mut Value, defaults: bool) -> Vec<String> {
    let mut raised = Vec::new();
    let Some(spec) = object.get_mut("spec") else {
        return raised;
    };
    let default = |seconds: i64| defaults.then_some(seconds);
    let mut field = |object: &mut Value, name: &str, least: Duration, usual: Option<i64>| {
        let Some(object) = object.as_object_mut() else {
            return;
        };
        let said = object.get(name).and_then(Value::as_i64);
        let is_null = object.get(name).is_some_and(Value::is_null);
        if let Some(time) = said.or(usual.filter(|_| !is_null)) {
            let short = shortened(least, time);
            object.insert(name.to_owned(), json!(short));
            if said.is_some() && short * i64::from(FACTOR) > time {
                raised.push(format!("{name} {time}s: {short}s"));
            }
        }
    };
    // A deadline that is not longer than this stays so: it is refused.
    let said = |name: &str| spec.get(name).and_then(Value::as_i64);
    let both = said("progressDeadlineSeconds").zip(said("minReadySeconds"));
    let is_refused = both.is_some_and(|(deadline, min_ready)| deadline <= min_ready);
    let least = if is_refused { LEAST } else { LEAST_DEADLINE };
    field(spec, "progressDeadlineSeconds", least, default(600));
    field(spec, "minReadySeconds", LEAST, None);
    if let Some(blue_green) = spec
        .pointer_mut("/strategy/blueGreen")
        .filter(|it| it.is_object())
    {
        for (name, usual) in OF_BLUE_GREEN {
            field(blue_green, name, LEAST, usual.and_then(default));
        }
    }
    if let Some(annotations) = spec.pointer_mut("/template/metadata/annotations") {
        pods(annotations);
    }
    let steps = spec.pointer_mut("/strategy/canary/steps");
    for step in steps.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(duration) = step.pointer_mut("/pause/duration")
            && let Some(time) = seconds(duration).filter(|time| *time != 0)
        {
            let short = shortened(LEAST, time);
            *duration = json!(format!("{short}s"));
            if short * i64::from(FACTOR) > time {
                raised.push(format!("pause {time}s: {short}s"));
            }
        }
    }
    raised
}

fn shortened(least: Duration, time: i64) -> i64 {
    let time = Duration::from_secs(u64::try_from(time).unwrap_or(0));
    i64::try_from(at_least(least, time).as_secs()).unwrap_or(i64::MAX)
}

/// Makes pods of a Rollout that flap do so often: never ready for as long as the shortest
/// `minReadySeconds`.
pub(crate) fn flapping(rollout: &mut Value) {
    let annotations =
        json!({"spec": {"template": {"metadata": {"annotations": {FLAP_EVERY: "1s"}}}}});
    merge(rollout, &annotations);
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
        let raised = rollout(&mut rollout_, true);
        assert_eq!(raised, ["minReadySeconds 10s: 2s", "pause 30s: 2s"]);
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
