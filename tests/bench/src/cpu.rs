//! Time that this thread has really worked.

use std::time::{Duration, Instant};

/// Started at some moment; counts this thread's own work where the system tells (Linux), else
/// what the clock on the wall says.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    worked: Option<Duration>,
    began: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            worked: worked(),
            began: Instant::now(),
        }
    }

    /// Time worked since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match (self.worked, worked()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.began.elapsed(),
        }
    }
}

/// The first number of `schedstat`: nanoseconds on a processor.
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// How many a second; 0 when there was no time at all.
#[must_use]
pub fn per_second(count: u64, time: Duration) -> u64 {
    let nanoseconds = time.as_nanos();
    if nanoseconds == 0 {
        return 0;
    }
    u64::try_from(u128::from(count) * 1_000_000_000 / nanoseconds).unwrap_or(u64::MAX)
}
