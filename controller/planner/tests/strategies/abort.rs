//! An abort is the first thing that is done, whatever else is there to do or is wrong.

use crds::names::POD_TEMPLATE_HASH;
use planner::{Owner, Plan, ServiceState, Write, WriteFailure};
use serde_json::json;

use crate::world::{World, becomes};

/// Users are on `v2` already, stable is `v1` still, and the update is aborted.
fn switched_and_aborted() -> World {
    let strategy = json!({"activeService": "active", "previewService": "preview"});
    let mut world = World::new(3, json!({"blueGreen": strategy}));
    world.settle();
    world.set_image("v2");
    world.settle();
    let stable = world.set_of("v1").hash.clone();
    world.status().stable_rs = Some(stable);
    world.status().abort = true;
    world
}

fn first(plan: &Plan) -> &Write {
    &plan.actions.first().unwrap().write
}

fn switches_back(world: &World, write: &Write) -> bool {
    let stable = &world.set_of("v1").hash;
    matches!(write, Write::PatchService { name, hash, .. } if name == "active" && hash == stable)
}

#[test]
fn users_go_back_first() {
    let world = switched_and_aborted();
    assert!(switches_back(&world, first(&world.plan())));
}

#[test]
fn users_who_are_on_no_pods_go_back_on_old_counts_too() {
    let mut world = switched_and_aborted();
    for set in &mut world.sets {
        set.generation += 1;
    }
    let mut selects = |label: Option<&str>| {
        let selector = &mut world.services.get_mut("active").unwrap().selector;
        selector.remove(POD_TEMPLATE_HASH);
        selector.extend(label.map(|it| (POD_TEMPLATE_HASH.to_owned(), it.to_owned())));
        world.plan()
    };
    let of_nobody = selects(Some("nothing"));
    let of_all = selects(None);
    assert!(switches_back(&world, first(&of_nobody)));
    let switches = |action: &planner::Action| switches_back(&world, &action.write);
    assert!(!of_all.actions.iter().any(switches), "{of_all:#?}");
}

#[test]
fn an_invalid_spec_does_not_hold_up_an_abort() {
    let mut world = switched_and_aborted();
    let mut observed = world.observed();
    observed
        .services
        .insert("preview".to_owned(), ServiceState::NotFound);
    let plan = planner::plan(&observed, planner::Now::from_unix_millis(world.now));
    assert!(switches_back(&world, first(&plan)));
    let invalid = |action: &planner::Action| match &action.write {
        Write::WriteStatus { status } => {
            status.abort
                && status.aborted_at.is_some()
                && status.waiting_on.as_ref().unwrap().reason == "InvalidSpec"
        }
        _ => false,
    };
    assert!(plan.actions.iter().any(invalid), "{plan:#?}");

    world.edit(|spec| spec.progress_deadline_seconds = Some(-1));
    assert!(switches_back(&world, first(&world.plan())));
}

#[test]
fn orphans_and_services_that_are_left_do_not_hold_up_an_abort() {
    let mut world = switched_and_aborted();
    let mut orphan = world.set_of("v1").clone();
    becomes(&mut orphan, "orphan");
    orphan.owner = Owner::Nobody;
    world.sets.push(orphan);
    let plan = world.plan();
    assert!(switches_back(&world, first(&plan)));
    let adopts = |action: &planner::Action| match &action.write {
        Write::PatchReplicaSet { name, change, .. } => name == "web-orphan" && change.adopts,
        _ => false,
    };
    assert!(plan.actions.iter().any(adopts));
}

#[test]
fn a_refused_switch_back_is_told_and_tried_again() {
    let mut world = switched_and_aborted();
    world.failure = Some(WriteFailure {
        object: "Service/active".to_owned(),
        creating: false,
        message: "not today".to_owned(),
        since: crds::Time::from_unix(1_000_000),
    });
    let plan = world.plan();
    let [told] = plan.actions.as_slice() else {
        panic!("{plan:#?}");
    };
    assert!(matches!(told.write, Write::WriteStatus { .. }));
    world.apply(&told.write);
    assert_eq!(world.waiting_on(), "WriteRefused");
    assert!(switches_back(&world, first(&world.plan())));
}

