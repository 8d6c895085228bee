//! A cluster as people have it once our controller is installed.

mod controller;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use kube::Client;
use tokio::runtime::Runtime;

use crate::audit::{Audit, AuditLog};
use crate::fault_proxy::{FaultProxy, Way};
use crate::guard::{Guard, Process};
use crate::plane::{Plane, ready};
use crate::programs;
use crate::watch_log::since_1970;

/// Names a cluster to use instead of one of our own.
const GIVEN: &str = "KUBECONFIG_TEST";
/// The ServiceAccount of `deploy/`.
const NAMESPACE: &str = "argo-rollouts";
const ACCOUNT: &str = "argo-rollouts";
/// Longest wait until what is installed is known everywhere.
const PATIENCE: Duration = Duration::from_secs(90);
/// A child of a Rollout.
const OWNED: &str = r#"
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: owned
  ownerReferences:
  - {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, uid: "0", controller: true, blockOwnerDeletion: true}
spec:
  replicas: 0
  selector: {matchLabels: {app: owned}}
  template:
    metadata: {labels: {app: owned}}
    spec: {containers: [{name: main, image: none}]}
"#;
/// The ClusterRole of an Argo Rollouts installation.
const ARGO_ROLE: &str = include_str!("argo-role.yaml");
const NOT_OURS: &str = "the control plane was given, and is not ours to restart";

/// A control plane with our CRDs and the shipped controller; see the crate's documentation.
pub struct Cluster {
    runtime: Runtime,
    client: Client,
    /// Of what watches are told by.
    observer: Client,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    /// Where kubectl finds the plugin.
    plugins: PathBuf,
    controller: Mutex<Option<Process>>,
    /// What the controller takes for the API server, where something is between them.
    proxy: Option<FaultProxy>,
    // Ended before the plane is.
    guard: Guard,
    plane: Mutex<Option<Plane>>,
    starts: Mutex<Vec<Range<Duration>>>,
    audit: Option<AuditLog>,
}

