//! The shipped controller over the embedded cluster, on one thread and on virtual time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use controller::config::PlanFn;
use controller::{Config, Controller, Counters, Gauge};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use sim::{Actors, ActorsHandle, Cluster, GroupResource, Options, Phase};
use tokio::task::JoinHandle;

/// The user agent of the controller.
const CONTROLLER: &str = "rollouts-controller";

/// Cluster and controller.
pub struct World {
    cluster: Cluster,
    client: Client,
    gauge: Gauge,
    resizes: Arc<AtomicU64>,
    controller: JoinHandle<()>,
    _actors: ActorsHandle,
}

/// What was asked of the API server, and what it took to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Changes of the size of a ReplicaSet.
    pub resizes: u64,
    /// Status writes.
    pub statuses: u64,
    /// All other writes, Events and Leases left out.
    pub others: u64,
    /// Events written.
    pub events: u64,
    /// Rehearsals: nothing is written.
    pub dry_runs: u64,
    /// Plans made.
    pub plans: u64,
    /// Rollouts looked at, those that had to wait for our own writes included.
    pub reconciles: u64,
}

impl Cost {
    /// All writes but Events and Leases.
    #[must_use]
    pub const fn writes(self) -> u64 {
        self.resizes + self.statuses + self.others
    }

    /// What was added since `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            resizes: self.resizes - before.resizes,
            statuses: self.statuses - before.statuses,
            others: self.others - before.others,
            events: self.events - before.events,
            dry_runs: self.dry_runs - before.dry_runs,
            plans: self.plans - before.plans,
            reconciles: self.reconciles - before.reconciles,
        }
    }
}

impl World {
    /// A new cluster and a controller that decides by `plan`.
    ///
    /// # Errors
    /// When the cluster refuses our CRDs.
    pub fn new(plan: PlanFn) -> Result<Self> {
        let cluster = Cluster::new(Options {
            actors: Actors::default(),
            // A fleet commits a lot at once; a watch that fell behind would list anew.
            history: 100_000,
            ..Options::default()
        });
        for crd in crds::manifests::definitions() {
            let installed = cluster.install_crd(crd);
            installed.map_err(|error| anyhow!("a CRD is refused: {error:?}"))?;
        }
        let resizes: Arc<AtomicU64> = Arc::default();
        let counted = resizes.clone();
        cluster.intercept(move |request| {
            let is_patch = request.writer == CONTROLLER && request.verb == "patch";
            let is_done = matches!(request.phase, Phase::After(code) if code < 300);
            let resource = request.resource.as_ref();
            if is_patch && is_done && resource.is_some_and(|it| it.resource == "replicasets") {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                if body.pointer("/spec/replicas").is_some() {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
            None
        });
        let actors = cluster.start();
        let client = Client::new(cluster.service(), "default");
        let config = Config {
            plan,
            ..Config::default()
        };
        let controller = Controller::new(client.clone(), config);
        let gauge = controller.gauge();
        let controller = tokio::spawn(async move {
            if let Err(error) = controller.run().await {
                eprintln!("the controller ended: {error}");
            }
        });
        Ok(Self {
            cluster,
            client,
            gauge,
            resizes,
            controller,
            _actors: actors,
        })
    }

    /// What the controller has cost so far.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let Counters {
            requests,
            reconciles,
            plans,
            holds: _,
        } = self.gauge.counters();
        let mut cost = Cost {
            resizes: self.resizes.load(Ordering::Relaxed),
            plans,
            reconciles,
            ..Cost::default()
        };
        let mut writes = 0;
        for ((kind, code), count) in requests {
            let is_read = matches!(kind.verb, "Get" | "List" | "Watch");
            if is_read || !(200..300).contains(&code) {
                continue;
            }
            match (kind.resource.as_str(), kind.subresource.as_str()) {
                _ if kind.dry_run => cost.dry_runs += count,
                ("leases", _) => {}
                ("events", _) => cost.events += count,
                (_, "status") => cost.statuses += count,
                _ => writes += count,
            }
        }
        cost.others = writes - cost.resizes;
        cost
    }

    /// Creates an object in the namespace `default`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create(&self, object: Value) -> Result<()> {
        let object: DynamicObject = serde_json::from_value(object)?;
        let kind = object.types.clone().context("an object without a kind")?;
        let (group, version) = kind
            .api_version
            .split_once('/')
            .unwrap_or(("", &kind.api_version));
        let api = self.api(group, version, &kind.kind);
        api.create(&PostParams::default(), &object).await?;
        Ok(())
    }

    /// Gives a Rollout another image.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn set_image(&self, rollout: &str, image: &str) -> Result<()> {
        let path = "/spec/template/spec/containers/0/image";
        let patch = json!([{"op": "replace", "path": path, "value": image}]);
        let patch: Patch<()> = Patch::Json(serde_json::from_value(patch)?);
        let api = self.api("argoproj.io", "v1alpha1", "Rollout");
        api.patch(rollout, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Resumes a Rollout, as a client's `promote` does.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn promote(&self, rollout: &str) -> Result<()> {
        let patch = Patch::Merge(json!({"status": {"pauseConditions": null}}));
        let api = self.api("argoproj.io", "v1alpha1", "Rollout");
        api.patch_status(rollout, &PatchParams::default(), &patch)
            .await?;
        Ok(())
    }

    /// All objects of a resource as they are now.
    #[must_use]
    pub fn all(&self, group: &str, resource: &str) -> Vec<Arc<Value>> {
        self.cluster.peek_all(&GroupResource {
            group: group.to_owned(),
            resource: resource.to_owned(),
        })
    }

    /// Lets time pass until every Rollout is in this phase, and then until nothing moves.
    ///
    /// # Errors
    /// When that takes more than an hour of the cluster's time.
    pub async fn until_all(&self, phase: &str) -> Result<()> {
        for _ in 0..3600 {
            if self
                .all("argoproj.io", "rollouts")
                .iter()
                .all(|it| is_in(it, phase))
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        bail!("an hour has passed and not every Rollout is {phase}")
    }

    fn api(&self, group: &str, version: &str, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client.clone(), "default", &resource)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

/// Whether a Rollout is in this phase, and its status tells of its newest spec.
pub(crate) fn is_in(rollout: &Value, phase: &str) -> bool {
    let at = |path: &str| rollout.pointer(path).unwrap_or(&Value::Null);
    let generation = at("/metadata/generation").to_string();
    at("/status/observedGeneration") == generation.as_str() && at("/status/phase") == phase
}

/// Runs a future on one thread, with the clock paused: time passes only when nothing else can.
///
/// # Errors
/// When there is no runtime to be had.
pub fn on_virtual_time<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(future)
}

/// A Rollout of an app with this strategy whose pods are those of a small web service: what people run.
#[must_use]
pub fn rollout(name: &str, app: &str, replicas: i64, strategy: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name, "team": "shop"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": app}},
            "template": {
                "metadata": {"labels": {"app": app, "team": "shop"}},
                "spec": {"containers": [{
                    "name": "main", "image": "registry.example.com/shop/web:v1",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "REGION", "value": "eu-central"}],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                }]},
            },
            "strategy": strategy,
        },
    })
}

/// A Service that selects the pods of an app.
#[must_use]
pub fn service(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}
