//! Numbers of pods that users write as an integer or as a percentage.
//!
//! Source: `compat/api.md` §6. Two readings exist and disagree on purpose, as in the peer:
//! at run time *every* text is a percentage (`"2"` is 2 %), while the validity rule
//! "surge and unavailable must not both be zero" reads a text without `%` as a number.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::rollout::CanaryStrategy;

/// What `maxSurge` and `maxUnavailable` are when absent, in percent.
const DEFAULT_PERCENT: i64 = 25;

/// A number of pods, absolute or relative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// This many pods.
    Pods(i64),
    /// This share of the wanted pods, in percent; may be above 100.
    Percent(i64),
}

impl Amount {
    /// Reads a field as it counts at run time: an integer is pods, every text is a percentage.
    /// `None` when the text is not a number once `%` is removed.
    #[must_use]
    pub fn read(value: &IntOrString) -> Option<Self> {
        match value {
            IntOrString::Int(pods) => Some(Self::Pods(i64::from(*pods))),
            IntOrString::String(text) => text.replace('%', "").parse().ok().map(Self::Percent),
        }
    }

    /// How many of `replicas` pods this is; a part of a pod counts as a whole one.
    #[must_use]
    pub fn of_rounded_up(self, replicas: i64) -> i64 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => {
                let hundredths = percent.saturating_mul(replicas);
                hundredths.div_euclid(100) + i64::from(hundredths.rem_euclid(100) > 0)
            }
        }
    }

    /// How many of `replicas` pods this is; a part of a pod does not count.
    #[must_use]
    pub fn of_rounded_down(self, replicas: i64) -> i64 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => percent.saturating_mul(replicas).div_euclid(100),
        }
    }
}

/// Pods that may exist beyond `replicas` during an update of a canary; 25 % when absent.
///
/// Rounds up: any percentage above zero of any pod allows at least one. Never negative.
#[must_use]
pub fn max_surge(canary: &CanaryStrategy, replicas: i64) -> i64 {
    surge(canary.max_surge.as_ref(), replicas)
}

/// Pods that may be missing of `replicas` during an update of a canary; 25 % when absent.
///
/// - Rounds down, and is never above `replicas` (so it is 0 when `replicas` is 0).
/// - Where this and the surge both come to zero it is 1, because no update could move otherwise:
///   e.g. 3 pods, surge 0, unavailable 25 % allow 1 missing pod.
#[must_use]
pub fn max_unavailable(canary: &CanaryStrategy, replicas: i64) -> i64 {
    let wanted = unavailable(canary.max_unavailable.as_ref(), replicas);
    let wanted = if wanted == 0 && max_surge(canary, replicas) == 0 {
        1
    } else {
        wanted
    };
    wanted.min(replicas).max(0)
}

/// Pods that may be missing while the pods of a blue-green rollout are restarted; 25 % when
/// absent. Rounds down; never above `replicas`; may be 0.
#[must_use]
pub fn restart_max_unavailable(field: Option<&IntOrString>, replicas: i64) -> i64 {
    unavailable(field, replicas).min(replicas).max(0)
}

/// The number by which validity is judged: `25%` is 25, a text without `%` is its integer value,
/// anything else is 0; absent is 25.
#[must_use]
pub(crate) fn validity_value(field: Option<&IntOrString>) -> i64 {
    match field {
        None => DEFAULT_PERCENT,
        Some(IntOrString::Int(value)) => i64::from(*value),
        Some(IntOrString::String(text)) => {
            let digits = text.strip_suffix('%').unwrap_or(text);
            digits.parse().unwrap_or(0)
        }
    }
}

fn amount(field: Option<&IntOrString>) -> Amount {
    match field {
        None => Amount::Percent(DEFAULT_PERCENT),
        // Validation refuses what cannot be read, so this is for objects that slipped past it.
        Some(value) => Amount::read(value).unwrap_or(Amount::Pods(0)),
    }
}

fn surge(field: Option<&IntOrString>, replicas: i64) -> i64 {
    amount(field).of_rounded_up(replicas).max(0)
}

fn unavailable(field: Option<&IntOrString>, replicas: i64) -> i64 {
    amount(field).of_rounded_down(replicas).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i32) -> Option<IntOrString> {
        Some(IntOrString::Int(value))
    }

    fn text(value: &str) -> Option<IntOrString> {
        Some(IntOrString::String(value.to_owned()))
    }

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down() {
        // (maxSurge, maxUnavailable, replicas) -> (surge, unavailable)
        for (max_surge, max_unavailable, replicas, pods) in [
            (None, None, 10, (3, 2)),
            (None, None, 1, (1, 0)),
            (None, None, 0, (0, 0)),
            (int(1), int(0), 10, (1, 0)),
            (int(0), int(1), 10, (0, 1)),
            (int(0), int(20), 10, (0, 10)),
            (text("25%"), text("25%"), 5, (2, 1)),
            (text("25"), text("25"), 5, (2, 1)),
            (text("2"), text("2"), 100, (2, 2)),
            (text("2"), text("2"), 10, (1, 0)),
            (int(0), text("25%"), 3, (0, 1)),
            (int(0), int(0), 5, (0, 1)),
            (int(0), int(0), 0, (0, 0)),
            (text("200%"), text("200%"), 4, (8, 4)),
            (text("nonsense"), int(0), 4, (0, 1)),
            (int(-1), int(-1), 4, (0, 1)),
        ] {
            let canary = CanaryStrategy {
                max_surge,
                max_unavailable,
                ..CanaryStrategy::default()
            };
            assert_eq!(
                (
                    super::max_surge(&canary, replicas),
                    super::max_unavailable(&canary, replicas)
                ),
                pods,
                "{:?} {:?} of {replicas}",
                canary.max_surge,
                canary.max_unavailable
            );
        }
    }

    #[test]
    fn blue_green_restarts_may_allow_no_missing_pod() {
        assert_eq!(restart_max_unavailable(None, 3), 0);
        assert_eq!(restart_max_unavailable(None, 8), 2);
        assert_eq!(restart_max_unavailable(int(9).as_ref(), 8), 8);
    }

    #[test]
    fn validity_reads_text_without_a_percent_sign_as_a_number() {
        for (field, value) in [
            (None, 25),
            (int(0), 0),
            (text("0"), 0),
            (text("0%"), 0),
            (text("7"), 7),
            (text("7%"), 7),
            (text("x"), 0),
        ] {
            assert_eq!(validity_value(field.as_ref()), value, "{field:?}");
        }
    }
}
