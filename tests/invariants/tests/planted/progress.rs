//! What must come about, and how quietly: L1 to L8.

use invariants::{Mark, Phase};

use crate::NOTHING;
use crate::run::{CLUSTER, Run, US, USER, text};

#[test]
fn l1_finds_an_update_that_has_all_it_needs_and_does_not_move() {
    let stuck_for = |seconds| {
        let mut run = Run::canary();
        run.status(US, |status| status.phase = Phase::Progressing)
            .after(seconds);
        run.broken()
    };
    assert_eq!(stuck_for(121), ["L1/L2"]);
    assert_eq!(stuck_for(120), NOTHING);
}

#[test]
fn l2_finds_pods_that_flap_past_the_deadline() {
    let flaps_for = |rounds: i64, phase: Phase| {
        let mut run = Run::canary();
        for _ in 0..rounds {
            run.after(30)
                .set(CLUSTER, "new", |set| set.available = 0)
                .after(30)
                .set(CLUSTER, "new", |set| set.available = 1);
        }
        run.set(CLUSTER, "new", |set| set.available = 0)
            .status(US, |status| status.phase = phase);
        run.broken()
    };
    assert_eq!(flaps_for(13, Phase::Progressing), ["L1/L2"]);
    assert_eq!(flaps_for(11, Phase::Progressing), NOTHING);
}

#[test]
fn nothing_is_owed_in_a_storm() {
    let mut run = Run::canary();
    run.mark(&Mark::Storm).after(100_000);
    assert_eq!(run.broken(), NOTHING);
    run.mark(&Mark::Calm).after(120);
    assert_eq!(run.broken(), NOTHING);
    assert_eq!(run.after(1).broken(), ["L1/L2"]);
}

#[test]
fn l3_finds_a_paused_rollout_that_is_written_again_and_again() {
    let written_after = |seconds, times: u64| {
        let mut run = Run::canary();
        run.status(USER, |status| status.phase = Phase::Paused)
            .after(seconds);
        for time in 0..times {
            run.status(US, |status| status.bytes = time);
        }
        run.broken()
    };
    assert_eq!(written_after(61, 2), ["L3/L7"]);
    assert_eq!(written_after(61, 1), NOTHING);
    assert_eq!(written_after(60, 2), NOTHING);
}

#[test]
fn l7_finds_two_writers_that_undo_each_other() {
    let rounds = |rounds| {
        let mut run = Run::canary();
        for round in 0..rounds {
            run.status(US, |status| status.message = text(&round.to_string()));
        }
        run.broken()
    };
    assert_eq!(rounds(41), ["L3/L7"]);
    assert_eq!(rounds(40), NOTHING);
}

#[test]
fn l4_finds_an_abort_that_takes_too_many_writes() {
    let answered_after = |writes| {
        let mut run = Run::blue_green();
        run.point(USER, "active", "new")
            .status(USER, |status| status.abort = true);
        for write in 0..writes {
            run.status(US, |status| status.bytes = write);
        }
        run.point(US, "active", "old").broken()
    };
    assert_eq!(answered_after(6), ["L4"]);
    assert_eq!(answered_after(5), NOTHING);
}

#[test]
fn l5_finds_a_promotion_that_nobody_answers() {
    let promoted_for = |seconds| {
        let mut run = Run::canary();
        run.status(USER, |status| {
            status.step = Some(1);
            status.controller_pause = true;
        })
        .after(seconds);
        run.broken()
    };
    assert_eq!(promoted_for(31), ["L5"]);
    assert_eq!(promoted_for(30), NOTHING);
}

#[test]
fn l5_finds_a_full_promotion_that_has_its_pods_and_stays() {
    let promoted_with = |pods| {
        let mut run = Run::canary();
        run.whole_set("new", pods)
            .whole_set("old", 0)
            .status(USER, |status| status.promote_full = true)
            .after(31);
        run.broken()
    };
    assert_eq!(promoted_with(10), ["L5"]);
    assert_eq!(promoted_with(9), NOTHING);
}

#[test]
fn l8_finds_a_service_that_keeps_the_mark_of_a_rollout_that_is_gone() {
    let left_for = |seconds| {
        let mut run = Run::blue_green();
        run.service(US, "active", |service| service.managed_by = text("web"))
            .no_rollout(USER)
            .after(seconds);
        run.broken()
    };
    assert_eq!(left_for(31), ["L8"]);
    assert_eq!(left_for(30), NOTHING);
}
