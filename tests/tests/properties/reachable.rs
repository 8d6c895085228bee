//! Worlds that can come about: the kernel, every prefix of a plan, old views, and the end.

use crds::{defaults, names};
use fuzz::draw::Draw;
use fuzz::model::Model;
use planner::{Now, Observed, Owner, Plan, ServiceState, WaitingOn};
use proptest::prelude::*;

use crate::{bytes, config, story};

/// Pods by their numbers alone, and where users are sent: written apart from the kernel.
#[derive(Debug, Clone, PartialEq)]
struct Sums {
    /// Pods that are asked for.
    wanted: i64,
    /// Available pods of those that are asked for.
    available: i64,
    /// Whether the active Service selects a revision that has a ReplicaSet with available pods.
    served: Option<bool>,
}

fn sums(observed: &Observed) -> Sums {
    let ours = || {
        observed
            .replica_sets
            .iter()
            .filter(|set| set.owner == Owner::Us && !set.deleting)
    };
    let selected = match observed.services.get("active") {
        Some(ServiceState::Found(service)) => service.selector.get(names::POD_TEMPLATE_HASH),
        Some(ServiceState::NotFound) | None => None,
    };
    let available = |set: &std::sync::Arc<planner::ReplicaSet>| {
        i64::from(set.available_replicas.min(set.replicas).max(0))
    };
    Sums {
        wanted: ours().map(|set| i64::from(set.replicas)).sum(),
        available: ours().map(available).sum(),
        served: selected.map(|hash| {
            ours()
                .filter(|set| set.hash == *hash)
                .map(available)
                .sum::<i64>()
                > 0
        }),
    }
}

/// What no write may do to the sums (safety.md S1, S2, S9).
fn judge(observed: &Observed, before: &Sums, after: &Sums) -> Result<(), String> {
    let spec = &observed.rollout.spec;
    let replicas = defaults::replicas(spec);
    if spec.strategy.canary.is_some() {
        let floor = replicas - defaults::max_unavailable(spec);
        if after.available < before.available && after.available < floor {
            return Err(format!(
                "S1: {} available pods of {} are left, {floor} are needed",
                after.available, before.available
            ));
        }
        let ceiling = replicas + defaults::max_surge(spec);
        if after.wanted > before.wanted && after.wanted > ceiling {
            return Err(format!("S2: {} pods, {ceiling} are allowed", after.wanted));
        }
    }
    if before.served == Some(true) && after.served != Some(true) {
        return Err("S9: users are sent to where nobody is".to_owned());
    }
    Ok(())
}

/// Plans, asks the kernel, and writes at most `limit` of the plan, judging after each write.
fn pass(world: &mut Model, limit: usize) -> Result<Plan, String> {
    let seen = world.observed.clone();
    let plan = world.plan();
    let now = Now::from_unix_millis(world.now);
    if let Some(rule) = controller::checks::broken_rule(&seen, &plan, now) {
        return Err(format!(
            "the kernel holds it for {rule}: {:#?}",
            plan.actions
        ));
    }
    let mut version = seen
        .rollout
        .metadata
        .resource_version
        .clone()
        .unwrap_or_default();
    for action in plan.actions.iter().take(limit) {
        let before = sums(&world.observed);
        world
            .write(&action.write, &mut version, &seen)
            .map_err(|refused| format!("{refused:?} on a fresh view: {:?}", action.write))?;
        judge(&world.observed, &before, &sums(&world.observed))
            .map_err(|broken| format!("{broken}, by {:?}", action.write))?;
    }
    Ok(plan)
}

/// Lets things happen, with some passes cut short by a crash.
fn live(world: &mut Model, draw: &mut Draw<'_>, told: &mut Vec<String>) -> Result<(), String> {
    while !draw.is_used_up() && told.len() < 60 {
        told.push(story::happens(world, draw));
        for _ in 0..=draw.below(4) {
            let limit = if draw.once_in(4) {
                draw.below(4)
            } else {
                usize::MAX
            };
            pass(world, limit)?;
        }
    }
    Ok(())
}

