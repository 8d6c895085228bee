//! One Rollout with all that belongs to it, and an API server that has nothing but copies of it.
//!
//! The objects are made once in the embedded cluster, which is gone when a measurement begins: what
//! the server holds is their text.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use tower::util::BoxCloneService;

use crate::world::{World, rollout};

/// What a client talks to.
type Api = BoxCloneService<Request<Body>, Response<Body>, tower::BoxError>;

/// Old ReplicaSets of each Rollout: as many as are kept when nobody says otherwise.
pub(crate) const OLD: usize = 10;

/// One Rollout with its ReplicaSets and pods, as they are stored.
pub(crate) struct Family {
    pub(crate) rollout: String,
    current: Vec<String>,
    old: Vec<String>,
    pods: Vec<String>,
    uids: Vec<String>,
}

impl Family {
    /// A Rollout that was updated ten times.
    ///
    /// # Errors
    /// When it does not become healthy.
    pub(crate) async fn made() -> Result<Self> {
        let world = World::new(planner::plan)?;
        let strategy = json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": "1m"}}, {"setWeight": 60}, {"pause": {"duration": "1m"}}]}});
        // The pods are not labelled with the name: the copies of the Rollout have other names, and
        // the same template.
        world
            .create(rollout("web-0000", "shop-web", 2, strategy))
            .await?;
        world.until_all("Healthy").await?;
        for version in 2..=OLD + 1 {
            let image = format!("registry.example.com/shop/web:v{version}");
            world.set_image("web-0000", &image).await?;
            world.until_all("Healthy").await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let rollouts = world.all("argoproj.io", "rollouts");
        let sets = world.all("apps", "replicasets");
        let pods = world.all("", "pods");
        let uid = |object: &Arc<Value>| {
            let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
            uid.unwrap_or_default().to_owned()
        };
        let is_old = |set: &&Arc<Value>| set.pointer("/spec/replicas") == Some(&json!(0));
        let text = |set: &Arc<Value>| set.to_string();
        let family = Self {
            rollout: rollouts.first().map(text).context("no Rollout")?,
            current: sets.iter().filter(|it| !is_old(it)).map(text).collect(),
            old: sets.iter().filter(is_old).map(text).collect(),
            pods: pods.iter().map(text).collect(),
            uids: rollouts.iter().chain(&sets).chain(&pods).map(uid).collect(),
        };
        let count = family.old.len();
        ensure!(count == OLD, "{count} old ReplicaSets");
        Ok(family)
    }

    /// Text of one of its objects in the copy of this number.
    fn copy(&self, object: &str, number: usize) -> String {
        let mut text = object.replace("web-0000", &format!("web-{number:04}"));
        for uid in &self.uids {
            let kept = uid.get(..uid.len().saturating_sub(6)).unwrap_or_default();
            text = text.replace(uid, &format!("{kept}{number:06x}"));
        }
        text
    }

    /// The answer to a request: lists, and nothing that ever changes.
    fn answer(&self, path: &str, rollouts: usize, with_old: bool) -> String {
        let (kind, version, objects): (_, _, Vec<&String>) = match path.rsplit('/').next() {
            Some("rollouts") => ("RolloutList", "argoproj.io/v1alpha1", vec![&self.rollout]),
            // As for the pods: a page asks for those with its labels.
            Some("replicasets") if path.contains("/namespaces/") => {
                let all = self.current.iter().chain(&self.old);
                let all: Vec<&str> = all.map(String::as_str).collect();
                return list("ReplicaSetList", "apps/v1", &all.join(","));
            }
            Some("replicasets") => {
                let old = self.old.iter().filter(|_| with_old);
                (
                    "ReplicaSetList",
                    "apps/v1",
                    self.current.iter().chain(old).collect(),
                )
            }
            // Those of the first copy, whoever asks.
            Some("pods") => return list("PodList", "v1", &self.pods.join(",")),
            _ => ("ServiceList", "v1", Vec::new()),
        };
        let copies = (0..rollouts).flat_map(|number| objects.iter().map(move |it| (number, *it)));
        let items: Vec<String> = copies.map(|(number, it)| self.copy(it, number)).collect();
        list(kind, version, &items.join(","))
    }

    /// An API server over so many copies, in which nothing ever changes.
    pub(crate) fn service(self: &Arc<Self>, rollouts: usize, with_old: bool) -> Api {
        let family = self.clone();
        BoxCloneService::new(tower::service_fn(move |request: Request<Body>| {
            let family = family.clone();
            async move {
                let query = request.uri().query().unwrap_or_default();
                let body = match *request.method() {
                    // A watch over objects that never change has nothing to say.
                    Method::GET if query.contains("watch=true") => std::future::pending().await,
                    Method::GET => family
                        .answer(request.uri().path(), rollouts, with_old)
                        .into_bytes(),
                    // An Event: as good as written.
                    _ => request.into_body().collect_bytes().await?.to_vec(),
                };
                Response::builder()
                    .header("content-type", "application/json")
                    .header("date", "Fri, 02 Jan 2026 00:00:00 GMT")
                    .body(Body::from(body))
                    .map_err(tower::BoxError::from)
            }
        }))
    }
}

fn list(kind: &str, version: &str, items: &str) -> String {
    let metadata = r#"{"resourceVersion":"1000000"}"#;
    format!(
        r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{metadata},"items":[{items}]}}"#
    )
}
