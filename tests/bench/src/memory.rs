//! Bytes that a controller holds for each object, at rest.
//!
//! The objects are made once in the embedded cluster, which is gone when the measurement begins.
//! Then a controller lists copies of them from a server that keeps nothing but their text; what
//! the heap has grown by when the controller is at rest is what it holds.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use controller::{Config, Controller};
use crds::Rollout;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use stats_alloc::INSTRUMENTED_SYSTEM;
use tokio_util::sync::CancellationToken;

use crate::report::Table;
use crate::world::{World, on_virtual_time, rollout};

/// Old ReplicaSets of each Rollout: as many as are kept when nobody says otherwise.
const OLD: usize = 10;

/// One Rollout and its ReplicaSets, as they are stored.
struct Family {
    rollout: String,
    current: Vec<String>,
    old: Vec<String>,
    uids: Vec<String>,
}

/// Bytes by what holds them, for so many Rollouts with ten old ReplicaSets each.
///
/// The budgets are those of the design: 3 KB a Rollout, 1.5 KB an old ReplicaSet.
///
/// # Errors
/// When a controller does not come to rest.
pub fn table(rollouts: usize) -> Result<Table> {
    let family = Arc::new(on_virtual_time(family())?);
    ensure!(
        family.old.len() == OLD,
        "{} old ReplicaSets",
        family.old.len()
    );
    let nothing = held(&family, 0, false)?;
    let without = held(&family, rollouts, false)?;
    let with = held(&family, rollouts, true)?;
    let count = u64::try_from(rollouts)?.max(1);
    let set = with.saturating_sub(without) / (count * u64::try_from(OLD)?);
    let both = without.saturating_sub(nothing) / count;
    let mut table = Table::new(
        &format!("Bytes held by the controller at rest ({rollouts} Rollouts)"),
        &["object", "bytes", "budget"],
    );
    table.row(
        "a Rollout",
        [Some(both.saturating_sub(set)), Some(3 * 1024)],
    );
    table.row("an old ReplicaSet", [Some(set), Some(1536)]);
    let rollout: Rollout = serde_json::from_str(&family.rollout)?;
    let template = weight(&rollout.spec.template.text().to_owned());
    // The template is shared: a copy of the Rollout only points to it.
    let fields = template + weight(&rollout);
    table.row("of a Rollout, its own fields", [Some(fields), None]);
    table.row("of these, its pod template", [Some(template), None]);
    table.row(
        "of these, its status",
        [Some(weight(&rollout.status)), None],
    );
    table.row("the controller itself", [Some(nothing), None]);
    let json = u64::try_from(family.rollout.len())?;
    table.row("a Rollout as JSON", [Some(json), None]);
    Ok(table)
}

/// A Rollout that was updated ten times.
async fn family() -> Result<Family> {
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
    let uid = |object: &Arc<Value>| {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
        uid.unwrap_or_default().to_owned()
    };
    let is_old = |set: &&Arc<Value>| set.pointer("/spec/replicas") == Some(&json!(0));
    let text = |set: &Arc<Value>| set.to_string();
    Ok(Family {
        rollout: rollouts.first().map(text).context("no Rollout")?,
        current: sets.iter().filter(|it| !is_old(it)).map(text).collect(),
        old: sets.iter().filter(is_old).map(text).collect(),
        uids: rollouts.iter().chain(&sets).map(uid).collect(),
    })
}

impl Family {
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
            Some("replicasets") => {
                let old = self.old.iter().filter(|_| with_old);
                (
                    "ReplicaSetList",
                    "apps/v1",
                    self.current.iter().chain(old).collect(),
                )
            }
            _ => ("ServiceList", "v1", Vec::new()),
        };
        let copies = (0..rollouts).flat_map(|number| objects.iter().map(move |it| (number, *it)));
        let items: Vec<String> = copies.map(|(number, it)| self.copy(it, number)).collect();
        let items = items.join(",");
        format!(
            r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{"resourceVersion":"1000000"}},"items":[{items}]}}"#
        )
    }
}

/// Bytes that a controller holds when it is at rest over so many copies.
fn held(family: &Arc<Family>, rollouts: usize, with_old: bool) -> Result<u64> {
    on_virtual_time(async {
        let before = live();
        let family = family.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let family = family.clone();
            async move {
                let is_watch = request
                    .uri()
                    .query()
                    .is_some_and(|it| it.contains("watch=true"));
                let body = match *request.method() {
                    // A watch over objects that never change has nothing to say.
                    Method::GET if is_watch => std::future::pending().await,
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
        });
        let service = tower::util::BoxCloneService::new(service);
        let stop = CancellationToken::new();
        let config = Config {
            shutdown: stop.clone(),
            ..Config::default()
        };
        let controller = Controller::new(Client::new(service, "default"), config);
        let gauge = controller.gauge();
        let running = tokio::spawn(controller.run());
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after = live();
        let counters = gauge.counters();
        ensure!(
            counters.plans >= u64::try_from(rollouts)?,
            "not every Rollout was planned"
        );
        ensure!(counters.writes() == 0, "not at rest: {counters:?}");
        stop.cancel();
        running.abort();
        Ok(after.saturating_sub(before))
    })
}

/// Bytes of the heap that a copy of a value takes.
fn weight<T: Clone>(value: &T) -> u64 {
    let before = live();
    let copy = value.clone();
    let after = live();
    drop(copy);
    after.saturating_sub(before)
}

/// Bytes of the heap in use.
fn live() -> u64 {
    let stats = INSTRUMENTED_SYSTEM.stats();
    let live = stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated);
    u64::try_from(live).unwrap_or(u64::MAX)
}
