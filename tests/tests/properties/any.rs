//! Any observation at all, sensible or not.

use fuzz::draw::Draw;
use fuzz::model::Model;
use fuzz::observation::{self, NOW};
use planner::{Now, Observed, Plan, Write};
use proptest::prelude::*;

use crate::{bytes, config};

/// Actions that one plan may have, beside those per ReplicaSet: two Services, the Rollout, a
/// creation, the status.
const OTHER_ACTIONS: usize = 5;

/// A status larger than this does not belong into an object (safety.md S23).
const STATUS_MAX: usize = 64 * 1024;

/// Passes after which a world in which nothing else happens has to be at rest.
const PASSES: usize = 60;

fn world(bytes: &[u8]) -> Model {
    let (observed, templates) = observation::observed(&mut Draw::new(bytes));
    Model::new(observed, templates, NOW * 1000)
}

fn plan_at(observed: &Observed, millis: i64) -> Plan {
    planner::plan(observed, Now::from_unix_millis(millis))
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn a_plan_is_bounded_and_the_same_each_time(bytes in bytes()) {
        let world = world(&bytes);
        let plan = world.plan();
        prop_assert_eq!(&plan, &world.plan());
        let most = OTHER_ACTIONS + 2 * world.observed.replica_sets.len();
        prop_assert!(plan.actions.len() <= most, "{:#?}", plan);
        for (index, action) in plan.actions.iter().enumerate() {
            if let Write::WriteStatus { status } = &action.write {
                prop_assert_eq!(index + 1, plan.actions.len(), "the status is last");
                let size = serde_json::to_vec(status).unwrap().len();
                prop_assert!(size <= STATUS_MAX, "{size} bytes of status");
            }
        }
    }

    #[test]
    fn the_order_in_which_replica_sets_are_seen_does_not_matter(bytes in bytes()) {
        let world = world(&bytes);
        let mut other = world.clone();
        other.observed.replica_sets.reverse();
        prop_assert_eq!(world.plan(), other.plan());
    }

    /// Once what a plan writes is written, nothing is left to do until something happens.
    #[test]
    fn a_world_in_which_nothing_happens_comes_to_rest(bytes in bytes()) {
        let mut world = world(&bytes);
        for _ in 0..PASSES {
            let seen = world.observed.clone();
            let plan = world.plan();
            if plan.actions.is_empty() {
                // The refused write that was told is tried again, as the controller does.
                if world.observed.failure.take().is_none() {
                    return Ok(());
                }
                continue;
            }
            let done = world.execute(&plan, &seen);
            prop_assert!(done.is_ok(), "{:?} of {:#?}", done, plan);
        }
        prop_assert!(false, "never at rest: {:#?}", world.plan());
    }

    #[test]
    fn nothing_changes_before_wake_at(bytes in bytes(), share in 0_i64..=100) {
        let mut world = world(&bytes);
        // A write that was refused is told and tried again at once: that waits for no moment.
        world.observed.failure = None;
        // At rest, so that what a plan waits for is all there is to it.
        for _ in 0..PASSES {
            let (seen, plan) = (world.observed.clone(), world.plan());
            if plan.actions.is_empty() {
                break;
            }
            world.execute(&plan, &seen).unwrap();
        }
        let plan = world.plan();
        // Without a moment to wake at, nothing changes for a year.
        let end = plan.wake_at.map_or(world.now + 365 * 86_400_000, Now::unix_millis);
        prop_assert!(end > world.now, "wakes at {end}, and it is {} already", world.now);
        let ahead = i128::from(end - 1 - world.now) * i128::from(share) / 100;
        let before = world.now + i64::try_from(ahead).unwrap();
        prop_assert_eq!(&plan, &plan_at(&world.observed, before), "at {}, now {}", before, world.now);
    }

    /// Every write names what it was decided on: carried out twice, the second time does nothing.
    #[test]
    fn a_plan_that_arrives_twice_is_carried_out_once(bytes in bytes()) {
        let mut world = world(&bytes);
        let (seen, plan) = (world.observed.clone(), world.plan());
        world.execute(&plan, &seen).unwrap();
        let once = world.observed.clone();
        // Refused at the first write that names a version; a question to the server changes nothing.
        let _refused = world.execute(&plan, &seen);
        prop_assert_eq!(&once.rollout, &world.observed.rollout);
        prop_assert_eq!(&once.replica_sets, &world.observed.replica_sets);
        prop_assert_eq!(&once.services, &world.observed.services);
    }
}
