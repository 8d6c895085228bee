//! The controller has the rights that it uses, and no other.

use std::collections::BTreeSet;

use cluster::{Access, Cluster, World};
use serde_json::Value;

use crate::blue_green::SHOP;
use crate::canary::WEB;

/// Every verb on every resource that a list of rules gives.
fn given(rules: &Value) -> BTreeSet<Access> {
    let words = |rule: &Value, field: &str| -> Vec<String> {
        let words = rule[field].as_array().into_iter().flatten();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = BTreeSet::new();
    for rule in rules["rules"].as_array().unwrap() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    let (group, resource) = (group.clone(), resource.clone());
                    all.insert(Access {
                        verb,
                        group,
                        resource,
                    });
                }
            }
        }
    }
    all
}

#[test]
fn every_right_is_used_and_none_is_missing() {
    let Some(world) = World::open("rights") else {
        return;
    };
    // Two Rollouts, one with Services; the history of the other is cut, both are deleted.
    world.apply(WEB);
    world.apply(SHOP);
    world.kubectl("patch rollout web --type=merge -p {\"spec\":{\"revisionHistoryLimit\":0}}");
    world.until_phase("web", "Healthy");
    world.until_phase("shop", "Healthy");
    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    world.until_phase("web", "Paused");
    world.kubectl("rollouts promote web --full");
    world.until("the old ReplicaSet to go", |objects| {
        let web = objects
            .list("replicasets")
            .filter(|set| tests::reading::name(set).starts_with("web-"));
        (web.count() == 1).then_some(())
    });
    world.kubectl("delete rollout shop");
    world.kubectl("delete rollout web --cascade=orphan");
    world.until("the Services to be given back", |objects| {
        let mut services = objects.list("services");
        services
            .all(|it| tests::reading::selected_hash(it).is_empty())
            .then_some(())
    });
    world.apply(WEB);
    // Its pods are those of v2, which are the stable ones; v1 is new to it.
    world.until_phase("web", "Paused");
    world.check();

    let Some(audit) = world.cluster().audit().unwrap() else {
        return;
    };
    let used: BTreeSet<Access> = audit
        .used_by(&Cluster::controller_user())
        .into_iter()
        .filter(|it| !it.resource.starts_with('/'))
        .collect();
    let rules = |line: &str| -> Value {
        serde_json::from_str(
            &world
                .cluster()
                .kubectl(&line.split(' ').collect::<Vec<_>>(), "")
                .unwrap(),
        )
        .unwrap()
    };
    let mut given_here = given(&rules("get clusterrole argo-rollouts -o json"));
    given_here.extend(given(&rules(
        "get role argo-rollouts -n argo-rollouts -o json",
    )));
    // Asked by an admission plugin for each owner reference, never by a request.
    given_here.remove(&Access {
        verb: "update".to_owned(),
        group: "argoproj.io".to_owned(),
        resource: "rollouts/finalizers".to_owned(),
    });
    assert_eq!(used, given_here);
}
