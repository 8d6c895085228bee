//! What time it is: the slower of two clocks, so that no pause is ever shortened.
//!
//! One is the local clock, the other the API server's: its `Date` headers, carried on by the
//! monotonic clock in between. A local clock that runs ahead, or jumps, does not end a pause early
//! (safety.md S12, F16).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planner::Now;
use tokio::time::Instant;

use crate::config::ClockMode;

/// The clock of a controller. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mode: ClockMode,
    /// Where the monotonic clock is counted from.
    origin: Instant,
    /// The server's time at `origin`, in milliseconds: at least, and less than. A header is cut to
    /// the second; each narrows the range.
    server: Mutex<Option<(i64, i64)>>,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode) -> Self {
        Self(Arc::new(Inner {
            mode,
            origin: Instant::now(),
            server: Mutex::new(None),
        }))
    }

    /// What time it is. Before the server has said anything only the local clock counts.
    pub(crate) fn now(&self) -> Now {
        let server = *self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        let server =
            server.map(|(at_least, _)| at_least.saturating_add(millis(self.0.origin.elapsed())));
        let local = || match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => millis(before.duration()).saturating_neg(),
        };
        Now::from_unix_millis(match (self.0.mode, server) {
            (ClockMode::Server, Some(server)) => server,
            (ClockMode::SlowerOfBoth, Some(server)) => server.min(local()),
            (ClockMode::Server | ClockMode::SlowerOfBoth, None) => local(),
        })
    }

    /// The API server said what time it is, to the second: a `Date` header.
    pub(crate) fn server_said(&self, date: &str) {
        let Ok(date) = chrono::DateTime::parse_from_rfc2822(date) else {
            return;
        };
        let at_least = date
            .timestamp_millis()
            .saturating_sub(millis(self.0.origin.elapsed()));
        let less_than = at_least.saturating_add(1000);
        let mut server = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = Some(match *server {
            // Both can be true: the narrower range.
            Some((low, high)) if at_least < high && low < less_than => {
                (low.max(at_least), high.min(less_than))
            }
            // The server's clock was set.
            Some(_) | None => (at_least, less_than),
        });
    }

    /// When, on tokio's clock, it will be `at`.
    pub(crate) fn instant_of(&self, at: Now) -> Option<Instant> {
        let wait = at
            .unix_millis()
            .saturating_sub(self.now().unix_millis())
            .max(0);
        Instant::now().checked_add(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_local_clock_that_is_ahead_does_not_count() {
        let clock = Clock::new(ClockMode::SlowerOfBoth);
        clock.server_said("Sun, 06 Nov 1994 08:49:37 GMT");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now().second().to_string(), "1994-11-06T08:49:47Z");
    }

    #[tokio::test(start_paused = true)]
    async fn each_header_narrows_the_time() {
        let clock = Clock::new(ClockMode::Server);
        clock.server_said("Sun, 06 Nov 1994 08:49:37 GMT");
        tokio::time::advance(Duration::from_millis(400)).await;
        clock.server_said("Sun, 06 Nov 1994 08:49:38 GMT");
        let exact = clock.now().unix_millis();
        tokio::time::advance(Duration::from_millis(900)).await;
        clock.server_said("Sun, 06 Nov 1994 08:49:38 GMT");
        assert_eq!(
            clock.now().unix_millis(),
            exact + 900,
            "a later second that is not over yet tells nothing new"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_clock_that_was_set_back_counts() {
        let clock = Clock::new(ClockMode::Server);
        clock.server_said("Sun, 06 Nov 1994 08:49:37 GMT");
        clock.server_said("Sun, 06 Nov 1994 07:00:00 GMT");
        assert_eq!(clock.now().second().to_string(), "1994-11-06T07:00:00Z");
    }
}
