//! One namespace for one test.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use kube::Client;
use serde_json::Value;
use tests::history::{Actor, World as Objects};
use tests::invariants;
use tests::reading::{self, text};

use crate::ask::in_namespace;
use crate::cluster::Cluster;
use crate::guard::Process;
use crate::record;
use crate::watch_log::{Place, WatchLog, since_1970};

/// Longest wait for anything; machines that run tests have much else to do.
const PATIENCE: Duration = Duration::from_secs(90);
/// Says which controller works on a Rollout.
const INSTANCE: &str = "argo-rollouts.argoproj.io/controller-instance-id";

/// A namespace of the shared cluster, watched from before it has anything; see the crate's
/// documentation. What goes wrong in it fails the test.
pub struct World {
    cluster: &'static Cluster,
    namespace: String,
    /// What the namespace is called in the log.
    called: &'static str,
    log: WatchLog,
    own: Option<Own>,
}

/// A controller that works in one namespace only, so that it may be stopped without anybody else
/// noticing.
struct Own(Mutex<Option<Process>>);

impl World {
    /// A new namespace. `None` where there is no cluster; see [`Cluster::shared`].
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn open(name: &str) -> Option<Self> {
        let cluster = Cluster::shared()?;
        // A cluster that is given may have seen this test before.
        let namespace = format!("{name}-{}", std::process::id());
        or_panic(cluster.kubectl(&["create", "namespace", &namespace], ""));
        let called = "default";
        let log = WatchLog::begin(cluster.observer(), &namespace, called);
        let log = or_panic(cluster.runtime().block_on(log));
        Some(Self {
            cluster,
            namespace,
            called,
            log,
            own: None,
        })
    }

