//! The fewest writes that an update needs, from the rules alone.
//!
//! Replays `compat/canary.md` §5.2 in a world where pods are available as soon as they are asked
//! for, all at once: no controller that keeps the rules can do with fewer resizes or passes. It
//! shares no code with the planner, which is what it is held against.

/// How many pods there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// `spec.replicas`.
    pub pods: i64,
    /// Pods that may come on top.
    pub surge: i64,
    /// Pods that may be missing.
    pub unavailable: i64,
}

/// A ReplicaSet: pods wanted, pods available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set {
    /// `spec.replicas`.
    pub spec: i64,
    /// Available pods.
    pub available: i64,
}

impl Set {
    /// A set that has all its pods.
    #[must_use]
    pub const fn full(pods: i64) -> Self {
        Self {
            spec: pods,
            available: pods,
        }
    }
}

/// A step of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `setWeight`.
    Weight(i64),
    /// `pause` for a while.
    Pause,
}

/// What an update needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Least {
    /// Changes of the size of a ReplicaSet.
    pub resizes: u64,
    /// Writes that come once an update: the ReplicaSet made, the revision noted on the Rollout,
    /// Services switched, the delay noted on the old ReplicaSet.
    pub once: u64,
    /// Moments at which there is something to decide; each costs one status write.
    pub passes: u64,
}

/// Bounds from a number or a percentage: a surge rounds up, unavailable pods round down, and when
/// both are 0 one pod may be missing.
///
/// # Errors
/// When one is neither.
pub fn bounds(
    pods: i64,
    surge: &str,
    unavailable: &str,
) -> Result<Bounds, std::num::ParseIntError> {
    let read = |text: &str, up: i64| match text.strip_suffix('%') {
        Some(percent) => Ok((percent.parse::<i64>()? * pods + up) / 100),
        None => text.parse(),
    };
    let surge = read(surge, 99)?;
    let unavailable = read(unavailable, 0)?;
    let unavailable = if surge == 0 {
        unavailable.max(1)
    } else {
        unavailable
    };
    Ok(Bounds {
        pods,
        surge,
        unavailable,
    })
}

/// Pods of (stable, new) that stand for a weight.
#[must_use]
pub fn target(pods: i64, weight: i64, surge: i64) -> (i64, i64) {
    if pods == 0 {
        return (0, 0);
    }
    let up = (pods * weight + 99) / 100;
    let down = pods * weight / 100;
    let tied = |total: i64| (total * weight) % 100 == 50;
    let none = weight == 100 || weight == 0 || (pods == 1 && surge == 0);
    let mut candidates = Vec::new();
    if up < pods || none {
        candidates.push((up, pods));
    }
    if !tied(pods) && (down != 0 || none) {
        candidates.push((down, pods));
    }
    if surge > 0 {
        candidates.push((up, pods + 1));
        if !tied(pods + 1) && (down != 0 || none) {
            candidates.push((down, pods + 1));
        }
    }
    let mut best: Option<(i64, i64)> = None;
    for (new, total) in candidates {
        // Distances as fractions over both totals, so that nothing is rounded.
        let off = |new: i64, total: i64| (new * 100 - weight * total).abs();
        let is_nearer =
            best.is_none_or(|(other, sum)| off(new, total) * sum < off(other, sum) * total);
        if is_nearer {
            best = Some((new, total));
        }
    }
    best.map_or((pods, 0), |(new, total)| (total - new, new))
}

