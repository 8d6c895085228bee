use cluster::World;
use tests::reading::{hash, replicas, selected_hash, text};

/// Two pods each; the old ones stay for three seconds after the switch.
pub(super) const SHOP: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}, annotations: {sim.rollouts.dev/ready-after: "500ms"}}
    spec: {containers: [{name: server, image: "registry.test/shop:v1"}]}
  strategy:
    blueGreen:
      activeService: shop-active
      previewService: shop-preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 3
---
apiVersion: v1
kind: Service
metadata: {name: shop-active}
spec: {selector: {app: till}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop-preview}
spec: {selector: {app: till}, ports: [{port: 80}]}
"#;

#[test]
fn a_switch_follows_the_promotion_and_old_pods_stay_for_their_delay() {
    let Some(world) = World::open("blue-green") else {
        return;
    };
    world.apply(SHOP);
    world.until_phase("shop", "Healthy");
    let image = "set image shop server=registry.test/shop:v2";
    world.kubectl(&format!("rollouts {image}"));
    world.until_phase("shop", "Paused");
    let selects = |service: &str| {
        let line = format!("get service {service} -o json");
        let service = serde_json::from_str(&world.kubectl(&line)).unwrap();
        let hash_of_service = selected_hash(&service).to_owned();
        let sets = world.list("replicasets");
        let set = sets.iter().find(|set| hash(set) == hash_of_service);
        let image = text(set.unwrap(), "/spec/template/spec/containers/0/image");
        image.to_owned()
    };
    assert_eq!(selects("shop-active"), "registry.test/shop:v1");
    assert_eq!(selects("shop-preview"), "registry.test/shop:v2");

    world.kubectl("rollouts promote shop");
    world.until_phase("shop", "Healthy");
    assert_eq!(selects("shop-active"), "registry.test/shop:v2");
    world.until("old pods to go", |objects| {
        let mut sets: Vec<i64> = objects.list("replicasets").map(replicas).collect();
        sets.sort_unstable();
        (sets == [0, 2]).then_some(())
    });
    world.check();
}

#[test]
fn endpoints_are_those_of_one_version_at_every_revision() {
    let Some(world) = World::open("blue-green-endpoints") else {
        return;
    };
    world.apply(SHOP);
    world.until_phase("shop", "Healthy");
    world.kubectl("rollouts set image shop server=registry.test/shop:v2");
    world.until_phase("shop", "Paused");
    let addresses = |selector: &str| {
        let slices = world.list(&format!("endpointslices -l {selector}"));
        let mut addresses: Vec<String> = slices
            .iter()
            .flat_map(|slice| slice["endpoints"].as_array().cloned().unwrap_or_default())
            .map(|endpoint| {
                endpoint["targetRef"]["name"]
                    .as_str()
                    .unwrap_or("")
                    .to_owned()
            })
            .collect();
        addresses.sort();
        addresses
    };
    let of_service = |name: &str| addresses(&format!("kubernetes.io/service-name={name}"));
    let pods_of = |tag: &str| {
        let mut names: Vec<String> = world
            .list("pods")
            .iter()
            .filter(|pod| text(pod, "/spec/containers/0/image").ends_with(tag))
            .map(|pod| text(pod, "/metadata/name").to_owned())
            .collect();
        names.sort();
        names
    };
    world.until("endpoints", |_| {
        (of_service("shop-preview") == pods_of("v2")).then_some(())
    });
    assert_eq!(of_service("shop-active"), pods_of("v1"));
    world.check();
}
