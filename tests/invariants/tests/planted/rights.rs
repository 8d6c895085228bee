//! What a version and its pods are owed, and what a write must carry: S3 to S6, S18 to S24.

use invariants::{Actor, Kind, Mark, Request, Verb};

use crate::NOTHING;
use crate::run::{CLUSTER, Run, US, USER, WEB, text};

#[test]
fn s3_finds_a_version_that_is_stable_before_it_has_its_pods() {
    let marked = |pods: i64, step: i64| {
        let mut run = Run::canary();
        run.whole_set("new", pods)
            .status(USER, |status| status.step = Some(step))
            .status(US, |status| status.stable = text("new"));
        run.broken()
    };
    assert_eq!(marked(10, 4), NOTHING);
    assert_eq!(marked(9, 4), ["S3"]);
    assert_eq!(marked(10, 3), ["S3"]);
}

#[test]
fn s3_finds_a_version_that_is_stable_before_users_are_on_it() {
    let mut run = Run::blue_green();
    run.status(US, |status| status.stable = text("new"));
    assert_eq!(run.broken(), ["S3"]);
}

#[test]
fn s4_and_s6_find_a_stable_version_that_loses_its_pods() {
    let resized_by = |actor| Run::blue_green().size(actor, "old", 2).broken();
    assert_eq!(resized_by(US), ["S4", "S6", "S10"]);
    assert_eq!(resized_by(USER), NOTHING);
}

#[test]
fn s5_finds_users_who_are_sent_to_nothing() {
    let moved = |available| {
        let mut run = Run::blue_green();
        run.set(CLUSTER, "new", |set| set.available = available)
            .point(US, "active", "new");
        run.broken()
    };
    assert_eq!(moved(0), ["S5", "S9"]);
    assert_eq!(moved(1), ["S9"]);
}

#[test]
fn s6_finds_a_set_that_is_removed_while_a_service_selects_it() {
    let removed = |size| {
        let mut run = Run::blue_green();
        run.size(USER, "new", size).no_set(US, "new");
        run.broken()
    };
    assert_eq!(removed(3), ["S6"]);
    assert_eq!(removed(0), NOTHING);
}

fn wrote(run: &Run, actor: Actor, on: u64, stored: u64, answer: Option<u16>) -> Request {
    Request {
        actor,
        on_version: Some(on),
        stored: Some(stored),
        answer,
        ..run.write(Kind::Service, "active")
    }
}

#[test]
fn s18_finds_a_write_on_what_was_before_the_last_own_write() {
    let second = |actor: Actor, on: u64, first_answer: Option<u16>| {
        let mut run = Run::blue_green();
        let first = wrote(&run, US, 5, 9, first_answer);
        let second = wrote(&run, actor, on, 12, Some(409));
        run.request(first).request(second).broken()
    };
    assert_eq!(second(US, 8, Some(200)), ["S18"]);
    assert_eq!(second(US, 9, Some(200)), NOTHING);
    // Another instance, or one that never got its answer, cannot know.
    assert_eq!(second(Actor::Controller(1), 8, Some(200)), NOTHING);
    assert_eq!(second(US, 8, None), NOTHING);
    let mut again = Run::blue_green();
    let first = wrote(&again, US, 5, 9, Some(200));
    let second = wrote(&again, US, 8, 12, Some(409));
    again.request(first).mark(&Mark::Restart(US));
    assert_eq!(again.request(second).broken(), NOTHING);
}

#[test]
fn s19_finds_a_write_that_carries_no_version() {
    let sent = |verb, on_version, tests| {
        let mut run = Run::canary();
        let request = Request {
            verb,
            on_version,
            tests,
            subresource: text("status"),
            ..run.write(Kind::Rollout, "web")
        };
        run.request(request).broken()
    };
    assert_eq!(sent(Verb::Change, None, false), ["S19"]);
    assert_eq!(sent(Verb::Change, Some(1), false), NOTHING);
    assert_eq!(sent(Verb::Change, None, true), NOTHING);
    assert_eq!(sent(Verb::Create, None, false), NOTHING);
}

#[test]
fn s20_every_instance_is_judged_alike() {
    for actor in [US, Actor::Controller(1)] {
        assert_eq!(Run::canary().size(actor, "new", 5).broken(), ["S2"]);
    }
}

#[test]
fn s22_finds_work_for_a_rollout_that_is_deleted() {
    let mut resized = Run::canary();
    resized
        .rollout(USER, |rollout| rollout.deleting = true)
        .size(US, "new", 2);
    assert_eq!(resized.broken(), ["S22"]);

    let mut created = Run::canary();
    let set = created.bare_set("newer", 0);
    created
        .rollout(USER, |rollout| rollout.deleting = true)
        .create_set(US, set);
    assert_eq!(created.broken(), ["S22"]);

    let mut unseen = Run::canary();
    unseen.decided_on = Some(unseen.web().version);
    unseen
        .rollout(USER, |rollout| rollout.deleting = true)
        .size(US, "new", 2);
    assert_eq!(unseen.broken(), NOTHING);
}

#[test]
fn s23_finds_a_status_without_bounds_and_a_pass_without_end() {
    let with_bytes = |bytes| Run::canary().status(US, |it| it.bytes = bytes).broken();
    assert_eq!(with_bytes(65_537), ["S23"]);
    assert_eq!(with_bytes(65_536), NOTHING);
    let pass = |writes| {
        let (actor, rollout) = (US, WEB);
        let mark = Mark::Pass {
            actor,
            rollout,
            writes,
        };
        Run::canary().mark(&mark).broken()
    };
    assert_eq!(pass(12), ["S23"]);
    assert_eq!(pass(11), NOTHING);
}

#[test]
fn s24_finds_a_write_that_loses_what_it_does_not_know() {
    let changed_by = |actor| {
        let mut run = Run::blue_green();
        run.rollout(actor, |rollout| rollout.foreign = 6);
        run.broken()
    };
    assert_eq!(changed_by(US), ["S24"]);
    assert_eq!(changed_by(USER), NOTHING);
    let set = |run: &mut Run| run.set(US, "new", |set| set.foreign = 6).broken();
    assert_eq!(set(&mut Run::canary()), ["S24"]);
}
