//! Each rule, both ways: what it holds, and the legal move next to it that it lets pass.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use safety::{Move, Owner, Role, Rule, Service, Set, Strategy, World, check};

/// `10/8`: spec 10, 8 available; `10/8?`: by counts from before the last change.
fn set(revision: &str, counts: &str) -> Set {
    let (counts, current) = match counts.strip_suffix('?') {
        Some(counts) => (counts, false),
        None => (counts, true),
    };
    let (spec, available) = counts.split_once('/').unwrap();
    Set {
        uid: format!("uid of {revision}"),
        wrote: None,
        revision: revision.to_owned(),
        owner: Owner::Us,
        selected: true,
        version: "7".to_owned(),
        spec: spec.parse().unwrap(),
        pods: spec.parse().unwrap(),
        available: available.parse().unwrap(),
        current,
        deleting: false,
    }
}

fn world(replicas: i64, strategy: Strategy, sets: &[(&str, &str)]) -> World {
    World {
        version: "7".to_owned(),
        wrote: None,
        paused: false,
        replicas,
        strategy,
        aborted: false,
        deleting: false,
        stable: Some("stable".to_owned()),
        last_active: None,
        promotion_needs: replicas,
        sets: sets
            .iter()
            .map(|(name, counts)| ((*name).to_owned(), set(name, counts)))
            .collect(),
        services: [].into(),
    }
}

fn canary(replicas: i64, surge: i64, unavailable: i64, sets: &[(&str, &str)]) -> World {
    world(replicas, Strategy::Canary { surge, unavailable }, sets)
}

fn blue_green(replicas: i64, active: Option<&str>, sets: &[(&str, &str)]) -> World {
    let mut world = world(replicas, Strategy::BlueGreen { preview: None }, sets);
    let service = |role: Role, selects: Option<&str>| Service {
        role,
        owner: Owner::Us,
        version: "7".to_owned(),
        wrote: None,
        refused: false,
        selects: selects.map(str::to_owned),
    };
    world
        .services
        .insert("active".to_owned(), service(Role::Active, active));
    world
        .services
        .insert("preview".to_owned(), service(Role::Preview, Some("stable")));
    world
}

fn resize(set: &str, to: i64) -> Move {
    Move::Change {
        set: set.to_owned(),
        version: "7".to_owned(),
        replicas: Some(to),
        adopts: false,
    }
}

fn point(service: &str, to: &str) -> Move {
    Move::Point {
        service: service.to_owned(),
        version: "7".to_owned(),
        to: to.to_owned(),
    }
}

fn delete(set: &str) -> Move {
    Move::Delete {
        set: set.to_owned(),
        uid: format!("uid of {set}"),
        version: "7".to_owned(),
    }
}

fn promote(revision: &str) -> Move {
    Move::Promote {
        revision: revision.to_owned(),
        newest: true,
    }
}

fn release(service: &str) -> Move {
    Move::Release {
        service: service.to_owned(),
        version: "7".to_owned(),
    }
}

fn broken(world: &World, moves: &[Move]) -> Option<Rule> {
    check(world, moves).err().map(|violation| violation.rule)
}

#[test]
fn available_pods_of_a_canary_do_not_go_below_the_floor() {
    for (unavailable, stable, new, next, rule) in [
        (2, "10/10", "0/0", resize("stable", 8), None),
        (2, "10/10", "0/0", resize("stable", 7), Some(Rule::Floor)),
        // A pod that somebody else broke is missing already: no voluntary disruption on top.
        (2, "10/8", "0/0", resize("stable", 7), Some(Rule::Floor)),
        (0, "10/10", "3/3", resize("stable", 7), None),
        (0, "10/10", "3/2", resize("stable", 7), Some(Rule::Floor)),
        // Counts from before the last change do not count.
        (0, "10/10", "3/3?", resize("stable", 7), Some(Rule::Floor)),
        // Pods that are not available may go at any time.
        (3, "5/0", "5/5", resize("stable", 2), None),
        (0, "8/6", "5/0", resize("new", 4), None),
    ] {
        let world = canary(10, 3, unavailable, &[("stable", stable), ("new", new)]);
        assert_eq!(
            broken(&world, std::slice::from_ref(&next)),
            rule,
            "{stable} {new} {next:?}"
        );
    }
}

