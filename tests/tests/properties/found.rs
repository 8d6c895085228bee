//! What properties and fuzz targets have found, each under the name of what holds now.

use std::sync::Arc;

use fuzz::draw::Draw;
use fuzz::model::Model;
use fuzz::observation::{self, NOW};

/// A plan costs the same whatever a number in the status says.
#[test]
fn a_huge_collision_count_costs_no_time() {
    let mut world = crate::story::created(&mut Draw::new(&[]));
    let check = world.plan();
    let seen = world.observed.clone();
    world.execute(&check, &seen).unwrap();
    let rollout = Arc::make_mut(&mut world.observed.rollout);
    rollout.status.get_or_insert_default().collision_count = Some(i32::MAX);
    let begin = std::time::Instant::now();
    let plan = world.plan();
    assert!(!plan.actions.is_empty());
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
}

/// The plainest world there is can be planned for.
#[test]
fn no_bytes_at_all_make_a_world() {
    let (observed, templates) = observation::observed(&mut Draw::new(&[]));
    let world = Model::new(observed, templates, NOW * 1000);
    assert!(!world.plan().actions.is_empty());
}
