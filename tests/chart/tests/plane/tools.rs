//! The command lines that people use.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use chart::{Helm, files::root};
use cluster::Plane;
use serde_json::Value;

pub(crate) struct Tools {
    helm: Helm,
    kubectl: PathBuf,
    plane: Plane,
}

impl Tools {
    pub(crate) fn of(plane: Plane) -> Self {
        Self {
            helm: Helm::find().unwrap(),
            kubectl: cluster::kubectl().unwrap(),
            plane,
        }
    }

    /// Runs kubectl with the words of this line; what it printed.
    pub(crate) fn kubectl(&self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        self.try_kubectl(&words)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    pub(crate) fn try_kubectl(&self, words: &[&str]) -> anyhow::Result<String> {
        self.kubectl_with(words, "")
    }

    /// Runs kubectl with this input; what it printed.
    pub(crate) fn kubectl_with(&self, words: &[&str], input: &str) -> anyhow::Result<String> {
        let mut child = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(self.plane.kubeconfig())
            .args(words)
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("kubectl cannot be run")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("kubectl {}: {said}", words.join(" "));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The objects that the chart renders, with these arguments.
    pub(crate) fn template(&self, arguments: &[&str]) -> String {
        self.helm.template("argo-rollouts", arguments).unwrap()
    }

    /// All objects of some kinds, in all namespaces.
    pub(crate) fn list(&self, kinds: &str) -> Vec<Value> {
        let text = self.kubectl(&format!("get {kinds} --all-namespaces -o json"));
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Runs Helm with the words of this line; what it printed.
    pub(crate) fn helm(&self, line: &str) -> String {
        self.try_helm(line)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    pub(crate) fn try_helm(&self, line: &str) -> anyhow::Result<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let kubeconfig = ("KUBECONFIG", self.plane.kubeconfig());
        self.helm.run(&words, &[kubeconfig])
    }

    /// Where the API server is, and the certificate to trust.
    pub(crate) fn server(&self) -> (String, PathBuf) {
        (self.plane.server(), self.plane.authority())
    }

    /// What was refused to ServiceAccounts outside the control plane itself.
    pub(crate) fn refused(&self) -> Vec<String> {
        let is_account = |user: &str| user.starts_with("system:serviceaccount:");
        let requests = self.requests().into_iter();
        let refused = requests.filter(|it| it["responseStatus"]["code"] == 403);
        refused
            .filter(|it| is_account(user(it)))
            .map(|it| format!("{} {} {}", user(&it), it["verb"], it["requestURI"]))
            .collect()
    }

    /// What somebody asked of resources, granted or not: `verb group/resource`.
    pub(crate) fn asked_by(&self, who: &str) -> BTreeSet<String> {
        let requests = self.requests().into_iter().filter(|it| user(it) == who);
        let asked = requests.filter(|it| it["objectRef"]["resource"].is_string());
        asked.map(|it| access(&it)).collect()
    }

    /// What was refused to somebody, in the same words.
    pub(crate) fn refused_to(&self, who: &str) -> BTreeSet<String> {
        let requests = self.requests().into_iter().filter(|it| user(it) == who);
        let refused = requests.filter(|it| it["responseStatus"]["code"] == 403);
        refused.map(|it| access(&it)).collect()
    }

    /// The audit log; its last line may be half written.
    fn requests(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.plane.audit_log()).unwrap();
        let complete = log.rfind('\n').map_or("", |end| &log[..end]);
        let lines = complete.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn user(request: &Value) -> &str {
    request["user"]["username"].as_str().unwrap_or_default()
}

fn access(request: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = &request["objectRef"];
    let mut resource = text(&of["resource"]);
    if let Some(sub) = of["subresource"].as_str() {
        resource = format!("{resource}/{sub}");
    }
    format!(
        "{} {}/{resource}",
        text(&request["verb"]),
        text(&of["apiGroup"])
    )
}
