//! The cluster as one value: its state, its clock, its API and its actors.

use chrono::{DateTime, Utc};
use futures::Stream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

use crate::actors::{Actors, ActorsHandle};
use crate::api::{Api, Call, Denial, Rules};
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::{Hook, Intercept, Phase, RequestInfo};
use crate::http_server;
use crate::resources::{GroupResource, Registry};
use crate::rng::Rng;
use crate::store::{Commit, Store};

/// How a cluster is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of all names, uids and draws.
    pub seed: u64,
    /// What the cluster's clock shows when it is made.
    pub start: SystemTime,
    /// How many nodes there are; at least 1.
    pub nodes: usize,
    /// Commits that each resource remembers; older ones answer 410.
    pub history: usize,
    /// Which actors [`Cluster::start`] runs, and how late they act.
    pub actors: Actors,
}

impl Default for Options {
    /// Seed 0, from 2026-01-01T00:00:00Z, one node, 10,000 commits, all actors without lag.
    fn default() -> Self {
        Self {
            seed: 0,
            start: UNIX_EPOCH + Duration::from_secs(1_767_225_600),
            nodes: 1,
            history: 10_000,
            actors: Actors::default(),
        }
    }
}

/// An in-memory Kubernetes cluster. Clones are the same cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    server: Arc<Server>,
    actors: Actors,
}

impl Cluster {
    /// A cluster with the usual namespaces and its nodes, and nothing running yet.
    ///
    /// Make it inside the tokio runtime whose clock it shall follow.
    pub fn new(options: Options) -> Self {
        let server = Arc::new(Server {
            state: Mutex::new(State {
                store: Store::new(options.history),
                rng: Rng::new(options.seed),
                registry: Registry::builtin(),
                service_ips: 0,
                node_ports: 0,
                watch_lags: BTreeMap::new(),
                rules: Rules::default(),
            }),
            clock: Clock::starting_at(options.start),
            hook: RwLock::new(None),
        });
        let cluster = Self {
            server,
            actors: options.actors,
        };
        cluster.furnish(options.nodes.max(1));
        cluster
    }

    /// Runs the actors as tasks of the current tokio runtime; dropping the handle stops them.
    pub fn start(&self) -> ActorsHandle {
        crate::actors::start(&self.server, &self.actors)
    }

    /// The API server as a service, for `kube::Client::new(cluster.service(), "default")`.
    pub fn service(&self) -> Api {
        Api::new(self.server.clone())
    }

    /// Serves the API over HTTP/1.1 at a loopback address, until the result is dropped.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be bound.
    pub async fn serve(&self, address: SocketAddr) -> io::Result<http_server::Server> {
        http_server::serve(self.service(), address).await
    }