#[test]
fn two_small_moves_count_like_one_large_one() {
    let world = canary(10, 3, 2, &[("stable", "6/6"), ("new", "4/4")]);
    assert_eq!(broken(&world, &[resize("stable", 5)]), None);
    assert_eq!(
        broken(&world, &[resize("stable", 5), resize("new", 3)]),
        None
    );
    let moves = [resize("stable", 5), resize("new", 2)];
    assert_eq!(broken(&world, &moves), Some(Rule::Floor));
}

#[test]
fn what_a_user_asks_for_by_lowering_replicas_is_done() {
    let world = canary(0, 1, 0, &[("stable", "3/3"), ("new", "1/1")]);
    assert_eq!(
        broken(&world, &[resize("stable", 0), resize("new", 0)]),
        None
    );
    let world = canary(5, 1, 1, &[("stable", "10/10"), ("new", "4/4")]);
    assert_eq!(broken(&world, &[resize("stable", 4)]), None);
    let world = blue_green(0, Some("stable"), &[("stable", "3/3"), ("new", "3/3")]);
    assert_eq!(
        broken(&world, &[resize("stable", 0), resize("new", 0)]),
        None
    );
}

/// `compat/canary.md` §5.2, "Next sizes": replicas, surge, unavailable, stable, new, next stable,
/// next new. Each of these is what users know, so none may be held.
#[test]
fn the_sizes_that_users_know_are_never_held() {
    for (replicas, surge, unavailable, stable, new, next_stable, next_new) in [
        (10, 3, 2, "10/10", "0/0", 8, 2),
        (10, 2, 0, "10/10", "0/0", 10, 2),
        (10, 0, 2, "10/10", "0/0", 8, 0),
        (10, 0, 2, "8/8", "0/0", 8, 2),
        (10, 1, 1, "10/10", "0/0", 9, 1),
        (10, 1, 1, "8/8", "3/2", 7, 3),
        (10, 1, 1, "5/5", "5/5", 6, 4),
        (10, 3, 0, "5/5", "5/5", 8, 5),
        (10, 3, 0, "8/6", "5/0", 8, 4),
        (10, 3, 0, "5/5", "5/5", 5, 8),
        (10, 3, 0, "7/8", "6/3", 7, 6),
        (10, 0, 3, "5/0", "5/5", 2, 5),
        (10, 3, 3, "5/5", "5/0", 5, 8),
        (10, 0, 5, "10/10", "0/0", 7, 0),
        (1, 1, 0, "1/1", "0/0", 1, 1),
        (1, 0, 1, "1/1", "0/0", 0, 0),
        (1, 1, 0, "1/1", "1/1", 0, 1),
        (10, 0, 1, "10/10", "0/0", 9, 0),
        (0, 1, 0, "3/3", "1/1", 1, 0),
        (5, 1, 1, "10/10", "4/4", 4, 2),
        (20, 5, 5, "10/10", "4/4", 12, 8),
    ] {
        let world = canary(
            replicas,
            surge,
            unavailable,
            &[("stable", stable), ("new", new)],
        );
        let moves = [resize("stable", next_stable), resize("new", next_new)];
        assert_eq!(check(&world, &moves), Ok(()), "{replicas} {stable} {new}");
    }
}