#[test]
fn a_service_of_another_rollout_is_left_alone() {
    let mut world = switched_and_aborted();
    world.services.get_mut("active").unwrap().managed_by = Some("another".to_owned());
    let touches = |action: &planner::Action| matches!(action.write, Write::PatchService { .. });
    assert!(!world.plan().actions.iter().any(touches));
}

#[test]
fn an_invalid_canary_goes_back_and_says_what_is_wrong() {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let mut world = World::new(4, json!({"canary": {"steps": steps, "maxSurge": 1}}));
    world.settle();
    world.set_image("v2");
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (2, 2));
    world.edit(|spec| spec.progress_deadline_seconds = Some(-1));
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (2, 2), "it stays");
    world.status().abort = true;
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 4));
    assert_eq!(world.waiting_on(), "InvalidSpec");
    assert_eq!(world.status().current_step_index, Some(0));
}

#[test]
fn an_abort_without_a_number_of_pods_sizes_nothing() {
    let mut world = World::new(
        4,
        json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}),
    );
    world.settle();
    world.set_image("v2");
    world.settle();
    let before = (world.pods("v2"), world.pods("v1"));
    world.edit(|spec| spec.replicas = Some(-1));
    world.status().abort = true;
    world.settle();
    assert_eq!((world.pods("v2"), world.pods("v1")), before);
}

#[test]
fn a_preview_that_is_not_named_any_more_is_given_back() {
    let mut world = switched_and_aborted();
    world.edit(|spec| {
        let blue_green = spec.strategy.blue_green.as_mut().unwrap();
        blue_green.preview_service = None;
    });
    world.settle();
    let preview = &world.services["preview"];
    assert_eq!(preview.selector.get(POD_TEMPLATE_HASH), None);
    assert_eq!(preview.managed_by, None);
}

/// An aborted canary whose ReplicaSet was adopted, so that its label is another's, and deleted.
fn adopted_aborted_and_deleted() -> World {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let mut world = World::new(4, json!({"canary": {"steps": steps}}));
    world.settle();
    world.set_image("v2");
    world.settle();
    let adopted = world
        .sets
        .iter_mut()
        .find(|rs| rs.images == ["v2"])
        .unwrap();
    becomes(adopted, "adopted");
    world.status().current_pod_hash = Some("adopted".to_owned());
    world.status().abort = true;
    world.settle();
    world.sets.retain(|rs| rs.hash != "adopted");
    world.check = None;
    world
}

#[test]
fn an_adopted_set_that_is_made_again_is_still_aborted() {
    let mut world = adopted_aborted_and_deleted();
    world.settle();
    assert!(world.status().abort);
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 4));
}

#[test]
fn a_crash_between_its_creation_and_the_status_does_not_end_the_abort() {
    let mut world = adopted_aborted_and_deleted();
    let question = world.plan();
    world.apply(&question.actions[0].write);
    let creates =
        |action: &&planner::Action| matches!(action.write, Write::CreateReplicaSet { .. });
    let plan = world.plan();
    let creation = plan.actions.iter().find(creates).unwrap();
    world.apply(&creation.write);
    world.settle();
    assert!(world.status().abort);
    assert_eq!((world.pods("v2"), world.pods("v1")), (0, 4));
}

#[test]
fn a_template_that_was_invalid_at_first_begins_an_update_of_its_own() {
    let mut world = adopted_aborted_and_deleted();
    world.set_image("v3");
    // The answer to the question about the template: not now.
    let check = planner::TemplateCheck {
        digest: world.rollout.spec.template.digest().to_owned(),
        outcome: planner::TemplateOutcome::Refused {
            field: None,
            message: "denied by a webhook".to_owned(),
        },
    };
    world.check = Some(std::sync::Arc::new(check));
    world.settle();
    assert_eq!(world.waiting_on(), "InvalidSpec");
    assert!(world.status().abort);
    world.check = None;
    world.settle();
    assert!(!world.status().abort);
    assert_eq!((world.pods("v3"), world.pods("v1")), (2, 2));
}
