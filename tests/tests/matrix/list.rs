//! Which disturbances a scenario is run under.

use std::time::Duration;

use tests::scenario::disturbance::{Crash, Disturbance, Side};

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What fits a gate: single crashes and lost answers at every write, and of all else a part
    /// that is chosen by the name of the scenario or the numbers of the writes, the same each
    /// time; see also [`struck`].
    Gate,
    /// Everything.
    Full,
}

/// Writes of a scenario, from which on a gate strikes one in [`ONE_IN`] only.
const MANY: usize = 150;

/// See [`MANY`].
const ONE_IN: usize = 20;

/// Scenarios whose every pair of writes is crashed: a canary, a blue-green update, an abort, an
/// undo, a full promotion, an adoption.
const PAIRS: [&str; 6] = [
    "canary_example",
    "blue_green_example",
    "canary_abort_then_fix",
    "canary_undo_midway",
    "canary_promote_full",
    "canary_adopts_by_meaning",
];

/// The disturbances for a scenario, whose steady run has so many writes.
pub(crate) fn disturbances(scenario: &str, writes: usize, extent: Extent) -> Vec<Disturbance> {
    let mut list = vec![
        Disturbance::SlowCluster,
        Disturbance::CrashAfterEveryWrite,
        Disturbance::WatchTwice,
    ];
    for write in struck(writes, extent) {
        for side in [Side::Before, Side::After] {
            list.push(Disturbance::Crash(Crash { write, side }));
        }
        list.push(Disturbance::AnswerLost(write));
    }
    if PAIRS.contains(&scenario) {
        list.extend(pairs(writes, extent));
    }
    // Where the gate runs a part, this says which.
    let turn = scenario
        .bytes()
        .fold(0, |sum, it| sum * 31 % 9_973 + usize::from(it));
    let lags = [300, 7_000, 60_000].map(Duration::from_millis);
    for count in [2, 3] {
        list.push(Disturbance::Leaders(count, Duration::ZERO));
    }
    let leaders = [(2, 700), (3, 2_500), (3, 20_000), (2, 60_000)];
    let leaders =
        leaders.map(|(count, lag)| Disturbance::Leaders(count, Duration::from_millis(lag)));
    list.extend(part(&leaders, turn, extent));
    list.extend(part(&lags.map(Disturbance::WatchLate), turn, extent));
    let seeds: Vec<u64> = (1..=10).collect();
    for kind in [
        Disturbance::WatchLossy,
        Disturbance::Errors,
        Disturbance::Expired,
    ] {
        let all: Vec<Disturbance> = seeds.iter().map(|seed| kind(*seed)).collect();
        list.extend(part(&all, turn, extent));
    }
    let (mut views, mut outages, mut jumps) = (Vec::new(), Vec::new(), Vec::new());
    for write in 1..=writes {
        views.extend([1, 2, 3, 5, 8, 13].map(|back| Disturbance::OldView(write, back)));
        for side in [Side::Before, Side::After] {
            let from = Crash { write, side };
            let lengths = [30, 300, 1_800].map(Duration::from_secs);
            outages.extend(lengths.map(|length| Disturbance::Outage(from, length)));
        }
        let year = 365 * 86_400;
        let seconds = [1, -1, 60, -60, 7_200, -7_200, 10 * year, -10 * year];
        jumps.extend(seconds.map(|seconds| Disturbance::ClockJump(write, seconds)));
    }
    list.extend(part(&views, turn, extent));
    list.extend(part(&outages, turn, extent));
    list.extend(part(&jumps, turn, extent));
    list
}

/// The writes that are struck: all. Pods that flap for hours make a thousand writes to say so; of
/// as many as that, a gate strikes a part.
fn struck(writes: usize, extent: Extent) -> impl Iterator<Item = usize> {
    let is_part = extent == Extent::Gate && writes > MANY;
    (1..=writes).step_by(if is_part { ONE_IN } else { 1 })
}

/// All, or one.
fn part(all: &[Disturbance], turn: usize, extent: Extent) -> Vec<Disturbance> {
    match extent {
        Extent::Full => all.to_vec(),
        Extent::Gate => {
            let chosen = all.iter().cycle().skip(turn % all.len().max(1));
            chosen.take(1).copied().collect()
        }
    }
}

fn pairs(writes: usize, extent: Extent) -> Vec<Disturbance> {
    let sides = [Side::Before, Side::After];
    let mut list = Vec::new();
    for first in 1..writes {
        for second in first + 1..=writes {
            let all = sides.iter().flat_map(|one| {
                sides.map(|other| {
                    let first = Crash {
                        write: first,
                        side: *one,
                    };
                    let second = Crash {
                        write: second,
                        side: other,
                    };
                    Disturbance::CrashTwice(first, second)
                })
            });
            let all: Vec<_> = all.collect();
            // In a gate one pair in four, each time with other sides.
            let turn = first + 2 * second;
            if extent == Extent::Full || turn.is_multiple_of(4) {
                list.extend(part(&all, turn / 4, extent));
            }
        }
    }
    list
}
