//! rollouts-controller: observe, plan, check, execute.
//!
//! [`run`] watches Rollouts, their ReplicaSets and the Services they name, asks [`planner::plan`]
//! what to do, holds the answer against the safety kernel, and does it. It decides nothing itself.

mod cache;
mod client;
mod clock;
pub mod config;
mod decode;
mod event_writer;
mod execute;
mod gate;
mod kernel;
mod lease;
mod metrics;
mod observe;
mod poison;
mod queue;
mod reconcile;
mod refusal;
mod status_patch;
mod watch;

use std::sync::Arc;
use std::time::Duration;

pub use config::{ClockMode, Config, LeaderElection};

use clock::Clock;
use event_writer::EventWriter;
use execute::Executor;
use lease::{Fence, Leading};
use metrics::Metrics;
use reconcile::{Progress, Reconciler};

/// Longest wait for the last Events to be written when a controller stops.
const LAST_EVENTS: Duration = Duration::from_secs(5);

/// Runs a controller until `config.shutdown` is cancelled or its Lease is lost.
///
/// # Errors
/// When it cannot start: a port is taken, say. What goes wrong with single objects is told on
/// these objects, and tried again.
pub async fn run(client: kube::Client, config: Config) -> Result<(), Error> {
    let clock = Clock::new(config.clock);
    let metrics = Arc::new(Metrics::default());
    let client = client::observed(client, clock.clone(), metrics.clone());
    let (events, write_events) = EventWriter::new(client.clone(), clock.clone(), metrics.clone());
    let (progress, _) = tokio::sync::watch::channel(Progress::default());

    let election = config.leader_election.clone();
    let (fence, leading) = Fence::new(if election.is_some() {
        Leading::No
    } else {
        Leading::Always
    });
    let executor = Executor {
        client: client.clone(),
        events,
        fence,
        timeout: config.request_timeout,
    };
    let stop = config.shutdown.clone();
    let reconciler = Reconciler::new(
        client.clone(),
        config,
        clock.clone(),
        executor,
        metrics,
        progress,
    );

    let lead = async {
        match election.clone() {
            Some(election) => lease::lead(client.clone(), election, clock.clone(), leading).await,
            None => std::future::pending().await,
        }
    };
    let work = reconciler.run(stop.clone());
    tokio::pin!(work, lead, write_events);
    tokio::select! {
        () = &mut work => {}
        () = &mut lead => {
            tracing::error!("the lease is lost; another controller may act now");
            stop.cancel();
            work.await;
        }
        // Ends only when nobody is left to tell events.
        () = &mut write_events => {}
    }
    // What was told is written, but does not keep the process for long.
    let _ = tokio::time::timeout(LAST_EVENTS, write_events).await;
    if let Some(election) = &election {
        lease::release(client.clone(), election).await;
    }
    Ok(())
}

/// Why a controller cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
