//! What the loop makes of what it is shown, without a cluster.

use kube::runtime::watcher::Error as WatchError;
use planner::{Now, Observed, Plan, TemplateCheck, TemplateOutcome, WriteFailure};
use serde_json::json;

use super::*;
use crate::execute::Failed;
use crate::gate::Expected;
use crate::lease::Fence;
use crate::refusal::Refusal;

/// A loop whose cluster never answers.
fn reconciler() -> Reconciler {
    let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        let error = std::io::Error::other("there is no cluster");
        Err::<http::Response<kube::client::Body>, _>(error)
    });
    let client = Client::new(service, "shop");
    let config = Config {
        plan: nothing,
        ..Config::default()
    };
    let clock = Clock::new(config.clock, config.wall_clock.clone());
    let metrics = Arc::new(Metrics::default());
    let (events, _) =
        crate::event_writer::EventWriter::new(client.clone(), clock.clone(), metrics.clone());
    let executor = Executor {
        client: client.clone(),
        events,
        fence: Fence::open(),
        clock: clock.clone(),
    };
    let (progress, _) = channel::channel(Progress::default());
    Reconciler::new(client, config, clock, executor, metrics, progress)
}

fn nothing(_: &Observed, _: Now) -> Plan {
    Plan::default()
}

fn object(kind: Kind, uid: &str, version: &str) -> DynamicObject {
    let (api_version, name) = match kind {
        Kind::Rollout => ("argoproj.io/v1alpha1", "Rollout"),
        Kind::ReplicaSet => ("apps/v1", "ReplicaSet"),
        Kind::Service => ("v1", "Service"),
    };
    let object = json!({"apiVersion": api_version, "kind": name, "metadata": {"name": "web",
        "namespace": "shop", "uid": uid, "resourceVersion": version}, "spec": {}});
    serde_json::from_value(object).unwrap()
}

fn key() -> Key {
    Key::new("shop", "web")
}

fn show(reconciler: &mut Reconciler, kind: Kind, event: WatchEvent<DynamicObject>) {
    let event = Ok(event);
    reconciler.take_in(Change { kind, event });
}

