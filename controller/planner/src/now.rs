//! The moment a plan is made for.

use crds::Time;

/// A moment in milliseconds since 1970-01-01T00:00:00Z, as exactly as it is known: between two.
///
/// A clock that was read from a header cut to the second is not known better. The end of a wait is
/// judged by the earliest it can be, and a stamp that starts one is the latest, rounded up to the
/// next second: so no wait is ever shortened (safety.md S12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now {
    earliest: i64,
    latest: i64,
}

impl Now {
    /// The moment `millis` after 1970-01-01T00:00:00Z, known exactly.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self::between(millis, millis)
    }

    /// Not before `earliest` and not after `latest`, both in milliseconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn between(earliest: i64, latest: i64) -> Self {
        Self { earliest, latest }
    }

    /// The earliest it can be, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.earliest
    }

    /// The last whole second that has begun: for times that only tell when something was seen.
    #[must_use]
    pub const fn second(self) -> Time {
        Time::from_unix(self.earliest.div_euclid(1000))
    }

    /// The next whole second (this one when it is whole) after the latest it can be: for times
    /// that start a wait.
    #[must_use]
    pub const fn next_second(self) -> Time {
        Time::from_unix(self.latest.saturating_add(999).div_euclid(1000))
    }

    /// Whether it may be later than `time` already.
    #[must_use]
    pub const fn may_be_after(self, time: Time) -> bool {
        self.latest > time.unix().saturating_mul(1000)
    }

    /// The first moment at which a wait that ends at `end` is over: `now > end`.
    #[must_use]
    pub const fn just_after(end: Time) -> Self {
        Self::from_unix_millis(end.unix().saturating_mul(1000).saturating_add(1))
    }

    /// Whether a wait that ends at `end` is over, even if it is as early as it can be.
    #[must_use]
    pub fn is_after(self, end: Time) -> bool {
        self.earliest >= Self::just_after(end).earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_not_known_well_never_shortens_a_wait() {
        let now = Now::between(42_000, 42_700);
        let end = now.next_second().plus_seconds(30);
        assert_eq!(end, Time::from_unix(73));
        assert!(!Now::between(72_900, 73_600).is_after(end));
        assert!(Now::between(73_001, 73_700).is_after(end));
    }
}
