//! The Helm CLI, at the version that `go.mod` beside this crate pins.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, bail, ensure};

use serde_json::Value;

use crate::files::root;

/// Runs Helm, with the chart of this checkout.
#[derive(Debug, Clone)]
pub struct Helm(PathBuf);

impl Helm {
    /// Finds it; the first call on a machine builds it, which takes minutes and says so.
    ///
    /// # Errors
    /// When it cannot be built: no Go, or no network.
    pub fn find() -> anyhow::Result<Self> {
        static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let found = FOUND.get_or_init(|| build().map_err(|error| format!("{error:#}")));
        let found = found.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self(found.clone()))
    }

    /// What the chart renders for a release of this name in namespace `argo-rollouts`.
    ///
    /// # Errors
    /// When Helm refuses it; with what it said.
    pub fn template(&self, release: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let chart = ["template", release, "charts/rollouts"];
        let all = [&chart[..], &["--namespace=argo-rollouts"], arguments].concat();
        self.run(&all, &[])
    }

    /// The objects that the chart renders for release `argo-rollouts`, without CRDs.
    ///
    /// # Errors
    /// When Helm refuses it, or what it renders is not YAML.
    pub fn objects(&self, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        let arguments = [&["--set=installCRDs=false"], arguments].concat();
        let rendered = self.template("argo-rollouts", &arguments)?;
        let documents: Vec<Value> = serde_saphyr::from_multiple(&rendered)?;
        Ok(documents.into_iter().filter(|it| !it.is_null()).collect())
    }

    /// Runs it in the root of the checkout, without what its user has configured. What it printed.
    ///
    /// # Errors
    /// When it fails; with what it said.
    pub fn run(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> anyhow::Result<String> {
        let nowhere = Path::new("/nonexistent");
        let output = Command::new(&self.0)
            .args(arguments)
            .current_dir(root())
            .env("HELM_CONFIG_HOME", nowhere)
            .env("HELM_CACHE_HOME", nowhere)
            .env("HELM_DATA_HOME", nowhere)
            .env("KUBECONFIG", nowhere)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .context("helm cannot be run")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("helm {}: {errors}{said}", arguments.join(" "));
        }
        Ok(said)
    }
}

fn build() -> anyhow::Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("helm.sh");
    let output = Command::new("bash")
        .arg(script)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("bash cannot be run")?;
    ensure!(output.status.success(), "helm.sh: {}", output.status);
    let path = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(path.trim()))
}
