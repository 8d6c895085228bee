//! What becomes of the controller's requests and watches under a disturbance.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::disturbance::{Crash, Disturbance, Side};

/// Listings of a new process that may be old: one of each kind.
const OLD_LISTINGS: usize = 3;

/// How long the watches of a process whose listings were old show nothing.
const CATCH_UP: Duration = Duration::from_secs(2);

/// How long a clock stays wrong.
const WRONG_CLOCK: Duration = Duration::from_secs(600);

/// What a request asks for, as far as faults care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A change, neither rehearsed nor of an Event or a Lease.
    Write,
    /// A rehearsal, an Event, a Lease.
    Aside,
    /// One object, or what the server is.
    Get,
    /// A listing.
    List,
    /// A watch.
    Watch,
}

impl Asked {
    /// Whether it is noted: reads are not.
    #[must_use]
    pub const fn is_noted(self) -> bool {
        match self {
            Self::Write | Self::Aside => true,
            Self::Get | Self::List | Self::Watch => false,
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is answered as of an older revision.
    AnsweredAsOf(u64),
    /// Its sender dies: before it is carried out, or after.
    SenderDies(Side),
    /// Its sender dies after it is carried out, unless it is refused.
    SenderDiesOfSuccess,
    /// The connection breaks: before it is carried out, or after.
    Broken(Side),
    /// It is answered with this HTTP status: before it is carried out, or after.
    Refused(Side, u16),
}

/// The faults of one run; clones are the same.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

struct State {
    disturbance: Disturbance,
    cluster: sim::Cluster,
    /// Writes so far.
    writes: usize,
    /// How often it struck.
    strikes: usize,
    draws: Draws,
    healed: bool,
    outage_ends: Option<Instant>,
    /// What the next listings show, and how many of them.
    old: Option<(u64, usize)>,
    late_until: Option<Instant>,
    clock_wrong_until: Option<Instant>,
    /// Cuts the watches that are open.
    cut: CancellationToken,
}

impl Faults {
    /// The faults of a disturbance of this cluster's clients.
    #[must_use]
    pub fn new(disturbance: Disturbance, cluster: &sim::Cluster) -> Self {
        let seed = match disturbance {
            Disturbance::WatchLossy(seed)
            | Disturbance::Errors(seed)
            | Disturbance::Expired(seed) => seed,
            _ => 0,
        };
        Self(Arc::new(Mutex::new(State {
            disturbance,
            cluster: cluster.clone(),
            writes: 0,
            strikes: 0,
            draws: Draws(seed),
            healed: false,
            outage_ends: None,
            old: None,
            late_until: None,
            clock_wrong_until: None,
            cut: CancellationToken::new(),
        })))
    }

    /// How often the disturbance struck.
    #[must_use]
    pub fn strikes(&self) -> usize {
        self.lock().strikes
    }

    /// How many writes were sent.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.lock().writes
    }

    /// From now on nothing is disturbed any more.
    pub fn heal(&self) {
        self.lock().healed = true;
    }

    /// What becomes of a request that is sent now.
    #[must_use]
    pub fn fate(&self, asked: Asked) -> Fate {
        let mut state = self.lock();
        if asked == Asked::Write {
            state.writes += 1;
        }
        let fate = state.fate(asked);
        if fate != Fate::Answered {
            state.strikes += 1;
        }
        fate
    }

    /// What the machine's clock shows now.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        let state = self.lock();
        let now = u64::try_from(state.cluster.now().timestamp_millis()).unwrap_or_default();
        let now = UNIX_EPOCH + Duration::from_millis(now);
        let is_wrong = state
            .clock_wrong_until
            .is_some_and(|until| Instant::now() < until);
        let Disturbance::ClockJump(_, seconds) = state.disturbance else {
            return now;
        };
        if !is_wrong {
            return now;
        }
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            now.checked_sub(by).unwrap_or(UNIX_EPOCH)
        } else {
            now + by
        }
    }

    /// What a client sees of the lines of a watch; `leader` counts the controllers from 0.
    pub fn watched(
        &self,
        lines: impl Stream<Item = Bytes> + Send + 'static,
        leader: usize,
    ) -> stream::BoxStream<'static, Bytes> {
        let state = self.lock();
        let lines = lines.take_until(state.cut.clone().cancelled_owned());
        match state.disturbance {
            Disturbance::WatchLate(lag) => later(lines, lag),
            Disturbance::Leaders(_, lag) if leader > 0 => {
                later(lines, lag * u32::try_from(leader).unwrap_or(1))
            }
            Disturbance::WatchTwice => {
                let strikes = self.clone();
                lines
                    .flat_map(move |line| {
                        strikes.lock().strikes += 1;
                        stream::iter([line.clone(), line])
                    })
                    .boxed()
            }
            Disturbance::WatchLossy(_) => {
                let faults = self.clone();
                lines
                    .filter(move |_| {
                        let mut state = faults.lock();
                        let lost = !state.healed && state.draws.one_in(3);
                        state.strikes += usize::from(lost);
                        std::future::ready(!lost)
                    })
                    .boxed()
            }
            Disturbance::OldView(..) => match state.late_until {
                Some(until) => lines
                    .then(move |line| async move {
                        tokio::time::sleep_until(until).await;
                        line
                    })
                    .boxed(),
                None => lines.boxed(),
            },
            _ => lines.boxed(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each line so much later than it comes.
fn later(
    lines: impl Stream<Item = Bytes> + Send + 'static,
    lag: Duration,
) -> stream::BoxStream<'static, Bytes> {
    lines
        .map(move |line| {
            let at = Instant::now() + lag;
            async move {
                tokio::time::sleep_until(at).await;
                line
            }
        })
        .buffered(10_000)
        .boxed()
}

impl State {
    fn fate(&mut self, asked: Asked) -> Fate {
        let is = |crash: Crash| asked == Asked::Write && self.writes == crash.write;
        match self.disturbance {
            Disturbance::Steady
            | Disturbance::SlowCluster
            | Disturbance::WatchLate(_)
            | Disturbance::WatchLossy(_)
            | Disturbance::WatchTwice => Fate::Answered,
            // Its watches strike, and what it writes itself.
            Disturbance::Leaders(..) => Fate::Answered,
            // A write that is refused would be sent and refused again and again, in no time.
            Disturbance::CrashAfterEveryWrite if asked == Asked::Write => Fate::SenderDiesOfSuccess,
            Disturbance::CrashAfterEveryWrite => Fate::Answered,
            Disturbance::Crash(crash) if is(crash) => Fate::SenderDies(crash.side),
            Disturbance::CrashTwice(crash, _) if is(crash) => Fate::SenderDies(crash.side),
            Disturbance::CrashTwice(_, crash) if is(crash) => Fate::SenderDies(crash.side),
            Disturbance::Crash(_) | Disturbance::CrashTwice(..) => Fate::Answered,
            Disturbance::AnswerLost(write) => {
                let crash = Crash {
                    write,
                    side: Side::After,
                };
                if is(crash) {
                    Fate::Broken(Side::After)
                } else {
                    Fate::Answered
                }
            }
            Disturbance::OldView(write, back) => self.old_view(asked, write, back),
            Disturbance::Errors(_) => self.error(asked),
            Disturbance::Expired(_) => {
                if !self.healed && self.draws.one_in(4) {
                    self.strikes += 1;
                    self.cluster.compact();
                    self.cut_watches();
                }
                Fate::Answered
            }
            Disturbance::Outage(from, length) => self.outage(asked, from, length),
            Disturbance::ClockJump(write, _) => {
                if asked == Asked::Write && self.writes == write {
                    self.strikes += 1;
                    self.clock_wrong_until = Some(Instant::now() + WRONG_CLOCK);
                }
                Fate::Answered
            }
        }
    }

    fn old_view(&mut self, asked: Asked, write: usize, back: u64) -> Fate {
        if asked == Asked::Write && self.writes == write {
            // The write that is carried out now is one revision.
            let revision = self.cluster.revision() + 1;
            self.old = Some((revision.saturating_sub(back), OLD_LISTINGS));
            self.late_until = Some(Instant::now() + CATCH_UP);
            return Fate::SenderDies(Side::After);
        }
        match &mut self.old {
            Some((revision, listings)) if asked == Asked::List && *listings > 0 => {
                *listings -= 1;
                Fate::AnsweredAsOf(*revision)
            }
            _ => Fate::Answered,
        }
    }

    fn error(&mut self, asked: Asked) -> Fate {
        if self.healed || !self.draws.one_in(4) {
            return Fate::Answered;
        }
        let side = if self.draws.one_in(2) {
            Side::Before
        } else {
            Side::After
        };
        match self.draws.below(5) {
            0 if asked == Asked::Write => Fate::Refused(Side::Before, 409),
            0 | 1 => Fate::Refused(Side::Before, 429),
            2 => Fate::Refused(Side::Before, 500),
            3 => Fate::Refused(side, 504),
            _ => Fate::Broken(side),
        }
    }

    fn outage(&mut self, asked: Asked, from: Crash, length: Duration) -> Fate {
        let now = Instant::now();
        if asked == Asked::Write && self.writes == from.write && self.outage_ends.is_none() {
            self.outage_ends = Some(now + length);
            self.cut_watches();
            return Fate::Broken(from.side);
        }
        match self.outage_ends {
            Some(end) if now < end => Fate::Broken(Side::Before),
            _ => Fate::Answered,
        }
    }

    fn cut_watches(&mut self) {
        std::mem::take(&mut self.cut).cancel();
    }
}

/// Draws by a seed (SplitMix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}
