//! The next sizes on the way to a split: never above the ceiling, never below the floor.
//!
//! Source: `compat/canary.md` §5.2, "Next sizes"; its vectors are the test.

use crate::split::Split;

/// A ReplicaSet as sizes are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// `spec.replicas`.
    pub spec: i64,
    /// Available pods.
    pub available: i64,
}

/// What the sizes have to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// `spec.replicas` of the Rollout.
    pub replicas: i64,
    /// Pods that may come on top.
    pub surge: i64,
    /// Pods that may be missing.
    pub unavailable: i64,
}

impl Bounds {
    /// Most pods at any time.
    #[must_use]
    pub const fn ceiling(self) -> i64 {
        self.replicas + self.surge
    }

    /// Fewest available pods at any time.
    #[must_use]
    pub const fn floor(self) -> i64 {
        self.replicas - self.unavailable
    }
}

/// One step from the present sizes towards `target`.
///
/// `stable` is `None` when there is no stable ReplicaSet beside the new one; then the new one
/// goes to `bounds.replicas`. `old` is the sum over all further ReplicaSets: while it is not 0,
/// nothing here shrinks.
#[must_use]
pub fn next_sizes(
    bounds: Bounds,
    target: Split,
    new: Option<Size>,
    stable: Option<Size>,
    old: i64,
) -> Split {
    let target = if stable.is_some() {
        target
    } else {
        Split {
            new: bounds.replicas,
            stable: 0,
        }
    };
    let new_size = new.unwrap_or_default();
    let stable_size = stable.unwrap_or_default();
    let grown = grow(bounds, target, new_size, stable_size, new.is_some(), old);
    if old > 0 {
        return grown;
    }

    let increasing = new.is_none() || target.new >= new_size.spec;
    let spare =
        reducible(new_size, !increasing) + reducible(stable_size, increasing) - bounds.floor();
    if spare <= 0 {
        return grown;
    }
    if !increasing {
        let drained = (new_size.spec - spare).max(target.new);
        let (new, stable) = limit(
            bounds,
            (new_size, drained),
            (stable.is_some(), stable_size, grown.stable),
        );
        Split { new, stable }
    } else if stable.is_some() {
        let drained = if stable_size.spec > target.stable {
            (stable_size.spec - spare).max(target.stable)
        } else {
            grown.stable
        };
        let (stable, new) = limit(
            bounds,
            (stable_size, drained),
            (new.is_some(), new_size, grown.new),
        );
        Split { new, stable }
    } else {
        grown
    }
}

/// Grows stable, then new, into what is left below the ceiling.
fn grow(bounds: Bounds, target: Split, new: Size, stable: Size, has_new: bool, old: i64) -> Split {
    let mut headroom = bounds.ceiling() - (old + new.spec + stable.spec);
    let mut next = Split {
        new: new.spec,
        stable: stable.spec,
    };
    if headroom > 0 && stable.spec < target.stable {
        let more = headroom.min(target.stable - stable.spec);
        next.stable += more;
        headroom -= more;
    }
    if has_new && headroom > 0 && new.spec < target.new {
        next.new += headroom.min(target.new - new.spec);
    }
    next
}

/// Pods of a ReplicaSet that count towards what may be taken away.
const fn reducible(size: Size, ignore_availability: bool) -> i64 {
    if size.spec < size.available || ignore_availability {
        size.spec
    } else {
        size.available
    }
}

