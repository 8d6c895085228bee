//! How ReplicaSets are made and kept in step with the spec: names, selectors, questions.

use crds::names::POD_TEMPLATE_HASH;
use planner::{Now, Observed, TakenName, Write, plan};
use serde_json::{Value, json};

use crate::world::World;

fn asked(observed: &Observed, world: &World) -> Vec<Write> {
    let plan = plan(observed, Now::from_unix_millis(world.now));
    plan.actions.into_iter().map(|it| it.write).collect()
}

fn object(writes: &[Write]) -> &Value {
    let mut objects = writes.iter().filter_map(|write| match write {
        Write::CheckTemplate { object, .. } | Write::CreateReplicaSet { object } => Some(object),
        _ => None,
    });
    objects.next().unwrap()
}

fn new_world() -> World {
    World::new(2, json!({"canary": {}}))
}

/// Another selector would make two ReplicaSets fight for the same pods.
#[test]
fn a_replica_set_selects_the_pods_of_its_own_version() {
    let world = new_world();
    let writes = asked(&world.observed(), &world);
    let labels = &object(&writes)["spec"]["selector"]["matchLabels"];
    let label = &object(&writes)["metadata"]["labels"]["rollouts-pod-template-hash"];
    assert_eq!(
        labels,
        &json!({"app": "shop-web", "rollouts-pod-template-hash": label})
    );
    let pods = &object(&writes)["spec"]["template"]["metadata"]["labels"];
    assert_eq!(pods, labels);
}

/// Whatever has the names stays as it is; the count tells everyone which name it is in the end.
#[test]
fn each_name_that_is_taken_leads_to_the_next_and_the_count_is_kept() {
    let world = new_world();
    let mut observed = world.observed();
    let mut names: Vec<String> = Vec::new();
    for _ in 0..3 {
        let writes = asked(&observed, &world);
        let name = object(&writes)["metadata"]["name"].as_str().unwrap();
        assert!(!names.contains(&name.to_owned()), "{name} after {names:?}");
        names.push(name.to_owned());
        observed.taken_name = Some(TakenName {
            name: name.to_owned(),
        });
    }
    for (count, taken) in [(None, None), (Some(1), Some(0)), (Some(2), Some(1))] {
        let mut world = new_world();
        let writes = asked(&world.observed(), &world);
        world.apply(&writes[0]);
        let mut observed = world.observed();
        observed.taken_name = taken.map(|index: usize| TakenName {
            name: names[index].clone(),
        });
        let writes = asked(&observed, &world);
        let counts = writes.iter().filter_map(|write| match write {
            Write::WriteStatus { status } => Some(status.collision_count),
            _ => None,
        });
        assert_eq!(counts.collect::<Vec<_>>(), [count]);
    }
}

/// What the API server said of one template says nothing about another.
#[test]
fn each_template_is_asked_about() {
    let mut world = new_world();
    world.settle();
    world.set_image("v2");
    let writes = asked(&world.observed(), &world);
    assert!(matches!(writes[0], Write::CheckTemplate { .. }));
    world.apply(&writes[0]);
    let writes = asked(&world.observed(), &world);
    let creates = |write: &Write| matches!(write, Write::CreateReplicaSet { .. });
    assert!(writes.iter().any(creates), "the answer is there");
    world.set_image("v3");
    let writes = asked(&world.observed(), &world);
    assert!(
        matches!(writes[..], [Write::CheckTemplate { .. }]),
        "{writes:#?}"
    );
}

#[test]
fn min_ready_seconds_of_the_spec_are_those_of_the_new_replica_set() {
    let mut world = new_world();
    world.settle();
    for (wanted, present) in [(30, 0), (0, 30)] {
        world.edit(|spec| spec.min_ready_seconds = wanted);
        world.sets[0].min_ready_seconds = present;
        let writes = asked(&world.observed(), &world);
        let follows = |write: &Write| matches!(write, Write::PatchReplicaSet { change, .. } if change.min_ready_seconds == Some(wanted));
        assert!(writes.iter().any(follows), "{writes:#?}");
    }
}

/// safety.md F21: what a ReplicaSet is goes by its selector. Its label is for people, who may have
/// removed it, or given two the same.
#[test]
fn a_label_that_somebody_changed_is_put_back_and_decides_nothing() {
    let mut world = World::new(
        4,
        json!({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}]}}),
    );
    world.settle();
    world.set_image("v2");
    world.settle();
    let sizes = world.sizes.clone();
    let labels = |world: &World| -> Vec<Option<String>> {
        let sets = world.sets.iter();
        sets.map(|set| set.labels.get(POD_TEMPLATE_HASH).cloned())
            .collect()
    };
    let before = labels(&world);
    let others = [None, Some("6f6f6f6f6f".to_owned()), before[0].clone()];
    for label in others {
        for set in &mut world.sets {
            match &label {
                Some(label) => set
                    .labels
                    .insert(POD_TEMPLATE_HASH.to_owned(), label.clone()),
                None => set.labels.remove(POD_TEMPLATE_HASH),
            };
        }
        world.settle();
        assert_eq!(labels(&world), before);
        assert_eq!(world.sizes, sizes, "nothing else comes of it");
    }
}