#[tokio::test]
async fn an_event_that_comes_late_does_not_bring_back_an_older_version() {
    let mut reconciler = reconciler();
    for kind in Kind::ALL {
        for (shown, kept) in [("10", "10"), ("9", "10"), ("11", "11")] {
            show(
                &mut reconciler,
                kind,
                WatchEvent::Apply(object(kind, "a", shown)),
            );
            let seen = reconciler.cache.version(kind, &key());
            assert_eq!(seen, Some((kept, "a")), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_deletion_that_comes_late_leaves_what_was_made_since() {
    let mut reconciler = reconciler();
    for kind in Kind::ALL {
        show(
            &mut reconciler,
            kind,
            WatchEvent::Apply(object(kind, "b", "12")),
        );
        show(
            &mut reconciler,
            kind,
            WatchEvent::Delete(object(kind, "a", "10")),
        );
        let seen = reconciler.cache.version(kind, &key());
        assert_eq!(seen, Some(("12", "b")), "{kind:?}");
        show(
            &mut reconciler,
            kind,
            WatchEvent::Delete(object(kind, "b", "13")),
        );
        assert_eq!(reconciler.cache.version(kind, &key()), None, "{kind:?}");
    }
}

/// safety.md F6: what a complete listing does not show is gone, whatever else it shows.
#[tokio::test]
async fn what_is_not_listed_any_more_is_gone() {
    let mut reconciler = reconciler();
    let kind = Kind::ReplicaSet;
    let set = object(kind, "u1", "5");
    show(&mut reconciler, kind, WatchEvent::Apply(set));
    let mut other = object(kind, "u2", "6");
    other.metadata.name = Some("other".to_owned());
    show(&mut reconciler, kind, WatchEvent::Init);
    show(&mut reconciler, kind, WatchEvent::InitApply(other));
    show(&mut reconciler, kind, WatchEvent::InitDone);
    assert_eq!(reconciler.cache.version(kind, &key()), None);
    let other = Key::new("shop", "other");
    assert!(reconciler.cache.version(kind, &other).is_some());
}

/// A watch that lags shows it still; what is made under its name is another.
#[tokio::test]
async fn what_a_live_read_did_not_find_does_not_come_back() {
    let mut reconciler = reconciler();
    let kind = Kind::ReplicaSet;
    let shown = |uid: &str, version: &str| WatchEvent::Apply(object(kind, uid, version));
    show(&mut reconciler, kind, shown("a", "10"));
    reconciler.finish_work(Done::Refreshed(key(), vec![(kind, key(), Ok(None))]));
    show(&mut reconciler, kind, shown("a", "11"));
    assert_eq!(reconciler.cache.version(kind, &key()), None);
    show(&mut reconciler, kind, shown("b", "12"));
    assert_eq!(reconciler.cache.version(kind, &key()), Some(("12", "b")));
}

/// safety.md F4: what a bug or a lost event left undone is done at the next listing.
#[tokio::test]
async fn a_rollout_that_is_listed_again_is_looked_at() {
    let mut reconciler = reconciler();
    for kind in [Kind::Rollout, Kind::Service] {
        show(
            &mut reconciler,
            kind,
            WatchEvent::Apply(object(kind, "a", "1")),
        );
    }
    let now = Instant::now();
    assert_eq!(reconciler.queue.next(now), Some(key()));
    reconciler.queue.done(&key());
    for (kind, next) in [(Kind::Service, None), (Kind::Rollout, Some(key()))] {
        show(
            &mut reconciler,
            kind,
            WatchEvent::InitApply(object(kind, "a", "1")),
        );
        assert_eq!(reconciler.queue.next(now), next, "{kind:?}");
    }
}

/// safety.md F11: nobody knows what was missed.
#[tokio::test]
async fn nothing_is_planned_between_a_failed_watch_and_the_next_complete_listing() {
    let mut reconciler = reconciler();
    for kind in Kind::ALL {
        assert!(!reconciler.is_synced());
        show(&mut reconciler, kind, WatchEvent::Init);
        show(&mut reconciler, kind, WatchEvent::InitDone);
    }
    assert!(reconciler.is_synced());
    reconciler.take_in(Change {
        kind: Kind::ReplicaSet,
        event: Err(WatchError::NoResourceVersion),
    });
    assert!(!reconciler.is_synced());
    show(&mut reconciler, Kind::ReplicaSet, WatchEvent::Init);
    assert!(!reconciler.is_synced(), "the listing has only begun");
    show(&mut reconciler, Kind::ReplicaSet, WatchEvent::InitDone);
    assert!(reconciler.is_synced());
}

#[tokio::test]
async fn a_live_read_that_fails_is_made_again() {
    let mut reconciler = reconciler();
    let failed = Err(kube::Error::LinesCodecMaxLineLengthExceeded);
    reconciler.finish_work(Done::Refreshed(
        key(),
        vec![(Kind::ReplicaSet, key(), failed)],
    ));
    assert!(reconciler.queue.will_wake(&key()));
}

#[tokio::test]
async fn a_refused_write_that_was_told_is_tried_again_at_once() {
    let mut reconciler = reconciler();
    let kind = Kind::Rollout;
    show(
        &mut reconciler,
        kind,
        WatchEvent::Apply(object(kind, "a", "1")),
    );
    assert_eq!(reconciler.queue.next(Instant::now()), Some(key()));
    let failure = WriteFailure {
        object: "ReplicaSet/web-1".to_owned(),
        creating: false,
        message: "no pods for you today".to_owned(),
        since: reconciler.clock.now().second(),
    };
    let memory = reconciler.memory.entry(key()).or_default();
    memory.failure = Some(failure);
    assert!(reconciler.start(&key()).is_none(), "all is told");
    reconciler.ended(&key());
    assert_eq!(reconciler.queue.next(Instant::now()), Some(key()));
    assert!(reconciler.start(&key()).is_none());
    reconciler.ended(&key());
    assert_eq!(reconciler.queue.next(Instant::now()), None, "and only once");
}

/// What refused it, a webhook or a quota, may be gone without the Rollout being touched.
#[tokio::test(start_paused = true)]
async fn a_template_that_was_refused_is_asked_about_again_and_no_other() {
    let refused = TemplateOutcome::Refused {
        field: None,
        message: "not this one".to_owned(),
    };
    let accepted = TemplateOutcome::Accepted {
        defaulted: json!({}),
        live: BTreeMap::new(),
    };
    for (outcome, forgotten) in [(refused, true), (accepted, false)] {
        let mut reconciler = reconciler();
        let kind = Kind::Rollout;
        show(
            &mut reconciler,
            kind,
            WatchEvent::Apply(object(kind, "a", "1")),
        );
        let check = TemplateCheck {
            digest: "d".to_owned(),
            outcome,
        };
        let outcome = Outcome {
            check: Some(check),
            ..Outcome::default()
        };
        reconciler.finish_work(Done::Executed(key(), Box::new(outcome)));
        assert!(reconciler.start(&key()).is_none());
        assert_eq!(reconciler.queue.will_wake(&key()), forgotten);
        tokio::time::sleep(std::time::Duration::from_secs(61)).await;
        assert!(reconciler.start(&key()).is_none());
        let memory = reconciler.memory.get(&key()).unwrap();
        assert_eq!(memory.check.is_none(), forgotten);
    }
}

/// safety.md F8: a write without an answer is looked into, one that was refused is told.
#[tokio::test]
async fn what_is_not_known_of_a_write_is_read() {
    for (refusal, is_read) in [
        (Refusal::Unknown, true),
        (Refusal::Conflict, true),
        (Refusal::Denied("no".to_owned()), false),
    ] {
        let mut reconciler = reconciler();
        let failed = Failed {
            object: "ReplicaSet/web-1".to_owned(),
            creating: false,
            refusal,
            target: (Kind::ReplicaSet, key()),
        };
        let outcome = Outcome {
            failed: Some(failed),
            ..Outcome::default()
        };
        reconciler.finish_work(Done::Executed(key(), Box::new(outcome)));
        assert_eq!(!reconciler.work.is_empty(), is_read);
    }
}

/// safety.md S18: what was written before a write failed is waited for like any other write.
#[tokio::test]
async fn what_was_written_before_a_failure_is_waited_for() {
    let mut reconciler = reconciler();
    let kind = Kind::ReplicaSet;
    let set = object(kind, "u1", "5");
    show(&mut reconciler, kind, WatchEvent::Apply(set));
    let failed = Failed {
        object: "Service/web".to_owned(),
        creating: false,
        refusal: Refusal::Denied("no".to_owned()),
        target: (Kind::Service, key()),
    };
    let outcome = Outcome {
        wrote: vec![(kind, key(), Expected::Changed("6".to_owned()))],
        failed: Some(failed),
        ..Outcome::default()
    };
    reconciler.finish_work(Done::Executed(key(), Box::new(outcome)));
    let waits = reconciler.gate.check(&key(), &reconciler.cache);
    assert_eq!(waits.unwrap_err().1, [(kind, key())]);
}
