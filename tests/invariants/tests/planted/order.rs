//! What comes after what: S9 to S14.

use std::sync::Arc;

use invariants::{BlueGreen, Millis, Pause, PauseReason, Status};

use crate::NOTHING;
use crate::run::{CLUSTER, Run, US, USER, text};

fn pause(reason: PauseReason) -> impl FnOnce(&mut Status) {
    move |status| {
        status.controller_pause = true;
        status.pauses = vec![Pause { reason, start: 0 }];
    }
}

fn resume(status: &mut Status) {
    status.pauses.clear();
}

/// A blue-green update that a person has promoted.
fn promoted() -> Run {
    let mut run = Run::blue_green();
    run.status(US, pause(PauseReason::BlueGreen))
        .status(USER, resume);
    run
}

/// Promoted and switched.
fn switched() -> Run {
    let mut run = promoted();
    run.point(US, "active", "new")
        .status(US, |status| status.stable = text("new"));
    run
}

fn step(index: i64) -> impl FnOnce(&mut Status) {
    move |status| status.step = Some(index)
}

#[test]
fn s9_finds_a_switch_that_nobody_asked_for() {
    let switch = |run: &mut Run| run.point(US, "active", "new").broken();
    assert_eq!(switch(&mut Run::blue_green()), ["S9"]);
    assert_eq!(switch(&mut promoted()), NOTHING);
}

#[test]
fn s9_lets_a_promotion_in_full_overrule_an_abort_until_it_is_taken_back() {
    let switched = |is_kept: bool| {
        let mut run = Run::blue_green();
        run.status(US, |status| status.abort = true)
            .status(USER, |status| status.promote_full = true)
            .status(US, |status| {
                status.message = text("the spec is invalid");
                status.promote_full = is_kept;
            })
            .status(USER, |status| status.abort = false)
            .point(US, "active", "new");
        run.broken()
    };
    assert_eq!(switched(true), NOTHING);
    assert_eq!(switched(false), ["S9"]);
}

#[test]
fn s9_finds_a_switch_to_pods_that_are_not_available() {
    let mut run = promoted();
    run.set(CLUSTER, "new", |set| set.available = 2)
        .point(US, "active", "new");
    assert_eq!(run.broken(), ["S9"]);
}

#[test]
fn s9_finds_a_switch_to_nothing() {
    for to in ["", "nobody"] {
        let found = Run::blue_green().point(US, "active", to).broken();
        assert!(found.contains(&"S9"), "{to}: {found:?}");
    }
}

#[test]
fn s9_finds_a_wait_that_was_cut_short() {
    let switched_after = |seconds| {
        let mut run = Run::blue_green();
        run.options(|options| {
            options.waits_for_promotion = false;
            options.auto_promotion_seconds = 60;
        })
        .status(US, pause(PauseReason::BlueGreen))
        .after(seconds)
        .point(US, "active", "new");
        run.broken()
    };
    assert_eq!(switched_after(59), ["S9"]);
    assert_eq!(switched_after(60), NOTHING);
}

#[test]
fn s9_lets_drift_be_put_back_to_where_users_were() {
    let mut run = switched();
    run.status(USER, |status| status.stable = text("old"))
        .point(USER, "active", "")
        .point(US, "active", "new");
    assert_eq!(run.broken(), NOTHING);
}

#[test]
fn s10_finds_old_pods_that_go_before_their_delay_is_over() {
    let dropped_after = |seconds| switched().after(seconds).size(US, "old", 0).broken();
    assert_eq!(dropped_after(29), ["S10"]);
    assert_eq!(dropped_after(30), NOTHING);
}

#[test]
fn s10_holds_nobody_to_a_delay_that_was_made_longer_after_users_had_left() {
    let longer = |options: &mut BlueGreen| options.scale_down_delay_seconds = Some(40);
    let mut before = promoted();
    before
        .options(longer)
        .status(US, |status| status.observed_generation = Some(2))
        .point(US, "active", "new")
        .status(US, |status| status.stable = text("new"));
    assert_eq!(before.after(30).size(US, "old", 0).broken(), ["S10"]);
    let mut after = switched();
    after
        .options(longer)
        .status(US, |status| status.observed_generation = Some(2));
    assert_eq!(after.after(30).size(US, "old", 0).broken(), NOTHING);
}

#[test]
fn s10_finds_pods_that_go_while_users_reach_them() {
    let found = Run::blue_green().size(US, "old", 2).broken();
    assert!(found.contains(&"S10"), "{found:?}");
}