#[test]
fn pods_of_a_canary_do_not_go_above_the_ceiling() {
    let world = canary(10, 2, 0, &[("stable", "10/10"), ("new", "0/0")]);
    assert_eq!(broken(&world, &[resize("new", 2)]), None);
    assert_eq!(broken(&world, &[resize("new", 3)]), Some(Rule::Ceiling));
    // Too many already, since the user lowered replicas: shrinking a little is no offence.
    let world = canary(2, 0, 2, &[("stable", "10/10"), ("new", "5/5")]);
    assert_eq!(broken(&world, &[resize("stable", 9)]), None);
    assert_eq!(broken(&world, &[resize("new", 6)]), Some(Rule::Ceiling));
}

#[test]
fn no_version_of_a_blue_green_rollout_is_larger_than_asked_for() {
    let mut world = blue_green(
        3,
        Some("stable"),
        &[("stable", "3/3"), ("new", "0/0"), ("old", "1/1")],
    );
    assert_eq!(broken(&world, &[resize("new", 3), resize("old", 3)]), None);
    assert_eq!(broken(&world, &[resize("new", 4)]), Some(Rule::Ceiling));
    world.strategy = Strategy::BlueGreen { preview: Some(5) };
    assert_eq!(broken(&world, &[resize("new", 5)]), None);
}

#[test]
fn a_version_becomes_stable_only_with_its_pods() {
    for (new, rule) in [
        ("4/4", None),
        ("4/3", Some(Rule::StableMark)),
        ("4/4?", Some(Rule::StableMark)),
    ] {
        let world = canary(4, 1, 1, &[("stable", "1/1"), ("new", new)]);
        assert_eq!(broken(&world, &[promote("new")]), rule, "{new}");
    }
    let mut lower = canary(4, 1, 1, &[("stable", "1/1"), ("new", "4/3")]);
    lower.promotion_needs = 3;
    assert_eq!(broken(&lower, &[promote("new")]), None, "a threshold");
    let mut first = canary(4, 1, 1, &[("new", "4/0")]);
    first.stable = None;
    assert_eq!(
        broken(&first, &[promote("new")]),
        None,
        "the first deployment"
    );
}

#[test]
fn what_users_are_sent_to_keeps_its_pods() {
    let sets = [("stable", "3/3"), ("new", "3/3"), ("old", "3/3")];
    let world = blue_green(3, Some("new"), &sets);
    assert_eq!(broken(&world, &[resize("new", 2)]), Some(Rule::Referenced));
    assert_eq!(broken(&world, &[resize("old", 0)]), None);
    // Switched away in the same plan: nobody has seen that switch yet.
    let moves = [point("active", "stable"), resize("new", 0)];
    assert_eq!(broken(&world, &moves), Some(Rule::Referenced));
    // The users asked for fewer pods.
    let world = blue_green(2, Some("new"), &sets);
    assert_eq!(broken(&world, &[resize("new", 2)]), None);
}

#[test]
fn the_stable_version_of_a_blue_green_rollout_keeps_its_pods() {
    let world = blue_green(3, Some("new"), &[("stable", "3/3"), ("new", "3/3")]);
    assert_eq!(
        broken(&world, &[resize("stable", 2)]),
        Some(Rule::StableKeepsPods)
    );
    // Not stable any more once the new version was promoted.
    assert_eq!(broken(&world, &[promote("new"), resize("stable", 0)]), None);
}

#[test]
fn only_what_is_empty_and_unused_is_deleted() {
    let world = |old: &str| {
        let sets = [("stable", "3/3"), ("new", "3/3"), ("old", old)];
        blue_green(3, Some("new"), &sets)
    };
    assert_eq!(broken(&world("0/0"), &[delete("old")]), None);
    assert_eq!(
        broken(&world("1/0"), &[delete("old")]),
        Some(Rule::Referenced)
    );
    assert_eq!(
        broken(&world("0/0?"), &[delete("old")]),
        Some(Rule::Referenced)
    );
    let mut selected = world("0/0");
    selected.services.get_mut("preview").unwrap().selects = Some("old".to_owned());
    assert_eq!(broken(&selected, &[delete("old")]), Some(Rule::Referenced));
    let mut scaled = canary(0, 1, 0, &[("stable", "0/0"), ("new", "0/0")]);
    assert_eq!(broken(&scaled, &[delete("stable")]), Some(Rule::Referenced));
    scaled.stable = None;
    assert_eq!(broken(&scaled, &[delete("stable")]), None);
}