    /// As [`Self::open`], with a controller of its own, which may be stopped and started. Its Rollouts
    /// have the label of its instance.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn with_own_controller(name: &str) -> Option<Self> {
        let mut world = Self::open(name)?;
        world.own = Some(Own(Mutex::default()));
        or_panic(world.start_controller());
        Some(world)
    }

    /// Ends the controller of its own with SIGKILL, if it runs, and starts it again.
    ///
    /// # Errors
    /// When there is none of its own, or it does not start.
    pub fn start_controller(&self) -> anyhow::Result<()> {
        self.stop_controller()?;
        let arguments = [
            "--namespaced",
            &format!("--namespace={}", self.namespace),
            &format!("--instance-id={}", self.namespace),
            "--leader-elect=false",
        ];
        let name = format!("controller-{}", self.namespace);
        let process = self.cluster.run_controller(&name, &arguments)?;
        *self.own()? = Some(process);
        Ok(())
    }

    /// Ends the controller of its own with SIGKILL, if it runs.
    ///
    /// # Errors
    /// When there is none of its own.
    pub fn stop_controller(&self) -> anyhow::Result<()> {
        if let Some(process) = self.own()?.take() {
            self.cluster.kill(process);
        }
        Ok(())
    }

    fn own(&self) -> anyhow::Result<std::sync::MutexGuard<'_, Option<Process>>> {
        let own = self.own.as_ref();
        let Own(own) = own.context("the controller here is everybody's")?;
        Ok(own.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The label of what the controller here works on, if it does not work on everything.
    pub(crate) fn label(&self) -> Option<(&'static str, &str)> {
        self.own.as_ref().map(|_| (INSTANCE, &*self.namespace))
    }

    /// The cluster that it is in.
    #[must_use]
    pub fn cluster(&self) -> &'static Cluster {
        self.cluster
    }

    /// Applies manifests as a user does.
    ///
    /// # Panics
    /// When they are refused.
    pub fn apply(&self, manifests: &str) {
        let mut manifests = manifests.to_owned();
        if let Some((key, value)) = self.label() {
            let label = format!("{key}={value}");
            let label = ["label", "--local", "-f", "-", "-o", "yaml", &label];
            manifests = or_panic(self.cluster.kubectl(&label, &manifests));
        }
        let arguments = ["apply", "-f", "-", "-n", &self.namespace];
        or_panic(self.cluster.kubectl(&arguments, &manifests));
    }

    /// Runs a command line of kubectl, without `kubectl`; what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn kubectl(&self, line: &str) -> String {
        or_panic(self.try_kubectl(line))
    }

    /// As [`Self::kubectl`], for what may fail.
    ///
    /// # Errors
    /// When it fails; with all that it said.
    pub fn try_kubectl(&self, line: &str) -> anyhow::Result<String> {
        let mut arguments: Vec<&str> = line.split_whitespace().collect();
        arguments.extend(["-n", &self.namespace]);
        self.cluster.kubectl(&arguments, "")
    }

    /// Waits until a Rollout is in a phase, and its status speaks of its newest generation.
    ///
    /// # Panics
    /// When it is not in a minute and a half.
    pub fn until_phase(&self, rollout: &str, phase: &str) {
        self.until(&format!("{rollout} is {phase}"), |objects| {
            let rollout = objects.get("rollouts", self.called, rollout)?;
            let observed = rollout.pointer("/status/observedGeneration")?;
            let generation = reading::number(rollout, "/metadata/generation");
            let is_seen = observed.as_str() == Some(&generation.to_string());
            (is_seen && text(rollout, "/status/phase") == phase).then_some(())
        });
    }

    /// Waits until `look` finds what it looks for; what it found.
    ///
    /// # Panics
    /// When it does not in a minute and a half.
    pub fn until<T>(&self, what: &str, look: impl FnMut(&Objects) -> Option<T>) -> T {
        let mut look = look;
        let mut place = or_panic(self.now());
        let end = since_1970() + PATIENCE;
        let log = &self.log;
        let found = log.follow(&mut place, end, |objects, _| look(objects));
        found.unwrap_or_else(|| {
            let ended = match self.own() {
                Ok(mut own) => own.as_mut().and_then(Process::last_words),
                Err(_) => self.cluster.controller_ended(),
            };
            let sets = self.kubectl("get rollouts,replicasets,pods,services -o wide");
            panic!(
                "waited in vain until {what}:\n{sets}\n{}",
                ended.unwrap_or_default()
            )
        })
    }

    /// Objects of a resource, now.
    ///
    /// # Panics
    /// When the API server does not answer.
    #[must_use]
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let list = self.kubectl(&format!("get {resource} -o json"));
        let list: Value = serde_json::from_str(&list).unwrap_or_default();
        let items = list.get("items").and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    }

    /// Holds all that has happened here against every invariant, and the controller against its
    /// rights.
    ///
    /// # Panics
    /// With everything that did not hold.
    pub fn check(&self) {
        let broken = or_panic(self.broken());
        assert!(
            broken.is_empty(),
            "{}:\n{}",
            self.namespace,
            broken.join("\n")
        );
    }

    /// What did not hold; see [`Self::check`].
    pub(crate) fn broken(&self) -> anyhow::Result<Vec<String>> {
        let commits = self.block_on(self.log.complete()).context("watch log")?;
        // What was told has been asked for, so it is in this log.
        let Some(audit) = self.cluster.audit()? else {
            eprintln!("NOT CHECKED: the cluster that was given has no audit log to read");
            return Ok(Vec::new());
        };
        let controller = Cluster::controller_user();
        let refused = audit.refused(&controller, &self.cluster.starts());
        let refused = refused.into_iter();
        let mut broken: Vec<String> = refused.map(|it| format!("refused: {it}")).collect();
        let actor = |user: &str| match user {
            "user" => Actor::User,
            user if user == controller => Actor::Controller,
            _ => Actor::Environment,
        };
        let way = self.cluster.way();
        let history = record::history(commits, &audit, &self.namespace, self.called, &way, actor);
        for who in [Actor::Controller, Actor::User] {
            let mut commits = history.commits.iter();
            ensure!(
                commits.any(|it| it.actor == who),
                "as far as the audit log tells, nothing was done by {who:?}"
            );
        }
        let violations = invariants::check(&history);
        broken.extend(violations.iter().map(ToString::to_string));
        Ok(broken)
    }

    /// How many writes of the controller there were here, Events and rehearsals not counted.
    pub(crate) fn controller_writes(&self) -> anyhow::Result<usize> {
        let audit = self.cluster.audit()?.unwrap_or_default();
        Ok(audit.writes_of(&Cluster::controller_user(), &self.namespace))
    }

    /// A client of a user who may do everything, whose `default` is this namespace.
    #[must_use]
    pub fn client(&self) -> Client {
        // It starts a task of its own.
        self.block_on(async { in_namespace(self.cluster.client(), &self.namespace) })
    }

    /// The namespace as the API server knows it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn log(&self) -> &WatchLog {
        &self.log
    }

    /// The place in the log after everything that is stored by now.
    pub(crate) fn now(&self) -> anyhow::Result<Place> {
        self.block_on(self.log.now()).context("watch log")
    }

    /// Runs something to its end.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.cluster.runtime().block_on(future)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // An error means that it has none of its own.
        let _ = self.stop_controller();
        // A cluster that was given is left as it was; one of our own goes as a whole.
        if std::env::var_os("KUBECONFIG_TEST").is_some() {
            let delete = ["delete", "namespace", &self.namespace, "--wait=false"];
            let _ = self.cluster.kubectl(&delete, "");
        }
    }
}

fn or_panic<T>(result: anyhow::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error:#}"))
}
