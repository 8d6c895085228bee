//! A cluster in memory, the shipped controller over it, and a person with a client, all on one
//! thread and on virtual time.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use controller::config::{ClockMode, PlanFn, WallClock};
use futures::StreamExt;
use kube::Client;
use serde_json::Value;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;

use super::disturbance::Disturbance;
use super::fault::Faults;
use super::user::User;
use super::wire::{Process, Trouble, Wire};
use crate::history::{Actor, Commit, History, Requests, World, sent_event};

/// Seconds since 1970 at which every scenario begins: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600;

/// User agent of the person.
const PERSON: &str = "scenario-user";

/// Cluster, controller and person.
pub struct Lab {
    /// The person.
    pub user: User,
    /// All objects now.
    pub world: World,
    /// Every change so far.
    pub commits: Vec<Commit>,
    /// Every mutating request so far.
    pub requests: Requests,
    /// Virtual time from which no faults are injected; a run without faults is calm from the start.
    pub calm_since: Duration,
    cluster: sim::Cluster,
    _actors: sim::ActorsHandle,
    stream: sim::CommitStream,
    started: Instant,
    controllers: Vec<JoinHandle<()>>,
    /// How many processes of the controller there were.
    births: Arc<AtomicU32>,
    disturbance: Disturbance,
    faults: Faults,
    plan: PlanFn,
}

impl Lab {
    /// A new cluster with the CRD of Rollouts installed and the controller running.
    ///
    /// # Errors
    /// When the cluster refuses the CRD.
    pub async fn new(disturbance: Disturbance) -> Result<Self> {
        Self::with_plan(disturbance, planner::plan).await
    }

    /// As [`Lab::new`], but the controller decides by `plan`.
    ///
    /// # Errors
    /// When the cluster refuses the CRD.
    pub async fn with_plan(disturbance: Disturbance, plan: PlanFn) -> Result<Self> {
        Self::in_cluster(options(disturbance)?, disturbance, plan).await
    }

    /// As [`Lab::with_plan`], in a cluster made to these options.
    ///
    /// # Errors
    /// When the cluster refuses the CRD.
    pub async fn in_cluster(
        options: sim::Options,
        disturbance: Disturbance,
        plan: PlanFn,
    ) -> Result<Self> {
        let cluster = sim::Cluster::new(options);
        let stream = cluster.commits();
        let actors = cluster.start();
        let requests = Requests::default();
        let user = Wire {
            inner: cluster.service(),
            actor: Actor::User,
            agent: PERSON,
            requests: requests.clone(),
            process: Process::new(0),
            trouble: None,
        };
        cluster
            .install_crd(rollout_crd()?)
            .map_err(|error| anyhow!("the CRD is refused: {error:?}"))?;
        cluster.intercept(crate::rights::hold);
        let faults = Faults::new(disturbance, &cluster);
        let mut lab = Self {
            user: User::new(Client::new(user, "default")),
            world: World::default(),
            commits: Vec::new(),
            requests,
            calm_since: Duration::ZERO,
            cluster,
            _actors: actors,
            stream,
            started: Instant::now(),
            controllers: Vec::new(),
            births: Arc::default(),
            disturbance,
            faults,
            plan,
        };
        lab.start_controllers();
        Ok(lab)
    }

    /// The cluster itself.
    #[must_use]
    pub fn cluster(&self) -> &sim::Cluster {
        &self.cluster
    }

    /// Virtual time since the beginning.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The faults of this run.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// All controllers die, and others start.
    pub fn restart_controller(&mut self) {
        self.stop_controllers();
        self.start_controllers();
    }

    /// All controllers die.
    pub fn stop_controllers(&mut self) {
        for controller in self.controllers.drain(..) {
            controller.abort();
        }
    }

    /// Another controller starts, or as many as there were.
    pub fn start_controllers(&mut self) {
        let count = match self.disturbance {
            Disturbance::Leaders(count, _) => count,
            _ => 1,
        };
        for leader in 0..count {
            let controller = tokio::spawn(self.one_after_the_other(leader));
            self.controllers.push(controller);
        }
    }

