//! Where programs are: those of Kubernetes, and ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where a control plane's programs are.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) api_server: PathBuf,
    pub(crate) controller_manager: PathBuf,
    pub(crate) scheduler: PathBuf,
    pub(crate) kwok: PathBuf,
}

impl Programs {
    /// Finds them; the first call on a machine builds them, which takes minutes and says so.
    ///
    /// # Errors
    /// When they cannot be built: no Go, or no network.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let [etcd, api_server, controller_manager, scheduler, kwok] = tools([
            "etcd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kwok",
        ])?;
        Ok(Self {
            etcd,
            api_server,
            controller_manager,
            scheduler,
            kwok,
        })
    }
}

/// Whether there is a control plane to be had; says so where there is none.
///
/// # Panics
/// Where there is none and `CI` is set: there nothing is skipped.
pub(crate) fn are_there() -> bool {
    let Err(error) = Programs::find() else {
        return true;
    };
    let is_ci = std::env::var_os("CI").is_some();
    assert!(!is_ci, "no control plane: {error:#}");
    eprintln!("NOT RUN: there is no control plane: {error:#}");
    false
}

/// A stock kubectl.
///
/// # Errors
/// When it cannot be built.
pub fn kubectl() -> anyhow::Result<PathBuf> {
    let [kubectl] = tools(["kubectl"])?;
    Ok(kubectl)
}

fn tools<const N: usize>(names: [&str; N]) -> anyhow::Result<[PathBuf; N]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.sh");
    let output = Command::new("bash")
        .arg(script)
        .args(names)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("bash cannot be run")?;
    ensure!(output.status.success(), "tools.sh: {}", output.status);
    let said = String::from_utf8_lossy(&output.stdout);
    let paths: Vec<PathBuf> = said.lines().map(PathBuf::from).collect();
    paths
        .try_into()
        .map_err(|paths| anyhow::anyhow!("tools.sh said {paths:?} when asked for {names:?}"))
}

/// The programs that people install: `rollouts-controller`, `rollouts-dashboard` and
/// `kubectl-rollouts`.
///
/// # Errors
/// When they do not compile.
pub fn shipped(name: &str) -> anyhow::Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let folder = folder
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(folder.join(name))
}

/// Builds what is shipped as this program was built, and returns the folder.
///
/// A test cannot name the programs of another package; `--workspace` gives their dependencies the
/// same features that a test of the whole workspace has just compiled, so there is little to do.
fn build() -> anyhow::Result<PathBuf> {
    // <target>/<profile>/cluster, or <target>/<profile>/deps/<test>.
    let own = std::env::current_exe()?;
    let folder = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"));
    let folder = folder.context("this program is in no folder")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--workspace"])
        .args([
            "--bin",
            "rollouts-controller",
            "--bin",
            "rollouts-dashboard",
        ])
        .args(["--bin", "kubectl-rollouts"])
        .current_dir(root())
        .stdin(Stdio::null());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    if let Some(target) = folder.parent() {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    // What cargo told this program about its own package; build scripts would run again for it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            cargo.env_remove(&name);
        }
    }
    let status = cargo.status().context("cargo cannot be run")?;
    ensure!(status.success(), "cargo build: {status}");
    Ok(folder.to_owned())
}
