//! What time it is: never later than the API server says, so that no wait is ever shortened.
//!
//! The API server's time is its last `Date` plus what tokio's clock has counted since. A header is
//! cut to the second, so it tells a range; each further one narrows it. The end of a wait is judged
//! by the early end, a stamp that starts one by the late end (safety.md S12, F16).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planner::Now;
use tokio::time::Instant;

use crate::config::{ClockMode, WallClock};

/// How far the reckoned time may be ahead of a `Date` before the server's clock counts as set
/// back: answers may be on their way for a while.
const TOLERANCE_MILLIS: i64 = 2_000;

/// The clock of a controller. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mode: ClockMode,
    wall: WallClock,
    /// Milliseconds since 1970 by the API server, at least and at most, and when on tokio's clock
    /// that was.
    server: Mutex<Option<(i64, i64, Instant)>>,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode, wall: WallClock) -> Self {
        let server = Mutex::new(None);
        Self(Arc::new(Inner { mode, wall, server }))
    }

    /// What time it is. The local time, as long as the API server has not said anything.
    pub(crate) fn now(&self) -> Now {
        let (earliest, latest) = match (self.0.mode, self.reckoned()) {
            (ClockMode::Server, Some(server)) => server,
            (ClockMode::SlowerOfBoth, Some((low, high))) => {
                let local = millis(self.0.wall.now());
                (low.min(local), high.min(local))
            }
            (ClockMode::Server | ClockMode::SlowerOfBoth, None) => {
                let local = millis(self.0.wall.now());
                (local, local)
            }
        };
        Now::between(earliest, latest)
    }

    /// What the API server has said so far, carried on to now: at least, and at most.
    fn reckoned(&self) -> Option<(i64, i64)> {
        self.lock().map(|(low, high, since)| {
            let elapsed = elapsed(since);
            (low.saturating_add(elapsed), high.saturating_add(elapsed))
        })
    }

    /// The API server said what time it is, in seconds since 1970.
    pub(crate) fn server_said(&self, seconds: i64) {
        let low = seconds.saturating_mul(1000);
        let high = low.saturating_add(999);
        let range = match self.reckoned() {
            // Both can be true: the narrower range.
            Some((least, most)) if least <= high && low <= most => (least.max(low), most.min(high)),
            // An answer that was long on its way.
            Some(reckoned)
                if reckoned.0.saturating_sub(high) <= TOLERANCE_MILLIS && low <= reckoned.1 =>
            {
                reckoned
            }
            // The first answer, or the server's clock was set.
            Some(_) | None => (low, high),
        };
        *self.lock() = Some((range.0, range.1, Instant::now()));
    }

    /// When, on tokio's clock, it will be `at`; a millisecond from now at the earliest.
    pub(crate) fn instant_of(&self, at: Now) -> Option<Instant> {
        let wait = at.unix_millis().saturating_sub(self.now().unix_millis());
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0).max(1));
        Instant::now().checked_add(wait)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(i64, i64, Instant)>> {
        self.0.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn elapsed(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}

fn millis(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_767_225_600;

    fn local() -> i64 {
        millis(SystemTime::now())
    }

    async fn pass(millis: u64) {
        tokio::time::advance(Duration::from_millis(millis)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_between_two_answers_of_the_server() {
        let clock = Clock::new(ClockMode::Server, WallClock::default());
        clock.server_said(START);
        pass(1_500).await;
        assert_eq!(clock.now().unix_millis(), START * 1000 + 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_date_cut_to_the_second_does_not_turn_the_clock_back() {
        let clock = Clock::new(ClockMode::Server, WallClock::default());
        clock.server_said(START);
        pass(1_900).await;
        clock.server_said(START + 1);
        assert_eq!(clock.now().unix_millis(), START * 1000 + 1_900);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_whose_clock_is_set_back_is_followed() {
        let clock = Clock::new(ClockMode::Server, WallClock::default());
        clock.server_said(START);
        clock.server_said(START - 3600);
        assert_eq!(clock.now().unix_millis(), (START - 3600) * 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_ahead_of_this_machine_does_not_end_a_wait() {
        let clock = Clock::new(ClockMode::SlowerOfBoth, WallClock::default());
        let before = local();
        clock.server_said(before / 1000 + 7200);
        assert!(clock.now().unix_millis() <= local());
        assert!(clock.now().unix_millis() >= before);
    }

    #[tokio::test(start_paused = true)]
    async fn this_machine_being_ahead_of_the_server_does_not_end_a_wait() {
        let clock = Clock::new(ClockMode::SlowerOfBoth, WallClock::default());
        clock.server_said(START - 3600);
        assert_eq!(clock.now().unix_millis(), (START - 3600) * 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn each_header_narrows_what_a_wait_is_started_with() {
        let clock = Clock::new(ClockMode::Server, WallClock::default());
        pass(42_002).await;
        clock.server_said(START);
        assert_eq!(clock.now().next_second().unix(), START + 1);
        pass(999).await;
        clock.server_said(START + 1);
        assert_eq!(
            clock.now(),
            Now::between((START + 1) * 1000, (START + 1) * 1000 + 998)
        );
        clock.server_said(START + 1);
        pass(1_000).await;
        clock.server_said(START + 2);
        assert_eq!(clock.now().unix_millis(), (START + 2) * 1000);
    }
}
