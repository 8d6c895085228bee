//! The wire between a client and the cluster: notes every mutating request and who sent it, and
//! brings about the faults of a run, the death of the client's process among them.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Method, Request as HttpRequest, Response, StatusCode, Uri, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use serde_json::json;
use tokio::sync::Notify;
use tower::{BoxError, Service};

use super::disturbance::Side;
use super::fault::{Asked, Fate, Faults};
use crate::history::{Actor, Request, Requests};
use crate::sight;

/// A process that can die: when it does, none of its requests gets an answer any more.
#[derive(Debug, Clone)]
pub struct Process {
    number: u32,
    dead: Arc<AtomicBool>,
}

impl Process {
    /// A living one. No other process of the same actor has its number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        let dead = Arc::default();
        Self { number, dead }
    }

    /// Ends it.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}

/// What happens to a controller's requests.
#[derive(Clone)]
pub struct Trouble {
    /// The faults of the run.
    pub faults: Faults,
    /// Which controller it is, from 0.
    pub leader: usize,
    /// Told each time it dies.
    pub died: Arc<Notify>,
}

/// A `tower::Service` around the cluster's.
#[derive(Clone)]
pub struct Wire {
    /// The cluster.
    pub inner: sim::Api,
    /// Who speaks.
    pub actor: Actor,
    /// What is sent as user agent.
    pub agent: &'static str,
    /// Where requests are noted.
    pub requests: Requests,
    /// The process that speaks.
    pub process: Process,
    /// What goes wrong; nothing when `None`.
    pub trouble: Option<Trouble>,
}

/// What comes back.
pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

impl Service<HttpRequest<Body>> for Wire {
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        Box::pin(self.clone().pass_on(request))
    }
}

impl Wire {
    async fn pass_on(mut self, request: HttpRequest<Body>) -> Result<Answer, BoxError> {
        if self.process.is_dead() {
            return pending().await;
        }
        let (mut parts, body) = request.into_parts();
        let agent = http::HeaderValue::from_static(self.agent);
        parts.headers.insert(header::USER_AGENT, agent);
        let sent = body.collect().await?.to_bytes();
        let mut noted = Request {
            actor: self.actor,
            process: self.process.number,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&sent).unwrap_or_default(),
            status: 0,
            is_answered: false,
            sight: sight::last().filter(|_| self.actor == Actor::Controller),
        };
        let asked = asked(&noted);
        let fate = match &self.trouble {
            Some(trouble) => trouble.faults.fate(asked),
            None => Fate::Answered,
        };
        match fate {
            Fate::SenderDies(Side::Before) => return self.die().await,
            Fate::Broken(Side::Before) => return Err(broken()),
            Fate::Refused(Side::Before, code) => return refusal(code),
            Fate::AnsweredAsOf(revision) => parts.uri = as_of(&parts.uri, revision)?,
            Fate::Answered
            | Fate::SenderDies(Side::After)
            | Fate::SenderDiesOfSuccess
            | Fate::Broken(Side::After)
            | Fate::Refused(Side::After, _) => {}
        }
        let request = HttpRequest::from_parts(parts, Body::from(sent.to_vec()));
        let response = match self.inner.call(request).await {
            Ok(response) => response,
            Err(error) => {
                if asked.is_noted() {
                    self.requests.push(noted);
                }
                return Err(error.into());
            }
        };
        noted.status = response.status().as_u16();
        noted.is_answered = match fate {
            Fate::Answered | Fate::AnsweredAsOf(_) => true,
            Fate::SenderDiesOfSuccess => !response.status().is_success(),
            Fate::SenderDies(_) | Fate::Broken(_) | Fate::Refused(..) => false,
        };
        if asked.is_noted() {
            self.requests.push(noted);
        }
        match fate {
            Fate::SenderDies(Side::After) => self.die().await,
            Fate::SenderDiesOfSuccess if response.status().is_success() => self.die().await,
            Fate::Broken(Side::After) => Err(broken()),
            Fate::Refused(Side::After, code) => refusal(code),
            _ => Ok(self.answer(asked, response)),
        }
    }

    async fn die(self) -> Result<Answer, BoxError> {
        self.process.kill();
        if let Some(trouble) = self.trouble {
            trouble.died.notify_one();
        }
        pending().await
    }

    fn answer(&self, asked: Asked, response: Response<sim::Body>) -> Answer {
        match &self.trouble {
            Some(trouble) if asked == Asked::Watch => response.map(|body| {
                let lines = body.into_data_stream().filter_map(async |it| it.ok());
                let lines = trouble.faults.watched(lines, trouble.leader);
                StreamBody::new(lines.map(|it| Ok(Frame::data(it)))).boxed_unsync()
            }),
            _ => response.map(|body| body.map_err(Into::into).boxed_unsync()),
        }
    }
}

fn asked(request: &Request) -> Asked {
    let is_read = request.method == Method::GET.as_str();
    if is_read && request.query.contains("watch=") {
        Asked::Watch
    } else if is_read && request.query.contains("limit=") {
        Asked::List
    } else if is_read {
        Asked::Get
    } else if request.is_dry_run() || request.is_bookkeeping() {
        Asked::Aside
    } else {
        Asked::Write
    }
}

/// The same listing as of an older revision.
fn as_of(uri: &Uri, revision: u64) -> Result<Uri, BoxError> {
    let query = uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = query
        .filter(|it| !it.starts_with("resourceVersion"))
        .collect();
    let (path, kept) = (uri.path(), kept.join("&"));
    let text = format!("{path}?{kept}&resourceVersion={revision}&resourceVersionMatch=Exact");
    Ok(text.parse()?)
}

fn broken() -> BoxError {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the connection broke").into()
}

/// What an API server says that is overloaded, or that gives up on a request.
fn refusal(code: u16) -> Result<Answer, BoxError> {
    let (reason, seconds) = match code {
        409 => ("Conflict", 0),
        429 => ("TooManyRequests", 3),
        504 => ("Timeout", 0),
        _ => ("InternalError", 0),
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("{reason} by a draw"), "reason": reason, "code": code,
        "details": {"retryAfterSeconds": seconds},
    });
    let response = Response::builder()
        .status(StatusCode::from_u16(code)?)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::RETRY_AFTER, seconds);
    let body = Full::from(serde_json::to_vec(&status)?).map_err(Into::into);
    Ok(response.body(body.boxed_unsync())?)
}