/// The next sizes of (stable, new) at a weight; `old` is all that is neither.
#[must_use]
pub fn next(bounds: Bounds, weight: i64, stable: Set, new: Set, old: Set) -> (i64, i64) {
    let ceiling = bounds.pods + bounds.surge;
    let floor = bounds.pods - bounds.unavailable;
    let (want_stable, want_new) = target(bounds.pods, weight, bounds.surge);
    let (mut s, mut n) = (stable.spec, new.spec);
    let mut room = (ceiling - s - n - old.spec).max(0);
    if s < want_stable {
        let more = room.min(want_stable - s);
        s += more;
        room -= more;
    }
    if n < want_new {
        n += room.min(want_new - n);
    }
    if old.spec > 0 {
        return (s, n);
    }
    let increasing = want_new >= new.spec;
    let counts = |set: Set, all: bool| {
        if all {
            set.spec
        } else {
            set.spec.min(set.available)
        }
    };
    let spare = counts(new, !increasing) + counts(stable, increasing) - floor;
    if spare <= 0 {
        return (s, n);
    }
    if increasing {
        if stable.spec > want_stable {
            s = want_stable.max(stable.spec - spare);
        }
        (s, n) = limit((ceiling, floor), (s, stable), (n, new));
    } else {
        if new.spec > want_new {
            n = want_new.max(new.spec - spare);
        }
        (n, s) = limit((ceiling, floor), (n, new), (s, stable));
    }
    (s, n)
}

/// Keeps a drained and a grown set between floor and ceiling; each as (size, as it is).
fn limit(
    (ceiling, floor): (i64, i64),
    (mut drain, drained): (i64, Set),
    (mut grow, grown): (i64, Set),
) -> (i64, i64) {
    grow -= (grow + drain - ceiling).max(0);
    let available = drained.available.min(drain) + grown.available.min(grow);
    let lost = (grown.available - grow).max(0);
    grow += lost.min((floor - available).max(0));
    drain -= (grow + drain - ceiling).max(0);
    (drain, grow)
}

/// Sizes of (stable, new) when the rule has nothing more to say before new pods are available.
///
/// Stable first, then the rule is asked again, as in the sequences of §5.2 (5/5, 3/5, 3/10): what
/// stable gives up makes room at once. A set that is resized twice meanwhile is written once.
fn settled(bounds: Bounds, weight: i64, mut stable: Set, mut new: Set) -> (i64, i64) {
    loop {
        let (s, n) = next(bounds, weight, stable, new, Set::default());
        let resized = |set: Set, spec: i64| Set {
            spec,
            available: set.available.min(spec),
        };
        if s != stable.spec {
            stable = resized(stable, s);
        } else if n != new.spec {
            new = resized(new, n);
        } else {
            return (s, n);
        }
    }
}

/// What a canary update from all stable to all new needs.
#[must_use]
pub fn canary(bounds: Bounds, steps: &[Step]) -> Least {
    let mut least = Least {
        resizes: 0,
        once: 2,
        passes: 0,
    };
    let (mut stable, mut new) = (Set::full(bounds.pods), Set::default());
    let mut steps = steps.iter().peekable();
    let mut weight = 0;
    let mut has_paused = false;
    loop {
        least.passes += 1;
        let is_still = |stable, new, weight| {
            next(bounds, weight, stable, new, Set::default()) == (stable.spec, new.spec)
        };
        // Steps that need nothing more end here and now.
        let pauses = loop {
            match steps.peek() {
                Some(Step::Weight(wanted)) => {
                    weight = *wanted;
                    if !is_still(stable, new, weight) {
                        break false;
                    }
                }
                Some(Step::Pause) if !has_paused => break true,
                Some(Step::Pause) => has_paused = false,
                None => {
                    weight = 100;
                    break false;
                }
            }
            steps.next();
        };
        // Old pods may still go in the pass that ends the update.
        let is_last =
            new == Set::full(bounds.pods) && steps.clone().all(|it| *it == Step::Weight(100));
        let (s, n) = settled(bounds, weight, stable, new);
        least.resizes += u64::from(s != stable.spec) + u64::from(n != new.spec);
        (stable, new) = (Set::full(s), Set::full(n));
        if is_last {
            return least;
        }
        has_paused = pauses;
    }
}

/// What a blue-green update needs: `services` are 1 or 2; `pauses` when somebody promotes it.
#[must_use]
pub fn blue_green(services: u64, pauses: bool) -> Least {
    Least {
        // The new one up, the old one down.
        resizes: 2,
        // Made, revision, Services, delay.
        once: 3 + services,
        // Made; pods there, so switched (or paused, then switched); delay over.
        passes: 3 + u64::from(pauses),
    }
}
