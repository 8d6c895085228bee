//! Both servers, and where they differ.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use kube::Client;
use serde_json::Value;

use super::canon::{Seen, seen};
use super::known::forgive;
use super::program::Program;
use super::target::{Answer, run};
use crate::ask;
use crate::plane::Plane;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// A part of the real server that does something on its own.
const REPAIRER: &str = "ipallocator-repair-controller";
const KINDS: [&str; 2] = ["rollouts", "analysistemplates"];

/// A real API server and an embedded one, with our CRDs in both.
#[derive(Clone)]
pub struct Pair {
    real: Client,
    embedded: Client,
    namespaces: Arc<AtomicUsize>,
    /// Ends with the last clone.
    _plane: Arc<Plane>,
}

/// The first request that the two answered differently.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Which one, from 0.
    pub index: usize,
    /// The request.
    pub request: String,
    /// What the real one said.
    pub real: Seen,
    /// What the embedded one said.
    pub embedded: Seen,
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    /// When the real one does not start, or a CRD is refused.
    pub async fn start() -> anyhow::Result<Self> {
        Self::of(&sim::Cluster::new(sim::Options::default())).await
    }

    /// As [`Self::start`], for tests: `None` where the programs of a plane cannot be built and `CI`
    /// is not set.
    ///
    /// # Panics
    /// When it does not start, or `CI` is set and the programs cannot be built.
    pub async fn start_if_there_is_one() -> Option<Self> {
        Self::start_with(&sim::Cluster::new(sim::Options::default())).await
    }

    /// As [`Self::start_if_there_is_one`], with this embedded cluster.
    ///
    /// # Panics
    /// As there.
    pub async fn start_with(cluster: &sim::Cluster) -> Option<Self> {
        crate::programs::are_there().then_some(())?;
        let pair = Self::of(cluster).await;
        Some(pair.unwrap_or_else(|error| panic!("no pair of servers: {error:#}")))
    }

    async fn of(cluster: &sim::Cluster) -> anyhow::Result<Self> {
        let plane = Plane::start_quiet().await?;
        let real = plane.client().await?;
        let embedded = Client::new(cluster.service(), "default");
        for crd in crds()? {
            for client in [&real, &embedded] {
                let (code, body) = ask(client, "POST", CRDS, "application/json", &crd).await?;
                anyhow::ensure!(code == 201, "{body}");
            }
        }
        for kind in KINDS {
            served(&real, kind).await?;
        }
        Ok(Self {
            real,
            embedded,
            namespaces: Arc::default(),
            _plane: Arc::new(plane),
        })
    }

    /// Runs a program on both; the first difference that is not known.
    ///
    /// # Errors
    /// When one of them does not answer at all.
    pub async fn differ(&self, program: &Program) -> anyhow::Result<Option<Difference>> {
        let (real, embedded) = self.run(program).await?;
        let pairs = real.into_iter().zip(embedded);
        for (index, (request, (real, embedded))) in program.0.iter().zip(pairs).enumerate() {
            let (real, embedded) = forgive(request, &real, &embedded);
            if real != embedded {
                return Ok(Some(Difference {
                    index,
                    request: request.to_string(),
                    real,
                    embedded,
                }));
            }
        }
        Ok(None)
    }

    /// What each of them answers; real first.
    ///
    /// # Errors
    /// When one of them does not answer at all.
    pub async fn run(&self, program: &Program) -> anyhow::Result<(Vec<Seen>, Vec<Seen>)> {
        loop {
            let (real, embedded) = self.run_once(program).await?;
            // Some minutes apart the real one looks after its addresses, and tells in an Event.
            let repairs = |it: &Seen| it.body.to_string().contains(REPAIRER);
            if !real.iter().any(repairs) {
                return Ok((real, embedded));
            }
        }
    }

    async fn run_once(&self, program: &Program) -> anyhow::Result<(Vec<Seen>, Vec<Seen>)> {
        let number = self.namespaces.fetch_add(1, Ordering::SeqCst);
        let namespace = format!("program-{number}");
        let embedded = run(&self.embedded, &namespace, program, None).await?;
        let real = run(&self.real, &namespace, program, Some(&embedded)).await?;
        let seen = |answers: &[Answer]| seen(answers, &namespace);
        Ok((seen(&real), seen(&embedded)))
    }
}

fn crds() -> anyhow::Result<Vec<Value>> {
    let folder = crate::programs::root().join("crds/manifests");
    ["rollout-crd.yaml", "analysis-template-crd.yaml"]
        .iter()
        .map(|file| {
            let yaml = std::fs::read_to_string(folder.join(file)).context(*file)?;
            Ok(serde_saphyr::from_str(&yaml)?)
        })
        .collect()
}

/// A kind is served a moment after its CRD is stored.
async fn served(client: &Client, kind: &str) -> anyhow::Result<()> {
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/default/{kind}");
    for _ in 0..200 {
        let (code, _) = ask(client, "GET", &path, "application/json", &Value::Null).await?;
        if code == 200 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{kind} are not served")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.request)?;
        if self.real.code != self.embedded.code {
            writeln!(
                f,
                "  code: {} (embedded {})",
                self.real.code, self.embedded.code
            )?;
        }
        let mut lines = Vec::new();
        places(&self.real.body, &self.embedded.body, "", &mut lines);
        lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Where two values differ.
fn places(real: &Value, embedded: &Value, path: &str, lines: &mut Vec<String>) {
    match (real, embedded) {
        (real, embedded) if real == embedded => {}
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                let other = theirs.get(key).unwrap_or(&Value::Null);
                if theirs.contains_key(key) {
                    places(value, other, &format!("{path}/{key}"), lines);
                } else {
                    lines.push(format!("{path}/{key}: {value} (embedded: absent)"));
                }
            }
            for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
                lines.push(format!("{path}/{key}: absent (embedded: {value})"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (value, other)) in ours.iter().zip(theirs).enumerate() {
                places(value, other, &format!("{path}/{index}"), lines);
            }
        }
        _ => lines.push(format!("{path}: {real} (embedded: {embedded})")),
    }
}
