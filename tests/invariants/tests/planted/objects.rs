//! Which objects there are and whose: S16 and S17.

use invariants::{Kind, Request, Strategy, Uid, Verb};

use crate::NOTHING;
use crate::run::{Run, US, USER, template, text};

#[test]
fn s16_finds_a_second_replica_set_of_one_revision() {
    let created = |hash: &str, meaning: &str| {
        let mut run = Run::canary();
        let mut set = run.bare_set(hash, 0);
        set.name = text("twin");
        set.template = template(meaning);
        run.create_set(US, set).broken()
    };
    assert_eq!(created("new", "other"), ["S16"]);
    assert_eq!(created("other", "new"), ["S16"]);
    assert_eq!(created("other", "other"), NOTHING);
}

#[test]
fn s17_finds_writes_to_what_is_not_ours() {
    let mut set = Run::canary();
    let mut theirs = set.bare_set("theirs", 0);
    theirs.owner = Some(Uid(2));
    set.create_set(USER, theirs)
        .set(US, "theirs", |set| set.deadline = Some(0));
    assert_eq!(set.broken(), ["S17"]);

    let mut service = Run::blue_green();
    service.new_service("other", "x").point(US, "other", "old");
    assert_eq!(service.broken(), ["S17"]);

    assert_eq!(Run::canary().other(US, "secrets").broken(), ["S17"]);
    assert_eq!(Run::canary().lose_pod(US, "new").broken(), ["S17"]);
}

#[test]
fn s17_finds_a_service_that_another_rollout_manages() {
    let managed_by = |name: &str| {
        let mut run = Run::blue_green();
        run.service(USER, "preview", |service| {
            service.managed_by = text(name);
            service.selects = text("");
        });
        run.point(US, "preview", "new").broken()
    };
    assert_eq!(managed_by("web"), NOTHING);
    assert_eq!(managed_by("shop"), ["S17"]);
}

#[test]
fn s17_lets_the_service_of_a_deleted_rollout_be_given_back() {
    let given_back = |foreign: u64| {
        let mut run = Run::blue_green();
        run.service(USER, "preview", |service| service.managed_by = text("web"))
            .no_rollout(USER)
            .service(US, "preview", |service| {
                service.managed_by = text("");
                service.selects = text("");
                service.foreign = foreign;
            });
        run.broken()
    };
    assert_eq!(given_back(5), NOTHING);
    assert!(given_back(6).contains(&"S17"));
}

#[test]
fn s17_lets_an_abort_send_users_back_whatever_else_is_written() {
    let sent_back = |manager: &str, to: &str, is_aborted: bool| {
        let mut run = Run::blue_green();
        run.service(USER, "active", |service| {
            service.managed_by = text(manager);
            service.selects = text("new");
        })
        .status(USER, |status| status.abort = is_aborted)
        // The spec of before is no excuse once a newer one was observed.
        .spec(USER, |spec| spec.strategy = Strategy::Invalid)
        .status(US, |status| status.observed_generation = Some(2))
        .point(US, "active", to);
        run.broken()
    };
    assert_eq!(sent_back("web", "old", true), NOTHING);
    for wrong in [
        sent_back("", "old", true),
        sent_back("shop", "old", true),
        sent_back("web", "newer", true),
        sent_back("web", "old", false),
    ] {
        assert!(wrong.contains(&"S17"), "{wrong:?}");
    }
}

#[test]
fn s17_finds_a_removal_without_preconditions() {
    let delete = |on_uid, on_version| {
        let mut run = Run::canary();
        let request = Request {
            verb: Verb::Delete,
            on_uid,
            on_version,
            ..run.write(Kind::ReplicaSet, "old")
        };
        run.request(request).broken()
    };
    assert_eq!(delete(true, Some(1)), NOTHING);
    assert!(delete(true, None).contains(&"S17"));
    assert!(delete(false, Some(1)).contains(&"S17"));
}