#[test]
fn s11_finds_a_step_that_was_jumped_over() {
    assert_eq!(Run::canary().status(US, step(2)).broken(), ["S11"]);
    assert_eq!(Run::canary().status(US, step(1)).broken(), NOTHING);
}

#[test]
fn s11_finds_a_weight_that_was_left_before_its_pods_were_available() {
    let mut run = Run::canary();
    run.set(CLUSTER, "new", |set| set.available = 0)
        .status(US, step(1));
    assert_eq!(run.broken(), ["S11"]);
}

#[test]
fn s11_does_not_mind_a_person_who_jumps() {
    assert_eq!(Run::canary().status(USER, step(3)).broken(), NOTHING);
}

#[test]
fn s12_finds_a_pause_that_nobody_ended() {
    let mut run = Run::canary();
    run.status(US, step(1))
        .status(US, pause(PauseReason::CanaryStep))
        .after(3600)
        .status(US, step(2));
    assert_eq!(run.broken(), ["S12"]);
}

#[test]
fn s12_finds_a_timed_pause_that_was_cut_short() {
    let left_after = |seconds| {
        let mut run = Run::canary();
        run.status(USER, step(2))
            .status(US, pause(PauseReason::CanaryStep))
            .after(seconds)
            .status(US, step(3));
        run.broken()
    };
    assert_eq!(left_after(299), ["S12"]);
    assert_eq!(left_after(300), NOTHING);
}

#[test]
fn s12_finds_a_pause_that_was_never_committed() {
    let mut run = Run::canary();
    run.status(US, step(1)).status(US, step(2));
    assert_eq!(run.broken(), ["S12"]);
}

fn aborted(mut run: Run) -> Run {
    run.status(USER, |status| status.abort = true);
    run
}

#[test]
fn s13_finds_an_abort_that_the_controller_takes_back() {
    let mut run = aborted(Run::canary());
    run.status(US, |status| status.abort = false);
    assert_eq!(run.broken(), ["S13"]);
}

#[test]
fn s13_finds_a_canary_that_grows_after_its_abort() {
    assert_eq!(aborted(Run::canary()).size(US, "new", 2).broken(), ["S13"]);
}

#[test]
fn s13_finds_an_aborted_version_that_gets_the_users() {
    let found = aborted(promoted()).point(US, "active", "new").broken();
    assert!(found.contains(&"S13"), "{found:?}");
}

/// Users are on the aborted version, since so many seconds; stable has pods for the last few.
fn left_on_the_aborted(seconds: Millis, with_stable: Millis) -> Vec<&'static str> {
    let mut run = switched();
    run.status(USER, |status| status.stable = text("old"))
        .set(CLUSTER, "old", |set| set.available = 0)
        .status(USER, |status| status.abort = true)
        .after(seconds - with_stable)
        .set(CLUSTER, "old", |set| set.available = 3)
        .after(with_stable);
    run.broken()
}

#[test]
fn s14_finds_users_who_are_left_on_an_aborted_version() {
    assert!(left_on_the_aborted(60, 6).contains(&"S14"));
    assert!(!left_on_the_aborted(60, 5).contains(&"S14"));
}

#[test]
fn s14_finds_a_canary_that_is_left_after_its_abort() {
    let mut run = aborted(Run::canary());
    run.whole_set("old", 10).after(6);
    assert_eq!(run.broken(), ["S14"]);
}

#[test]
fn s14_finds_an_abort_that_nobody_answers() {
    assert_eq!(aborted(Run::canary()).after(6).broken(), ["S14"]);
    assert_eq!(aborted(Run::canary()).after(5).broken(), NOTHING);
}

#[test]
fn a_template_that_changes_ends_the_abort() {
    let mut run = aborted(Run::canary());
    run.rollout(USER, |rollout| {
        Arc::make_mut(&mut rollout.spec).template = crate::run::template("newer");
    })
    .size(US, "new", 2);
    assert_eq!(run.broken(), NOTHING);
}

#[test]
fn s13_knows_that_nobody_sees_an_abort_before_it_is_there() {
    let grown_in_view_of = |newest: bool| {
        let mut run = Run::canary();
        let seen = run.web().version;
        run.status(USER, |status| status.abort = true);
        run.decided_on = (!newest).then_some(seen);
        run.size(US, "new", 2).broken()
    };
    assert_eq!(grown_in_view_of(true), ["S13"]);
    assert_eq!(grown_in_view_of(false), NOTHING);
}
