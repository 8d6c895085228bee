//! Arithmetic that several invariants need, written from `compat/api.md` §6 and
//! `compat/canary.md` §5, so that nobody's own arithmetic is what he is judged by.

use crate::vocabulary::{Amount, Canary, ReplicaSet};

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
}
