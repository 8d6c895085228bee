use std::collections::BTreeSet;

use cluster::World;
use tests::reading::{controller_uid, uid};

use crate::canary::WEB;

/// What another controller leaves behind: its own name and hash, its own order of things.
const OF_ANOTHER: &str = r#"
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-5d9c8b7f66
  labels: {app: shop, rollouts-pod-template-hash: 5d9c8b7f66}
  annotations: {rollout.argoproj.io/revision: "7", rollout.argoproj.io/desired-replicas: "4"}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop, rollouts-pod-template-hash: 5d9c8b7f66}}
  template:
    metadata:
      labels: {app: shop, rollouts-pod-template-hash: 5d9c8b7f66}
      annotations: {sim.rollouts.dev/ready-after: "500ms"}
    spec: {containers: [{name: server, image: "registry.test/shop:v1"}]}
"#;

fn pods(world: &World) -> BTreeSet<String> {
    world
        .list("pods")
        .iter()
        .map(|it| uid(it).to_owned())
        .collect()
}

#[test]
fn a_running_replica_set_of_another_controller_is_taken_over_without_moving_a_pod() {
    let Some(world) = World::open("adoption") else {
        return;
    };
    world.apply(OF_ANOTHER);
    world.kubectl(
        "wait replicaset/web-5d9c8b7f66 --for=jsonpath={.status.readyReplicas}=4 --timeout=90s",
    );
    let before = pods(&world);
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    assert_eq!(pods(&world), before);
    let sets = world.list("replicasets");
    let rollouts = world.list("rollouts");
    assert_eq!(sets.len(), 1);
    assert_eq!(controller_uid(&sets[0]), uid(&rollouts[0]));
    assert_eq!(rollouts[0]["status"]["stableRS"], "5d9c8b7f66");
    world.check();
}

#[test]
fn a_rollout_that_is_deleted_without_its_pods_finds_them_when_it_is_back() {
    let Some(world) = World::open("orphans") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    let before = pods(&world);
    world.kubectl("delete rollout web --cascade=orphan");
    let sets = world.list("replicasets");
    assert_eq!((sets.len(), controller_uid(&sets[0])), (1, ""));
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    assert_eq!(pods(&world), before);
    world.check();
}
