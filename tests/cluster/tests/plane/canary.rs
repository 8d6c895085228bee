use cluster::World;
use tests::reading::{HASH, hash, replicas, text};

/// A canary of four pods: a quarter, a pause without an end, half, a short pause, all.
pub(super) const WEB: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}, annotations: {sim.rollouts.dev/ready-after: "500ms"}}
    spec: {containers: [{name: server, image: "registry.test/shop:v1"}]}
  strategy:
    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps:
      - setWeight: 25
      - pause: {}
      - setWeight: 50
      - pause: {duration: 3s}
"#;

/// Wanted sizes of the revisions that have pods, by image tag.
pub(super) fn sizes(world: &World) -> Vec<(String, i64)> {
    let mut sizes: Vec<(String, i64)> = world
        .list("replicasets")
        .iter()
        .filter(|set| replicas(set) > 0)
        .map(|set| (tag(set), replicas(set)))
        .collect();
    sizes.sort();
    sizes
}

fn tag(set: &serde_json::Value) -> String {
    let image = text(set, "/spec/template/spec/containers/0/image");
    image.rsplit(':').next().unwrap_or_default().to_owned()
}

fn are(sizes: &[(&str, i64)]) -> Vec<(String, i64)> {
    let sizes = sizes.iter();
    sizes
        .map(|(tag, size)| ((*tag).to_owned(), *size))
        .collect()
}

#[test]
fn a_canary_goes_through_its_steps_and_is_promoted() {
    let Some(world) = World::open("canary-steps") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    assert_eq!(sizes(&world), are(&[("v1", 4)]));

    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    world.until_phase("web", "Paused");
    assert_eq!(sizes(&world), are(&[("v1", 3), ("v2", 1)]));

    let promoted = world.kubectl("rollouts promote web");
    assert_eq!(promoted, "rollout 'web' promoted\n");
    world.until("both halves", |objects| {
        let mut sets: Vec<i64> = objects.list("replicasets").map(replicas).collect();
        sets.sort_unstable();
        (sets == [2, 2]).then_some(())
    });
    world.until_phase("web", "Healthy");
    assert_eq!(sizes(&world), are(&[("v2", 4)]));
    let status = world.kubectl("rollouts status web");
    assert_eq!(status.lines().last(), Some("Healthy"));
    world.check();
}

#[test]
fn an_aborted_canary_goes_back_and_a_retry_begins_again() {
    let Some(world) = World::open("canary-abort") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    world.kubectl("argo rollouts set image web server=registry.test/shop:v2");
    world.until_phase("web", "Paused");

    world.kubectl("argo rollouts abort web");
    world.until_phase("web", "Degraded");
    world.until("only stable pods", |objects| {
        let mut sets: Vec<i64> = objects.list("replicasets").map(replicas).collect();
        sets.sort_unstable();
        (sets == [0, 4]).then_some(())
    });
    assert_eq!(sizes(&world), are(&[("v1", 4)]));

    world.kubectl("argo rollouts retry rollout web");
    world.until_phase("web", "Paused");
    assert_eq!(sizes(&world), are(&[("v1", 3), ("v2", 1)]));
    world.check();
}

#[test]
fn kubectl_alone_steers_a_canary() {
    let Some(world) = World::open("canary-kubectl") else {
        return;
    };
    world.apply(WEB);
    world.kubectl("wait rollout/web --for=condition=Healthy --timeout=90s");
    let image = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"registry.test/shop:v2"}]"#;
    world.kubectl(&format!("patch rollout web --type=json -p {image}"));
    world.kubectl("wait rollout/web --for=condition=Paused --timeout=90s");
    let status = |patch: &str| {
        world.kubectl(&format!(
            "patch rollout web --subresource=status --type=merge -p {patch}"
        ))
    };
    status(r#"{"status":{"abort":true}}"#);
    world.until_phase("web", "Degraded");
    status(r#"{"status":{"abort":false}}"#);
    world.until_phase("web", "Paused");
    status(r#"{"status":{"promoteFull":true}}"#);
    world.until_phase("web", "Healthy");
    assert_eq!(sizes(&world), are(&[("v2", 4)]));
    world.kubectl("scale rollout web --replicas=2");
    world.until("two pods", |objects| {
        let rollout = objects.list("rollouts").next()?;
        let available = rollout.pointer("/status/availableReplicas")?.as_i64()?;
        (available == 2).then_some(())
    });
    let selector = world.kubectl("get rollout web -o jsonpath={.status.selector}");
    let pods = world.list(&format!("pods -l {selector}"));
    assert!(
        !pods.is_empty() && pods.iter().all(|pod| !hash(pod).is_empty()),
        "{HASH}"
    );
    world.check();
}

#[test]
fn a_controller_that_is_killed_in_the_middle_leaves_nothing_half_done() {
    let Some(world) = World::with_own_controller("canary-killed") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    world.until("a new ReplicaSet", |objects| {
        (objects.list("replicasets").count() == 2).then_some(())
    });
    world.start_controller().unwrap();
    world.until_phase("web", "Paused");
    assert_eq!(sizes(&world), are(&[("v1", 3), ("v2", 1)]));
    world.kubectl("rollouts promote web --full");
    world.until_phase("web", "Healthy");
    assert_eq!(sizes(&world), are(&[("v2", 4)]));
    world.check();
}
