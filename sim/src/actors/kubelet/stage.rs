//! How the containers of a pod are, so long after it was scheduled.

use serde_json::Value;
use std::time::Duration;

use crate::object;
use crate::pods::{Behavior, flap_every, ready_after};

/// How the containers of a pod are; all are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Creating,
    PullError,
    PullBackOff,
    Running { ready: bool, restarts: u32 },
    Crashed { restarts: u32, pause: Duration },
    Ended { exit: u8 },
}

const SECOND: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(300);

impl Stage {
    /// The stage at an age, and the time until the next one.
    pub(super) fn at(pod: &Value, age: Duration) -> (Self, Option<Duration>) {
        let behavior = Behavior::of(pod);
        let ready_at = ready_after(pod);
        let probed = object::list(pod, "/spec/containers")
            .iter()
            .any(|c| c.get("readinessProbe").is_some_and(|p| !p.is_null()));
        let runs_at = match behavior {
            Behavior::Ready | Behavior::Flap if !probed => ready_at,
            _ => ready_at / 2,
        };
        let left = |at: Duration| Some(at.saturating_sub(age));
        if behavior == Behavior::PullError {
            return match age {
                _ if age < SECOND => (Stage::Creating, left(SECOND)),
                _ if age < 11 * SECOND => (Stage::PullError, left(11 * SECOND)),
                _ => (Stage::PullBackOff, None),
            };
        }
        if age < runs_at {
            return (Stage::Creating, left(runs_at));
        }
        let running = |ready| Stage::Running { ready, restarts: 0 };
        match behavior {
            Behavior::NeverReady | Behavior::PullError => (running(false), None),
            Behavior::Crash => crash(age.saturating_sub(runs_at)),
            Behavior::Ready | Behavior::Flap if age < ready_at => (running(false), left(ready_at)),
            Behavior::Ready => (running(true), None),
            Behavior::Succeed | Behavior::Fail if age < ready_at => {
                (running(false), left(ready_at))
            }
            Behavior::Succeed => (Stage::Ended { exit: 0 }, None),
            Behavior::Fail => (Stage::Ended { exit: 1 }, None),
            Behavior::Flap => {
                let every = flap_every(pod);
                let mut into = age.saturating_sub(ready_at);
                let mut ready = true;
                while into >= every {
                    into = into.saturating_sub(every);
                    ready = !ready;
                }
                (running(ready), Some(every.saturating_sub(into)))
            }
        }
    }
}

/// Runs for a second, waits for 10 s, runs, waits for 20 s, … up to 5 minutes.
fn crash(mut since_start: Duration) -> (Stage, Option<Duration>) {
    let mut pause = 10 * SECOND;
    let mut restarts = 0_u32;
    loop {
        if since_start < SECOND {
            let stage = Stage::Running {
                ready: false,
                restarts,
            };
            return (stage, Some(SECOND.saturating_sub(since_start)));
        }
        since_start = since_start.saturating_sub(SECOND);
        if since_start < pause {
            let left = pause.saturating_sub(since_start);
            return (Stage::Crashed { restarts, pause }, Some(left));
        }
        since_start = since_start.saturating_sub(pause);
        pause = (pause * 2).min(BACK_OFF_MAX);
        restarts = restarts.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every stage of a pod in its first minutes, found by following the times it gives itself.
    fn life(image: &str, until: u64) -> Vec<(u64, Stage)> {
        life_of(&json!({"spec": {"containers": [{"image": image}]}}), until)
    }

    fn life_of(pod: &Value, until: u64) -> Vec<(u64, Stage)> {
        let mut age = Duration::ZERO;
        let mut life = Vec::new();
        while age.as_secs() <= until {
            let (stage, next) = Stage::at(pod, age);
            life.push((age.as_secs(), stage));
            let Some(next) = next else { break };
            assert!(!next.is_zero(), "a stage at {age:?} that never ends");
            age += next;
        }
        life
    }

    fn running(ready: bool, restarts: u32) -> Stage {
        Stage::Running { ready, restarts }
    }

    #[test]
    fn a_good_pod_is_ready_after_two_seconds_and_stays_so() {
        let expected = vec![(0, Stage::Creating), (2, running(true, 0))];
        assert_eq!(life("web:v1", 1_000), expected);
    }

    #[test]
    fn a_crashing_pod_waits_twice_as_long_each_time_up_to_five_minutes() {
        let pauses: Vec<u64> = life("web:crash", 1_000)
            .into_iter()
            .filter_map(|(_, stage)| match stage {
                Stage::Crashed { pause, .. } => Some(pause.as_secs()),
                _ => None,
            })
            .collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn a_flapping_pod_is_ready_and_not_ready_in_turn() {
        let expected = vec![
            (0, Stage::Creating),
            (2, running(true, 0)),
            (12, running(false, 0)),
            (22, running(true, 0)),
            (32, running(false, 0)),
        ];
        assert_eq!(life("web:v1-flap", 40), expected);
    }

    #[test]
    fn a_pod_ends_as_it_is_told_unless_its_containers_start_again() {
        let life = |behavior: &str, policy: &str| {
            let annotations = json!({"sim.rollouts.dev/behavior": behavior});
            life_of(
                &json!({"metadata": {"annotations": annotations}, "spec": {
                    "restartPolicy": policy, "containers": [{"image": "job:v1"}],
                }}),
                10,
            )
        };
        let end = |exit: u8| {
            vec![
                (0, Stage::Creating),
                (1, running(false, 0)),
                (2, Stage::Ended { exit }),
            ]
        };
        assert_eq!(life("succeed", "Never"), end(0));
        assert_eq!(life("succeed", "OnFailure"), end(0));
        assert_eq!(life("fail", "Never"), end(1));
        for (behavior, policy) in [("fail", "OnFailure"), ("succeed", "Always")] {
            let pause = 10 * SECOND;
            let crashed = Stage::Crashed { restarts: 0, pause };
            assert_eq!(
                life(behavior, policy)[2],
                (2, crashed),
                "{behavior} {policy}"
            );
        }
    }
}
