//! Accepts connections and speaks HTTP/1.1.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::respond;
use crate::shared::Shared;
use crate::viewers::STREAMS;

/// Connections at once; more wait until one ends.
const CONNECTIONS: usize = 2 * STREAMS;
/// How long a connection may be open without a request: it holds room that others want.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a request's head, at most.
const HEAD: usize = 16 * 1024;

/// Room for connections, of all listeners together.
pub(crate) fn limit() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CONNECTIONS))
}

/// Serves until `stop`.
pub(crate) async fn accept(
    listener: TcpListener,
    connections: Arc<Semaphore>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = async {
                let permit = connections.clone().acquire_owned().await;
                (permit, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(permit), Ok((stream, _))) => {
                let serving = serve(stream, shared.clone());
                let serving = stop.clone().run_until_cancelled_owned(serving);
                tokio::spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            // Out of file handles, say: others may be closed meanwhile.
            (_, Err(error)) => {
                tracing::warn!(%error, "dashboard: connection not accepted");
                tokio::task::yield_now().await;
            }
            // Nobody closes the semaphore.
            (Err(_), Ok(_)) => return,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Events are small and must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "dashboard: TCP_NODELAY not set");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(respond(shared, request).await) }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .max_buf_size(HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    // Viewers leave by closing the connection.
    if let Err(error) = serving.await {
        tracing::debug!(%error, "dashboard: connection ended");
    }
}
