//! What KWOK makes of pods: the same that the embedded cluster does, by the same annotations and image
//! tags (`sim::pods` has the table).
//!
//! Two programs in jq read a pod: what comes next for it, and after how long. Each stage is a name that
//! the first may say, and the status that the pod has from then on.

use serde_json::{Value, json};
use sim::pods::{BEHAVIOR, FLAP_EVERY, READY_AFTER, TERMINATE_AFTER};

/// Words of both programs.
const WORDS: &str = r#"
def named: .metadata.annotations["BEHAVIOR"] // "";
def tagged:
  [ .spec.containers[].image | split("/") | last | split("@") | first | split(":") | .[1] // ""
    | split("-") | last // ""
    | if . == "bad" then "pull-error" elif . == "crash" or . == "flap" then . else empty end ]
  | first // "ready";
def behavior:
  named as $named
  | .spec.restartPolicy as $policy
  | if any("ready", "never-ready", "pull-error", "crash", "flap"; . == $named) then $named
    elif $policy == "Never" and ($named == "succeed" or $named == "fail") then $named
    elif $policy == "OnFailure" and $named == "succeed" then $named
    elif $named == "succeed" or $named == "fail" then "crash"
    else tagged end;
def is_probed: any(.spec.containers[]; .readinessProbe != null);
def condition(kind): [.status.conditions[]? | select(.type == kind)] | first // {};
def gates_are_met:
  ([.spec.readinessGates[]?.conditionType]
   - [.status.conditions[]? | select(.status == "True") | .type]) == [];
