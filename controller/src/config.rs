//! How a controller is set up.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crds::names::INSTANCE_ID;
use planner::{Now, Observed, Plan, Settings};
use tokio_util::sync::CancellationToken;

/// The function that decides: [`planner::plan`], or another one in tests.
pub type PlanFn = fn(&Observed, Now) -> Plan;

/// How a controller is set up. [`Config::default`] is right for a controller that runs in the same
/// process as its cluster: all namespaces, no Lease, no ports, the server's clock.
#[derive(Debug, Clone)]
pub struct Config {
    /// The one namespace to look at; all when `None`.
    pub namespace: Option<String>,
    /// Only objects with this instance id; only those without one when `None`.
    pub instance_id: Option<String>,
    /// What every plan depends on beside the objects.
    pub settings: Settings,
    /// Rollouts that are worked on at the same time; at least 1.
    pub workers: usize,
    /// How often everything is listed anew, to repair what a watch may have lost.
    pub resync: Duration,
    /// How long one request may take before its outcome counts as unknown.
    pub request_timeout: Duration,
    /// Which clock tells the time.
    pub clock: ClockMode,
    /// This machine's clock.
    pub wall_clock: WallClock,
    /// The function that decides.
    pub plan: PlanFn,
    /// Lease to hold while acting; none needed when `None`.
    pub leader_election: Option<LeaderElection>,
    /// Where `/healthz`, `/livez` and `/readyz` are served; nowhere when `None`.
    pub health_address: Option<SocketAddr>,
    /// Where `/metrics` is served; nowhere when `None`.
    pub metrics_address: Option<SocketAddr>,
    /// Stops the controller: it finishes the plans in hand and gives up its Lease.
    pub shutdown: CancellationToken,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            namespace: None,
            instance_id: None,
            settings: Settings::default(),
            workers: 10,
            resync: Duration::from_secs(600),
            request_timeout: Duration::from_secs(20),
            clock: ClockMode::Server,
            wall_clock: WallClock::default(),
            plan: planner::plan,
            leader_election: None,
            health_address: None,
            metrics_address: None,
            shutdown: CancellationToken::new(),
        }
    }
}

impl Config {
    /// The label selector for Rollouts: a controller without an instance id leaves those that have
    /// one to others.
    pub(crate) fn rollout_selector(&self) -> String {
        match self.instance_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => format!("{INSTANCE_ID}={id}"),
            None => format!("!{INSTANCE_ID}"),
        }
    }
}

/// Which clock tells the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// The API server's: its last `Date` plus what tokio's clock has counted since. For a cluster
    /// in the same process, whose time may be virtual.
    Server,
    /// The slower of this machine's clock and the API server's: no jump of either shortens a wait.
    SlowerOfBoth,
}

/// A machine's clock, which people may set; clones are the same clock.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl WallClock {
    /// A clock that shows what `now` says, for tests in which it goes wrong.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for WallClock {
    /// The clock of this machine.
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WallClock").field(&self.now()).finish()
    }
}

/// The Lease that a controller holds while it acts, so that no two act at once.
///
/// Source: `compat/controller.md` §3; the name is the one of the controller that this one replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderElection {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who we are: `<hostname>_<uuid>`.
    pub identity: String,
    /// How long a Lease counts after its last renewal.
    pub lease_duration: Duration,
    /// How long a leader that cannot renew goes on.
    pub renew_deadline: Duration,
    /// How long between two attempts.
    pub retry_period: Duration,
}
