//! What a cluster does to the pods in it: nodes are lost, quotas are full, rules refuse.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Value, json};
use sim::{ActorsHandle, Cluster, Denial, GroupResource, Options};
use std::time::Duration;

struct World {
    cluster: Cluster,
    client: Client,
    _actors: ActorsHandle,
}

impl World {
    fn new(nodes: usize) -> Self {
        let cluster = Cluster::new(Options {
            nodes,
            ..Options::default()
        });
        Self {
            client: Client::new(cluster.service(), "default"),
            _actors: cluster.start(),
            cluster,
        }
    }

    fn sets(&self) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("apps", "v1", "ReplicaSet");
        Api::namespaced_with(
            self.client.clone(),
            "default",
            &ApiResource::from_gvk(&kind),
        )
    }

    async fn run(&self, replicas: i64) {
        let set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "main", "image": "web:v1"}]}}}});
        let set = serde_json::from_value(set).unwrap();
        self.sets()
            .create(&PostParams::default(), &set)
            .await
            .unwrap();
        after(5).await;
    }

    async fn set_down(&self, node: &str, value: Value) {
        let kind = GroupVersionKind::gvk("", "v1", "Node");
        let nodes: Api<DynamicObject> =
            Api::all_with(self.client.clone(), &ApiResource::from_gvk(&kind));
        let patch = json!({"metadata": {"annotations": {sim::pods::DOWN: value}}});
        nodes
            .patch(node, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
        after(1).await;
    }

    fn pods(&self) -> Vec<Value> {
        let pods = self.cluster.peek_all(&GroupResource::new("", "pods"));
        pods.iter().map(|pod| Value::clone(pod)).collect()
    }

    async fn available(&self) -> i64 {
        let set = self.sets().get("web").await.unwrap();
        let available = set.data.pointer("/status/availableReplicas");
        available.and_then(Value::as_i64).unwrap_or(0)
    }

    async fn failure(&self) -> String {
        let set = self.sets().get("web").await.unwrap();
        let message = set.data.pointer("/status/conditions/0/message");
        message.and_then(Value::as_str).unwrap_or("").to_owned()
    }
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn pods_of_a_lost_node_are_unready_after_forty_seconds_and_replaced_after_five_minutes_more()
{
    let world = World::new(2);
    world.run(4).await;
    let on_first = world
        .pods()
        .iter()
        .filter(|pod| pod["spec"]["nodeName"] == "local")
        .count();
    assert_eq!(on_first, 2);

    world.set_down("local", json!("true")).await;
    after(30).await;
    assert_eq!(world.available().await, 4, "nobody has noticed yet");
    after(15).await;
    assert_eq!(world.available().await, 2);
    assert_eq!(world.pods().len(), 4, "they are tolerated for a while");
    after(300).await;
    assert_eq!(world.available().await, 4, "replaced on the other node");
    let left = world
        .pods()
        .iter()
        .filter(|pod| pod["spec"]["nodeName"] == "local")
        .count();
    assert_eq!(left, 2, "nobody can say that they have stopped");

    world.set_down("local", Value::Null).await;
    after(40).await;
    assert_eq!(world.pods().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_back_soon_loses_no_pod() {
    let world = World::new(2);
    world.run(4).await;
    let before: Vec<Value> = world
        .pods()
        .iter()
        .map(|pod| pod["metadata"]["uid"].clone())
        .collect();
    world.set_down("local", json!("true")).await;
    after(60).await;
    world.set_down("local", Value::Null).await;
    after(5).await;
    assert_eq!(world.available().await, 4);
    let now: Vec<Value> = world
        .pods()
        .iter()
        .map(|pod| pod["metadata"]["uid"].clone())
        .collect();
    assert_eq!(now, before);
}

#[tokio::test(start_paused = true)]
async fn a_full_quota_is_told_by_the_replica_set_and_forgotten_when_there_is_room() {
    let world = World::new(1);
    world.cluster.limit_pods("default", Some(3));
    world.run(4).await;
    assert_eq!(world.available().await, 3);
    let told = world.failure().await;
    assert!(
        told.contains(
            "is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3"
        ),
        "{told}"
    );
    world.cluster.limit_pods("default", None);
    after(1200).await;
    assert_eq!(
        (world.available().await, world.failure().await.as_str()),
        (4, "")
    );
}

#[tokio::test(start_paused = true)]
async fn a_denied_verb_is_refused_in_the_words_of_a_webhook() {
    let world = World::new(1);
    world.cluster.deny(vec![Denial {
        resource: GroupResource::new("", "pods"),
        verb: "create".to_owned(),
        why: "no pods on Fridays".to_owned(),
    }]);
    world.run(2).await;
    assert_eq!(world.pods(), Vec::<Value>::new());
    let expected =
        "admission webhook \"rules.sim.rollouts.dev\" denied the request: no pods on Fridays";
    assert_eq!(world.failure().await, expected);
}
