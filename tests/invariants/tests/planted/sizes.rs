//! How many pods: S1 and S2.

use invariants::Actor;

use crate::NOTHING;
use crate::run::{CLUSTER, Run, US, USER};

#[test]
fn s1_finds_a_write_that_takes_too_many_available_pods() {
    // 10 pods, 2 may be missing.
    assert_eq!(Run::canary().size(US, "old", 7).broken(), NOTHING);
    assert_eq!(Run::canary().size(US, "old", 6).broken(), ["S1"]);
}

#[test]
fn s1_finds_pods_that_are_gone_because_we_made_a_set_smaller() {
    let made_smaller_by = |actor: Actor| {
        let mut run = Run::canary();
        // The status is behind, so that the write alone looks harmless.
        run.set(CLUSTER, "old", |set| set.available = 0)
            .size(actor, "old", 6)
            .lose_pod(CLUSTER, "old")
            .lose_pod(CLUSTER, "old")
            .lose_pod(CLUSTER, "old");
        run.broken()
    };
    assert_eq!(made_smaller_by(US), ["S1"]);
    assert_eq!(made_smaller_by(USER), NOTHING);
}

#[test]
fn s1_does_not_blame_the_controller_for_pods_that_the_cluster_lost() {
    let mut run = Run::canary();
    for _ in 0..5 {
        run.lose_pod(CLUSTER, "old");
    }
    assert_eq!(run.broken(), NOTHING);
}

#[test]
fn s1_finds_a_size_that_is_taken_back_before_its_pods_are_gone_and_then_counted_on() {
    // Told 7 and then 9 again, before anybody saw the 7: no more than 7 can be counted on, and 1
    // new pod makes 8. That pod must stay.
    let shrunk_and_grown = |then: i64| {
        let mut run = Run::canary();
        run.size(US, "old", 7)
            .size(US, "old", 9)
            .size(US, "new", then);
        run.broken()
    };
    assert_eq!(shrunk_and_grown(1), NOTHING);
    assert_eq!(shrunk_and_grown(0), ["S1"]);
}

#[test]
fn s1_counts_what_others_took_until_the_status_says_that_all_is_whole() {
    // Two of 9 break; 1 + 7 are left, so 1 more old pod is one too many, whoever shrinks.
    let mut knowingly = Run::canary();
    knowingly
        .break_pod("old")
        .break_pod("old")
        .set(CLUSTER, "old", |set| set.available = 7)
        .size(US, "new", 0);
    assert_eq!(knowingly.broken(), ["S1"]);
    // Nobody could know of the two when the shrinking was decided.
    let mut unknowingly = Run::canary();
    unknowingly
        .break_pod("old")
        .break_pod("old")
        .size(US, "new", 0)
        .lose_pod(CLUSTER, "new");
    assert_eq!(unknowingly.broken(), NOTHING);
}

#[test]
fn s1_owes_nothing_that_was_never_there() {
    let mut run = Run::canary();
    run.spec(USER, |spec| spec.replicas = 40)
        .status(US, |status| status.observed_generation = Some(2))
        .size(US, "new", 20)
        .set(CLUSTER, "new", |set| set.pods = 20);
    assert_eq!(run.broken(), NOTHING);
    assert_eq!(run.size(US, "old", 8).broken(), ["S1"]);
}

#[test]
fn s1_lets_a_user_who_wants_less_have_less() {
    let mut run = Run::canary();
    run.spec(USER, |spec| spec.replicas = 4)
        .size(US, "old", 3)
        .settle("old");
    assert_eq!(run.broken(), NOTHING);
}

#[test]
fn s2_finds_a_write_that_asks_for_too_many_pods() {
    // 10 pods, 3 may come on top: 9 old and 4 new.
    assert_eq!(Run::canary().size(US, "new", 4).broken(), NOTHING);
    assert_eq!(Run::canary().size(US, "new", 5).broken(), ["S2"]);
}

#[test]
fn s2_finds_a_blue_green_version_with_more_pods_than_wanted() {
    assert_eq!(Run::blue_green().size(US, "new", 4).broken(), ["S2"]);
    // A preview of 2 for a Rollout of 0, beside a pod of stable that somebody asked for by hand.
    let preview = |replicas| {
        let mut run = Run::blue_green();
        run.options(|options| options.preview_replicas = Some(2))
            .spec(USER, |spec| spec.replicas = 0)
            .status(US, |status| status.observed_generation = Some(3))
            .size(USER, "old", 1)
            .size(USER, "new", 0)
            .size(US, "new", replicas);
        run.broken()
    };
    assert_eq!(preview(2), NOTHING);
    assert_eq!(preview(3), ["S2"]);
    let older = |replicas| {
        let mut run = Run::blue_green();
        run.whole_set("older", 1).size(US, "older", replicas);
        run.broken()
    };
    assert_eq!(older(3), NOTHING);
    assert_eq!(older(4), ["S2"]);
}

#[test]
fn a_write_is_judged_by_every_spec_that_it_may_have_been_decided_on() {
    // 13 pods are too many for 4, but until the 4 are observed the 10 count too.
    let grown = |observed: i64| {
        let mut run = Run::canary();
        run.spec(USER, |spec| spec.replicas = 4)
            .status(US, |status| status.observed_generation = Some(observed))
            .size(US, "new", 4);
        run.broken()
    };
    assert_eq!(grown(1), NOTHING);
    assert_eq!(grown(2), ["S2"]);
}

#[test]
fn s1_finds_a_set_that_is_removed_with_all_its_pods() {
    let removed_by = |actor| Run::canary().no_set(actor, "old").broken();
    assert_eq!(removed_by(US), ["S1"]);
    assert_eq!(removed_by(USER), NOTHING);
}

#[test]
fn s1_remembers_what_was_taken_from_a_set_that_is_gone() {
    // 7 of 9 old pods are wanted, and the 2 are on their way out when the new one goes.
    let mut run = Run::canary();
    run.size(US, "old", 7)
        .lose_pod(USER, "new")
        .no_set(USER, "new")
        .lose_pod(CLUSTER, "old")
        .lose_pod(CLUSTER, "old");
    assert_eq!(run.broken(), NOTHING);
}

#[test]
fn s1_does_not_blame_a_write_for_a_pod_that_broke_after_it_was_decided_on() {
    let shrunk = |decided_on| {
        let mut run = Run::canary();
        run.break_pod("new")
            .set(CLUSTER, "new", |set| set.available = 0);
        run.decided_on = decided_on;
        run.size(US, "old", 7).broken()
    };
    assert_eq!(shrunk(None), ["S1"]);
    assert_eq!(shrunk(Some(1)), NOTHING);
}