#[test]
fn users_are_sent_to_a_version_only_when_it_has_its_pods() {
    for (new, rule) in [
        ("3/3", None),
        ("3/2", Some(Rule::Switch)),
        ("3/0", Some(Rule::Capacity)),
        ("3/3?", Some(Rule::Switch)),
        ("2/2", Some(Rule::Switch)),
    ] {
        let world = blue_green(3, Some("stable"), &[("stable", "3/3"), ("new", new)]);
        assert_eq!(broken(&world, &[point("active", "new")]), rule, "{new}");
        assert_eq!(
            broken(&world, &[point("preview", "new")]),
            None,
            "a preview may be empty"
        );
    }
    let world = blue_green(3, Some("stable"), &[("stable", "3/3")]);
    assert_eq!(
        broken(&world, &[point("active", "gone")]),
        Some(Rule::Switch)
    );
}

#[test]
fn users_are_sent_back_to_stable_however_it_is_doing() {
    for stable in ["3/3", "3/0", "0/0"] {
        let mut world = blue_green(3, Some("new"), &[("stable", stable), ("new", "3/3")]);
        assert_eq!(
            broken(&world, &[point("active", "stable")]),
            None,
            "{stable}"
        );
        world.aborted = true;
        assert_eq!(
            broken(&world, &[point("active", "stable")]),
            None,
            "{stable}, aborted"
        );
    }
}

#[test]
fn users_on_all_pods_are_not_sent_to_a_stable_version_without_any() {
    for (stable, rule) in [("3/0", Some(Rule::Capacity)), ("3/1", None), ("3/3", None)] {
        for selected in [None, Some("gone")] {
            let mut world = blue_green(3, selected, &[("stable", stable), ("new", "3/3")]);
            for aborted in [false, true] {
                world.aborted = aborted;
                let found = broken(&world, &[point("active", "stable")]);
                assert_eq!(found, rule, "{stable}, {selected:?}, aborted {aborted}");
            }
        }
    }
    // Where nobody answers it does not matter whom users do not reach.
    let world = blue_green(3, None, &[("stable", "3/0"), ("new", "3/0")]);
    assert_eq!(broken(&world, &[point("active", "stable")]), None);
}

#[test]
fn after_an_abort_users_are_sent_to_stable_only() {
    let mut world = blue_green(3, Some("stable"), &[("stable", "3/3"), ("new", "3/3")]);
    assert_eq!(broken(&world, &[point("active", "new")]), None);
    world.aborted = true;
    assert_eq!(broken(&world, &[point("active", "new")]), Some(Rule::Abort));
}

#[test]
fn a_selector_that_somebody_removed_goes_back_to_where_users_were() {
    let mut world = blue_green(3, None, &[("stable", "3/3"), ("new", "3/1")]);
    assert_eq!(
        broken(&world, &[point("active", "new")]),
        Some(Rule::Switch)
    );
    world.last_active = Some("new".to_owned());
    assert_eq!(broken(&world, &[point("active", "new")]), None);
    world.services.get_mut("active").unwrap().selects = Some("foreign".to_owned());
    assert_eq!(broken(&world, &[point("active", "new")]), None);
    world.services.get_mut("active").unwrap().selects = Some("stable".to_owned());
    assert_eq!(
        broken(&world, &[point("active", "new")]),
        Some(Rule::Switch),
        "that is no drift"
    );
}

#[test]
fn the_switch_back_to_stable_goes_first() {
    let mut world = blue_green(3, Some("new"), &[("stable", "3/3"), ("new", "3/3")]);
    let second = world.services["active"].clone();
    world.services.insert("second".to_owned(), second);
    let back = point("active", "stable");
    let on = point("second", "new");
    assert_eq!(broken(&world, &[back.clone(), on.clone()]), None);
    assert_eq!(broken(&world, &[on, back]), Some(Rule::Order));
}