    /// What the cluster's clock shows: the start plus what tokio's clock has counted since.
    pub fn now(&self) -> DateTime<Utc> {
        self.server.clock.now()
    }

    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.server.lock().store.revision()
    }

    /// Every commit from now on, of every resource, in order.
    pub fn commits(&self) -> CommitStream {
        CommitStream(self.server.lock().store.subscribe(None))
    }

    /// Installs a CustomResourceDefinition, as a POST of it would; replaces one of that name.
    ///
    /// # Errors
    /// What the API would answer: the CRD is invalid, or asks for something not modelled.
    pub fn install_crd(&self, crd: Value) -> Result<(), ApiError> {
        self.server.call("installer", |call| {
            let resource = call.resource("apiextensions.k8s.io", "customresourcedefinitions")?;
            let name = crate::object::name(&crd).to_owned();
            if call.state.store.get(&resource.id, "", &name).is_some() {
                call.update(&resource, "", &name, "", crd)?;
            } else {
                call.create(&resource, "", crd)?;
            }
            Ok(())
        })
    }

    /// The served kinds, those of installed CRDs included.
    pub fn registry(&self) -> Registry {
        self.server.lock().registry.clone()
    }

    /// The newest state of an object, without a request (no hook sees it).
    pub fn peek(
        &self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.server
            .lock()
            .store
            .get(resource, namespace, name)
            .cloned()
    }

    /// The newest state of all objects of a resource, without a request.
    pub fn peek_all(&self, resource: &GroupResource) -> Vec<Arc<Value>> {
        self.server
            .lock()
            .store
            .list(resource, None)
            .cloned()
            .collect()
    }

    /// Calls `hook` before and after every request, in place of an earlier hook.
    pub fn intercept<F>(&self, hook: F)
    where
        F: Fn(&RequestInfo) -> Option<Intercept> + Send + Sync + 'static,
    {
        *self
            .server
            .hook
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    /// Forgets the history: watches and lists from an earlier revision get 410.
    pub fn compact(&self) {
        self.server.lock().store.compact();
    }

    /// Ends all open watches, as a restart of the API server does.
    pub fn end_watches(&self) {
        self.server.lock().store.end_watches();
    }

    /// Shows every commit of a resource to its watchers so much later: a stale cache. Lists and
    /// gets stay up to date. Zero ends it.
    pub fn lag_watches(&self, resource: &GroupResource, lag: Duration) {
        self.server.lock().watch_lags.insert(resource.clone(), lag);
    }

    /// Lets a namespace have at most so many pods, as a ResourceQuota does; `None` ends it.
    pub fn limit_pods(&self, namespace: &str, limit: Option<usize>) {
        let mut state = self.server.lock();
        match limit {
            Some(limit) => state.rules.pods.insert(namespace.to_owned(), limit),
            None => state.rules.pods.remove(namespace),
        };
    }

    /// From now on these requests are refused, in place of earlier rules; the ReplicaSet
    /// controller's too. Other actors of the cluster are above the law.
    pub fn deny(&self, denials: Vec<Denial>) {
        self.server.lock().rules.denials = denials;
    }

    /// The namespaces and the nodes that are there from the beginning.
    fn furnish(&self, count: usize) {
        let made: Result<(), ApiError> = self.server.call("kube-apiserver", |call| {
            let namespaces = call.resource("", "namespaces")?;
            for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
                let namespace = json!({
                    "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
                });
                call.create(&namespaces, "", namespace)?;
            }
            let nodes = call.resource("", "nodes")?;
            for number in 0..count {
                call.create(&nodes, "", crate::pods::node(number, call.now))?;
            }
            Ok(())
        });
        if let Err(error) = made {
            tracing::error!(%error, "the embedded cluster could not be furnished");
        }
    }
}

/// Commits in order; ends with the cluster.
#[derive(Debug)]
pub struct CommitStream(mpsc::UnboundedReceiver<Arc<Commit>>);

impl CommitStream {
    /// A commit that has happened already, without waiting.
    pub fn try_next(&mut self) -> Option<Arc<Commit>> {
        self.0.try_recv().ok()
    }
}

impl Stream for CommitStream {
    type Item = Arc<Commit>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

/// What the API and the actors share.
pub(crate) struct Server {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    hook: RwLock<Option<Hook>>,
}

/// Everything that changes; behind one lock, never held across an await.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) rng: Rng,
    pub(crate) registry: Registry,
    /// Cluster IPs given out.
    pub(crate) service_ips: u32,
    /// Node ports given out.
    pub(crate) node_ports: u32,
    /// How late watches are, per resource.
    pub(crate) watch_lags: BTreeMap<GroupResource, Duration>,
    /// What is refused.
    pub(crate) rules: Rules,
}

impl Server {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something as one of the cluster's own parts.
    pub(crate) fn call<T>(&self, writer: &str, act: impl FnOnce(&mut Call<'_>) -> T) -> T {
        let mut state = self.lock();
        let mut call = Call::internal(&mut state, self.clock.now(), writer);
        act(&mut call)
    }

    /// What the hook says about a request, else what the cluster's rules say.
    pub(crate) fn intercepted(&self, info: &RequestInfo) -> Option<Intercept> {
        let hook = self.hook.read().unwrap_or_else(PoisonError::into_inner);
        let hooked = hook.as_ref().and_then(|hook| hook(info));
        if hooked.is_some() || info.phase != Phase::Before {
            return hooked;
        }
        self.lock().rules.denied(info).map(Intercept::Answer)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
