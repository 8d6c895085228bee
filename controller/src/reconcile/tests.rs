//! What the loop makes of what it is shown, without a cluster.

use crds::names::POD_TEMPLATE_HASH;
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
        "namespace": "shop", "uid": uid, "resourceVersion": version},
        "spec": {"selector": {"matchLabels": {POD_TEMPLATE_HASH: "abc"}}}});
    serde_json::from_value(object).unwrap()
}

fn key() -> Key {
    Key::new("shop", "web")
}

fn show(reconciler: &mut Reconciler, source: Source, event: WatchEvent<DynamicObject>) {
    let event = Ok(event);
    reconciler.take_in(Change { source, event });
}

#[tokio::test]
async fn an_event_that_comes_late_does_not_bring_back_an_older_version() {
    for source in Source::ALL {
        let kind = source.kind();
        let mut reconciler = reconciler();
        for (shown, kept) in [("10", "10"), ("9", "10"), ("11", "11")] {
            show(
                &mut reconciler,
                source,
                WatchEvent::Apply(object(kind, "a", shown)),
            );
            let seen = reconciler.cache.version(kind, &key());
            assert_eq!(seen, Some((kept, "a")), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_deletion_that_comes_late_leaves_what_was_made_since() {
    for source in Source::ALL {
        let kind = source.kind();
        let mut reconciler = reconciler();
        show(
            &mut reconciler,
            source,
            WatchEvent::Apply(object(kind, "b", "12")),
        );
        show(
            &mut reconciler,
            source,
            WatchEvent::Delete(object(kind, "a", "10")),
        );
        let seen = reconciler.cache.version(kind, &key());
        assert_eq!(seen, Some(("12", "b")), "{kind:?}");
        show(
            &mut reconciler,
            source,
            WatchEvent::Delete(object(kind, "b", "13")),
        );
        assert_eq!(reconciler.cache.version(kind, &key()), None, "{kind:?}");
    }
}

/// safety.md F6: what a complete listing does not show is gone, whatever else it shows.
#[tokio::test]
async fn what_is_not_listed_any_more_is_gone() {
    let mut reconciler = reconciler();
    let (source, kind) = (Source::Unlabelled, Kind::ReplicaSet);
    let set = object(kind, "u1", "5");
    show(&mut reconciler, source, WatchEvent::Apply(set));
    let mut other = object(kind, "u2", "6");
    other.metadata.name = Some("other".to_owned());
    show(&mut reconciler, source, WatchEvent::Init);
    show(&mut reconciler, source, WatchEvent::InitApply(other));
    show(&mut reconciler, source, WatchEvent::InitDone);
    assert_eq!(reconciler.cache.version(kind, &key()), None);
    let other = Key::new("shop", "other");
    assert!(reconciler.cache.version(kind, &other).is_some());
}

/// A watch that lags shows it still; what is made under its name is another.
#[tokio::test]
async fn what_a_live_read_did_not_find_does_not_come_back() {
    let mut reconciler = reconciler();
    let (source, kind) = (Source::Unlabelled, Kind::ReplicaSet);
    let shown = |uid: &str, version: &str| WatchEvent::Apply(object(kind, uid, version));
    show(&mut reconciler, source, shown("a", "10"));
    reconciler.finish_work(Done::Refreshed(
        key(),
        After::AtOnce,
        vec![(kind, key(), Ok(None))],
    ));
    show(&mut reconciler, source, shown("a", "11"));
    assert_eq!(reconciler.cache.version(kind, &key()), None);
    show(&mut reconciler, source, shown("b", "12"));
    assert_eq!(reconciler.cache.version(kind, &key()), Some(("12", "b")));
}

/// safety.md F4: what a bug or a lost event left undone is done at the next listing.
#[tokio::test]
async fn a_rollout_that_is_listed_again_is_looked_at() {
    let mut reconciler = reconciler();
    for source in [Source::Rollouts, Source::Services] {
        show(
            &mut reconciler,
            source,
            WatchEvent::Apply(object(source.kind(), "a", "1")),
        );
    }
    let now = Instant::now();
    assert_eq!(reconciler.queue.next(now), Some(key()));
    reconciler.queue.done(&key());
    for (source, next) in [(Source::Services, None), (Source::Rollouts, Some(key()))] {
        show(
            &mut reconciler,
            source,
            WatchEvent::InitApply(object(source.kind(), "a", "1")),
        );
        assert_eq!(reconciler.queue.next(now), next, "{source:?}");
    }
}

/// safety.md F11: nobody knows what was missed.
#[tokio::test]
async fn nothing_is_planned_between_a_failed_watch_and_the_next_complete_listing() {
    let mut reconciler = reconciler();
    for source in Source::ALL {
        assert!(!reconciler.is_synced());
        show(&mut reconciler, source, WatchEvent::Init);
        show(&mut reconciler, source, WatchEvent::InitDone);
    }
    assert!(reconciler.is_synced());
    reconciler.take_in(Change {
        source: Source::Labelled,
        event: Err(WatchError::NoResourceVersion),
    });
    assert!(!reconciler.is_synced());
    show(&mut reconciler, Source::Labelled, WatchEvent::Init);
    assert!(!reconciler.is_synced(), "the listing has only begun");
    show(&mut reconciler, Source::Labelled, WatchEvent::InitDone);
    assert!(reconciler.is_synced());
}

#[tokio::test]
async fn a_live_read_that_fails_is_made_again() {
    let mut reconciler = reconciler();
    let failed = Err(kube::Error::LinesCodecMaxLineLengthExceeded);
    reconciler.finish_work(Done::Refreshed(
        key(),
        After::BackOff,
        vec![(Kind::ReplicaSet, key(), failed)],
    ));
    assert!(reconciler.queue.next_alarm().is_some());
}

#[tokio::test]
async fn a_refused_write_that_was_told_is_tried_again_at_once() {
    let mut reconciler = reconciler();
    let rollout = object(Kind::Rollout, "a", "1");
    show(
        &mut reconciler,
        Source::Rollouts,
        WatchEvent::Apply(rollout),
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
        let rollout = object(Kind::Rollout, "a", "1");
        show(
            &mut reconciler,
            Source::Rollouts,
            WatchEvent::Apply(rollout),
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
        assert_eq!(reconciler.queue.next_alarm().is_some(), forgotten);
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
    show(&mut reconciler, Source::Labelled, WatchEvent::Apply(set));
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

/// safety.md F21: a ReplicaSet whose label is taken away leaves one watch and comes into the other,
/// in whatever order.
#[tokio::test]
async fn a_replica_set_that_leaves_one_watch_is_read_before_the_next_plan() {
    for shown_before in [false, true] {
        let mut reconciler = reconciler();
        reconciler.leads = true;
        let rollout = object(Kind::Rollout, "r", "1");
        show(
            &mut reconciler,
            Source::Rollouts,
            WatchEvent::Apply(rollout),
        );
        let set = |version: &str, labels: serde_json::Value| {
            let mut set = object(Kind::ReplicaSet, "s", version);
            set.metadata.labels = serde_json::from_value(labels).unwrap();
            let owners = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                "name": "web", "uid": "r", "controller": true}]);
            set.metadata.owner_references = serde_json::from_value(owners).unwrap();
            set
        };
        let labelled = set("5", json!({POD_TEMPLATE_HASH: "abc"}));
        show(
            &mut reconciler,
            Source::Labelled,
            WatchEvent::Apply(labelled),
        );
        let stripped = set("6", json!({}));
        if shown_before {
            let here = WatchEvent::Apply(stripped.clone());
            show(&mut reconciler, Source::Unlabelled, here);
        }
        let gone = set("6", json!({POD_TEMPLATE_HASH: "abc"}));
        show(&mut reconciler, Source::Labelled, WatchEvent::Delete(gone));
        assert!(reconciler.start(&key()).is_some(), "it is read");
        let read = (Kind::ReplicaSet, key(), Ok(Some(stripped)));
        reconciler.finish_work(Done::Refreshed(key(), After::AtOnce, vec![read]));
        let seen = reconciler.cache.version(Kind::ReplicaSet, &key());
        assert_eq!(seen, Some(("6", "s")));
        assert!(reconciler.start(&key()).is_none(), "all is seen");
    }
}

/// A live read after a failed write shows what is known already: the back-off goes on.
#[tokio::test(start_paused = true)]
async fn a_live_read_without_news_does_not_end_a_back_off() {
    let mut reconciler = reconciler();
    let rollout = || object(Kind::Rollout, "a", "1");
    show(
        &mut reconciler,
        Source::Rollouts,
        WatchEvent::Apply(rollout()),
    );
    let now = Instant::now();
    assert_eq!(reconciler.queue.next(now), Some(key()));
    for _ in 0..4 {
        reconciler.queue.back_off(&key(), now);
    }
    let read = (Kind::Rollout, key(), Ok(Some(rollout())));
    reconciler.finish_work(Done::Refreshed(key(), After::BackOff, vec![read]));
    assert_eq!(reconciler.queue.next(now), None);
    let later = reconciler.queue.next_alarm().unwrap();
    assert_eq!(reconciler.queue.next(later), Some(key()));
}

/// Not even when each failure makes news.
#[tokio::test(start_paused = true)]
async fn a_rollout_is_never_looked_at_in_a_hot_loop() {
    let mut reconciler = reconciler();
    let (begin, mut looks) = (Instant::now(), 0);
    while begin.elapsed() < std::time::Duration::from_secs(60) {
        let seen = object(Kind::Rollout, "a", &looks.to_string());
        show(&mut reconciler, Source::Rollouts, WatchEvent::Apply(seen));
        match reconciler.queue.next(Instant::now()) {
            Some(key) => {
                looks += 1;
                let unseen = [((Kind::Rollout, key.clone()), looks.to_string())];
                let outcome = Outcome {
                    unseen: unseen.into(),
                    ..Outcome::default()
                };
                reconciler.finish_work(Done::Executed(key.clone(), Box::new(outcome)));
                let live = object(Kind::Rollout, "a", &format!("{looks}"));
                let read = (Kind::Rollout, key.clone(), Ok(Some(live)));
                reconciler.finish_work(Done::Refreshed(key, After::AtOnce, vec![read]));
            }
            None => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
        }
    }
    assert!(looks < 300, "{looks} looks in a minute");
}
