//! Plays a storm from the first deed to the quiet after it, and judges it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use sim::{ApiError, Denial, GroupResource, Intercept, Phase, RequestInfo};
use tokio::time::Instant;

use super::deed::{Actor, Deed, SERVICES};
use super::draw::{Dice, Storm};
use super::ghost;
use super::manifests::{ACTIVE, rollout, service};
use crate::history::{self, Commit, History};
use crate::invariants;
use crate::reading::{
    blue_green, hash, is_true, label, name, number, phase_and_message, replica_sets, replicas,
    selected_hash, text,
};
use crate::scenario::disturbance::Disturbance;
use crate::scenario::lab::{Lab, on_virtual_time, options};
use crate::scenario::parse::Act;
use crate::sight;

/// More changes than any storm of this length has a reason for.
const MOST: usize = 50_000;
/// More requests of the controller, likewise.
const MOST_REQUESTS: usize = 200_000;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its id in `safety.md`, or `ghost`, or `hold`.
    pub id: String,
    /// What was seen.
    pub what: String,
}

/// What came of a storm.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The first promise that was broken, if any.
    pub broken: Option<Broken>,
    /// What the store went through; all of it was judged.
    pub history: History,
}

/// Plays it.
///
/// # Errors
/// When the cluster itself cannot be set up.
pub fn play(storm: &Storm) -> Result<Outcome> {
    on_virtual_time(async {
        let mut run = Run::begin(storm).await?;
        run.deeds().await;
        let late = run.calm().await;
        let history = run.lab.history();
        let broken = run.first_broken(&history).or(late);
        Ok(Outcome { broken, history })
    })?
}

/// What is wrong with the controller's way to the API server.
struct Weather {
    dice: Dice,
    errors: usize,
    outage_until: Option<Instant>,
    requests: usize,
}

impl Weather {
    fn on(&mut self, request: &RequestInfo) -> Option<Intercept> {
        if request.writer != "rollouts-controller" {
            return None;
        }
        self.requests += 1;
        if self.requests > MOST_REQUESTS {
            // Where they take no time, none would pass.
            return Some(Intercept::Delay(Duration::from_secs(1)));
        }
        if self
            .outage_until
            .is_some_and(|until| Instant::now() < until)
        {
            return Some(Intercept::Reset);
        }
        if self.errors == 0 || !request.is_write() || self.dice.roll(2_000) >= self.errors {
            return None;
        }
        if request.phase != Phase::Before {
            return Some(Intercept::Reset);
        }
        Some(match self.dice.roll(4) {
            0 => Intercept::Answer(ApiError::too_many_requests(1)),
            1 => Intercept::Answer(ApiError::internal("etcdserver: leader changed")),
            2 => Intercept::Delay(Duration::from_secs(25)),
            _ => Intercept::Reset,
        })
    }
}

struct Run<'a> {
    storm: &'a Storm,
    lab: Lab,
    weather: Arc<Mutex<Weather>>,
}

impl<'a> Run<'a> {
    async fn begin(storm: &'a Storm) -> Result<Self> {
        let mode = if storm.dies_often {
            Disturbance::CrashAfterEveryWrite
        } else {
            Disturbance::Steady
        };
        let mut made = options(mode)?;
        let [sets, endpoints, garbage] = storm.lags;
        made.seed = storm.seed;
        made.nodes = storm.nodes;
        made.actors.replicasets = Some(sets);
        made.actors.endpoints = Some(endpoints);
        made.actors.garbage = Some(garbage);
        let weather = Arc::new(Mutex::new(Weather {
            dice: Dice::new(storm.seed),
            errors: storm.errors,
            outage_until: None,
            requests: 0,
        }));
        sight::forget();
        let mut lab = Lab::in_cluster(made, mode, sight::noted_plan).await?;
        lab.calm_since = Duration::MAX;
        let hook = Arc::clone(&weather);
        lab.cluster().intercept(move |request| {
            let weather = lock(&hook).on(request);
            weather.or_else(|| crate::rights::hold(request))
        });
        let mut run = Self {
            storm,
            lab,
            weather,
        };
        run.apply().await;
        run.pass(Duration::from_secs(20)).await;
        Ok(run)
    }

    async fn pass(&mut self, time: Duration) {
        self.lab.watch(time, is_hot).await;
    }

    async fn deeds(&mut self) {
        for (_, gap, deed) in &self.storm.deeds {
            self.pass(*gap).await;
            if is_hot(&self.lab) {
                return;
            }
            // What is refused (nothing to undo, say) changes nothing.
            self.act(deed).await;
            self.lab.settle().await;
        }
    }

