//! The dashboard: what rollouts do, live, in a browser. Read-only: it has no way to change
//! anything, and answers GET and HEAD alone.
//!
//! One watch of Rollouts and ReplicaSets serves every viewer; pods, Services and Events of one
//! Rollout are watched while its page is open. What is shown is the [`view`] of the plugin, as
//! JSON under `/api/v1/` and as Server-Sent Events; `ui/` draws it.
//!
//! It listens on loopback only: there are no logins yet.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crds::Time;
use kube::Client;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

mod answer;
mod api;
mod assets;
mod connections;
mod guard;
mod page;
mod row;
mod shared;
mod state;
mod stream;
mod trim;
mod watching;

use shared::Shared;

/// Tells the time of the cluster.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// What to show, and where.
pub struct Options {
    /// Where to listen; loopback, and port 0 is any free one.
    pub address: SocketAddr,
    /// The namespace to show; all when absent.
    pub namespace: Option<String>,
    /// The time of the cluster.
    pub clock: Clock,
}

/// A dashboard that runs. Dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    _stop: DropGuard,
}

impl Dashboard {
    /// Starts one over `client` as tasks of the current tokio runtime.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be bound (usually: the port is taken).
    pub async fn start(client: Client, options: Options) -> io::Result<Self> {
        let address = options.address;
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{address} is not a loopback address; the dashboard has no logins, so it \
                     listens on 127.0.0.1 or ::1 only"
                ),
            ));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared::new(client, options.namespace, options.clock));
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(watching::watch(shared.clone())),
        );
        tokio::spawn(connections::accept(listener, shared, stop.clone()));
        Ok(Self {
            address,
            _stop: stop.drop_guard(),
        })
    }

    /// What to open in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}
