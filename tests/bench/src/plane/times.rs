//! Times of many, in the order of their length.

use std::time::Duration;

/// Many times.
#[derive(Debug, Clone, Default)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Milliseconds in which so many of a hundred were done; `None` where there were none.
    pub(super) fn percent(&self, percent: usize) -> Option<u64> {
        let last = self.0.len().checked_sub(1)?;
        // The first one that is not before that share: e.g. the 99th of 99 as of 100.
        let rank = (self.0.len() * percent).div_ceil(100);
        let time = self.0.get(rank.saturating_sub(1).min(last))?;
        u64::try_from(time.as_millis()).ok()
    }

    /// Names and milliseconds of the rows that tell about them.
    pub(super) fn rows(&self, what: &str) -> [(String, Option<u64>); 2] {
        [50, 99].map(|percent| {
            let name = format!("milliseconds from {what}, {percent} of 100");
            (name, self.percent(percent))
        })
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort();
        Self(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_times_is_done_within_that_of_its_last() {
        let times: Times = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(times.percent(50), Some(100));
        assert_eq!(times.percent(99), Some(198));
        assert_eq!(times.percent(100), Some(200));
        let one = Times::from_iter([Duration::from_millis(7)]);
        assert_eq!(one.percent(50), Some(7));
        assert_eq!(Times::default().percent(50), None);
    }
}
