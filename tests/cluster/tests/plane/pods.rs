//! Pods behave as those of the embedded cluster do.

use cluster::World;
use serde_json::Value;
use tests::reading::text;

fn pod(name: &str, behavior: &str, more: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{sim.rollouts.dev/behavior: {behavior}, sim.rollouts.dev/ready-after: "500ms"{more}}}
spec: {{containers: [{{name: server, image: "registry.test/shop:v1"}}]}}
---
"#
    )
}

fn container(pod: &Value) -> &Value {
    pod.pointer("/status/containerStatuses/0")
        .unwrap_or(&Value::Null)
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == "True")
}

#[test]
fn pods_are_what_their_annotations_say() {
    let Some(world) = World::open("pods") else {
        return;
    };
    let all = ["ready", "never-ready", "pull-error", "crash", "flap"];
    let manifests: String = all.iter().map(|it| pod(it, it, "")).collect();
    world.apply(&manifests);
    let until = |name: &str, what: &str, is: &dyn Fn(&Value) -> bool| {
        world.until(&format!("{name} is {what}"), |objects| {
            let pod = objects
                .list("pods")
                .find(|pod| text(pod, "/metadata/name") == name)?;
            is(pod).then_some(())
        });
    };
    let waits = |reason: &'static str| {
        move |pod: &Value| text(container(pod), "/state/waiting/reason") == reason
    };
    until("ready", "ready", &is_ready);
    until("flap", "ready", &is_ready);
    until("pull-error", "in error", &waits("ErrImagePull"));
    until("crash", "backing off", &waits("CrashLoopBackOff"));
    until("flap", "not ready", &|pod| !is_ready(pod));
    until("pull-error", "backing off", &waits("ImagePullBackOff"));
    until("crash", "started again", &|pod| {
        container(pod)["restartCount"] == 1
    });
    until("flap", "ready again", &is_ready);
    until("never-ready", "running and not ready", &|pod| {
        container(pod).pointer("/state/running").is_some() && !is_ready(pod)
    });
}

#[test]
fn readiness_gates_hold_a_pod_back() {
    let Some(world) = World::open("gates") else {
        return;
    };
    world.apply(
        r#"
apiVersion: v1
kind: Pod
metadata: {name: gated, annotations: {sim.rollouts.dev/ready-after: "500ms"}}
spec:
  readinessGates: [{conditionType: shop.test/open}]
  containers: [{name: server, image: "registry.test/shop:v1"}]
"#,
    );
    let containers_ready = "wait pod/gated --for=condition=ContainersReady --timeout=90s";
    world.kubectl(containers_ready);
    assert!(!is_ready(&world.list("pods")[0]));
    let open = r#"{"status":{"conditions":[{"type":"shop.test/open","status":"True"}]}}"#;
    world.kubectl(&format!("patch pod gated --subresource=status -p {open}"));
    world.kubectl("wait pod/gated --for=condition=Ready --timeout=90s");
}

#[test]
fn a_pod_that_stops_slowly_is_there_for_as_long() {
    let Some(world) = World::open("slow-stop") else {
        return;
    };
    let slow = r#", sim.rollouts.dev/terminate-after: "4s""#;
    world.apply(&pod("slow", "ready", slow));
    world.kubectl("wait pod/slow --for=condition=Ready --timeout=90s");
    let begun = std::time::Instant::now();
    world.kubectl("delete pod slow");
    assert!(begun.elapsed().as_secs() >= 3, "{:?}", begun.elapsed());
}

#[test]
fn a_job_ends_as_its_pod_is_told() {
    let Some(world) = World::open("jobs") else {
        return;
    };
    let job = |name: &str, behavior: &str| {
        format!(
            r#"
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {{sim.rollouts.dev/behavior: {behavior}, sim.rollouts.dev/ready-after: "500ms"}}
    spec: {{restartPolicy: Never, containers: [{{name: check, image: "registry.test/check:v1"}}]}}
---
"#
        )
    };
    let manifests = job("good", "succeed") + &job("bad", "fail") + &job("endless", "never-ready");
    world.apply(&manifests);
    world.kubectl("wait job/good --for=condition=Complete --timeout=90s");
    world.kubectl("wait job/bad --for=condition=Failed --timeout=90s");
    let phase = |job: &str| {
        let pods = world.list(&format!("pods --selector=job-name={job}"));
        text(&pods[0], "/status/phase").to_owned()
    };
    assert_eq!(
        [phase("good"), phase("bad"), phase("endless")],
        ["Succeeded", "Failed", "Running"]
    );
    let good = &world.list("pods --selector=job-name=good")[0];
    assert_eq!(container(good)["state"]["terminated"]["exitCode"], 0);
    let bad = &world.list("pods --selector=job-name=bad")[0];
    assert_eq!(container(bad)["state"]["terminated"]["exitCode"], 1);
}
