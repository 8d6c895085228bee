//! The shipped controller over the embedded cluster, on virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use controller::{Config, Controller, Gauge};
use futures::StreamExt as _;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use sim::{Cluster, Intercept, Options, Phase, RequestInfo};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A cluster with our CRDs, and maybe controllers in it.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) client: Client,
    /// Every request of a controller: `+12.345s patch rollouts/status shop/web {…}`.
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// Asked about each request of a controller, before and after it.
    fault: Arc<Mutex<Option<Fault>>>,
    _actors: sim::ActorsHandle,
}

/// What is wrong with a request, if anything.
pub(crate) type Fault = Box<dyn FnMut(&RequestInfo) -> Option<Intercept> + Send>;

/// A running controller; stopped when dropped.
pub(crate) struct Running {
    pub(crate) task: JoinHandle<controller::End>,
    pub(crate) gauge: Gauge,
    pub(crate) shutdown: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_crds(crds::manifests::definitions())
    }

    pub(crate) fn with_crds(crds: Vec<Value>) -> Self {
        let cluster = Cluster::new(Options::default());
        for crd in crds {
            cluster.install_crd(crd).unwrap();
        }
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let fault: Arc<Mutex<Option<Fault>>> = Arc::default();
        let faults = fault.clone();
        let lines = log.clone();
        let start = tokio::time::Instant::now();
        cluster.intercept(move |request| {
            if request.phase == Phase::Before && request.writer == "rollouts-controller" {
                let resource = request.resource.as_ref().map(|it| it.resource.clone());
                lines.lock().unwrap().push(format!(
                    "+{:.3}s {} {}/{} {}/{} {}",
                    start.elapsed().as_secs_f64(),
                    request.verb,
                    resource.unwrap_or_default(),
                    request.subresource,
                    request.namespace,
                    request.name,
                    String::from_utf8_lossy(&request.body),
                ));
            }
            let mut fault = faults.lock().unwrap();
            let is_ours = request.writer == "rollouts-controller";
            let fault = fault.as_mut().filter(|_| is_ours);
            fault
                .and_then(|fault| fault(request))
                .or_else(|| tests::rights::hold(request))
        });
        let client = Client::new(cluster.service(), "default");
        let actors = cluster.start();
        Self {
            cluster,
            client,
            log,
            fault,
            _actors: actors,
        }
    }

    /// From now on requests of controllers may fail.
    pub(crate) fn fail(
        &self,
        fault: impl FnMut(&RequestInfo) -> Option<Intercept> + Send + 'static,
    ) {
        *self.fault.lock().unwrap() = Some(Box::new(fault));
    }

    /// From now on no request fails.
    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }

    pub(crate) fn run(&self) -> Running {
        self.run_with(Config::default())
    }

    pub(crate) fn run_with(&self, config: Config) -> Running {
        let shutdown = config.shutdown.clone();
        let controller = Controller::new(self.client.clone(), config);
        let gauge = controller.gauge();
        let task = tokio::spawn(async move { controller.run().await.unwrap() });
        Running {
            task,
            gauge,
            shutdown,
        }
    }

    /// A controller whose watch of ReplicaSets shows everything this much later.
    pub(crate) fn run_behind(&self, lag: Duration) -> Running {
        let api = self.cluster.service();
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let api = api.clone();
            let query = request.uri().query().unwrap_or_default();
            let is_slow =
                request.uri().path().ends_with("/replicasets") && query.contains("watch=true");
            async move {
                let answer = tower::ServiceExt::oneshot(api, request).await?;
                let (parts, body) = answer.into_parts();
                let frames = http_body_util::BodyStream::new(body).then(move |frame| async move {
                    if is_slow {
                        tokio::time::sleep(lag).await;
                    }
                    frame
                });
                let body = http_body_util::StreamBody::new(frames);
                Ok::<_, std::io::Error>(http::Response::from_parts(parts, body))
            }
        });
        let controller = Controller::new(Client::new(service, "default"), Config::default());
        let gauge = controller.gauge();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(async move { controller.run().await.unwrap() });
        Running {
            task,
            gauge,
            shutdown,
        }
    }

    fn api(&self, kind: &str) -> Api<DynamicObject> {
        let (group, version) = match kind {
            "Rollout" => ("argoproj.io", "v1alpha1"),
            "ReplicaSet" => ("apps", "v1"),
            "Lease" => ("coordination.k8s.io", "v1"),
            _ => ("", "v1"),
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client.clone(), "default", &resource)
    }

    pub(crate) async fn create(&self, object: Value) {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        self.api(&kind)
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
    }

    pub(crate) async fn patch(&self, kind: &str, name: &str, patch: Value) {
        self.api(kind)
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
    }

    pub(crate) async fn patch_status(&self, name: &str, patch: Value) {
        let patch = Patch::Merge(json!({"status": patch}));
        self.api("Rollout")
            .patch_status(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    pub(crate) async fn set_image(&self, rollout: &str, image: &str) {
        let containers = json!([{"name": "main", "image": image}]);
        let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        self.patch("Rollout", rollout, patch).await;
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        let params = kube::api::DeleteParams::default();
        self.api(kind).delete(name, &params).await.unwrap();
    }

    pub(crate) async fn get(&self, kind: &str, name: &str) -> Value {
        let object = self.api(kind).get(name).await.unwrap();
        serde_json::to_value(object).unwrap()
    }

    pub(crate) async fn list(&self, kind: &str) -> Vec<Value> {
        let list = self.api(kind).list(&ListParams::default()).await.unwrap();
        let items = list.items.into_iter();
        items.map(|it| serde_json::to_value(it).unwrap()).collect()
    }

    pub(crate) async fn phase(&self, rollout: &str) -> String {
        let rollout = self.get("Rollout", rollout).await;
        // A status of an older generation says nothing about this one.
        let generation = rollout["metadata"]["generation"].to_string();
        if rollout["status"]["observedGeneration"].as_str() != Some(&generation) {
            return "Unobserved".to_owned();
        }
        let phase = &rollout["status"]["phase"];
        phase.as_str().unwrap_or_default().to_owned()
    }

    /// Lets time pass until the phase is this one; ten virtual minutes at most.
    pub(crate) async fn until(&self, rollout: &str, phase: &str) {
        for _ in 0..6_000 {
            if self.phase(rollout).await == phase {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let rollout = self.get("Rollout", rollout).await;
        panic!("never {phase}: {:#}\n{}", rollout["status"], self.log());
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// `image=pods` of every ReplicaSet that has pods, sorted.
    pub(crate) async fn pods(&self) -> Vec<String> {
        let mut sets: Vec<String> = Vec::new();
        for set in self.list("ReplicaSet").await {
            let image = &set["spec"]["template"]["spec"]["containers"][0]["image"];
            let pods = set["spec"]["replicas"].as_i64().unwrap();
            if pods > 0 {
                sets.push(format!("{}={pods}", image.as_str().unwrap()));
            }
        }
        sets.sort();
        sets
    }

    /// Reasons of the Events about a Rollout, in the order in which they were made.
    pub(crate) async fn events(&self, rollout: &str) -> Vec<String> {
        let mut events: Vec<Value> = self.list("Event").await;
        events.retain(|event| {
            event["involvedObject"]["kind"] == "Rollout"
                && event["involvedObject"]["name"] == rollout
        });
        let version = |event: &Value| event["metadata"]["name"].as_str().unwrap().to_owned();
        events.sort_by_key(version);
        let reason = |event: &Value| event["reason"].as_str().unwrap().to_owned();
        events.iter().map(reason).collect()
    }
}

/// A Rollout with this strategy, image `app:v1`.
pub(crate) fn rollout(name: &str, replicas: i64, strategy: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
            },
            "strategy": strategy,
        },
    })
}

pub(crate) fn service(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80}]},
    })
}

/// A canary with a pause that ends by itself.
pub(crate) fn canary() -> Value {
    json!({"canary": {"steps": [{"setWeight": 25}, {"pause": {"duration": "30s"}}, {"setWeight": 50}]}})
}
