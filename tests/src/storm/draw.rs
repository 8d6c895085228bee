//! A seed → one storm: who is in it, what is slow, and every deed with its time.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::deed::{self, ACTORS, Actor, Deed};
use super::manifests::{blue_green, canary};

/// A generator of numbers; the same seed gives the same ones.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to `sides` - 1, by splitmix64.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let sides = u64::try_from(sides.max(1)).unwrap_or(1);
        usize::try_from((z ^ (z >> 31)) % sides).unwrap_or(0)
    }

    /// As [`Dice::roll`], for numbers that go into objects.
    pub fn number(&mut self, sides: usize) -> i64 {
        i64::try_from(self.roll(sides)).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }
}

/// One storm.
#[derive(Debug, Clone)]
pub struct Storm {
    /// What it is drawn from.
    pub seed: u64,
    /// `spec.strategy` in git.
    pub strategy: Value,
    /// Whether the Rollout aborts at its deadline.
    pub abort_at_deadline: bool,
    /// Whose deeds there are.
    pub actors: BTreeSet<Actor>,
    /// Nobody breaks a pod or takes pods away, so that every request of the ghost is owed an answer.
    pub gentle: bool,
    /// Whether the controller dies after each of its writes.
    pub dies_often: bool,
    /// Of a thousand requests of the controller, so many fail, half of them after they were done.
    pub errors: usize,
    /// How late ReplicaSet controller, endpoints and garbage collector act.
    pub lags: [Duration; 3],
    /// How late the ghost's own data plane is behind the endpoints.
    pub path_lag: Duration,
    /// Nodes.
    pub nodes: usize,
    /// What is done, and how long after the deed before it; by their first numbers.
    pub deeds: Vec<(usize, Duration, Deed)>,
}

impl Storm {
    /// The storm of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let strategy = if dice.roll(2) == 0 {
            canary(&mut dice)
        } else {
            blue_green(&mut dice)
        };
        let gentle = dice.roll(2) == 0;
        let actors: BTreeSet<Actor> = ACTORS
            .into_iter()
            .filter(|it| !(gentle && matches!(it, Actor::Monkey | Actor::Cluster)))
            .filter(|it| *it == Actor::Users || dice.roll(5) < 2)
            .collect();
        let millis = Duration::from_millis;
        let minutes = dice.pick(&[2, 5, 12]);
        Self {
            seed,
            strategy,
            abort_at_deadline: dice.roll(2) == 0,
            deeds: deeds(&actors, gentle, minutes, &mut dice),
            actors,
            gentle,
            dies_often: dice.roll(5) == 0,
            errors: dice.pick(&[0, 0, 30, 150]),
            lags: [
                millis(dice.pick(&[0, 0, 1_300, 20_000])),
                millis(dice.pick(&[0, 200, 2_000])),
                millis(dice.pick(&[0, 3_000])),
            ],
            path_lag: millis(dice.pick(&[0, 500, 3_000])),
            nodes: 1 + dice.roll(3),
        }
    }

    /// Only these deeds, at the times they had.
    #[must_use]
    pub fn keep(&self, wanted: &BTreeSet<usize>) -> Self {
        let mut kept = Vec::new();
        let mut gap = Duration::ZERO;
        for (number, after, deed) in &self.deeds {
            gap += *after;
            if wanted.contains(number) {
                kept.push((*number, gap, deed.clone()));
                gap = Duration::ZERO;
            }
        }
        Self {
            deeds: kept,
            ..self.clone()
        }
    }
}

fn deeds(
    actors: &BTreeSet<Actor>,
    gentle: bool,
    minutes: u64,
    dice: &mut Dice,
) -> Vec<(usize, Duration, Deed)> {
    let mut timed = Vec::new();
    for actor in actors {
        let pause: usize = match actor {
            Actor::Users => dice.pick(&[4_000, 30_000, 90_000]),
            Actor::Autoscaler => 0,
            Actor::GitOps => 180_000,
            Actor::Monkey | Actor::Cluster | Actor::Faults => dice.pick(&[15_000, 60_000, 150_000]),
        };
        let mut at = 20_000;
        while at < minutes * 60_000 {
            // An autoscaler looks every 15 s; the others come as they like, often at once.
            at += match pause {
                0 => 15_000,
                _ if dice.roll(4) == 0 => 0,
                _ => u64::try_from(dice.roll(pause)).unwrap_or(0),
            };
            timed.push((at, deed::draw(*actor, gentle, dice)));
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    let mut before = 0;
    let gaps = timed.into_iter().enumerate().map(|(number, (at, deed))| {
        let gap = Duration::from_millis(at - before);
        before = at;
        (number, gap, deed)
    });
    gaps.collect()
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            strategy,
            abort_at_deadline,
            actors,
            gentle,
            dies_often,
            errors,
            lags: [sets, endpoints, garbage],
            path_lag,
            nodes,
            deeds,
        } = self;
        writeln!(
            f,
            "seed {seed}: {strategy}; abort at the deadline {abort_at_deadline}; {actors:?}, gentle \
             {gentle}; the controller dies after every write {dies_often}; {errors} of 1000 requests \
             fail; lags: ReplicaSets {sets:?}, endpoints {endpoints:?}, garbage {garbage:?}, path \
             {path_lag:?}; {nodes} nodes"
        )?;
        let mut at = Duration::ZERO;
        for (number, gap, deed) in deeds {
            at += *gap;
            writeln!(f, "  {number:3} at {at:>9.1?} {deed:?}")?;
        }
        Ok(())
    }
}
