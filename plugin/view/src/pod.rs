//! Pods as kubectl describes them: one word for what a pod is doing.
//!
//! Source: `compat/cli.md` §2 "Pod status".

use crds::Time;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::icons;
use crate::objects::{created, items, number, text};

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodView {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Time>,
    /// One word: its phase, or what keeps it from running.
    pub status: String,
    /// The sign of `status`.
    pub icon: &'static str,
    /// Containers that are ready, of all: `1/2`.
    pub ready: String,
    /// Restarts of its containers.
    pub restarts: i64,
    /// Its address; empty before it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// Its node; empty before it is scheduled.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
}

impl PodView {
    pub(crate) fn new(pod: &Value) -> Self {
        let init = InitContainers::read(pod);
        let containers = Containers::read(pod);
        let mut status = match text(pod, "/status/reason") {
            "" => text(pod, "/status/phase").to_owned(),
            reason => reason.to_owned(),
        };
        let mut ready = 0;
        let restarts = match init.reason {
            Some(reason) => {
                status = reason;
                init.restarts
            }
            None => {
                ready = containers.ready;
                if let Some(reason) = containers.reason {
                    status = reason;
                }
                if status == "Completed" && containers.ready > 0 {
                    "Running".clone_into(&mut status);
                }
                containers.restarts
            }
        };
        if pod.pointer("/metadata/deletionTimestamp").is_some() {
            let lost = text(pod, "/status/reason") == "NodeLost";
            status = if lost { "Unknown" } else { "Terminating" }.to_owned();
        }
        Self {
            name: text(pod, "/metadata/name").to_owned(),
            created: created(pod),
            icon: icons::of_pod(&status),
            status,
            ready: format!("{ready}/{}", items(pod, "/spec/containers").len()),
            restarts,
            ip: text(pod, "/status/podIP").to_owned(),
            node: text(pod, "/spec/nodeName").to_owned(),
        }
    }
}

struct InitContainers {
    /// What the first unfinished one waits for; `None` when none is in the way.
    reason: Option<String>,
    restarts: i64,
}

impl InitContainers {
    fn read(pod: &Value) -> Self {
        let total = items(pod, "/spec/initContainers").len();
        let mut restarts = 0;
        for (index, status) in items(pod, "/status/initContainerStatuses")
            .iter()
            .enumerate()
        {
            restarts += number(status, "/restartCount");
            let terminated = status.pointer("/state/terminated");
            let waiting = text(status, "/state/waiting/reason");
            if terminated.is_some_and(|end| number(end, "/exitCode") == 0) {
                continue;
            }
            let reason = if let Some(end) = terminated {
                Some(format!("Init:{}", end_of(end)))
            } else if is_restartable(pod, text(status, "/name")) && flag(status, "started") {
                if flag(status, "ready") {
                    continue;
                }
                None
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                Some(format!("Init:{waiting}"))
            } else {
                Some(format!("Init:{index}/{total}"))
            };
            return Self { reason, restarts };
        }
        Self {
            reason: None,
            restarts,
        }
    }
}

struct Containers {
    /// Why the first one in the list that does not run does not.
    reason: Option<String>,
    ready: usize,
    restarts: i64,
}

impl Containers {
    fn read(pod: &Value) -> Self {
        let mut seen = Self {
            reason: None,
            ready: 0,
            restarts: 0,
        };
        for status in items(pod, "/status/containerStatuses").iter().rev() {
            seen.restarts += number(status, "/restartCount");
            let waiting = text(status, "/state/waiting/reason");
            if !waiting.is_empty() {
                seen.reason = Some(waiting.to_owned());
            } else if let Some(end) = status.pointer("/state/terminated") {
                seen.reason = Some(end_of(end));
            } else if flag(status, "ready") && status.pointer("/state/running").is_some() {
                seen.ready += 1;
            }
        }
        seen
    }
}

/// `OOMKilled`, `Signal:9` or `ExitCode:1`.
fn end_of(terminated: &Value) -> String {
    let reason = text(terminated, "/reason");
    let signal = number(terminated, "/signal");
    if !reason.is_empty() {
        reason.to_owned()
    } else if signal != 0 {
        format!("Signal:{signal}")
    } else {
        format!("ExitCode:{}", number(terminated, "/exitCode"))
    }
}

