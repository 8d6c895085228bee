//! Accepts connections and speaks HTTP/1.1.

use std::convert::Infallible;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::respond;
use crate::shared::Shared;
use crate::viewers::STREAMS;

/// Connections at once; more wait until one ends.
const CONNECTIONS: usize = 2 * STREAMS;
/// Bytes of a request's head, at most.
const HEAD: usize = 16 * 1024;

/// Serves until `stop`.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
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
        .serve_connection(TokioIo::new(stream), service);
    // Viewers leave by closing the connection.
    if let Err(error) = serving.await {
        tracing::debug!(%error, "dashboard: connection ended");
    }
}
