//! A proxy between a controller and the API server that does to requests what networks, load
//! balancers and busy servers do: delays, lost requests and answers, refusals, watches that break.
//!
//! It speaks plain HTTP on loopback, and passes the token of whoever asks on to the API server.

mod disturbed;
mod fault;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::{HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tower::BoxError;

pub use fault::Fault;
use fault::{Fate, Kind};

/// Names a request in the audit log.
const AUDIT_ID: &str = "audit-id";
/// What is seen through the proxy may be so old: a watch tells late, is cut, and what it was about
/// is listed only at the third attempt.
const LAG: Duration = Duration::from_secs(10);
/// Without a proxy: it comes over a watch, on a machine that has much else to do.
const USUAL_LAG: Duration = Duration::from_secs(2);

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// See the module. Dropping it ends it.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    passage: Arc<Passage>,
    serving: JoinHandle<()>,
}

/// What is known of the way between a controller and the API server.
#[derive(Debug)]
pub(crate) struct Way {
    /// What happened so long before a request came may not have been seen by who sent it.
    pub(crate) lag: Duration,
    /// Audit ids of requests that were done without their sender being told.
    pub(crate) unanswered: BTreeSet<String>,
}

impl Default for Way {
    fn default() -> Self {
        Self {
            lag: USUAL_LAG,
            unanswered: BTreeSet::new(),
        }
    }
}

struct Passage {
    seed: u64,
    client: Client,
    requests: AtomicU64,
    struck: Mutex<BTreeMap<Fault, usize>>,
    unanswered: Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for Passage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passage").finish_non_exhaustive()
    }
}

impl FaultProxy {
    /// Starts one before the API server of a kubeconfig; which requests meet which fault is drawn from
    /// the seed and the order in which they come.
    ///
    /// # Errors
    /// When the kubeconfig cannot be read, or there is no port.
    pub async fn start(kubeconfig: &Path, seed: u64) -> anyhow::Result<Self> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        // Who speaks, and whether to ask again, is the affair of who asks here.
        config.auth_info = AuthInfo::default();
        config.default_retry = false;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let passage = Arc::new(Passage {
            seed,
            client: Client::try_from(config)?,
            requests: AtomicU64::default(),
            struck: Mutex::default(),
            unanswered: Mutex::default(),
        });
        Ok(Self {
            address: listener.local_addr()?,
            serving: tokio::spawn(serve(listener, Arc::clone(&passage))),
            passage,
        })
    }

    /// What to take for the API server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.passage.requests.load(Ordering::SeqCst)
    }

    /// How many requests each fault has met.
    #[must_use]
    pub fn struck(&self) -> BTreeMap<Fault, usize> {
        let mut all: BTreeMap<_, _> = Fault::ALL.into_iter().map(|fault| (fault, 0)).collect();
        all.extend(lock(&self.passage.struck).clone());
        all
    }

    pub(crate) fn way(&self) -> Way {
        Way {
            lag: LAG,
            unanswered: lock(&self.passage.unanswered).clone(),
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, passage: Arc<Passage>) {
    // The connections end with this: a set aborts its tasks when it is dropped.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&passage)));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, passage: Arc<Passage>) {
    let service = service_fn(|request| passage.pass(request));
    // An error is how a connection is ended on purpose.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Passage {
    /// The answer to a request; an error ends the connection without one.
    async fn pass(&self, request: Request<Incoming>) -> Result<Answer, BoxError> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let kind = Kind::of(&request);
        let fate = Fate::draw(self.seed, number, kind);
        if let Some(fault) = fate.fault {
            *lock(&self.struck).entry(fault).or_default() += 1;
        }
        let id = format!("through-the-proxy-{}-{number}", self.seed);
        match fate.fault {
            None => self.whole(request, &id).await,
            Some(Fault::Late) => {
                tokio::time::sleep(fate.late).await;
                self.whole(request, &id).await
            }
            Some(Fault::Unsent) => Err("not passed on".into()),
            Some(Fault::AnswerLost) => {
                self.unanswered(request, id).await?;
                Err("the answer is lost".into())
            }
            Some(Fault::Conflict) => refusal(409, "Conflict", "the object has been modified"),
            Some(Fault::TooManyRequests) => {
                let mut answer = refusal(429, "TooManyRequests", "too many requests")?;
                let wait = HeaderValue::from_static("1");
                answer.headers_mut().insert(header::RETRY_AFTER, wait);
                Ok(answer)
            }
            Some(Fault::InternalError) => refusal(500, "InternalError", "an internal error"),
            Some(Fault::GatewayTimeout) => {
                self.unanswered(request, id).await?;
                refusal(504, "Timeout", "the request did not complete in time")
            }
            Some(Fault::WatchCut | Fault::WatchLate | Fault::WatchExpired) => {
                let answer = self.ask(request, &id).await?;
                Ok(answer.map(|body| {
                    let told = disturbed::watch(body, fate).map_ok(Frame::data);
                    StreamBody::new(told).boxed_unsync()
                }))
            }
        }
    }

    /// As the API server answers.
    async fn whole(&self, request: Request<Incoming>, id: &str) -> Result<Answer, BoxError> {
        let answer = self.ask(request, id).await?;
        Ok(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
    }

    /// Does what is asked, and keeps what came of it.
    async fn unanswered(&self, request: Request<Incoming>, id: String) -> Result<(), BoxError> {
        lock(&self.unanswered).insert(id.clone());
        let answer = self.ask(request, &id).await?;
        answer.into_body().collect().await?;
        Ok(())
    }

    async fn ask(&self, request: Request<Incoming>, id: &str) -> Result<Response<Body>, BoxError> {
        let (mut parts, body) = request.into_parts();
        parts.headers.remove(header::HOST);
        parts.headers.insert(AUDIT_ID, HeaderValue::from_str(id)?);
        let body = body.collect().await?.to_bytes();
        let request = Request::from_parts(parts, Body::from(body.to_vec()));
        let mut answer = self.client.send(request).await?;
        // How the answer is sent is another matter on this connection.
        answer.headers_mut().remove(header::TRANSFER_ENCODING);
        answer.headers_mut().remove(header::CONNECTION);
        Ok(answer)
    }
}

/// A refusal in the words of an API server.
fn refusal(code: u16, reason: &str, message: &str) -> Result<Answer, BoxError> {
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    let body = Full::new(Bytes::from(status.to_string()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    let answer = Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, "application/json");
    Ok(answer.body(body)?)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
