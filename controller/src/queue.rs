//! Which Rollout is next: first come, first served, each at most once, with wake-up times, and
//! with a back-off for errors alone.
//!
//! News ends a back-off, but not at once: a failure may be what makes the news (a write whose answer
//! is lost is seen a moment later), and without a wait the two would chase each other as fast as
//! the API server answers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::cache::Key;

/// First wait after an error; doubles with each further one.
const FIRST_BACK_OFF: Duration = Duration::from_millis(1);
/// Longest wait after an error.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
/// Longest wait after an error once something is new: a person's abort is not kept waiting.
const LONGEST_WITH_NEWS: Duration = Duration::from_millis(250);

/// An ordered queue of Rollouts.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ready: VecDeque<Key>,
    /// What is in `ready` or will be once its work in flight has ended.
    queued: BTreeSet<Key>,
    in_flight: BTreeSet<Key>,
    alarms: BTreeSet<(Instant, Key)>,
    alarm_of: BTreeMap<Key, Instant>,
    errors: BTreeMap<Key, u32>,
    /// Before then it is not looked at, whatever is new.
    not_before: BTreeMap<Key, Instant>,
}

impl Queue {
    /// Something about this Rollout is new: look at it soon.
    pub(crate) fn add(&mut self, key: Key) {
        if self.queued.insert(key.clone()) && !self.in_flight.contains(&key) {
            self.ready.push_back(key);
        }
    }

    /// Look at it at `at`, unless it is looked at before; replaces an earlier wish.
    pub(crate) fn wake(&mut self, key: &Key, at: Option<Instant>) {
        if let Some(old) = self.alarm_of.remove(key) {
            self.alarms.remove(&(old, key.clone()));
        }
        if let Some(at) = at {
            self.alarms.insert((at, key.clone()));
            self.alarm_of.insert(key.clone(), at);
        }
    }

    /// Look at it again after an error, later each time.
    pub(crate) fn back_off(&mut self, key: &Key, now: Instant) {
        self.back_off_at_least(key, now, Duration::ZERO);
    }

    /// Like [`Queue::back_off`], but not before `least` has passed.
    pub(crate) fn back_off_at_least(&mut self, key: &Key, now: Instant, least: Duration) {
        let errors = self.errors.entry(key.clone()).or_default();
        let factor = 2_u32.saturating_pow(*errors);
        let wait = FIRST_BACK_OFF.saturating_mul(factor).min(LONGEST_BACK_OFF);
        self.hold_back(key, now);
        self.wake(key, now.checked_add(wait.max(least)));
    }

    /// Nothing was achieved: from the second time on the next look waits a little, longer each time,
    /// whatever is new.
    pub(crate) fn hold_back(&mut self, key: &Key, now: Instant) {
        let errors = self.errors.entry(key.clone()).or_default();
        let factor = 2_u32.saturating_pow(*errors) - 1;
        *errors = errors.saturating_add(1);
        let wait = FIRST_BACK_OFF.saturating_mul(factor).min(LONGEST_WITH_NEWS);
        self.not_before.insert(key.clone(), now + wait);
    }

    /// Nothing failed: the next error waits shortly again.
    pub(crate) fn succeeded(&mut self, key: &Key) {
        self.errors.remove(key);
        self.not_before.remove(key);
    }

    /// The next Rollout to look at; it is in flight until [`Queue::done`].
    pub(crate) fn next(&mut self, now: Instant) -> Option<Key> {
        while let Some((at, _)) = self.alarms.first().filter(|(at, _)| *at <= now) {
            let at = *at;
            if let Some((_, key)) = self.alarms.pop_first() {
                debug_assert_eq!(self.alarm_of.get(&key), Some(&at));
                self.alarm_of.remove(&key);
                self.add(key);
            }
        }
        while let Some(key) = self.ready.pop_front() {
            self.queued.remove(&key);
            if let Some(at) = self.not_before.get(&key).copied().filter(|at| *at > now) {
                let alarm = self.alarm_of.get(&key).map_or(at, |alarm| at.min(*alarm));
                self.wake(&key, Some(alarm));
                continue;
            }
            self.in_flight.insert(key.clone());
            return Some(key);
        }
        None
    }

    /// The work on a Rollout has ended; what came in meanwhile is looked at next.
    pub(crate) fn done(&mut self, key: &Key) {
        self.in_flight.remove(key);
        if self.queued.contains(key) {
            self.ready.push_back(key.clone());
        }
    }

    /// When something is to be looked at without anything new.
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// A Rollout that is gone needs no waking.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.wake(key, None);
        self.succeeded(key);
    }

    /// How many wait to be looked at.
    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("shop", name)
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_queued_once_and_in_order() {
        let mut queue = Queue::default();
        let now = Instant::now();
        for name in ["b", "a", "b"] {
            queue.add(key(name));
        }
        assert_eq!(queue.next(now), Some(key("b")));
        assert_eq!(queue.next(now), Some(key("a")));
        assert_eq!(queue.next(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_during_the_work_is_looked_at_after_it() {
        let mut queue = Queue::default();
        let now = Instant::now();
        queue.add(key("a"));
        queue.next(now);
        queue.add(key("a"));
        assert_eq!(queue.next(now), None, "one at a time");
        queue.done(&key("a"));
        assert_eq!(queue.next(now), Some(key("a")));
    }

    #[tokio::test(start_paused = true)]
    async fn errors_wait_longer_each_time_and_news_shortens_the_wait_but_not_to_none() {
        let mut queue = Queue::default();
        let now = Instant::now();
        queue.back_off(&key("a"), now);
        assert_eq!(queue.next_alarm(), Some(now + Duration::from_millis(1)));
        queue.back_off(&key("a"), now);
        assert_eq!(queue.next_alarm(), Some(now + Duration::from_millis(2)));
        for _ in 0..40 {
            queue.back_off(&key("a"), now);
        }
        assert_eq!(queue.next_alarm(), Some(now + LONGEST_BACK_OFF));
        queue.add(key("a"));
        assert_eq!(queue.next(now), None);
        let soon = now + LONGEST_WITH_NEWS;
        assert_eq!(queue.next_alarm(), Some(soon));
        assert_eq!(queue.next(soon), Some(key("a")));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_success_nothing_waits() {
        let mut queue = Queue::default();
        let now = Instant::now();
        for _ in 0..9 {
            queue.hold_back(&key("a"), now);
        }
        queue.succeeded(&key("a"));
        queue.add(key("a"));
        assert_eq!(queue.next(now), Some(key("a")));
    }
}
