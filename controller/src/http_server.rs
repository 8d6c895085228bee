//! Two small pages of text over HTTP: health and metrics.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::controller::Error;

/// An answer: its status, its content type and its text.
pub(crate) type Page = (StatusCode, &'static str, String);

/// Content type of plain text.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// What is served: a page for a path and a query, `None` when there is none.
pub(crate) type Pages = Arc<dyn Fn(&str, &str) -> Option<Page> + Send + Sync>;

/// Listens on `address`. Returns the address (with the real port, where 0 was asked for) and the
/// work of serving, which never ends.
pub(crate) async fn listen(
    address: SocketAddr,
    pages: Pages,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send), Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((bound, serve(listener, pages)))
}

async fn serve(listener: TcpListener, pages: Pages) {
    // The connections end with this: a set aborts its tasks when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let pages = pages.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&request, &pages);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A client that goes away is its own affair.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(request: &Request<Incoming>, pages: &Pages) -> Response<Full<Bytes>> {
    let uri = request.uri();
    let (status, content_type, text) = if matches!(*request.method(), Method::GET | Method::HEAD) {
        pages(uri.path(), uri.query().unwrap_or_default())
            .unwrap_or_else(|| (StatusCode::NOT_FOUND, TEXT, "not found\n".to_owned()))
    } else {
        let text = "only GET and HEAD\n".to_owned();
        (StatusCode::METHOD_NOT_ALLOWED, TEXT, text)
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let value = header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
