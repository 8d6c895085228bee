//! The cluster on a loopback port, for kubectl and other programs.
//!
//! HTTP/1.1 without TLS and without logins: it is a cluster for one person on one machine. For the
//! same reason it listens on loopback only, and refuses requests that a web page could have made
//! a browser send (an `Origin`, or a `Host` that is not this machine).

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::{Service, ServiceExt};

use crate::ApiError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A listening server. Dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _stop: DropGuard,
}

impl Server {
    /// Where it listens; the port is the one chosen when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `server` of a kubeconfig: `http://127.0.0.1:6443`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Serves `api` at `address` as tasks of the current tokio runtime.
///
/// # Errors
/// The address is not loopback, or cannot be bound (usually: the port is taken).
pub async fn serve<S, B>(api: S, address: SocketAddr) -> io::Result<Server>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !address.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{address} is not a loopback address; the embedded cluster has no logins, so it listens on 127.0.0.1 or ::1 only"
            ),
        ));
    }
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    tokio::spawn(accept(listener, api, stop.clone()));
    Ok(Server {
        address,
        _stop: stop.drop_guard(),
    })
}

async fn accept<S, B>(listener: TcpListener, api: S, stop: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, api.clone(), stop.clone()));
            }
            // Out of file handles, say: others may be closed meanwhile.
            Err(error) => {
                tracing::warn!(%error, "embedded cluster: connection not accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn connection<S, B>(stream: TcpStream, api: S, stop: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // Watch events are small and must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "embedded cluster: TCP_NODELAY not set");
    }
    let guarded = tower::service_fn(move |request: Request<Incoming>| {
        let api = api.clone();
        async move {
            if let Some(refusal) = foreign(request.headers()) {
                return Ok(refusal);
            }
            match api.oneshot(request).await {
                Ok(response) => {
                    Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
                }
                Err(error) => Err(io::Error::other(error)),
            }
        }
    });
    let service = TowerToHyperService::new(guarded);
    let serving = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        served = serving => {
            // Clients end watches by closing the connection.
            if let Err(error) = served {
                tracing::debug!(%error, "embedded cluster: connection ended");
            }
        }
    }
}

/// The refusal of a request that did not come from a program on this machine.
fn foreign(headers: &HeaderMap) -> Option<Response<UnsyncBoxBody<Bytes, io::Error>>> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let why = if headers.contains_key(header::ORIGIN) {
        "requests of web pages are refused by the embedded cluster"
    } else if host.is_some_and(|host| !is_loopback(host)) {
        "the embedded cluster answers only to loopback addresses and localhost"
    } else {
        return None;
    };
    let status = ApiError::new(403, "Forbidden", why).to_status();
    let body = Full::new(Bytes::from(status.to_string()))
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::FORBIDDEN;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Some(response)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn echo() -> impl Service<
        Request<Incoming>,
        Response = Response<Full<Bytes>>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + Send
    + 'static {
        tower::service_fn(|request: Request<Incoming>| async move {
            let path = request.uri().path().to_owned();
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(path))))
        })
    }

    async fn send(address: SocketAddr, headers: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /version HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn it_answers_programs_of_this_machine_and_no_web_pages() {
        let server = serve(echo(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let own = send(address, &format!("Host: {address}\r\n")).await;
        assert!(
            own.starts_with("HTTP/1.1 200") && own.ends_with("/version"),
            "{own}"
        );
        let named = send(address, "Host: localhost:99\r\n").await;
        assert!(named.starts_with("HTTP/1.1 200"), "{named}");
        let other = send(address, "Host: example.com\r\n").await;
        assert!(other.starts_with("HTTP/1.1 403"), "{other}");
        let page = send(
            address,
            &format!("Host: {address}\r\nOrigin: http://example.com\r\n"),
        )
        .await;
        assert!(page.starts_with("HTTP/1.1 403"), "{page}");
    }

    #[tokio::test]
    async fn it_listens_on_loopback_only_and_stops_when_dropped() {
        let error = serve(echo(), "0.0.0.0:0".parse().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let server = serve(echo(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        drop(server);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(TcpStream::connect(address).await.is_err());
    }
}
