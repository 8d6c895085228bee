//! What a change costs. Prints it, and fails only where the order of magnitude is wrong: the
//! budget is 2 µs with optimisation (`cargo test --release -p invariants --test speed -- --nocapture`).

use std::sync::Arc;
use std::time::Instant;

use invariants::{
    Actor, Canary, CanaryStep, Change, Changed, Judge, Pair, Pod, ReplicaSet, Rollout, Spec,
    Status, Strategy, Template, Text, Uid,
};

const START: i64 = 1_767_225_600_000;

fn rollout() -> Rollout {
    Rollout {
        uid: Uid(1),
        namespace: Text::from("shop"),
        name: Text::from("web"),
        version: 1,
        generation: 1,
        deleting: false,
        spec: Arc::new(Spec {
            replicas: 10,
            paused: false,
            template: Template(5),
            progress_deadline_seconds: 600,
            progress_deadline_abort: false,
            strategy: Strategy::Canary(Canary {
                steps: vec![CanaryStep::SetWeight(20), CanaryStep::Pause],
                ..Canary::default()
            }),
        }),
        status: Arc::new(Status {
            observed_generation: Some(1),
            current: Text::from("h5"),
            stable: Text::from("h1"),
            ..Status::default()
        }),
        foreign: 0,
    }
}

fn set(number: u64) -> ReplicaSet {
    ReplicaSet {
        uid: Uid(10 + number),
        namespace: Text::from("shop"),
        name: Text::from(format!("web-h{number}")),
        version: 1,
        owner: Some(Uid(1)),
        hash: Text::from(format!("h{number}")),
        template: Template(number),
        replicas: 2,
        min_ready_seconds: 0,
        generation: 1,
        observed_generation: 1,
        pods: 2,
        ready: 2,
        available: 2,
        deadline: None,
        deleting: false,
        foreign: 0,
    }
}

fn pod(number: u64) -> Pod {
    Pod {
        uid: Uid(100 + number),
        set: Some(Uid(11 + number / 2)),
        ready_since: Some(START),
        terminating: false,
    }
}

/// The same changes over and over: a pod breaks and is ready again, its ReplicaSet says so, and
/// the Rollout is told.
fn round(revision: &mut u64) -> Vec<Change> {
    let both = |before: Arc<Pod>, after: Arc<Pod>| {
        let (before, after) = (Some(before), Some(after));
        Changed::Pod(Pair { before, after })
    };
    let sets = [2, 1, 2].map(|available| {
        let mut set = set(3);
        set.available = available;
        Arc::new(set)
    });
    let said = |from: usize| {
        let before = sets.get(from).cloned();
        let after = sets.get(from + 1).cloned();
        Changed::ReplicaSet(Pair { before, after })
    };
    let whole = Arc::new(pod(4));
    let broken = Arc::new(Pod {
        ready_since: None,
        ..pod(4)
    });
    let told = Arc::new(rollout());
    let what = [
        both(Arc::clone(&whole), Arc::clone(&broken)),
        said(0),
        both(broken, whole),
        said(1),
        Changed::Rollout(Pair {
            before: Some(Arc::clone(&told)),
            after: Some(told),
        }),
    ];
    what.into_iter()
        .map(|what| {
            *revision += 1;
            Change {
                at: START + 1000,
                revision: *revision,
                actor: Actor::Environment,
                decided_on: None,
                seen: None,
                what,
            }
        })
        .collect()
}

#[test]
fn a_change_costs_about_a_microsecond() {
    let mut revision = 0;
    let mut judge = Judge::default();
    let mut tell = |judge: &mut Judge, what| {
        revision += 1;
        judge.see(&Change {
            at: START,
            revision,
            actor: Actor::Environment,
            decided_on: None,
            seen: None,
            what,
        });
    };
    let (before, after) = (None, Some(Arc::new(rollout())));
    tell(&mut judge, Changed::Rollout(Pair { before, after }));
    for number in 1..=5 {
        let (before, after) = (None, Some(Arc::new(set(number))));
        tell(&mut judge, Changed::ReplicaSet(Pair { before, after }));
    }
    for number in 0..10 {
        let (before, after) = (None, Some(Arc::new(pod(number))));
        tell(&mut judge, Changed::Pod(Pair { before, after }));
    }
    let mut revision = 1000;
    let changes = round(&mut revision);
    let rounds: u32 = 20_000;
    let start = Instant::now();
    for _ in 0..rounds {
        for change in &changes {
            judge.see(change);
        }
    }
    let each = start.elapsed() / (rounds * u32::try_from(changes.len()).unwrap());
    let start = Instant::now();
    for _ in 0..1000 {
        std::hint::black_box(judge.clone());
    }
    let copy = start.elapsed() / 1000;
    println!(
        "{} ns per change, {} ns per copy",
        each.as_nanos(),
        copy.as_nanos()
    );
    assert!(judge.found().is_empty(), "{:?}", judge.found());
    assert!(each.as_micros() < 50, "{each:?} per change");
}
