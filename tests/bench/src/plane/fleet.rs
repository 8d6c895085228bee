//! Many Rollouts of one kind on a control plane.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cluster::{Asked, Audit, Cluster};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
use serde_json::{Value, json};

use super::Size;
use crate::world::{is_in, rollout, service};

/// Asked of the API server at the same time.
const AT_ONCE: usize = 16;
/// Longest wait until all are healthy.
const PATIENCE: Duration = Duration::from_secs(1200);
/// A Rollout's name has so many letters, and those of its ReplicaSets begin with it.
const NAME: usize = "web-0000".len();

/// Seconds of the one pause of a canary.
pub(super) const PAUSE: u64 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    Canary,
    BlueGreen,
}

/// A cluster with them.
pub(super) struct Fleet {
    pub(super) cluster: Cluster,
    pub(super) names: Vec<String>,
    pub(super) strategy: Strategy,
}

impl Fleet {
    /// A new cluster with so many, all healthy.
    pub(super) fn made(size: Size, strategy: Strategy) -> Result<Self> {
        let names = (0..size.rollouts).map(|number| format!("web-{number:04}"));
        let fleet = Self {
            cluster: Cluster::start()?,
            names: names.collect(),
            strategy,
        };
        for name in &fleet.names {
            debug_assert_eq!(name.len(), NAME);
        }
        fleet.for_all(|name| fleet.create(name, size.pods))?;
        fleet.until_all_healthy()?;
        Ok(fleet)
    }

    async fn create(&self, name: &str, pods: i64) -> Result<()> {
        let mut objects = Vec::new();
        let strategy = match self.strategy {
            Strategy::Canary => {
                let pause = format!("{PAUSE}s");
                json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": pause}}]}})
            }
            Strategy::BlueGreen => {
                let [active, preview] = ["active", "preview"].map(|it| format!("{name}-{it}"));
                objects.extend([&active, &preview].map(|it| ("v1", service(it, name))));
                json!({"blueGreen": {"activeService": active, "previewService": preview}})
            }
        };
        objects.push(("argoproj.io/v1alpha1", rollout(name, name, pods, strategy)));
        for (version, object) in objects {
            let object: DynamicObject = serde_json::from_value(object)?;
            let kind = object.types.as_ref().context("no kind")?.kind.clone();
            let api = self.api(version, &kind);
            api.create(&PostParams::default(), &object).await?;
        }
        Ok(())
    }

    /// Gives a Rollout another image.
    pub(super) async fn set_image(&self, name: &str, image: &str) -> Result<()> {
        let image = format!("registry.example.com/shop/web:{image}");
        let path = "/spec/template/spec/containers/0/image";
        let patch = json!([{"op": "replace", "path": path, "value": image}]);
        let patch: Patch<()> = Patch::Json(serde_json::from_value(patch)?);
        let api = self.api("argoproj.io/v1alpha1", "Rollout");
        api.patch(name, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// As [`Self::set_image`], of one, here and now.
    pub(super) fn update(&self, name: &str, image: &str) -> Result<()> {
        self.cluster.runtime().block_on(self.set_image(name, image))
    }

    /// Does something for all of them, some at the same time.
    pub(super) fn for_all<'a, F>(&'a self, deed: impl Fn(&'a str) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let deeds = stream::iter(&self.names).map(|name| deed(name));
        let all = deeds.buffer_unordered(AT_ONCE).try_collect::<()>();
        self.cluster.runtime().block_on(all)
    }

    /// Waits until all are healthy with their newest template.
    pub(super) fn until_all_healthy(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let api = self.api("argoproj.io/v1alpha1", "Rollout");
        loop {
            let list = async { api.list(&ListParams::default()).await };
            let all = self.cluster.runtime().block_on(list)?.items;
            let all: Vec<Value> = all
                .iter()
                .map(serde_json::to_value)
                .collect::<Result<_, _>>()?;
            let healthy = all.iter().filter(|it| is_in(it, "Healthy")).count();
            if healthy == self.names.len() {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("{healthy} of {} are healthy", self.names.len());
            }
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    /// Objects of a kind in the namespace of the fleet.
    pub(super) fn api(&self, version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.cluster.client().clone(), "default", &resource)
    }

    /// What the API server was asked so far.
    pub(super) fn audit(&self) -> Result<Audit> {
        let audit = self.cluster.audit()?;
        audit.context("a cluster that was given has no audit log to read")
    }
}

/// The name of the Rollout that a request of the controller is about, of those for Rollouts and
/// ReplicaSets.
pub(super) fn concerned(asked: &Asked) -> Option<&str> {
    let resource = asked.access.resource.split('/').next()?;
    let is_meant = ["rollouts", "replicasets"].contains(&resource);
    asked.name.get(..NAME).filter(|_| is_meant)
}