impl Cluster {
    /// The one that all tests of a process share.
    ///
    /// `None` where the programs of a plane cannot be built and `CI` is not set; says so.
    ///
    /// # Panics
    /// When it cannot be started, or `CI` is set and the programs cannot be built.
    #[must_use]
    pub fn shared() -> Option<&'static Self> {
        Self::shared_from(Self::start)
    }

    /// As [`Self::shared`], of a cluster whose API server may be ended: what happens is told by
    /// another one. To be called before the other.
    ///
    /// # Panics
    /// As [`Self::shared`].
    #[must_use]
    pub fn shared_with_observer() -> Option<&'static Self> {
        Self::shared_from(|| {
            let mut cluster = Self::start()?;
            let plane = cluster
                .plane
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(plane) = plane {
                cluster.observer = cluster.runtime.block_on(plane.observe())?;
            }
            Ok(cluster)
        })
    }

    /// As [`Self::shared`], of a cluster whose controller has the ClusterRole of an Argo Rollouts
    /// installation instead of what `deploy/` gives it. To be called before the other.
    ///
    /// # Panics
    /// As [`Self::shared`].
    #[must_use]
    pub fn shared_with_argo_role() -> Option<&'static Self> {
        Self::shared_from(|| {
            let cluster = Self::without_controller()?;
            cluster.take_argo_role()?;
            cluster.start_controller()?;
            Ok(cluster)
        })
    }

    /// As [`Self::shared`], of a cluster whose controller speaks to the API server through a
    /// [`FaultProxy`]. To be called before the other.
    ///
    /// # Panics
    /// As [`Self::shared`].
    #[must_use]
    pub fn shared_behind_faults(seed: u64) -> Option<&'static Self> {
        Self::shared_from(|| {
            let mut cluster = Self::without_controller()?;
            let proxy = FaultProxy::start(&cluster.kubeconfig, seed);
            cluster.proxy = Some(cluster.runtime.block_on(proxy)?);
            cluster.start_controller()?;
            Ok(cluster)
        })
    }

    fn shared_from(start: impl FnOnce() -> anyhow::Result<Self>) -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            if std::env::var_os(GIVEN).is_none() && !programs::are_there() {
                return None;
            }
            Some(start().unwrap_or_else(|error| panic!("no cluster: {error:#}")))
        });
        shared.as_ref()
    }

    /// Starts a plane, or takes the cluster of `KUBECONFIG_TEST`; installs our CRDs, and starts the
    /// controller with its own ServiceAccount.
    ///
    /// # Errors
    /// When something cannot be built, does not start, or is refused; says what.
    pub fn start() -> anyhow::Result<Self> {
        let cluster = Self::without_controller()?;
        cluster.start_controller()?;
        Ok(cluster)
    }

    fn without_controller() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let kubectl = programs::kubectl()?;
        let plugin = programs::shipped("kubectl-rollouts")?;
        let (plane, kubeconfig) = match std::env::var_os(GIVEN) {
            Some(given) => (None, PathBuf::from(given)),
            None => {
                let plane = runtime.block_on(Plane::start())?;
                let kubeconfig = plane.kubeconfig().to_owned();
                (Some(plane), kubeconfig)
            }
        };
        let guard = Guard::new()?;
        let plugins = guard.folder().join("plugins");
        std::fs::create_dir(&plugins)?;
        for name in ["kubectl-rollouts", "kubectl-argo-rollouts"] {
            std::os::unix::fs::symlink(&plugin, plugins.join(name))?;
        }
        let client = runtime.block_on(ready::client(&kubeconfig))?;
        let cluster = Self {
            observer: client.clone(),
            client,
            runtime,
            kubeconfig,
            kubectl,
            plugins,
            controller: Mutex::new(None),
            proxy: None,
            guard,
            audit: plane.as_ref().map(|it| AuditLog::new(it.audit_log())),
            plane: Mutex::new(plane),
            starts: Mutex::default(),
        };
        cluster.install()?;
        Ok(cluster)
    }

    /// A kubeconfig of a user who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The user name of the controller.
    #[must_use]
    pub fn controller_user() -> String {
        format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}")
    }

    /// What the API server was asked so far; `None` where it is not ours.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn audit(&self) -> anyhow::Result<Option<Audit>> {
        self.audit.as_ref().map(AuditLog::so_far).transpose()
    }

    /// Runs kubectl with these arguments and this input; what it printed.
    ///
    /// # Errors
    /// When it fails; with all that it said.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        use std::io::Write as _;
        let path = std::env::var("PATH").unwrap_or_default();
        let mut child = Command::new(&self.kubectl)
            .args(arguments)
            .current_dir(programs::root())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("PATH", format!("{}:{path}", self.plugins.display()))
            .env("HOME", self.guard.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("kubectl cannot be run")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!(
                "kubectl {}: {}\n{said}{errors}",
                arguments.join(" "),
                output.status
            );
        }
        Ok(said)
    }

    /// Ends the API server with SIGKILL, and starts it again.
    ///
    /// # Errors
    /// When it does not come back, or is not ours.
    pub fn restart_api_server(&self) -> anyhow::Result<()> {
        let begin = since_1970();
        let mut plane = self.plane();
        let plane = plane.as_mut().context(NOT_OURS)?;
        self.runtime.block_on(plane.restart_api_server())?;
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        starts.push(begin..since_1970());
        Ok(())
    }

    /// When the API server was starting again.
    pub(crate) fn starts(&self) -> Vec<Range<Duration>> {
        let starts = self.starts.lock();
        starts.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends etcd with SIGKILL, and starts it again with what it had on disk.
    ///
    /// # Errors
    /// When the API server does not find it again, or it is not ours.
    pub fn restart_etcd(&self) -> anyhow::Result<()> {
        let mut plane = self.plane();
        let plane = plane.as_mut().context(NOT_OURS)?;
        self.runtime.block_on(plane.restart_etcd())
    }

    /// What is between the controller and the API server, if anything is.
    #[must_use]
    pub fn proxy(&self) -> Option<&FaultProxy> {
        self.proxy.as_ref()
    }

    /// The way from the controller to the API server, and back.
    pub(crate) fn way(&self) -> Way {
        self.proxy.as_ref().map(FaultProxy::way).unwrap_or_default()
    }

    /// A client of a user who may do everything.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A client of an API server that is there when that of [`Self::client`] is not.
    pub(crate) fn observer(&self) -> &Client {
        &self.observer
    }

    /// What clients of this cluster run on.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn plane(&self) -> std::sync::MutexGuard<'_, Option<Plane>> {
        self.plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// CRDs first, and before anything works in a plane of ours: an API server that has answered about
    /// owners before it knew Rollouts does not know them for some seconds more.
    fn install(&self) -> anyhow::Result<()> {
        // CRDs are larger than what client-side apply can keep in an annotation.
        self.kubectl(&["apply", "--server-side", "-k", "crds/manifests"], "")?;
        let established = [
            "wait",
            "crd",
            "--all",
            "--for=condition=Established",
            "--timeout=60s",
        ];
        self.kubectl(&established, "")?;
        self.until_done(&["get", "rollouts,experiments,analysisruns", "-A"], "")?;
        let owned = [
            "apply",
            "--server-side",
            "--dry-run=server",
            "-n",
            "default",
            "-f",
            "-",
        ];
        self.until_done(&owned, OWNED)?;
        if let Some(plane) = self.plane().as_mut() {
            self.runtime.block_on(plane.work())?;
        }
        self.kubectl(&["apply", "--server-side", "-k", "deploy"], "")?;
        Ok(())
    }

    /// Gives the controller that role, and takes the Role from it that Argo Rollouts has not.
    fn take_argo_role(&self) -> anyhow::Result<()> {
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        self.kubectl(&apply, ARGO_ROLE)?;
        let user = Self::controller_user();
        let can = format!("auth can-i --as {user}");
        let may = |what: &'static str| [words(&can), words(what)].concat();
        // Of what ours does not give, and what Argo's does not: it is known when both are right.
        self.until_done(&may("delete services"), "")?;
        self.kubectl(
            &words("delete role,rolebinding argo-rollouts -n argo-rollouts"),
            "",
        )?;
        self.until_done(&may("create leases -n argo-rollouts"), "")?;
        ensure!(
            self.kubectl(&may("create rollouts"), "").is_err(),
            "the controller has more than that role"
        );
        Ok(())
    }

    /// Runs kubectl until it succeeds.
    fn until_done(&self, arguments: &[&str], input: &str) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while let Err(error) = self.kubectl(arguments, input) {
            if Instant::now() > end {
                return Err(error.context(format!("not in {PATIENCE:?}")));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}
