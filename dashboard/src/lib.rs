//! The dashboard: what rollouts do, live, in a browser. Read-only: it has no way to change
//! anything, and answers GET and HEAD alone.
//!
//! One watch of Rollouts and ReplicaSets serves every viewer; what else a page shows is watched
//! while it is open. What is shown is the [`view`] of the plugin, as JSON under `/api/v1/` and as
//! Server-Sent Events; `ui/` draws it.
//!
//! On a laptop it listens on loopback and shows what its own client may read. In a cluster each
//! viewer logs in, and sees what *they* may read: see [`Login`].

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crds::Time;
use kube::Client;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

mod access;
mod answer;
mod api;
mod assets;
mod connections;
mod document;
mod guard;
mod kept;
mod kind;
mod login;
mod page;
mod refused;
pub mod rights;
mod row;
mod schema;
mod server_time;
mod shared;
mod sight;
mod state;
mod stream;
mod trim;
mod viewers;
mod watched;
mod watching;

use shared::Shared;

pub use login::Login;
pub use server_time::ServerClock;

/// Tells the time of the cluster.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// What to show, to whom, and where.
pub struct Options {
    /// Where to listen; beyond loopback only with [`Login::Token`]. Port 0 is any free one.
    pub address: SocketAddr,
    /// The namespace to show; all when absent.
    pub namespace: Option<String>,
    /// The time of the cluster.
    pub clock: Clock,
    /// How viewers are told apart.
    pub login: Login,
    /// Names that it is reached by, beside this machine's own.
    pub hosts: Vec<String>,
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
    /// The address is one that this [`Login`] is not safe on, or cannot be bound (usually: the port
    /// is taken).
    pub async fn start(client: Client, options: Options) -> io::Result<Self> {
        refuse_unsafe(&options)?;
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared::new(client, options));
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(watching::watch(shared.clone())),
        );
        let connections = connections::limit();
        for listener in [Some(listener), other_loopback(address).await]
            .into_iter()
            .flatten()
        {
            let (shared, stop) = (shared.clone(), stop.clone());
            tokio::spawn(connections::accept(
                listener,
                connections.clone(),
                shared,
                stop,
            ));
        }
        Ok(Self {
            address,
            _stop: stop.drop_guard(),
        })
    }

    /// What to open in a browser on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}/")
    }
}

/// `[::1]` beside `127.0.0.1`: a browser that is sent to `localhost` may try either. Where this
/// machine has no IPv6, or somebody else has the port there, one is enough.
async fn other_loopback(address: SocketAddr) -> Option<TcpListener> {
    if address.ip() != Ipv4Addr::LOCALHOST {
        return None;
    }
    let other = SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()));
    match TcpListener::bind(other).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::debug!(%error, "dashboard: not on {other}");
            None
        }
    }
}

/// Refuses to listen where anybody could read what only some may.
fn refuse_unsafe(options: &Options) -> io::Result<()> {
    let address = options.address;
    let why = match options.login {
        _ if address.ip().is_loopback() => return Ok(()),
        Login::Token => return Ok(()),
        Login::None => "without logins it listens on 127.0.0.1 or ::1 only; use --login token",
        Login::Proxy { .. } => {
            "whoever reaches it could name themselves as the proxy does; let it listen on 127.0.0.1 \
             or ::1, with the proxy beside it"
        }
    };
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{address} is not a loopback address; {why}"),
    ))
}
