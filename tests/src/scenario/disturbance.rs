//! What is done to the controller while a scenario runs, and how the lines are meant then.
//!
//! Writes are counted from 1, in the order in which the controller sends them, over all of its
//! lives; rehearsals, Events and Leases do not count. Up to the write that a disturbance strikes,
//! its run is the steady run.

use std::fmt;
use std::time::Duration;

/// What is done to the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing.
    Steady,
    /// Nothing, but the ReplicaSet controller and the garbage collector are slow.
    SlowCluster,
    /// It dies after each of its writes, before it sees the answer; another one starts.
    CrashAfterEveryWrite,
    /// It dies at one write; another one starts.
    Crash(Crash),
    /// It dies at one write, and the next one at a later write.
    CrashTwice(Crash, Crash),
    /// The connection breaks after this write is carried out; the same process lives on.
    AnswerLost(usize),
    /// So many controllers act at once, without a Lease; each sees changes later than the one
    /// before it, by so much.
    Leaders(usize, Duration),
    /// Every watch shows every change so much later.
    WatchLate(Duration),
    /// Every watch loses changes by a seeded draw, one in three, until everything is listed anew.
    WatchLossy(u64),
    /// Every watch shows every change twice.
    WatchTwice,
    /// It dies after a write; the next one's listings are so many revisions old, and its watches
    /// catch up a little later.
    OldView(usize, u64),
    /// One request in four fails by a seeded draw: 409, 429 with Retry-After, 500, 504 and broken
    /// connections, the last two before or after the request is carried out.
    Errors(u64),
    /// At one request in four, by a seeded draw, the history is forgotten and all watches end: 410.
    Expired(u64),
    /// From this write on no request gets through and all watches are cut, for so long. When told
    /// so, this write is carried out first.
    Outage(Crash, Duration),
    /// At this write the machine's clock jumps by so many seconds; ten minutes later it is right
    /// again.
    ClockJump(usize, i64),
}

/// A moment: just before or just after a write is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// Which write.
    pub write: usize,
    /// Which side of it.
    pub side: Side,
}

/// Which side of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It is never carried out.
    Before,
    /// It is carried out, but its answer is never seen.
    After,
}

/// How the lines of a scenario are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// As they are written; only Events may be missing, since a controller that dies after a write
    /// never sends the Events of it.
    InTime,
    /// Each holds in its turn, but maybe later: what is expected is waited for, and what has to
    /// stay is waited for first. How often the controller writes is not counted.
    Late,
    /// They only say when the user acts; the end is the same all the same.
    Unjudged,
}

impl Disturbance {
    /// How the lines are meant.
    #[must_use]
    pub const fn lines(self) -> Lines {
        match self {
            // The late ones may undo what a line waited for, and do it again.
            Self::Leaders(_, lag) if !lag.is_zero() => Lines::Unjudged,
            Self::Steady
            | Self::CrashAfterEveryWrite
            | Self::Crash(_)
            | Self::CrashTwice(..)
            | Self::WatchTwice => Lines::InTime,
            Self::AnswerLost(_)
            | Self::Leaders(..)
            | Self::WatchLate(_)
            | Self::WatchLossy(_)
            | Self::OldView(..)
            | Self::Errors(_)
            | Self::Expired(_)
            | Self::Outage(..)
            | Self::ClockJump(..) => Lines::Late,
            Self::SlowCluster => Lines::Unjudged,
        }
    }

    /// Its name without parameters.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::SlowCluster => "slow-cluster",
            Self::CrashAfterEveryWrite => "crash-after-every-write",
            Self::Crash(Crash { side, .. }) => match side {
                Side::Before => "crash-before",
                Side::After => "crash-after",
            },
            Self::CrashTwice(..) => "crash-twice",
            Self::AnswerLost(_) => "answer-lost",
            Self::Leaders(..) => "leaders",
            Self::WatchLate(_) => "watch-late",
            Self::WatchLossy(_) => "watch-lossy",
            Self::WatchTwice => "watch-twice",
            Self::OldView(..) => "old-view",
            Self::Errors(_) => "errors",
            Self::Expired(_) => "expired",
            Self::Outage(..) => "outage",
            Self::ClockJump(..) => "clock-jump",
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        write!(f, "{side}-{}", self.write)
    }
}

/// The name that chooses it, e.g. `crash-after-3`.
impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Steady | Self::SlowCluster | Self::CrashAfterEveryWrite | Self::WatchTwice => {
                f.write_str(kind)
            }
            Self::Crash(crash) => write!(f, "crash-{crash}"),
            Self::CrashTwice(first, second) => write!(f, "{kind}-{first}-{second}"),
            Self::AnswerLost(write) => write!(f, "{kind}-{write}"),
            Self::Leaders(count, lag) => write!(f, "{kind}-{count}-{}ms", lag.as_millis()),
            Self::WatchLate(lag) => write!(f, "{kind}-{}ms", lag.as_millis()),
            Self::WatchLossy(seed) | Self::Errors(seed) | Self::Expired(seed) => {
                write!(f, "{kind}-{seed}")
            }
            Self::OldView(write, back) => write!(f, "{kind}-{write}-{back}"),
            Self::Outage(from, length) => write!(f, "{kind}-{from}-{}s", length.as_secs()),
            Self::ClockJump(write, seconds) => write!(f, "{kind}-{write}-{seconds}s"),
        }
    }
}
