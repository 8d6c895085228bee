//! One embedded cluster on a port, and kubectl pointed at it.

use http::Request;
use sim::{Cluster, Options, Server};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::binary;

/// A cluster of its own for one test, with a home folder of its own for kubectl's caches.
pub(crate) struct World {
    kubectl: &'static PathBuf,
    home: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    // Dropped in this order: the server and actors before the runtime they run on.
    _server: Server,
    _actors: sim::ActorsHandle,
    _runtime: Runtime,
}

/// What one kubectl call gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) err: String,
    /// `GET /api/v1/pods?limit=500`, in order; changing numbers are cut out.
    pub(crate) asked: Vec<String>,
}

impl World {
    /// A running cluster with the CRDs of this repository; `None` where there is no kubectl.
    pub(crate) fn start() -> Option<Self> {
        let kubectl = binary::path()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (server, actors) = runtime.block_on(async {
            let cluster = Cluster::new(Options {
                start: std::time::SystemTime::now(),
                ..Options::default()
            });
            for crd in crate::fixtures::crds() {
                cluster.install_crd(crd).unwrap();
            }
            let actors = cluster.start();
            let api = cluster.service();
            let log = asked.clone();
            let recorded = tower::service_fn(move |request: Request<_>| {
                log.lock()
                    .unwrap()
                    .push(line(request.method(), request.uri()));
                api.clone().oneshot(request)
            });
            let address = "127.0.0.1:0".parse().unwrap();
            let server = sim::http_server::serve(recorded, address).await.unwrap();
            (server, actors)
        });
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("kubectl-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let config = sim::kubeconfig(&server.url(), "default");
        std::fs::write(home.join("config"), config).unwrap();
        Some(Self {
            kubectl,
            home,
            asked,
            _server: server,
            _actors: actors,
            _runtime: runtime,
        })
    }

    /// Runs kubectl with words separated by spaces; a part in single quotes is one word.
    pub(crate) fn kubectl(&self, line: &str) -> Run {
        self.kubectl_with(line, "")
    }

    /// Runs kubectl with a text on its standard input (`-f -`).
    pub(crate) fn kubectl_with(&self, line: &str, input: &str) -> Run {
        self.asked.lock().unwrap().clear();
        let mut child = self.spawn(line);
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        Run {
            ok: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            asked: std::mem::take(&mut self.asked.lock().unwrap()),
        }
    }

    /// Runs kubectl, which must succeed, and gives what it printed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let run = self.kubectl(line);
        assert!(run.ok, "kubectl {line}\n{}{}", run.out, run.err);
        run.out
    }

    /// Applies a manifest, which must succeed, and gives what kubectl printed.
    pub(crate) fn apply(&self, manifest: &str) -> String {
        let run = self.kubectl_with("apply -f -", manifest);
        assert!(run.ok, "apply\n{}{}", run.out, run.err);
        run.out
    }

    /// Runs kubectl, which must fail, and gives what it said.
    pub(crate) fn fails(&self, line: &str) -> String {
        let run = self.kubectl(line);
        assert!(!run.ok, "kubectl {line} succeeded\n{}{}", run.out, run.err);
        run.err
    }

    /// Starts kubectl with pipes for input, output and errors.
    pub(crate) fn spawn(&self, line: &str) -> Child {
        Command::new(self.kubectl)
            .args(words(line))
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KUBECONFIG", self.home.join("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Method and path of a request without the numbers that differ from run to run.
fn line(method: &http::Method, uri: &http::Uri) -> String {
    let Some(query) = uri.query() else {
        return format!("{method} {}", uri.path());
    };
    let query: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name @ ("resourceVersion" | "timeoutSeconds"), _)) => format!("{name}=N"),
            // kubectl puts the terms in an order that differs from run to run.
            Some((name @ "fieldSelector", selector)) => {
                let selector = selector.replace("%2C", ",").replace("%3D", "=");
                let mut terms: Vec<&str> = selector
                    .split(',')
                    .map(|term| match term.split_once("uid=") {
                        Some((before, _)) => &term[..before.len() + "uid=".len()],
                        None => term,
                    })
                    .collect();
                terms.sort_unstable();
                format!("{name}={}", terms.join(","))
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{method} {}?{}", uri.path(), query.join("&"))
}