#[test]
fn only_objects_of_this_rollout_are_written() {
    let with = |owner: Owner| {
        let mut world = canary(10, 2, 2, &[("stable", "10/10"), ("new", "0/0")]);
        world.sets.get_mut("new").unwrap().owner = owner;
        world
    };
    assert_eq!(broken(&with(Owner::Us), &[resize("new", 1)]), None);
    assert_eq!(
        broken(&with(Owner::Other), &[resize("new", 1)]),
        Some(Rule::Ownership)
    );
    assert_eq!(
        broken(&with(Owner::Nobody), &[resize("new", 1)]),
        Some(Rule::Ownership)
    );
    assert_eq!(
        broken(&with(Owner::Other), &[delete("new")]),
        Some(Rule::Ownership)
    );
    assert_eq!(
        broken(&with(Owner::Us), &[resize("unheard-of", 1)]),
        Some(Rule::Ownership)
    );
    let adopt = || {
        let (set, version) = ("new".to_owned(), "7".to_owned());
        [Move::Change {
            set,
            version,
            replicas: None,
            adopts: true,
        }]
    };
    assert_eq!(broken(&with(Owner::Nobody), &adopt()), None);
    assert_eq!(broken(&with(Owner::Other), &adopt()), Some(Rule::Ownership));
    let mut unselected = with(Owner::Nobody);
    unselected.sets.get_mut("new").unwrap().selected = false;
    assert_eq!(broken(&unselected, &adopt()), Some(Rule::Ownership));

    let mut services = blue_green(3, Some("stable"), &[("stable", "3/3"), ("new", "3/3")]);
    services.services.get_mut("active").unwrap().owner = Owner::Nobody;
    assert_eq!(broken(&services, &[point("active", "new")]), None);
    services.services.get_mut("active").unwrap().owner = Owner::Other;
    assert_eq!(
        broken(&services, &[point("active", "new")]),
        Some(Rule::Ownership)
    );
}

#[test]
fn a_new_replica_set_belongs_to_this_rollout_and_counts() {
    let create = |owner: Owner, replicas: i64| {
        let (set, revision) = ("new".to_owned(), "new".to_owned());
        [Move::Create {
            set,
            revision,
            replicas,
            owner,
        }]
    };
    let world = canary(10, 2, 0, &[("stable", "10/10")]);
    assert_eq!(broken(&world, &create(Owner::Us, 0)), None);
    assert_eq!(broken(&world, &create(Owner::Us, 3)), Some(Rule::Ceiling));
    assert_eq!(
        broken(&world, &create(Owner::Nobody, 0)),
        Some(Rule::Ownership)
    );
}

#[test]
fn a_write_names_the_version_it_was_decided_on() {
    let world = canary(10, 2, 2, &[("stable", "10/10"), ("new", "0/0")]);
    for (version, rule) in [
        ("7", None),
        ("6", Some(Rule::Version)),
        ("", Some(Rule::Version)),
    ] {
        let set = "new".to_owned();
        let next = Move::Change {
            set,
            version: version.to_owned(),
            replicas: Some(1),
            adopts: false,
        };
        assert_eq!(broken(&world, &[next]), rule, "{version:?}");
    }
}

#[test]
fn nothing_is_written_for_a_rollout_that_is_being_deleted() {
    let mut world = canary(10, 2, 2, &[("stable", "10/10")]);
    assert_eq!(broken(&world, &[]), None);
    world.deleting = true;
    assert_eq!(
        broken(&world, &[resize("stable", 10)]),
        Some(Rule::Deletion)
    );
}