    async fn act(&mut self, deed: &Deed) {
        let user = self.lab.user.clone();
        let cluster = self.lab.cluster().clone();
        match deed {
            Deed::Act(act) => {
                let _ = user.act(act, &self.lab.world, "web").await;
            }
            Deed::Edit(resource, which, body) => {
                if let Some(path) = self.path(resource, *which) {
                    let _ = user.merge(&path, body).await;
                }
            }
            Deed::Delete(resource, which) => {
                if let Some(path) = self.path(resource, *which) {
                    let _ = user.delete(&path).await;
                }
            }
            Deed::Evict(which) => {
                if let Some(path) = self.path("pods", *which) {
                    let _ = user.post(&format!("{path}/eviction"), &json!({})).await;
                }
            }
            Deed::Apply => self.apply().await,
            Deed::Quota(limit) => cluster.limit_pods("default", *limit),
            Deed::Deny(resource) => cluster.deny(resource.map_or_else(Vec::new, denials)),
            Deed::Restart => self.lab.restart_controller(),
            Deed::Lag(resource, seconds) => {
                cluster.lag_watches(&group(resource), Duration::from_secs(*seconds));
            }
            Deed::EndWatches(forget) => {
                if *forget {
                    cluster.compact();
                }
                cluster.end_watches();
            }
            Deed::Outage(seconds) => {
                let until = Instant::now() + Duration::from_secs(*seconds);
                lock(&self.weather).outage_until = Some(until);
                cluster.end_watches();
            }
        }
    }

    /// The path of the n-th object of a resource, counted round.
    fn path(&self, resource: &str, which: usize) -> Option<String> {
        let all: Vec<&Value> = self.lab.world.list(resource).collect();
        let object = all.get(which.checked_rem(all.len())?)?;
        let collection = match resource {
            "nodes" => "/api/v1/nodes",
            "replicasets" => "/apis/apps/v1/namespaces/default/replicasets",
            "services" => "/api/v1/namespaces/default/services",
            _ => "/api/v1/namespaces/default/pods",
        };
        Some(format!("{collection}/{}", name(object)))
    }

    async fn apply(&self) {
        let rollout = rollout(&self.storm.strategy, self.storm.abort_at_deadline);
        for object in SERVICES.map(service).iter().chain([&rollout]) {
            // A rule of the cluster may refuse it.
            let _ = self.lab.user.apply(object).await;
        }
    }

    /// Everything heals and a good image is promoted: it must arrive, and then be quiet. Says what
    /// did not come about.
    async fn calm(&mut self) -> Option<Broken> {
        self.heal().await;
        self.lab.calm_since = self.lab.now();
        let mut spec = rollout(&self.storm.strategy, self.storm.abort_at_deadline)["spec"].take();
        spec["template"]["spec"]["containers"][0]["image"] = json!("shop:v9");
        let _ = self.lab.user.replace_spec("web", &spec).await;
        let mut arrived = false;
        // A ReplicaSet controller that was refused often tries again after a quarter of an hour.
        for _ in 0..60 {
            let user = self.lab.user.clone();
            let _ = user.act(&Act::PromoteFull, &self.lab.world, "web").await;
            let seen = self.lab.world.get("rollouts", "default", "web");
            if seen.is_some_and(|it| is_true(it, "/status/abort")) {
                let _ = user.act(&Act::Retry, &self.lab.world, "web").await;
            }
            let is_over = |lab: &Lab| has_arrived(lab) || is_hot(lab);
            arrived = self.lab.watch(Duration::from_secs(60), is_over).await;
            if is_hot(&self.lab) {
                let what = format!("{MOST} changes, and no end");
                return broken("L7", what);
            }
            if arrived {
                break;
            }
        }
        let seen = self.lab.world.get("rollouts", "default", "web");
        if !arrived {
            let status = seen.map(|it| it["status"].to_string());
            return broken(
                "L1",
                format!("never Healthy: {}", status.unwrap_or_default()),
            );
        }
        self.pass(Duration::from_secs(900)).await;
        if let Some(what) = unfinished(&self.lab) {
            return broken("L1", what);
        }
        let writes = |lab: &Lab| lab.requests.writes_of(history::Actor::Controller);
        let before = writes(&self.lab);
        self.pass(Duration::from_secs(1200)).await;
        let more = writes(&self.lab) - before;
        if more > 0 {
            return broken("L7", format!("{more} writes at rest"));
        }
        None
    }

