//! What the counts of ReplicaSets may be used for: those that are old, of pods that go, of others.

use planner::{Plan, ReplicaSet, Write};
use serde_json::{Value, json};

use crate::world::{World, becomes};

/// Ten pods of `v1`, and an update to `v2` that was made as far as its first step wants.
fn half_way(steps: Value) -> World {
    let mut world = World::new(10, json!({"canary": {"maxUnavailable": 0, "steps": steps}}));
    world.settle();
    world.set_image("v2");
    world.settle();
    world
}

fn change(world: &mut World, version: &str, change: impl FnOnce(&mut ReplicaSet)) {
    let found = world.sets.iter_mut().find(|rs| rs.images == [version]);
    change(found.unwrap());
}

/// Sizes that a plan asks for, by version.
fn sizes(world: &World, plan: &Plan) -> Vec<(String, i32)> {
    let sizes = plan
        .actions
        .iter()
        .filter_map(|action| match &action.write {
            Write::PatchReplicaSet { uid, change, .. } => {
                let set = world.sets.iter().find(|rs| rs.uid == *uid).unwrap();
                change.replicas.map(|to| (set.images[0].clone(), to))
            }
            _ => None,
        });
    sizes.collect()
}

fn deletes(plan: &Plan) -> bool {
    let is_deletion = |write: &Write| matches!(write, Write::DeleteReplicaSet { .. });
    plan.actions.iter().any(|action| is_deletion(&action.write))
}

/// The step that the status of the next plan speaks of.
fn next_step(world: &mut World) -> Option<i32> {
    world.only_status();
    world.status().current_step_index
}

/// A canary at 3 of 10 pods whose step would be done, were it not for what `spoil` does.
fn at_its_first_step(spoil: impl Fn(&mut World)) -> Option<i32> {
    let mut world = half_way(json!([{"setWeight": 30}, {"setWeight": 40}, {"pause": {}}]));
    assert_eq!((world.pods("v2"), world.pods("v1")), (4, 6));
    world.status().current_step_index = Some(0);
    world.status().pause_conditions.clear();
    world.status().controller_pause = false;
    for (version, pods) in [("v2", 3), ("v1", 7)] {
        change(&mut world, version, |rs| rs.replicas = pods);
    }
    world.replica_set_controller();
    spoil(&mut world);
    next_step(&mut world)
}

#[test]
fn a_step_is_done_once_all_sizes_were_seen_and_not_before() {
    assert_eq!(at_its_first_step(|_| {}), Some(1));
    let new_is_old_news = at_its_first_step(|world| change(world, "v2", |rs| rs.generation += 1));
    assert_eq!(new_is_old_news, Some(0));
    let stable_is_old_news =
        at_its_first_step(|world| change(world, "v1", |rs| rs.generation += 1));
    assert_eq!(stable_is_old_news, Some(0));
    let stable_pod_is_left =
        at_its_first_step(|world| change(world, "v1", |rs| rs.current_replicas = 8));
    assert_eq!(stable_pod_is_left, Some(0));
    let new_pod_is_missing =
        at_its_first_step(|world| change(world, "v2", |rs| rs.available_replicas = 2));
    assert_eq!(new_pod_is_missing, Some(0));
    let older_version_serves = at_its_first_step(|world| {
        let mut older = world.set_of("v1").clone();
        becomes(&mut older, "0");
        (older.replicas, older.available_replicas) = (1, 1);
        older.images = vec!["v0".to_owned()];
        older.annotations.clear();
        world.sets.push(older);
    });
    assert_eq!(older_version_serves, Some(0));
}

/// `replicaProgressThreshold` of 50 percent of 3 pods are 2 pods.
#[test]
fn a_threshold_of_a_part_of_a_pod_needs_the_whole_pod() {
    for (available, step) in [(1, Some(0)), (2, Some(1))] {
        let step_index = at_its_first_step(|world| {
            world.edit(|spec| {
                let canary = spec.strategy.canary.as_mut().unwrap();
                let threshold = json!({"type": "Percent", "value": 50});
                canary.replica_progress_threshold = serde_json::from_value(threshold).unwrap();
            });
            change(world, "v2", |rs| rs.available_replicas = available);
        });
        assert_eq!(step_index, step, "{available} available");
    }
}

/// safety.md S1: what one ReplicaSet counts allows to take away from another only when it is of now.
#[test]
fn nothing_shrinks_while_any_count_is_old() {
    let world = |spoilt: Option<&str>| {
        let mut world = half_way(json!([{"setWeight": 30}, {"pause": {}}, {"setWeight": 60}]));
        change(&mut world, "v2", |rs| rs.replicas = 4);
        world.replica_set_controller();
        if let Some(version) = spoilt {
            change(&mut world, version, |rs| rs.generation += 1);
        }
        world.status().current_step_index = Some(2);
        world.status().pause_conditions.clear();
        world.status().controller_pause = false;
        let plan = world.plan();
        sizes(&world, &plan)
    };
    assert_eq!(world(None), [("v1".to_owned(), 6)]);
    for spoilt in ["v1", "v2"] {
        let shrinks = world(Some(spoilt)).iter().any(|(set, _)| set == "v1");
        assert!(!shrinks, "{spoilt} is old news: {:?}", world(Some(spoilt)));
    }
}

/// A ReplicaSet that was just made smaller still counts the pods that are about to go.
#[test]
fn pods_that_are_about_to_go_are_not_relied_on() {
    let mut world = half_way(json!([{"setWeight": 30}, {"pause": {}}, {"setWeight": 60}]));
    change(&mut world, "v2", |rs| rs.available_replicas = 9);
    world.status().current_step_index = Some(2);
    let plan = world.plan();
    assert!(
        !sizes(&world, &plan).iter().any(|(set, _)| set == "v1"),
        "{plan:#?}"
    );
}

