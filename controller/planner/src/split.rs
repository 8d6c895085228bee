//! How many pods of each version stand for a weight when nothing but the number of pods splits
//! the traffic.
//!
//! Source: `compat/canary.md` §5.2, "Target split"; its table is the test.

/// Pods that the new and the stable version should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Pods of the new version.
    pub new: i64,
    /// Pods of the stable version.
    pub stable: i64,
}

/// The split nearest to `weight` of 100 with `replicas` pods, or one more when `may_surge`.
///
/// Of the candidates (rounded up or down, with or without one more pod) the first that is
/// strictly nearest wins. A weight strictly between 0 and 100 gives both versions a pod where
/// that is possible; where no candidate does (e.g. 2 pods, weight 75, no surge) there is no new
/// pod at all: existing users rely on it.
#[must_use]
pub fn split_by_pods(replicas: i64, weight: i64, may_surge: bool) -> Split {
    if replicas <= 0 {
        return Split { new: 0, stable: 0 };
    }
    let weight = weight.clamp(0, 100);
    let floor = replicas * weight / 100;
    let ceil = (replicas * weight + 99) / 100;
    let tied = |total: i64| (total * weight) % 100 == 50;
    let none_allowed = weight == 0 || weight == 100 || (replicas == 1 && !may_surge);

    let mut candidates = Vec::with_capacity(4);
    if ceil < replicas || none_allowed {
        candidates.push((ceil, replicas));
    }
    if !tied(replicas) && (floor != 0 || none_allowed) {
        candidates.push((floor, replicas));
    }
    if may_surge {
        candidates.push((ceil, replicas + 1));
        if !tied(replicas + 1) && (floor != 0 || none_allowed) {
            candidates.push((floor, replicas + 1));
        }
    }
    candidates
        .into_iter()
        .reduce(|best, next| {
            if is_nearer(next, best, weight) {
                next
            } else {
                best
            }
        })
        .map_or(
            Split {
                new: 0,
                stable: replicas,
            },
            |(new, total)| Split {
                new,
                stable: total - new,
            },
        )
}

/// Whether `a` (new pods, all pods) is strictly nearer to `weight` than `b`.
fn is_nearer(a: (i64, i64), b: (i64, i64), weight: i64) -> bool {
    // |new * 100 / total - weight|, compared as fractions: no rounding, no floats.
    let distance = |(new, total): (i64, i64)| i128::from((new * 100 - weight * total).abs());
    distance(a) * i128::from(b.1) < distance(b) * i128::from(a.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [i64; 11] = [0, 1, 10, 25, 33, 50, 66, 75, 90, 99, 100];

    /// `compat/canary.md` §5.2: replicas, whether a surge is allowed, new/stable per weight.
    const TABLE: &[(i64, bool, &str)] = &[
        (1, false, "0/1 0/1 0/1 0/1 0/1 1/0 1/0 1/0 1/0 1/0 1/0"),
        (2, false, "0/2 1/1 1/1 1/1 1/1 1/1 1/1 0/2 1/1 1/1 2/0"),
        (3, false, "0/3 1/2 1/2 1/2 1/2 2/1 2/1 2/1 2/1 2/1 3/0"),
        (4, false, "0/4 1/3 1/3 1/3 1/3 2/2 3/1 3/1 3/1 3/1 4/0"),
        (5, false, "0/5 1/4 1/4 1/4 2/3 3/2 3/2 4/1 0/5 4/1 5/0"),
        (7, false, "0/7 1/6 1/6 2/5 2/5 4/3 5/2 5/2 6/1 6/1 7/0"),
        (10, false, "0/10 1/9 1/9 3/7 3/7 5/5 7/3 8/2 9/1 9/1 10/0"),
        (1, true, "0/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/0"),
        (2, true, "0/2 1/2 1/2 1/2 1/2 1/1 2/1 2/1 2/1 2/1 2/0"),
        (3, true, "0/3 1/3 1/3 1/3 1/2 2/2 2/1 3/1 3/1 3/1 3/0"),
        (4, true, "0/4 1/4 1/4 1/3 2/3 2/2 3/2 3/1 4/1 4/1 4/0"),
        (5, true, "0/5 1/5 1/5 1/4 2/4 3/3 4/2 4/1 5/1 5/1 5/0"),
        (7, true, "0/7 1/7 1/7 2/6 2/5 4/4 5/3 6/2 7/1 7/1 7/0"),
        (10, true, "0/10 1/10 1/9 3/8 3/7 5/5 7/4 8/3 9/1 10/1 10/0"),
    ];

    #[test]
    fn the_split_is_the_one_users_know() {
        for (replicas, surge, row) in TABLE {
            for (weight, expected) in WEIGHTS.iter().zip(row.split(' ')) {
                let split = split_by_pods(*replicas, *weight, *surge);
                let seen = format!("{}/{}", split.new, split.stable);
                assert_eq!(
                    seen, expected,
                    "{replicas} pods, weight {weight}, surge {surge}"
                );
            }
        }
    }

    #[test]
    fn no_pods_are_split_into_none() {
        assert_eq!(split_by_pods(0, 50, true), Split { new: 0, stable: 0 });
    }
}
