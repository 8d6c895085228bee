//! A controller as a whole: its loop, and what runs beside it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::watch as channel;
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::clock::Clock;
use crate::config::Config;
use crate::event_writer::EventWriter;
use crate::execute::Executor;
use crate::health;
use crate::http_server;
use crate::lease::{self, Fence};
use crate::metrics::{Counters, Metrics};
use crate::reconcile::{Progress, Reconciler};

/// How long Events may still be written after everything else has ended.
const LAST_EVENTS: Duration = Duration::from_secs(5);

/// Why a controller ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Stopped,
    /// Another controller holds the Lease now, or the Lease could not be renewed in time.
    LostLease,
}

/// Why a controller cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Runs a controller until `config.shutdown` is cancelled or its Lease is lost.
///
/// # Errors
/// When it cannot start: a port is taken, say. What goes wrong with single objects is told on
/// these objects, and tried again.
pub async fn run(client: Client, config: Config) -> Result<(), Error> {
    Controller::new(client, config).run().await.map(drop)
}

/// A controller that has not started yet.
pub struct Controller {
    client: Client,
    config: Config,
    clock: Clock,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Reads what a controller has done so far, while it runs and after.
#[derive(Debug, Clone)]
pub struct Gauge(Arc<Metrics>);

impl Gauge {
    /// What was done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }
}

impl Controller {
    /// A controller that talks to its cluster through `client`.
    #[must_use]
    pub fn new(client: Client, config: Config) -> Self {
        let clock = Clock::new(config.clock, config.wall_clock.clone());
        let metrics = Arc::new(Metrics::default());
        let timeout = config.request_timeout;
        let client = client::observed(client, clock.clone(), metrics.clone(), timeout);
        Self {
            client,
            config,
            clock,
            metrics,
        }
    }

    /// To read later what it has done.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        Gauge(self.metrics.clone())
    }

    /// Runs until `config.shutdown` is cancelled or the Lease is lost; finishes the plans in hand
    /// and gives the Lease back.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn run(self) -> Result<End, Error> {
        let Self {
            client,
            config,
            clock,
            metrics,
        } = self;
        let (events, write_events) =
            EventWriter::new(client.clone(), clock.clone(), metrics.clone());
        let (progress, seen) = channel::channel(Progress::default());
        let serve = servers(&config, seen, metrics.clone()).await?;
        let stop = config.shutdown.child_token();
        let (fence, leading) = match &config.leader_election {
            Some(_) => {
                let (fence, leading) = Fence::closed();
                (fence, Some(leading))
            }
            None => (Fence::open(), None),
        };
        let executor = Executor {
            client: client.clone(),
            events,
            fence,
            clock: clock.clone(),
        };
        let election = config.leader_election.clone();
        let reconciler = Reconciler::new(
            client.clone(),
            config,
            clock.clone(),
            executor,
            metrics,
            progress,
        );

        let lead = {
            let (client, election) = (client.clone(), election.clone());
            let stop = stop.clone();
            async move {
                match (election, leading) {
                    (Some(election), Some(leading)) => {
                        lease::lead(client, election, clock, leading, &stop).await
                    }
                    _ => {
                        stop.cancelled().await;
                        End::Stopped
                    }
                }
            }
        };
        let serve = tokio::spawn(serve);
        let end = beside(stop, reconciler, lead, write_events).await;
        serve.abort();
        if let (End::Stopped, Some(election)) = (end, &election) {
            lease::release(client, election).await;
        }
        Ok(end)
    }
}

/// Listens where it is asked for. Returns the work of serving.
async fn servers(
    config: &Config,
    progress: channel::Receiver<Progress>,
    metrics: Arc<Metrics>,
) -> Result<impl Future<Output = ()> + Send + use<>, Error> {
    let mut servers: Vec<futures::future::BoxFuture<'static, ()>> = Vec::new();
    let pages = [
        ("health", config.health_address, health::pages(progress)),
        ("metrics", config.metrics_address, health::metrics(metrics)),
    ];
    for (name, address, pages) in pages {
        if let Some(address) = address {
            let (address, serve) = http_server::listen(address, pages).await?;
            tracing::info!(name, %address, "listening");
            servers.push(Box::pin(serve));
        }
    }
    Ok(async move {
        futures::future::join_all(servers).await;
    })
}

/// The loop, with the election and the writing of Events beside it.
async fn beside(
    stop: CancellationToken,
    reconciler: Reconciler,
    lead: impl Future<Output = End>,
    write_events: impl Future<Output = ()>,
) -> End {
    let work = async {
        let lead = async {
            let end = lead.await;
            stop.cancel();
            end
        };
        // The loop owns the last event writer: when it has ended, the writing of Events ends too.
        let (end, ()) = tokio::join!(lead, reconciler.run(stop.clone()));
        end
    };
    tokio::pin!(work, write_events);
    let mut written = false;
    let end = loop {
        tokio::select! {
            biased;
            end = &mut work => break end,
            () = &mut write_events, if !written => written = true,
        }
    };
    if !written
        && tokio::time::timeout(LAST_EVENTS, write_events)
            .await
            .is_err()
    {
        tracing::warn!("some events could not be written before the end");
    }
    end
}
