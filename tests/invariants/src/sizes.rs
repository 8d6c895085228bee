//! Arithmetic that several invariants need, written from `compat/api.md` §6 and
//! `compat/canary.md` §5, so that nobody's own arithmetic is what he is judged by.

use crate::vocabulary::{Amount, BlueGreen, Canary, CanaryStep, ReplicaSet, Rollout, Strategy};

/// Surge and unavailable of a canary with `total` pods, in pods.
///
/// Surge rounds up, unavailable down and not above `total`; both 0 means unavailable 1.
pub(crate) fn surge_and_unavailable(canary: &Canary, total: i64) -> (i64, i64) {
    let share = |amount: Option<Amount>, up: i64| match amount.unwrap_or(Amount::Percent(25)) {
        Amount::Pods(pods) => pods,
        Amount::Percent(percent) => total.saturating_mul(percent).saturating_add(up) / 100,
    };
    let (surge, unavailable) = (share(canary.surge, 99), share(canary.unavailable, 0));
    if surge == 0 && unavailable == 0 {
        return (0, 1.min(total));
    }
    (surge, unavailable.min(total))
}

/// The canary strategy, when it is one.
pub(crate) fn canary(rollout: &Rollout) -> Option<&Canary> {
    match &rollout.spec.strategy {
        Strategy::Canary(canary) => Some(canary),
        Strategy::BlueGreen(_) | Strategy::Invalid => None,
    }
}

/// The blue-green strategy, when it is one.
pub(crate) fn blue_green(rollout: &Rollout) -> Option<&BlueGreen> {
    match &rollout.spec.strategy {
        Strategy::BlueGreen(blue_green) => Some(blue_green),
        Strategy::Canary(_) | Strategy::Invalid => None,
    }
}

/// Pods of the canary and of stable for a weight of 0 to 100, without a traffic router.
///
/// Source: `compat/canary.md` §5.2.
pub(crate) fn split(total: i64, weight: i64, surge: i64) -> (i64, i64) {
    if total == 0 {
        return (0, 0);
    }
    let zero_allowed = weight == 100 || weight == 0 || (total == 1 && surge == 0);
    let ceil = (total * weight + 99) / 100;
    let floor = total * weight / 100;
    let tied = |total: i64| (total * weight) % 100 == 50;
    let mut candidates = Vec::new();
    if ceil < total || zero_allowed {
        candidates.push((ceil, total));
    }
    if !tied(total) && (floor != 0 || zero_allowed) {
        candidates.push((floor, total));
    }
    if surge > 0 {
        candidates.push((ceil, total + 1));
        if !tied(total + 1) && (floor != 0 || zero_allowed) {
            candidates.push((floor, total + 1));
        }
    }
    // |canary/total − weight/100| compared without fractions.
    let mut best: Option<(i64, i64)> = None;
    let distance = |(canary, total): (i64, i64)| (canary * 100 - weight * total).abs();
    for candidate in candidates {
        let closer =
            best.is_none_or(|best| distance(candidate) * best.1 < distance(best) * candidate.1);
        if closer {
            best = Some(candidate);
        }
    }
    best.map_or((0, total), |(canary, total)| (canary, total - canary))
}

/// The weight that applies at step `index`: the nearest `setWeight` at or before it.
pub(crate) fn weight_at(canary: &Canary, index: usize) -> i64 {
    let Some(before) = canary.steps.get(..=index) else {
        return 100;
    };
    let mut weights = before.iter().rev().filter_map(|step| match step {
        CanaryStep::SetWeight(weight) => Some(*weight),
        CanaryStep::Pause | CanaryStep::PauseFor(_) | CanaryStep::Other => None,
    });
    weights.next().unwrap_or(0)
}

/// Σ `spec.replicas`.
pub(crate) fn asked_for<'a>(sets: impl IntoIterator<Item = &'a ReplicaSet>) -> i64 {
    sets.into_iter().map(|set| set.replicas).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_unavailable_down_and_both_zero_is_one() {
        let limits = |surge, unavailable| {
            let canary = Canary {
                surge: Some(surge),
                unavailable: Some(unavailable),
                ..Canary::default()
            };
            surge_and_unavailable(&canary, 10)
        };
        assert_eq!(limits(Amount::Percent(2), Amount::Percent(25)), (1, 2));
        assert_eq!(limits(Amount::Pods(2), Amount::Pods(0)), (2, 0));
        assert_eq!(limits(Amount::Pods(0), Amount::Pods(0)), (0, 1));
        assert_eq!(limits(Amount::Percent(0), Amount::Pods(70)), (0, 10));
    }

    #[test]
    fn the_split_is_the_one_of_the_table() {
        let weights = [0, 1, 10, 25, 33, 50, 66, 75, 90, 99, 100];
        for (total, surge, row) in [
            (1, 0, "0/1 0/1 0/1 0/1 0/1 1/0 1/0 1/0 1/0 1/0 1/0"),
            (2, 0, "0/2 1/1 1/1 1/1 1/1 1/1 1/1 0/2 1/1 1/1 2/0"),
            (5, 0, "0/5 1/4 1/4 1/4 2/3 3/2 3/2 4/1 0/5 4/1 5/0"),
            (10, 0, "0/10 1/9 1/9 3/7 3/7 5/5 7/3 8/2 9/1 9/1 10/0"),
            (1, 1, "0/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/0"),
            (3, 1, "0/3 1/3 1/3 1/3 1/2 2/2 2/1 3/1 3/1 3/1 3/0"),
            (7, 1, "0/7 1/7 1/7 2/6 2/5 4/4 5/3 6/2 7/1 7/1 7/0"),
            (10, 3, "0/10 1/10 1/9 3/8 3/7 5/5 7/4 8/3 9/1 10/1 10/0"),
        ] {
            for (weight, expected) in weights.into_iter().zip(row.split(' ')) {
                let (canary, stable) = split(total, weight, surge);
                assert_eq!(
                    format!("{canary}/{stable}"),
                    expected,
                    "{total} pods, weight {weight}, surge {surge}"
                );
            }
        }
    }
}