def container: .status.containerStatuses[0] // {};
def waiting: container.state.waiting.reason // "";
def next:
  behavior as $behavior
  | if .metadata.deletionTimestamp != null then "stop"
    elif .status.phase == "Succeeded" or .status.phase == "Failed" then "none"
    elif (.status.containerStatuses // []) == [] then "create"
    elif waiting == "ContainerCreating" then
      if $behavior == "pull-error" then "pull-error"
      elif ($behavior == "ready" or $behavior == "flap") and (is_probed | not) then "ready"
      else "run" end
    elif waiting == "ErrImagePull" then "back-off"
    elif waiting == "ImagePullBackOff" then "none"
    elif waiting == "CrashLoopBackOff" then "run"
    elif container.ready then
      if $behavior == "flap" then "unready"
      elif (condition("Ready").status == "True") != gates_are_met then "gates"
      else "none" end
    elif any("crash", "succeed", "fail"; . == $behavior) then $behavior
    elif $behavior == "ready" or $behavior == "flap" then "ready"
    else "none" end;
"#;

/// Milliseconds until what comes next, as Go writes them.
const DELAY: &str = r#"
def millis:
  [ scan("([0-9]+)(ms|s|m|h)")
    | (.[0] | tonumber) * ({"ms": 1, "s": 1000, "m": 60000, "h": 3600000}[.[1]]) ]
  | add // 0;
def ready_after: .metadata.annotations["READY_AFTER"] // "2s" | millis;
def flap_every: .metadata.annotations["FLAP_EVERY"] // "10s" | millis;
def terminate_after: .metadata.annotations["TERMINATE_AFTER"] // "1s" | millis;
def has_flapped:
  (condition("Ready").lastTransitionTime // "") > (container.state.running.startedAt // "");
next as $next
| if $next == "stop" then
    [terminate_after, (.metadata.deletionGracePeriodSeconds // 0) * 1000] | min
  elif $next == "pull-error" or $next == "crash" then 1000
  elif $next == "back-off" then 10000
  elif $next == "unready" then flap_every
  elif $next == "run" and waiting == "CrashLoopBackOff" then
    [10000 * pow(2; container.restartCount), 300000] | min
  elif $next == "run" then ready_after / 2
  elif $next == "ready" and waiting == "ContainerCreating" then ready_after
  elif $next == "ready" and behavior == "flap" and has_flapped then flap_every
  elif any("ready", "succeed", "fail"; . == $next) then ready_after / 2
  else 0 end
| floor | tostring + "ms"
"#;

fn program(text: &str) -> String {
    text.replace("BEHAVIOR", BEHAVIOR)
        .replace("READY_AFTER", READY_AFTER)
        .replace("TERMINATE_AFTER", TERMINATE_AFTER)
        .replace("FLAP_EVERY", FLAP_EVERY)
}

/// How the containers of a pod are from a stage on.
struct Containers {
    phase: &'static str,
    ready: bool,
    /// Lines of YAML for each container; `$old` is its status before, `.` its spec.
    state: &'static str,
    restarts: &'static str,
    /// Why they are not ready, and a sentence about it.
    unready: (&'static str, &'static str),
}

const NOT_READY: (&str, &str) = ("ContainersNotReady", "containers with unready status");
const SAME: &str = "{{ $old.restartCount }}";

const CREATE: Containers = Containers {
    phase: "Pending",
    ready: false,
    state: "state: {waiting: {reason: ContainerCreating}}",
    restarts: "0",
    unready: NOT_READY,
};
const PULL_ERROR: Containers = Containers {
    phase: "Pending",
    ready: false,
    state: r#"state: {waiting: {reason: ErrImagePull, message: {{ printf "failed to pull image %q: not found" .image | Quote }}}}"#,
    restarts: "0",
    unready: NOT_READY,
};
const BACK_OFF: Containers = Containers {
    phase: "Pending",
    ready: false,
    state: r#"state: {waiting: {reason: ImagePullBackOff, message: {{ printf "Back-off pulling image %q" .image | Quote }}}}"#,
    restarts: "0",
    unready: NOT_READY,
};
const RUN: Containers = Containers {
    phase: "Running",
    ready: false,
    state: "state: {running: {startedAt: {{ $now | Quote }}}}\n  \
        {{ with $old.lastState.terminated }}lastState: {terminated: {exitCode: {{ .exitCode }}, \
        reason: {{ .reason | Quote }}, startedAt: {{ .startedAt | Quote }}, \
        finishedAt: {{ .finishedAt | Quote }}}}{{ end }}",
    restarts: "{{ if eq $waiting \"CrashLoopBackOff\" }}{{ add (atoi (toString $old.restartCount)) 1 }}\
        {{ else }}{{ $old.restartCount }}{{ end }}",
    unready: NOT_READY,
};
const RUNS_ON: &str = "state: {running: {startedAt: {{ $started | Quote }}}}";
const READY: Containers = Containers {
    phase: "Running",
    ready: true,
    state: RUNS_ON,
    restarts: SAME,
    unready: NOT_READY,
};
const UNREADY: Containers = Containers {
    phase: "Running",
    ready: false,
    state: RUNS_ON,
    restarts: SAME,
    unready: NOT_READY,
};
const CRASH: Containers = Containers {
    phase: "Running",
    ready: false,
    state: "state: {waiting: {reason: CrashLoopBackOff, \
        message: {{ printf \"back-off restarting failed container=%s\" .name | Quote }}}}\n  \
        lastState: {terminated: {exitCode: 1, reason: Error, \
        startedAt: {{ $started | Quote }}, finishedAt: {{ $now | Quote }}}}",
    restarts: SAME,
    unready: NOT_READY,
};

const SUCCEED: Containers = Containers {
    phase: "Succeeded",
    ready: false,
    state: "state: {terminated: {exitCode: 0, reason: Completed, \
        startedAt: {{ $started | Quote }}, finishedAt: {{ $now | Quote }}}}",
    restarts: SAME,
    unready: ("PodCompleted", "null"),
};
const FAIL: Containers = Containers {
    phase: "Failed",
    ready: false,
    state: "state: {terminated: {exitCode: 1, reason: Error, \
        startedAt: {{ $started | Quote }}, finishedAt: {{ $now | Quote }}}}",
    restarts: SAME,
    unready: ("PodFailed", "null"),
};

/// A node is ready as soon as it is there. From then on KWOK renews its Lease, as a kubelet does.
const NODE: &str = r#"
{{ $now := Now }}
phase: Running
capacity: {cpu: "64", memory: 256Gi, pods: "10000"}
allocatable: {cpu: "64", memory: 256Gi, pods: "10000"}
addresses: [{type: Hostname, address: {{ .metadata.name | Quote }}}]
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
"#;

/// All stages, for KWOK's `--config`.
pub(crate) fn all() -> String {
    let stages = [
        node(),
        stage("create", &status(&CREATE)),
        stage("pull-error", &status(&PULL_ERROR)),
        stage("back-off", &status(&BACK_OFF)),
        stage("run", &status(&RUN)),
        stage("ready", &status(&READY)),
        stage("unready", &status(&UNREADY)),
        stage("crash", &status(&CRASH)),
        stage("succeed", &status(&SUCCEED)),
        stage("fail", &status(&FAIL)),
        stage("gates", &conditions(true, NOT_READY)),
        stop(),
    ];
    stages.map(|stage| format!("{stage:#}\n")).join("---\n")
}

fn node() -> Value {
    let is_ready = r#"[.status.conditions[]? | select(.type == "Ready") | .status] == ["True"]"#;
    let selector = json!({"key": is_ready, "operator": "In", "values": ["false"]});
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "node"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Node"},
            "selector": {"matchExpressions": [selector]},
            "next": {"statusTemplate": NODE},
        },
    })
}

fn stage(name: &str, status: &str) -> Value {
    with_next(name, json!({"statusTemplate": status}))
}

fn stop() -> Value {
    with_next("stop", json!({"delete": true}))
}

fn with_next(name: &str, next: Value) -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": format!("pod-{name}")},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": [{
                "key": program(&format!("{WORDS} next")), "operator": "In", "values": [name],
            }]},
            "delay": {
                "durationMilliseconds": 0,
                "durationFrom": {"expressionFrom": program(&format!("{WORDS}{DELAY}"))},
            },
            "next": next,
        },
    })
}

