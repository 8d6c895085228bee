//! The API server: requests in, answers out, as a `tower::Service`.
//!
//! A request is carried out in one go under the lock of the cluster's state: there is one order of
//! all requests, and no request sees half of another.

mod about;
mod addresses;
mod admission;
mod admit;
mod apply;
mod body;
mod call;
mod delete;
mod info;
mod patch;
mod read;
mod reply;
mod request;
mod route;
mod rules;
mod scale;
mod watch;
mod write;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request as HttpRequest, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

use crate::cluster::Server;
use crate::error::ApiError;
use crate::fault::{Intercept, Phase};
use request::{Query, Request};

pub use admission::Denial;
pub(crate) use admission::Rules;
pub use body::Body;
pub(crate) use call::Call;
pub(crate) use delete::{DeleteOptions, Propagation};

/// A request body may be this large: 3 MiB.
const BODY_MAX: usize = 3 * 1024 * 1024;

/// The API server. Clones serve the same cluster.
///
/// Takes requests with any body. Errors are broken connections only (see
/// [`Intercept::Reset`]); refusals are answers.
#[derive(Debug, Clone)]
pub struct Api {
    server: Arc<Server>,
}

impl Api {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server }
    }
}

impl<B> Service<HttpRequest<B>> for Api
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        let server = self.server.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match read(body).await {
                Ok(body) => body,
                Err(error) => return Ok(refusal(&server, &error)),
            };
            let request = Request {
                method: parts.method,
                path: parts.uri.path().to_owned(),
                query: Query::parse(parts.uri.query().unwrap_or("")),
                headers: parts.headers,
                body,
            };
            answer(&server, &request).await
        })
    }
}

/// The whole body, up to the limit.
async fn read<B>(body: B) -> Result<Bytes, ApiError>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::body_too_large(BODY_MAX)),
        Err(error) => Err(ApiError::bad_request(error.to_string())),
    }
}

/// Carries a request out, with the hook before and after.
async fn answer(server: &Arc<Server>, request: &Request) -> Result<Response<Body>, io::Error> {
    let mut info = info::of(server, request);
    match server.intercepted(&info) {
        None => {}
        Some(Intercept::Answer(error)) => return Ok(refusal(server, &error)),
        Some(Intercept::Delay(time)) => tokio::time::sleep(time).await,
        Some(Intercept::Reset) => return Err(reset()),
    }
    let done = route::carry_out(server, request, &info);
    info.phase = Phase::After(done.reply.code());
    match server.intercepted(&info) {
        None => {}
        Some(Intercept::Answer(error)) => return Ok(refusal(server, &error)),
        Some(Intercept::Delay(time)) => tokio::time::sleep(time).await,
        Some(Intercept::Reset) => return Err(reset()),
    }
    let now = server.clock.now();
    Ok(done
        .reply
        .into_response(now, &done.warnings, done.retry_after))
}

fn refusal(server: &Server, error: &ApiError) -> Response<Body> {
    reply::Reply::error(error).into_response(server.clock.now(), &[], error.retry_after)
}

fn reset() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionReset,
        "connection reset by the embedded cluster's fault hook",
    )
}
