use cluster::World;
use tests::reading::{MANAGED_BY, annotation, selected_hash};

use crate::blue_green::SHOP;
use crate::canary::WEB;

#[test]
fn what_a_deleted_rollout_owned_is_collected() {
    let Some(world) = World::open("deletion") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    world.until_phase("web", "Paused");
    world.kubectl("delete rollout web");
    world.until("ReplicaSets and pods to go", |objects| {
        let left = objects.list("replicasets").count() + objects.list("pods").count();
        (left == 0).then_some(())
    });
    world.check();
}

#[test]
fn a_deletion_in_the_foreground_waits_for_the_pods() {
    let Some(world) = World::open("foreground") else {
        return;
    };
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    world.kubectl("delete rollout web --cascade=foreground --timeout=90s");
    assert_eq!(world.list("replicasets").len(), 0);
    world.check();
}

#[test]
fn services_of_a_deleted_rollout_are_given_back() {
    let Some(world) = World::open("services-back") else {
        return;
    };
    world.apply(SHOP);
    world.until_phase("shop", "Healthy");
    world.kubectl("delete rollout shop");
    world.until("Services without our mark", |objects| {
        let mut services = objects.list("services");
        let is_back = |service| {
            annotation(service, MANAGED_BY).is_empty() && selected_hash(service).is_empty()
        };
        services.all(is_back).then_some(())
    });
    world.check();
}