/// The status of a pod, as a Go template.
fn status(containers: &Containers) -> String {
    let Containers {
        phase,
        ready,
        state,
        restarts,
        unready,
    } = containers;
    let runs = *phase == "Running";
    let address = if runs {
        "podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) \
         ( or .metadata.uid \"\" ) ( or .metadata.name \"\" ) ( or .metadata.namespace \"\" ) | Quote }}"
    } else {
        ""
    };
    let conditions = conditions(*ready, *unready);
    format!(
        r#"{conditions}
phase: {phase}
startTime: {{{{ or .status.startTime $now | Quote }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
{address}
containerStatuses:
{{{{ range $index, $_ := .spec.containers }}}}
{{{{ $old := dict "restartCount" 0 }}}}
{{{{ with $pod.status.containerStatuses }}}}{{{{ $old = index . $index }}}}{{{{ end }}}}
{{{{ $waiting := "" }}}}
{{{{ $started := $now }}}}
{{{{ with $old.state }}}}
{{{{ with .waiting }}}}{{{{ $waiting = .reason }}}}{{{{ end }}}}
{{{{ with .running }}}}{{{{ $started = .startedAt }}}}{{{{ end }}}}
{{{{ end }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: ""
  ready: {ready}
  started: {runs}
  restartCount: {restarts}
  {state}
{{{{ end }}}}
"#
    )
}

/// The conditions that a kubelet writes, as a Go template. Each keeps its time as long as it says the
/// same.
fn conditions(ready: bool, unready: (&str, &str)) -> String {
    let fixed = |name: &str, is: bool| {
        let status = if is { "True" } else { "False" };
        condition(name, &format!("{status:?}"), "null", "null")
    };
    let (reason, message) = if ready {
        (
            r#"{{ if $gates }}null{{ else }}ReadinessGatesNotReady{{ end }}"#,
            r#"{{ if $gates }}null{{ else }}readiness gates are not met{{ end }}"#,
        )
    } else {
        unready
    };
    let is_ready = if ready {
        r#"{{ if $gates }}{{ $ready = "True" }}{{ end }}"#
    } else {
        ""
    };
    let containers = if ready {
        fixed("ContainersReady", true)
    } else {
        condition("ContainersReady", "\"False\"", reason, message)
    };
    let initialized = fixed("Initialized", true);
    let of_pod = condition("Ready", "$ready", reason, message);
    format!(
        r#"{{{{ $now := Now }}}}
{{{{ $pod := . }}}}
{{{{ $gates := true }}}}
{{{{ range .spec.readinessGates }}}}
{{{{ $kind := .conditionType }}}}
{{{{ $met := false }}}}
{{{{ range $pod.status.conditions }}}}
{{{{ if and (eq .type $kind) (eq .status "True") }}}}{{{{ $met = true }}}}{{{{ end }}}}
{{{{ end }}}}
{{{{ if not $met }}}}{{{{ $gates = false }}}}{{{{ end }}}}
{{{{ end }}}}
{{{{ $ready := "False" }}}}
{is_ready}
conditions:
{initialized}{of_pod}{containers}"#
    )
}

/// One condition; `status` is a Go expression.
fn condition(name: &str, status: &str, reason: &str, message: &str) -> String {
    format!(
        r#"{{{{ $since := $now }}}}
{{{{ range $pod.status.conditions }}}}
{{{{ if and (eq .type "{name}") (eq .status {status}) }}}}{{{{ $since = .lastTransitionTime }}}}{{{{ end }}}}
{{{{ end }}}}
- type: {name}
  status: {{{{ {status} | Quote }}}}
  lastTransitionTime: {{{{ $since | Quote }}}}
  reason: {reason}
  message: {message}
"#
    )
}