fn is_restartable(pod: &Value, name: &str) -> bool {
    items(pod, "/spec/initContainers")
        .iter()
        .any(|init| text(init, "/name") == name && text(init, "/restartPolicy") == "Always")
}

fn flag(status: &Value, name: &str) -> bool {
    status.get(name).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: Value) -> Value {
        json!({
            "metadata": {"name": "web-1"},
            "spec": {
                "initContainers": [{"name": "a", "restartPolicy": "Always"}, {"name": "b"}],
                "containers": [{"name": "x"}, {"name": "y"}],
            },
            "status": status,
        })
    }

    fn container(state: Value) -> Value {
        let ready = state.get("running").is_some();
        json!({"name": "x", "ready": ready, "started": ready, "restartCount": 2, "state": state})
    }

    #[test]
    fn a_pod_shows_the_first_reason_that_keeps_it_from_running() {
        let running = || container(json!({"running": {}}));
        let waiting = |reason: &str| container(json!({"waiting": {"reason": reason}}));
        let ended = |end: Value| container(json!({"terminated": end}));
        for (status, word, ready, restarts) in [
            (json!({"phase": "Pending"}), "Pending", "0/2", 0),
            (
                json!({"phase": "Failed", "reason": "Evicted"}),
                "Evicted",
                "0/2",
                0,
            ),
            (
                json!({"phase": "Running", "containerStatuses": [running(), running()]}),
                "Running",
                "2/2",
                4,
            ),
            (
                json!({"phase": "Running", "containerStatuses":
                    [waiting("CrashLoopBackOff"), waiting("ImagePullBackOff")]}),
                "CrashLoopBackOff",
                "0/2",
                4,
            ),
            (
                json!({"phase": "Running", "containerStatuses":
                    [ended(json!({"exitCode": 3})), running()]}),
                "ExitCode:3",
                "1/2",
                4,
            ),
            (
                json!({"phase": "Running", "containerStatuses": [ended(json!({"signal": 9}))]}),
                "Signal:9",
                "0/2",
                2,
            ),
            (
                json!({"phase": "Running", "containerStatuses":
                    [ended(json!({"reason": "Completed"})), running()]}),
                "Running",
                "1/2",
                4,
            ),
        ] {
            let view = PodView::new(&pod(status.clone()));
            let seen = (view.status.as_str(), view.ready.as_str(), view.restarts);
            assert_eq!(seen, (word, ready, restarts), "{status}");
        }
    }

    #[test]
    fn an_unfinished_init_container_comes_before_all_others() {
        let init = |name: &str, state: Value, ready: bool| {
            json!({"name": name, "state": state, "ready": ready, "started": ready,
                   "restartCount": 1})
        };
        let running = || json!({"running": {}});
        for (statuses, word) in [
            (
                json!([init("a", running(), true), init("b", running(), false)]),
                "Init:1/2",
            ),
            (
                json!([init(
                    "b",
                    json!({"waiting": {"reason": "PodInitializing"}}),
                    false
                )]),
                "Init:0/2",
            ),
            (
                json!([init(
                    "b",
                    json!({"waiting": {"reason": "ErrImagePull"}}),
                    false
                )]),
                "Init:ErrImagePull",
            ),
            (
                json!([init("b", json!({"terminated": {"exitCode": 4}}), false)]),
                "Init:ExitCode:4",
            ),
            (
                json!([init("b", json!({"terminated": {"exitCode": 0}}), false)]),
                "Pending",
            ),
        ] {
            let view = PodView::new(&pod(
                json!({"phase": "Pending", "initContainerStatuses": statuses}),
            ));
            assert_eq!(view.status, word, "{statuses}");
        }
    }

    #[test]
    fn a_deleted_pod_is_terminating_unless_its_node_is_lost() {
        for (reason, word) in [("", "Terminating"), ("NodeLost", "Unknown")] {
            let mut pod = pod(json!({"phase": "Running", "reason": reason}));
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            assert_eq!(PodView::new(&pod).status, word);
        }
    }
}