/// Fits a drained and an adjusted ReplicaSet below the ceiling without losing the floor.
///
/// `drain` is its present size and the size it should get; `adjust` whether it exists, its
/// present size and the size it should get. Returns both sizes, drained first.
fn limit(bounds: Bounds, drain: (Size, i64), adjust: (bool, Size, i64)) -> (i64, i64) {
    let (drained_set, drained) = drain;
    let (exists, adjusted_set, wanted) = adjust;
    if !exists {
        return (drained, wanted);
    }
    let mut adjusted = wanted - (wanted + drained - bounds.ceiling()).max(0);
    let available = drained_set.available.min(drained) + adjusted_set.available.min(adjusted);
    let lost = (adjusted_set.available - adjusted).max(0);
    let needed = (bounds.floor() - available).max(0);
    adjusted += lost.min(needed);
    (
        drained - (adjusted + drained - bounds.ceiling()).max(0),
        adjusted,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split_by_pods;

    fn size(text: &str) -> Size {
        let (spec, available) = text.split_once('/').unwrap();
        Size {
            spec: spec.parse().unwrap(),
            available: available.parse().unwrap(),
        }
    }

    /// Surge and unavailable resolved as in `compat/api.md` §6.
    fn bounds(replicas: i64, surge: &str, unavailable: &str) -> Bounds {
        let resolve = |text: &str, up: i64| match text.strip_suffix('%') {
            Some(percent) => (replicas * percent.parse::<i64>().unwrap() + up) / 100,
            None => text.parse().unwrap(),
        };
        let (surge, mut unavailable) = (resolve(surge, 99), resolve(unavailable, 0));
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Bounds {
            replicas,
            surge,
            unavailable: unavailable.min(replicas),
        }
    }

    /// replicas, weight, surge, unavailable, stable, new, old → stable, new.
    type Row = (
        i64,
        i64,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        i64,
        i64,
        i64,
    );
    const VECTORS: &[Row] = &[
        (10, 20, "25%", "25%", "10/10", "0/0", 0, 8, 2),
        (10, 20, "2", "0", "10/10", "0/0", 0, 10, 2),
        (10, 20, "0", "2", "10/10", "0/0", 0, 8, 0),
        (10, 20, "0", "2", "8/8", "0/0", 0, 8, 2),
        (10, 50, "1", "1", "10/10", "0/0", 0, 9, 1),
        (10, 50, "1", "1", "8/8", "3/2", 0, 7, 3),
        (10, 0, "1", "1", "5/5", "5/5", 0, 6, 4),
        (10, 0, "3", "0", "5/5", "5/5", 0, 8, 5),
        (10, 0, "3", "0", "8/6", "5/0", 0, 8, 4),
        (10, 100, "3", "0", "5/5", "5/5", 0, 5, 8),
        (10, 100, "3", "0", "7/8", "6/3", 0, 7, 6),
        (10, 100, "0", "3", "5/0", "5/5", 0, 2, 5),
        (10, 100, "3", "3", "5/5", "5/0", 0, 5, 8),
        (10, 30, "0", "5", "10/10", "0/0", 0, 7, 0),
        (1, 5, "1", "0", "1/1", "0/0", 0, 1, 1),
        (1, 50, "0", "1", "1/1", "0/0", 0, 0, 0),
        (1, 100, "1", "0", "1/1", "1/1", 0, 0, 1),
        (10, 20, "25%", "25%", "8/8", "0/0", 4, 8, 1),
        (10, 20, "25%", "25%", "9/9", "0/0", 4, 9, 0),
        (10, 20, "0", "0%", "10/10", "0/0", 0, 9, 0),
        (0, 50, "1", "1", "3/3", "1/1", 0, 1, 0),
        (5, 40, "1", "1", "10/10", "4/4", 0, 4, 2),
        (20, 40, "25%", "25%", "10/10", "4/4", 0, 12, 8),
    ];

    #[test]
    fn the_next_sizes_are_the_ones_users_know() {
        for row in VECTORS {
            let (replicas, weight, surge, unavailable, stable, new, old, want_stable, want_new) =
                *row;
            let bounds = bounds(replicas, surge, unavailable);
            let target = split_by_pods(replicas, weight, bounds.surge > 0);
            let next = next_sizes(bounds, target, Some(size(new)), Some(size(stable)), old);
            assert_eq!(
                next,
                Split {
                    new: want_new,
                    stable: want_stable
                },
                "{row:?}"
            );
        }
    }

    /// `compat/canary.md` §5.2 "Sequences": stable/new after each pass, stable resized first.
    #[test]
    fn the_sequences_of_sizes_are_the_ones_users_know() {
        let table = [
            (10, 20, "25%", "25%", "10/0→8/0→8/2"),
            (10, 100, "25%", "25%", "5/5→3/5→3/10→0/10"),
            (10, 0, "25%", "25%", "5/5→8/5→8/0→10/0"),
            (10, 50, "1", "0", "8/2→8/3→7/3→7/4→6/4→6/5→5/5"),
            (1, 100, "25%", "25%", "1/0→1/1→0/1"),
            (2, 50, "25%", "25%", "2/0→2/1→1/1"),
        ];
        for (replicas, weight, surge, unavailable, sequence) in table {
            let bounds = bounds(replicas, surge, unavailable);
            let target = split_by_pods(replicas, weight, bounds.surge > 0);
            let (first, _) = sequence.split_once('→').unwrap();
            let start = size(first);
            let (mut stable, mut new) = (start.spec, start.available);
            let mut seen = vec![first.to_owned()];
            loop {
                let of = |pods| {
                    Some(Size {
                        spec: pods,
                        available: pods,
                    })
                };
                let next = next_sizes(bounds, target, of(new), of(stable), 0);
                if next.stable != stable {
                    stable = next.stable;
                } else if next.new != new {
                    new = next.new;
                } else {
                    break;
                }
                seen.push(format!("{stable}/{new}"));
            }
            assert_eq!(seen.join("→"), sequence);
        }
    }
}
