//! The moment a plan is made for.

use crds::Time;

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
///
/// Finer than [`Time`], so that a wait can be rounded up when it begins and is over only when its
/// whole length has passed: a pause is never shortened (safety.md S12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now(i64);

impl Now {
    /// The moment `millis` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// The last whole second that has begun: for times that only tell when something was seen.
    #[must_use]
    pub const fn second(self) -> Time {
        Time::from_unix(self.0.div_euclid(1000))
    }

    /// The next whole second (this one when it is whole): for times that start a wait.
    #[must_use]
    pub const fn next_second(self) -> Time {
        Time::from_unix(self.0.saturating_add(999).div_euclid(1000))
    }

    /// The first moment at which a wait that ends at `end` is over: `now > end`.
    #[must_use]
    pub const fn just_after(end: Time) -> Self {
        Self(end.unix().saturating_mul(1000).saturating_add(1))
    }

    /// Whether a wait that ends at `end` is over.
    #[must_use]
    pub fn is_after(self, end: Time) -> bool {
        self >= Self::just_after(end)
    }
}
