//! The wire between a client and the cluster: notes every mutating request and who sent it, and
//! can cut a client off as if its process had died.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::Notify;
use tower::{BoxError, Service};

use crate::history::{Actor, Request, Requests};
use crate::sight;

/// A process that can die: when it does, none of its requests gets an answer any more.
#[derive(Debug, Clone, Default)]
pub struct Process {
    dead: Arc<AtomicBool>,
}

impl Process {
    /// Ends it.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}

/// Kills a process right after each of its writes, before it sees the answer.
#[derive(Debug, Clone, Default)]
pub struct CrashAfterWrite {
    /// Told each time.
    pub crashed: Arc<Notify>,
}

/// A `tower::Service` around the cluster's.
#[derive(Clone)]
pub struct Wire<S> {
    /// The cluster.
    pub inner: S,
    /// Who speaks.
    pub actor: Actor,
    /// What is sent as user agent.
    pub agent: &'static str,
    /// Where requests are noted.
    pub requests: Requests,
    /// The process that speaks.
    pub process: Process,
    /// Whether every write is its last.
    pub crash: Option<CrashAfterWrite>,
}

impl<S, B> Service<HttpRequest<Body>> for Wire<S>
where
    S: Service<HttpRequest<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        let wire = self.clone();
        Box::pin(wire.pass_on(request))
    }
}

impl<S> Wire<S> {
    async fn pass_on<B>(mut self, request: HttpRequest<Body>) -> Result<Response<B>, BoxError>
    where
        S: Service<HttpRequest<Body>, Response = Response<B>>,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if self.process.is_dead() {
            return pending().await;
        }
        let agent = http::HeaderValue::from_static(self.agent);
        if request.method() == Method::GET {
            let mut request = request;
            request
                .headers_mut()
                .insert(http::header::USER_AGENT, agent);
            let response = self.inner.call(request).await.map_err(Into::into)?;
            return Ok(response);
        }
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(http::header::USER_AGENT, agent);
        let sent = body.collect().await?.to_bytes();
        let mut noted = Request {
            actor: self.actor,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&sent).unwrap_or_default(),
            status: 0,
            sight: sight::last().filter(|_| self.actor == Actor::Controller),
        };
        let request = HttpRequest::from_parts(parts, Body::from(sent.to_vec()));
        let response = match self.inner.call(request).await {
            Ok(response) => response,
            Err(error) => {
                self.requests.push(noted);
                return Err(error.into());
            }
        };
        noted.status = response.status().as_u16();
        let is_last =
            response.status().is_success() && !noted.is_dry_run() && !noted.is_bookkeeping();
        self.requests.push(noted);
        if let Some(crash) = self.crash.filter(|_| is_last) {
            self.process.kill();
            crash.crashed.notify_one();
            return pending().await;
        }
        Ok(response)
    }
}
