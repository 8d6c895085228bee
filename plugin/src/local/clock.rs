//! Time that goes as fast as it is told to.
//!
//! tokio's clock is paused and moved by hand. Paused alone it would jump to the next timer
//! whenever all sockets are idle; a blocking task that is held keeps it from doing so, and is
//! also the one that tells when 10 ms of real time have passed.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// Between two moves of the clock, in real time.
const TICK: Duration = Duration::from_millis(10);
/// The clock moves at most this far at once, so that timers fire near the moment they are for.
const STRIDE: Duration = Duration::from_secs(1);
/// Turns that all tasks get between two moves.
const SETTLE: u32 = 32;
/// Between two frames, in real time.
const FRAME: Duration = Duration::from_millis(200);

/// Drives tokio's paused clock.
pub(super) struct Clock {
    ticks: mpsc::Receiver<()>,
    speed: u32,
    moved: Instant,
    /// How far the clock still has to move for the real time that has passed.
    left: Duration,
    frame: Instant,
}

impl Clock {
    /// Begins to tick; `speed` is virtual seconds in a real one.
    pub(super) fn start(speed: u32) -> Self {
        let (send, ticks) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || {
            while !send.is_closed() {
                sleep(TICK);
                // A tick that finds the last one still waiting is not needed: the next move
                // covers all the time that has passed.
                let _full = send.try_send(());
            }
        });
        Self {
            ticks,
            speed,
            moved: Instant::now(),
            left: Duration::ZERO,
            frame: Instant::now(),
        }
    }

    /// Moves the clock by one stride, after waiting for real time to pass if it is up to date.
    pub(super) async fn tick(&mut self) {
        if self.left.is_zero() {
            if self.ticks.recv().await.is_none() {
                return std::future::pending().await;
            }
            let now = Instant::now();
            self.left = now.duration_since(self.moved) * self.speed;
            self.moved = now;
        }
        let stride = self.left.min(STRIDE);
        self.left = self.left.saturating_sub(stride);
        tokio::time::advance(stride).await;
        // What is due now has time to happen before the clock moves on: one thing often leads to
        // another, for instance a pod that is ready to a new size of its ReplicaSet.
        for _ in 0..SETTLE {
            tokio::task::yield_now().await;
        }
    }

    /// Whether it is time for another frame; then the next one is due after [`FRAME`].
    pub(super) fn is_frame(&mut self) -> bool {
        let due = self.frame.elapsed() >= FRAME;
        if due {
            self.frame = Instant::now();
        }
        due
    }
}