    /// A controller, and after each of its deaths the next one.
    fn one_after_the_other(&self, leader: usize) -> impl Future<Output = ()> + Send + use<> {
        let trouble = Trouble {
            faults: self.faults.clone(),
            leader,
            died: Arc::default(),
        };
        let died = trouble.died.clone();
        let births = self.births.clone();
        let mut wire = Wire {
            inner: self.cluster.service(),
            actor: Actor::Controller,
            agent: "rollouts-controller",
            requests: self.requests.clone(),
            process: Process::new(births.fetch_add(1, Ordering::Relaxed)),
            trouble: Some(trouble),
        };
        let (plan, faults, disturbance) = (self.plan, self.faults.clone(), self.disturbance);
        async move {
            loop {
                let config = config(plan, &faults, disturbance);
                let client = Client::new(wire.clone(), "default");
                let run = tokio::spawn(controller::run(client, config));
                // Whoever ends this task ends the process in the middle of whatever it does.
                let _ends_with_us = EndOfProcess(run.abort_handle(), wire.process.clone());
                tokio::select! {
                    biased;
                    () = died.notified() => {}
                    ended = run => {
                        eprintln!("the controller ended: {ended:?}");
                        return;
                    }
                }
                wire.process = Process::new(births.fetch_add(1, Ordering::Relaxed));
            }
        }
    }

    /// Takes in what has happened, until `done` says so or the time is over.
    ///
    /// `done` is asked at once and after every change. Returns whether it said so.
    pub async fn watch(&mut self, time: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + time;
        loop {
            if done(self) {
                return true;
            }
            match tokio::time::timeout_at(end, self.stream.next()).await {
                Ok(Some(commit)) => self.take_in(&commit),
                Ok(None) | Err(_) => return false,
            }
        }
    }

    /// Lets everything that needs no time happen.
    pub async fn settle(&mut self) {
        self.watch(Duration::from_millis(1), |_| false).await;
    }

    fn take_in(&mut self, commit: &sim::Commit) {
        let actor = match commit.writer.as_str() {
            PERSON => Actor::User,
            "rollouts-controller" => Actor::Controller,
            _ => Actor::Environment,
        };
        let commit = Commit {
            at: self.now(),
            revision: commit.revision,
            key: (
                commit.resource.resource.clone(),
                commit.namespace.clone(),
                commit.name.clone(),
            ),
            before: commit.before.clone(),
            after: commit.after.clone(),
            actor,
        };
        self.world.apply(&commit);
        self.commits.push(commit);
    }

    /// Reason and message of the Events on the Rollout of this name so far.
    #[must_use]
    pub fn events(&self, rollout: &str) -> Vec<(String, String)> {
        self.commits
            .iter()
            .filter_map(|commit| sent_event(commit, Some(rollout)))
            .collect()
    }

    /// The whole run.
    #[must_use]
    pub fn history(&self) -> History {
        History {
            commits: self.commits.clone(),
            requests: self.requests.all(),
            start: START,
            calm_since: self.calm_since,
            end: self.now(),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop_controllers();
    }
}

/// Ends a process when dropped.
struct EndOfProcess(AbortHandle, Process);

impl Drop for EndOfProcess {
    fn drop(&mut self) {
        self.1.kill();
        self.0.abort();
    }
}

/// The CRD of Rollouts as it is shipped; read once, since every scenario needs it.
///
/// # Errors
/// When its file cannot be read.
pub fn rollout_crd() -> Result<Value> {
    static READ: OnceLock<Value> = OnceLock::new();
    if let Some(crd) = READ.get() {
        return Ok(crd.clone());
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crds/manifests/rollout-crd.yaml"
    );
    let yaml = std::fs::read_to_string(path).context(path)?;
    let crd: Value = serde_saphyr::from_str(&yaml).map_err(|error| anyhow!("{path}: {error}"))?;
    Ok(READ.get_or_init(|| crd).clone())
}

/// How the cluster of a run is made.
///
/// # Errors
/// None in practice: time begins after 1970.
pub fn options(disturbance: Disturbance) -> Result<sim::Options> {
    let start = UNIX_EPOCH + Duration::from_secs(u64::try_from(START)?);
    let mut actors = sim::Actors::default();
    if disturbance == Disturbance::SlowCluster {
        actors.replicasets = Some(Duration::from_millis(1300));
        actors.garbage = Some(Duration::from_secs(3));
    }
    Ok(sim::Options {
        seed: 1,
        start,
        actors,
        ..sim::Options::default()
    })
}

fn config(plan: PlanFn, faults: &Faults, disturbance: Disturbance) -> controller::Config {
    let mut config = controller::Config {
        plan,
        ..controller::Config::default()
    };
    if matches!(disturbance, Disturbance::ClockJump(..)) {
        let faults = faults.clone();
        config.clock = ClockMode::SlowerOfBoth;
        config.wall_clock = WallClock::new(move || faults.wall_clock());
    }
    config
}

/// Runs a future on one thread, with the clock paused: time passes only when nothing else can.
///
/// # Errors
/// When there is no runtime to be had.
pub fn on_virtual_time<T>(future: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(future))
}