    async fn heal(&mut self) {
        let cluster = self.lab.cluster().clone();
        {
            let mut weather = lock(&self.weather);
            weather.errors = 0;
            weather.outage_until = None;
        }
        cluster.limit_pods("default", None);
        cluster.deny(Vec::new());
        for resource in ["replicasets", "rollouts", "services"] {
            cluster.lag_watches(&group(resource), Duration::ZERO);
        }
        for which in 0..self.storm.nodes {
            let up = json!({"metadata": {"annotations": {sim::pods::DOWN: null}}});
            self.act(&Deed::Edit("nodes", which, up)).await;
        }
        for which in 0..self.lab.world.list("pods").count() {
            let good = json!({"metadata": {"annotations": {sim::pods::BEHAVIOR: "ready"}}});
            self.act(&Deed::Edit("pods", which, good)).await;
        }
        // What is being deleted goes, and then comes again from git.
        self.pass(Duration::from_secs(120)).await;
        self.apply().await;
        self.pass(Duration::from_secs(2)).await;
    }

    fn first_broken(&self, history: &History) -> Option<Broken> {
        if lock(&self.weather).requests > MOST_REQUESTS {
            return broken("L7", format!("{MOST_REQUESTS} requests, and no end"));
        }
        if let Some(hold) = history.commits.iter().find_map(held) {
            return Some(hold);
        }
        // Who forges what the controller remembers by (labels, owners, status) can be told no
        // promise about the past; arrival, quiet and the kernel are owed all the same.
        if !self.storm.actors.contains(&Actor::Monkey)
            && let Some(first) = invariants::check(history).first()
        {
            return broken(first.id, first.to_string());
        }
        let failure = ghost::first_failure(&history.commits, self.storm.path_lag);
        let (at, why) = failure.filter(|_| self.storm.gentle)?;
        broken("ghost", format!("at {at:?}: {why}"))
    }
}

fn lock(weather: &Mutex<Weather>) -> std::sync::MutexGuard<'_, Weather> {
    weather.lock().unwrap_or_else(PoisonError::into_inner)
}

fn broken(id: &str, what: String) -> Option<Broken> {
    Some(Broken {
        id: id.to_owned(),
        what,
    })
}

fn group(resource: &str) -> GroupResource {
    let group = match resource {
        "replicasets" => "apps",
        "rollouts" => "argoproj.io",
        _ => "",
    };
    GroupResource::new(group, resource)
}

fn denials(resource: &'static str) -> Vec<Denial> {
    // Pods are refused at birth only, so that what runs can be tended.
    let verb = if resource == "pods" { "create" } else { "" };
    vec![Denial {
        resource: group(resource),
        verb: verb.to_owned(),
        why: "drawn by the storm".to_owned(),
    }]
}

/// A plan that the kernel held.
fn held(commit: &Commit) -> Option<Broken> {
    let reason = |rollout: &Value| text(rollout, "/status/waitingOn/reason") == "SafetyHold";
    let after = commit.after.as_deref().filter(|it| reason(it))?;
    if commit.resource() != "rollouts" || commit.before.as_deref().is_some_and(reason) {
        return None;
    }
    broken(
        "hold",
        format!("at {:?}: {}", commit.at, after["status"]["waitingOn"]),
    )
}

/// Whether something goes round without an end.
const fn is_hot(lab: &Lab) -> bool {
    lab.commits.len() > MOST
}

fn has_arrived(lab: &Lab) -> bool {
    let rollout = lab.world.get("rollouts", "default", "web");
    rollout.is_some_and(|it| {
        let image = text(it, "/spec/template/spec/containers/0/image");
        phase_and_message(it).0 == "Healthy"
            && image == "shop:v9"
            && text(it, "/status/stableRS") == text(it, "/status/currentPodHash")
    })
}

/// What a Rollout at rest still lacks.
fn unfinished(lab: &Lab) -> Option<String> {
    if !has_arrived(lab) {
        return Some("no longer Healthy".to_owned());
    }
    let rollout = lab.world.get("rollouts", "default", "web")?;
    let stable = text(rollout, "/status/stableRS");
    let wanted = replicas(rollout);
    for set in replica_sets(&lab.world, rollout) {
        if label(set) != hash(set) {
            return Some(format!("{} has the label {:?}", name(set), label(set)));
        }
        let expected = if hash(set) == stable { wanted } else { 0 };
        let there = (replicas(set), number(set, "/status/availableReplicas"));
        if there != (expected, expected) {
            return Some(format!("{} has {there:?} pods, not {expected}", name(set)));
        }
    }
    let active = lab.world.get("services", "default", ACTIVE)?;
    (blue_green(rollout).is_some() && selected_hash(active) != stable)
        .then(|| format!("{ACTIVE} selects {:?}, not {stable}", selected_hash(active)))
}