/// From here on nothing is in the way, and a person promotes whatever waits for one.
fn calm(world: &mut Model) -> Result<(), String> {
    for _ in 0..400 {
        world.catch_up();
        let plan = pass(world, usize::MAX)?;
        if !plan.actions.is_empty() {
            continue;
        }
        match (&plan.waiting_on, plan.wake_at) {
            (Some(WaitingOn::Promotion { .. } | WaitingOn::Retry { .. }), _) => {
                drop(story::promote(world, false));
            }
            (_, Some(at)) => world.now = at.unix_millis(),
            (None, None) => return Ok(()),
            (Some(waits), None) => return Err(format!("waits for {waits:?} for ever")),
        }
    }
    Err(format!("not at rest: {:#?}", world.plan()))
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn every_prefix_of_every_plan_is_safe_and_all_ends_well(bytes in bytes()) {
        let mut draw = Draw::new(&bytes);
        let mut world = story::created(&mut draw);
        let mut told = Vec::new();
        let lived = live(&mut world, &mut draw, &mut told);
        prop_assert!(lived.is_ok(), "{}\nafter {:#?}", lived.unwrap_err(), told);
        let ended = calm(&mut world);
        prop_assert!(ended.is_ok(), "in the end: {}\nafter {:#?}", ended.unwrap_err(), told);
        let status = world.observed.rollout.status.clone().unwrap_or_default();
        prop_assert_eq!(status.phase.as_deref(), Some("Healthy"), "{:#?} after {:#?}", status, told);
        let new = status.current_pod_hash;
        prop_assert_eq!(&status.stable_rs, &new);
        let wanted = world.observed.rollout.spec.replicas.unwrap();
        for set in &world.observed.replica_sets {
            let pods = if Some(&set.hash) == new.as_ref() { wanted } else { 0 };
            prop_assert_eq!(set.replicas, pods, "{} after {:#?}", set.name, told);
        }
    }

    /// A plan made on an old view arrives late: it changes nothing that has changed since, and all
    /// comes to a good end.
    #[test]
    fn a_plan_of_an_old_view_changes_only_what_it_had_seen(bytes in bytes(), late in bytes()) {
        let mut draw = Draw::new(&bytes);
        let mut world = story::created(&mut draw);
        let mut told = Vec::new();
        let lived = live(&mut world, &mut draw, &mut told);
        prop_assert!(lived.is_ok(), "{}\nafter {:#?}", lived.unwrap_err(), told);
        let (seen, plan) = (world.observed.clone(), world.plan());
        told.push("a plan is made, and its writes are held up".to_owned());
        let lived = live(&mut world, &mut Draw::new(&late[..late.len().min(12)]), &mut told);
        prop_assert!(lived.is_ok(), "{}\nafter {:#?}", lived.unwrap_err(), told);
        let before = world.observed.clone();
        let _refused = world.execute(&plan, &seen);
        for was in &before.replica_sets {
            let is = world.observed.replica_sets.iter().find(|set| set.uid == was.uid);
            let known = seen.replica_sets.contains(was);
            prop_assert!(is == Some(was) || known, "{} changed\nafter {:#?}", was.name, told);
        }
        for (name, was) in &before.services {
            let known = seen.services.get(name) == Some(was);
            prop_assert!(world.observed.services.get(name) == Some(was) || known, "{name} changed\nafter {:#?}", told);
        }
        let known = seen.rollout == before.rollout;
        prop_assert!(world.observed.rollout == before.rollout || known, "the Rollout changed\nafter {:#?}", told);
        let ended = calm(&mut world);
        prop_assert!(ended.is_ok(), "in the end: {}\nafter {:#?}", ended.unwrap_err(), told);
    }
}