#[test]
fn a_wiped_mark_of_stable_is_no_first_deployment() {
    for (strategy, old, selects, rule) in [
        (Strategy::BlueGreen { preview: None }, "0/0", None, None),
        // Whether the old pods are available or not: somebody wanted them.
        (
            Strategy::BlueGreen { preview: None },
            "3/0",
            None,
            Some(Rule::StableMark),
        ),
        (
            Strategy::BlueGreen { preview: None },
            "3/3",
            Some("old"),
            Some(Rule::StableMark),
        ),
        (
            Strategy::BlueGreen { preview: None },
            "3/3",
            Some("new"),
            None,
        ),
        (
            Strategy::Canary {
                surge: 1,
                unavailable: 1,
            },
            "1/1",
            None,
            Some(Rule::StableMark),
        ),
    ] {
        let mut world = blue_green(3, selects, &[("old", old), ("new", "3/3")]);
        world.strategy = strategy;
        world.stable = None;
        let seen = broken(&world, &[promote("new")]);
        assert_eq!(seen, rule, "{strategy:?} {old} {selects:?}");
        let repair = Move::Promote {
            revision: "old".to_owned(),
            newest: false,
        };
        assert_eq!(broken(&world, &[repair]), None, "the mark is put back");
    }
}

#[test]
fn users_are_not_sent_to_nobody_while_others_could_answer() {
    for (stable, new, rule) in [
        ("3/3", "3/0", Some(Rule::Capacity)),
        ("3/1", "3/0", Some(Rule::Capacity)),
        ("3/3", "3/1", None),
        ("3/0", "3/0", None),
        // Counts of before the last change tell as well who answers.
        ("3/3", "3/1?", None),
    ] {
        // The selector was lost, and the new version is where users were.
        let mut world = blue_green(3, None, &[("stable", stable), ("new", new)]);
        world.last_active = Some("new".to_owned());
        let seen = broken(&world, &[point("active", "new")]);
        assert_eq!(seen, rule, "stable {stable}, new {new}");
        let preview = broken(&world, &[point("preview", "new")]);
        assert_eq!(preview, None, "a preview may be empty");
    }
}

#[test]
fn an_abort_begins_with_the_switch_back() {
    let other = resize("new", 3);
    let back = point("active", "stable");
    for (aborted, active, stable, moves, rule) in [
        (true, "new", "3/3", vec![back.clone(), other.clone()], None),
        (
            true,
            "new",
            "3/3",
            vec![other.clone(), back.clone()],
            Some(Rule::Return),
        ),
        (true, "new", "3/1", vec![other.clone()], Some(Rule::Return)),
        (true, "new", "3/3", vec![], Some(Rule::Return)),
        (true, "stable", "3/3", vec![other.clone()], None),
        (true, "new", "3/0", vec![other.clone()], None),
        (false, "new", "3/3", vec![other.clone()], None),
    ] {
        let sets = [("stable", stable), ("new", "3/3")];
        let mut world = blue_green(3, Some(active), &sets);
        world.aborted = aborted;
        let seen = broken(&world, &moves);
        assert_eq!(seen, rule, "{aborted} {active} {stable} {moves:?}");
    }
    for (selects, is_current, rule) in [
        (Some("new"), false, Some(Rule::Return)),
        (None, true, Some(Rule::Return)),
        // Old counts may be of pods that are gone.
        (None, false, None),
    ] {
        let mut world = blue_green(3, selects, &[("stable", "3/3"), ("new", "3/3")]);
        world.aborted = true;
        world.sets.get_mut("stable").unwrap().current = is_current;
        let seen = broken(&world, std::slice::from_ref(&other));
        assert_eq!(seen, rule, "{selects:?} {is_current}");
    }
    let mut refused = blue_green(3, Some("new"), &[("stable", "3/3"), ("new", "3/3")]);
    refused.aborted = true;
    refused.services.get_mut("active").unwrap().refused = true;
    assert_eq!(broken(&refused, &[]), None, "it has to be told first");
}