/// safety.md S1: what may be missing is taken from all older versions together.
#[test]
fn older_versions_together_lose_no_more_than_may_be_missing() {
    let mut world = half_way(json!([{"setWeight": 20}, {"pause": {}}]));
    change(&mut world, "v1", |rs| rs.replicas = 5);
    for (number, version) in ["v00", "v0"].into_iter().enumerate() {
        let mut older = world.set_of("v1").clone();
        becomes(&mut older, version);
        older.replicas = 3;
        older.images = vec![version.to_owned()];
        older.created = older
            .created
            .plus_seconds(-100 + i64::try_from(number).unwrap());
        older.annotations.clear();
        world.sets.push(older);
    }
    world.replica_set_controller();
    // 2 + 5 + 3 + 3 pods of 10: there is no room for more of stable, and 3 may go.
    let plan = world.plan();
    let gone: i32 = sizes(&world, &plan)
        .iter()
        .map(|(version, to)| world.pods(version) - to)
        .sum();
    assert_eq!(gone, 3, "{:?}", sizes(&world, &plan));
}

/// safety.md S2: the same room is not given to two versions.
#[test]
fn stable_and_new_share_the_room_that_is_left() {
    let mut world = half_way(json!([{"setWeight": 50}, {"pause": {}}]));
    for version in ["v1", "v2"] {
        change(&mut world, version, |rs| rs.replicas = 4);
    }
    let mut older = world.set_of("v1").clone();
    becomes(&mut older, "0");
    older.replicas = 2;
    older.images = vec!["v0".to_owned()];
    older.annotations.clear();
    world.sets.push(older);
    world.replica_set_controller();
    let plan = world.plan();
    for action in &plan.actions {
        world.apply(&action.write);
    }
    let pods: i32 = world.sets.iter().map(|rs| rs.replicas).sum();
    assert!(
        pods <= 13,
        "25 % of 10 pods may come on top: {:?}",
        world.sizes
    );
    let bounds = planner::sizes::Bounds {
        replicas: 10,
        surge: 1,
        unavailable: 0,
    };
    let four = planner::sizes::Size {
        spec: 4,
        available: 4,
    };
    let half = planner::split::split_by_pods(10, 50, false);
    let next = planner::sizes::next_sizes(bounds, half, Some(four), Some(four), 2);
    assert_eq!((next.new, next.stable), (4, 5), "room for one");
}

/// safety.md S17: one that still has pods, or may have some, is not deleted.
#[test]
fn an_old_replica_set_is_deleted_once_it_was_seen_without_pods() {
    let with = |spoil: fn(&mut ReplicaSet)| {
        let mut world = World::new(2, json!({"canary": {}}));
        world.edit(|spec| spec.revision_history_limit = Some(0));
        world.settle();
        world.set_image("v2");
        world.settle();
        assert!(world.sets.iter().all(|rs| rs.images != ["v1"]));
        let mut old = world.set_of("v2").clone();
        becomes(&mut old, "0");
        (old.replicas, old.current_replicas) = (0, 0);
        (old.ready_replicas, old.available_replicas) = (0, 0);
        old.annotations.clear();
        old.created = old.created.plus_seconds(-100);
        spoil(&mut old);
        world.sets.push(old);
        deletes(&world.plan())
    };
    assert!(with(|_| {}));
    assert!(!with(|old| old.current_replicas = 1), "a pod is left");
    assert!(!with(|old| old.generation += 1), "its counts are old");
}

/// A ReplicaSet that goes is none of the rollout's any more: its version needs another one.
#[test]
fn a_replica_set_that_is_being_deleted_counts_for_nothing() {
    let mut world = half_way(json!([{"setWeight": 30}, {"pause": {}}]));
    change(&mut world, "v2", |rs| rs.deleting = true);
    let label = world.set_of("v2").hash.clone();
    let plan = world.plan();
    let asks = plan.actions.iter().find_map(|action| match &action.write {
        Write::CheckTemplate { object, .. } | Write::CreateReplicaSet { object } => Some(object),
        _ => None,
    });
    let object = asks.unwrap();
    assert_ne!(object["metadata"]["name"], json!(format!("web-{label}")));
}

/// safety.md F4, S20: what is taken from users is worth a last look at what is there.
#[test]
fn pods_that_go_are_what_users_have_and_pods_that_come_are_not() {
    let mut world = half_way(json!([{"setWeight": 30}, {"pause": {}}, {"setWeight": 60}]));
    let mut stake = |replicas: Option<i32>| {
        change(&mut world, "v2", |rs| rs.replicas = 3);
        let set = world.set_of("v2");
        let resize = planner::ReplicaSetChange {
            replicas,
            ..planner::ReplicaSetChange::default()
        };
        let write = Write::PatchReplicaSet {
            name: set.name.clone(),
            uid: set.uid.clone(),
            resource_version: set.resource_version.clone(),
            change: resize,
        };
        let actions = vec![planner::Action {
            write,
            events: Vec::new(),
        }];
        let plan = Plan {
            actions,
            ..Plan::default()
        };
        plan.stake(&world.observed())
    };
    assert_eq!(stake(Some(2)), planner::Stake::Users);
    assert_eq!(stake(Some(4)), planner::Stake::Order);
    assert_eq!(stake(None), planner::Stake::Order);
}
