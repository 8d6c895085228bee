//! What can happen to a request on its way, and the draw of it.

use std::time::Duration;

use ::tests::storm::draw::Dice;
use http::{Method, Request};

/// Of a hundred requests that are no watches, so many meet a fault.
const STRUCK: usize = 25;

/// What happens to a request between a controller and the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is passed on late.
    Late,
    /// It is not passed on, and the connection ends.
    Unsent,
    /// It is done, and the connection ends before the answer.
    AnswerLost,
    /// A write is not done, and answered with 409.
    Conflict,
    /// It is not done, and answered with 429 and a time to wait.
    TooManyRequests,
    /// It is not done, and answered with 500.
    InternalError,
    /// It is done, and answered with 504 all the same: the time of an API server is up before
    /// its store has answered.
    GatewayTimeout,
    /// A watch ends in the middle of an event.
    WatchCut,
    /// A watch tells everything late, and ends with some of it untold.
    WatchLate,
    /// A watch says that its version is too old.
    WatchExpired,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Late,
        Self::Unsent,
        Self::AnswerLost,
        Self::Conflict,
        Self::TooManyRequests,
        Self::InternalError,
        Self::GatewayTimeout,
        Self::WatchCut,
        Self::WatchLate,
        Self::WatchExpired,
    ];

    fn can_meet(self, kind: Kind) -> bool {
        match self {
            Self::WatchCut | Self::WatchLate | Self::WatchExpired => kind == Kind::Watch,
            Self::Conflict => kind == Kind::Write,
            Self::Late
            | Self::Unsent
            | Self::AnswerLost
            | Self::TooManyRequests
            | Self::InternalError
            | Self::GatewayTimeout => kind != Kind::Watch,
        }
    }
}

/// A request, as far as it matters which faults can meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    Watch,
}

impl Kind {
    pub(super) fn of<T>(request: &Request<T>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let is_watch = |word: &str| word == "watch=true" || word == "watch=1";
        match *request.method() {
            Method::GET if query.split('&').any(is_watch) => Self::Watch,
            Method::GET | Method::HEAD => Self::Read,
            _ => Self::Write,
        }
    }
}

/// What is drawn for one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    pub(super) fault: Option<Fault>,
    /// How late a request or what a watch tells is.
    pub(super) late: Duration,
    /// How long a watch is let live.
    pub(super) life: Duration,
}

impl Fate {
    /// Of the request of this number: the same seed gives the same ones. Every watch meets a fault,
    /// because there are only a few and each would last for minutes.
    pub(super) fn draw(seed: u64, number: u64, kind: Kind) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x1_0000).wrapping_add(number));
        // Numbers beside each other begin alike.
        dice.roll(2);
        let is_struck = kind == Kind::Watch || dice.roll(100) < STRUCK;
        let faults: Vec<Fault> = Fault::ALL
            .into_iter()
            .filter(|fault| fault.can_meet(kind))
            .collect();
        let fault = dice.pick(&faults);
        let mut time = |least: usize, most: usize| {
            let time = least + dice.roll(most - least);
            Duration::from_millis(u64::try_from(time).unwrap_or(0))
        };
        Self {
            fault: is_struck.then_some(fault),
            late: time(200, 1500),
            life: time(2_000, 8_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_is_drawn_for_what_it_can_meet_and_a_seed_repeats_it() {
        let mut met = BTreeSet::new();
        for kind in [Kind::Read, Kind::Write, Kind::Watch] {
            let draw = |number| Fate::draw(7, number, kind).fault;
            let drawn: Vec<_> = (0..400).map(draw).collect();
            assert_eq!(drawn, (0..400).map(draw).collect::<Vec<_>>());
            let struck: Vec<Fault> = drawn.into_iter().flatten().collect();
            assert!(struck.iter().all(|fault| fault.can_meet(kind)), "{kind:?}");
            let share = struck.len() * 100 / 400;
            let wanted = if kind == Kind::Watch { 100 } else { STRUCK };
            assert!(share.abs_diff(wanted) < 8, "{kind:?}: {share} of 100");
            met.extend(struck);
        }
        assert_eq!(met.into_iter().collect::<Vec<_>>(), Fault::ALL);
    }
}