#[test]
fn a_user_who_holds_the_rollout_holds_the_switch() {
    let sets = [("stable", "3/3"), ("new", "3/3")];
    let mut world = blue_green(3, Some("stable"), &sets);
    world.paused = true;
    let on = point("active", "new");
    assert_eq!(
        broken(&world, std::slice::from_ref(&on)),
        Some(Rule::Switch)
    );
    world.services.get_mut("active").unwrap().selects = None;
    world.last_active = Some("new".to_owned());
    assert_eq!(broken(&world, &[on]), None, "what was lost is put back");
}

#[test]
fn only_a_service_that_the_spec_names_no_more_is_given_back() {
    for (role, owner, rule) in [
        (Role::Left, Owner::Us, None),
        (Role::Left, Owner::Nobody, Some(Rule::Ownership)),
        (Role::Left, Owner::Other, Some(Rule::Ownership)),
        (Role::Active, Owner::Us, Some(Rule::Switch)),
        (Role::Preview, Owner::Us, Some(Rule::Switch)),
    ] {
        let mut world = blue_green(3, Some("stable"), &[("stable", "3/3")]);
        let service = world.services.get_mut("active").unwrap();
        (service.role, service.owner) = (role, owner);
        let seen = broken(&world, &[release("active")]);
        assert_eq!(seen, rule, "{role:?} {owner:?}");
    }
}

#[test]
fn a_version_has_one_replica_set() {
    let world = canary(10, 2, 0, &[("stable", "10/10"), ("new", "0/0")]);
    for (revision, rule) in [("third", None), ("new", Some(Rule::Once))] {
        let create = Move::Create {
            set: "another".to_owned(),
            revision: revision.to_owned(),
            replicas: 0,
            owner: Owner::Us,
        };
        assert_eq!(broken(&world, &[create]), rule, "{revision}");
    }
}

#[test]
fn nothing_is_decided_on_a_view_older_than_our_own_writes() {
    for (wrote, rule) in [
        (None, None),
        (Some("6"), None),
        (Some("7"), None),
        (Some("8"), Some(Rule::View)),
        // As numbers, not as text.
        (Some("10"), Some(Rule::View)),
        (Some("unreadable"), None),
    ] {
        let wrote = wrote.map(str::to_owned);
        let fresh = || blue_green(3, Some("stable"), &[("stable", "3/3"), ("new", "2/2")]);
        // An old view of any of them is one on which nothing is decided.
        let mut worlds = [fresh(), fresh(), fresh()];
        worlds[0].wrote = wrote.clone();
        worlds[1].sets.get_mut("stable").unwrap().wrote = wrote.clone();
        worlds[2].services.get_mut("preview").unwrap().wrote = wrote.clone();
        for world in worlds {
            let seen = broken(&world, &[resize("new", 3)]);
            assert_eq!(seen, rule, "{wrote:?}");
            assert_eq!(broken(&world, &[]), None, "nothing is written");
        }
    }
}

#[test]
fn only_a_preview_may_have_a_size_of_its_own() {
    let mut world = blue_green(3, Some("stable"), &[("stable", "3/3"), ("new", "0/0")]);
    world.strategy = Strategy::BlueGreen { preview: Some(5) };
    assert_eq!(broken(&world, &[resize("new", 5)]), None);
    assert_eq!(broken(&world, &[resize("stable", 5)]), Some(Rule::Ceiling));
}

#[test]
fn a_deletion_names_the_very_object() {
    let world = canary(3, 1, 0, &[("stable", "3/3"), ("old", "0/0")]);
    for (uid, rule) in [
        ("uid of old", None),
        ("uid of stable", Some(Rule::Ownership)),
        ("", Some(Rule::Ownership)),
    ] {
        let delete = Move::Delete {
            set: "old".to_owned(),
            uid: uid.to_owned(),
            version: "7".to_owned(),
        };
        assert_eq!(broken(&world, &[delete]), rule, "{uid:?}");
    }
}
