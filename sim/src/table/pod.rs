//! The row of a pod.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::age;
use super::builtin::{age_of, list, name, number, text};

/// Name, ready containers, what it does, restarts, age; IP, node, nominated node, gates.
pub(super) fn row(pod: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let summary = Summary::of(pod);
    let mut restarts = summary.restarts.to_string();
    if summary.restarts != 0
        && let Some(last) = summary.last_restart
    {
        let ago = age::since(Some(&Value::from(last)), now);
        restarts = format!("{restarts} ({ago} ago)");
    }
    let or_none = |text: &str| if text.is_empty() { "<none>" } else { text }.to_owned();
    vec![
        name(pod),
        json!(format!("{}/{}", summary.ready, summary.total)),
        json!(summary.words),
        json!(restarts),
        json!(age_of(pod, now)),
        json!(or_none(text(pod, "/status/podIPs/0/ip"))),
        json!(or_none(text(pod, "/spec/nodeName"))),
        json!(or_none(text(pod, "/status/nominatedNodeName"))),
        json!(gates(pod)),
    ]
}

struct Summary<'a> {
    words: String,
    ready: usize,
    total: usize,
    restarts: i64,
    last_restart: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(pod: &'a Value) -> Self {
        let phase = text(pod, "/status/phase");
        let mut summary = Self {
            words: phase.to_owned(),
            ready: 0,
            total: list(pod, "/spec/containers").len(),
            restarts: 0,
            last_restart: None,
        };
        let own = text(pod, "/status/reason");
        if !own.is_empty() {
            summary.words = own.to_owned();
        }
        let gated = |c: &Value| {
            text(c, "/type") == "PodScheduled" && text(c, "/reason") == "SchedulingGated"
        };
        if list(pod, "/status/conditions").iter().any(gated) {
            summary.words = "SchedulingGated".to_owned();
        }
        if !summary.initialize(pod) {
            summary.restarts = 0;
            summary.last_restart = None;
            summary.containers(pod);
        }
        if pod.pointer("/metadata/deletionTimestamp").is_some() {
            if own == "NodeLost" {
                summary.words = "Unknown".to_owned();
            } else if !matches!(phase, "Succeeded" | "Failed") {
                summary.words = "Terminating".to_owned();
            }
        }
        summary
    }

    /// Looks at the init containers; true while one of them holds the pod up.
    ///
    /// Init containers with a restart policy (sidecars) count as init containers only until
    /// they have started.
    fn initialize(&mut self, pod: &'a Value) -> bool {
        let total = list(pod, "/spec/initContainers").len();
        for (index, container) in list(pod, "/status/initContainerStatuses")
            .iter()
            .enumerate()
        {
            self.count(container);
            let done = container.pointer("/state/terminated");
            if done.is_some_and(|done| number(done, "/exitCode") == 0)
                || container
                    .get("started")
                    .is_some_and(|started| started == true)
            {
                continue;
            }
            let waiting = text(container, "/state/waiting/reason");
            self.words = match done {
                Some(done) => format!("Init:{}", ended(done)),
                None if !waiting.is_empty() && waiting != "PodInitializing" => {
                    format!("Init:{waiting}")
                }
                None => format!("Init:{index}/{total}"),
            };
            return !condition(pod, "Initialized");
        }
        false
    }

    fn containers(&mut self, pod: &'a Value) {
        let mut running = false;
        let mut failed = None;
        for container in list(pod, "/status/containerStatuses").iter().rev() {
            self.count(container);
            let waiting = text(container, "/state/waiting/reason");
            let ready = container.get("ready").is_some_and(|ready| ready == true);
            if !waiting.is_empty() {
                self.words = waiting.to_owned();
            } else if let Some(done) = container.pointer("/state/terminated") {
                self.words = ended(done);
                if number(done, "/exitCode") != 0 {
                    failed = Some(self.words.clone());
                }
            } else if ready && container.pointer("/state/running").is_some() {
                running = true;
                self.ready = self.ready.saturating_add(1);
            }
        }
        if self.words == "Completed" {
            if running && condition(pod, "Ready") {
                self.words = "Running".to_owned();
            } else if let Some(failed) = failed {
                self.words = failed;
            } else if running {
                self.words = "NotReady".to_owned();
            }
        }
    }

    fn count(&mut self, container: &'a Value) {
        self.restarts = self
            .restarts
            .saturating_add(number(container, "/restartCount"));
        let last = text(container, "/lastState/terminated/finishedAt");
        // Stamps of one form sort as texts.
        if !last.is_empty() && self.last_restart.is_none_or(|seen| seen < last) {
            self.last_restart = Some(last);
        }
    }
}

fn ended(state: &Value) -> String {
    let reason = text(state, "/reason");
    match number(state, "/signal") {
        _ if !reason.is_empty() => reason.to_owned(),
        0 => format!("ExitCode:{}", number(state, "/exitCode")),
        signal => format!("Signal:{signal}"),
    }
}

fn condition(pod: &Value, kind: &str) -> bool {
    let conditions = list(pod, "/status/conditions");
    conditions
        .iter()
        .any(|c| text(c, "/type") == kind && text(c, "/status") == "True")
}

fn gates(pod: &Value) -> String {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| condition(pod, text(gate, "/conditionType")));
    format!("{}/{}", open.count(), gates.len())
}
