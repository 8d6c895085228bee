//! A cluster in memory with a client that remembers what it sent.

use std::io::Write;
use std::sync::{Arc, Mutex};

use clap::Parser;
use http::Request;
use http::header::CONTENT_TYPE;
use kube::Client;
use kube::client::Body;
use plugin::args::Cli;
use plugin::name::Name;
use plugin::requests::{Target, Write as Change};
use plugin::{Output, ServerClock, Session, dispatch};
use serde_json::{Value, json};
use sim::{Cluster, Options};
use tower::{ServiceExt, service_fn};

/// A cluster with the Rollout kind, and a session under one of our names.
pub struct Bench {
    pub cluster: Cluster,
    pub session: Session,
    sent: Arc<Mutex<Vec<String>>>,
    out: Text,
    err: Text,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub exit: u8,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new(name: Name) -> Self {
        let cluster = Cluster::new(Options::default());
        let crd = include_str!("../../../crds/manifests/rollout-crd.yaml");
        cluster
            .install_crd(serde_saphyr::from_str(crd).unwrap())
            .unwrap();
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let (api, log) = (cluster.service(), sent.clone());
        let recording = service_fn(move |request: Request<Body>| {
            let (api, log) = (api.clone(), log.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                if parts.method != http::Method::GET {
                    let kind = parts.headers.get(CONTENT_TYPE);
                    let kind = kind.map_or("", |kind| kind.to_str().unwrap());
                    let kind = kind.trim_start_matches("application/");
                    let text = String::from_utf8(body.to_vec()).unwrap();
                    let path = parts.uri.to_string();
                    let path = path
                        .rsplit_once("/namespaces/shop/")
                        .map_or(path.as_str(), |p| p.1);
                    let line = format!("{} {path} {kind} {text}", parts.method);
                    log.lock().unwrap().push(line);
                }
                let request = Request::from_parts(parts, Body::from(body.to_vec()));
                api.oneshot(request).await
            }
        });
        let inside = cluster.clone();
        let clock = ServerClock::inside(move || crds::Time::from_unix(inside.now().timestamp()));
        let session = Session::with_clock(Client::new(recording, "shop"), "shop", name, clock);
        Self {
            cluster,
            session,
            sent,
            out: Text::default(),
            err: Text::default(),
        }
    }

    /// Runs a command line, given without the program.
    pub async fn run(&self, line: &str) -> Done {
        let words = std::iter::once("kubectl-rollouts").chain(line.split_whitespace());
        let cli = Cli::try_parse_from(words).unwrap();
        let mut output = Output::to(Box::new(self.out.clone()), Box::new(self.err.clone()));
        let (exit, text) = match dispatch(&self.session, &cli.verb, &mut output).await {
            Ok(()) => (0, String::new()),
            Err(failure) => (failure.exit(self.session.name), failure.text()),
        };
        Done {
            exit,
            out: self.out.take(),
            err: self.err.take() + &text,
        }
    }

    /// What was printed by a command that was not waited for.
    pub fn printed(&self) -> String {
        self.out.take()
    }

    /// What was sent since the last call, without reads: method, path below the namespace,
    /// content type, body.
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// Creates the namespace and a Rollout with a status; forgets that it was sent.
    pub async fn rollout(&self, name: &str, spec: Value, status: Value) {
        let namespace = json!({"metadata": {"name": "shop"}});
        // A second rollout finds the namespace there.
        drop(self.session.create("/api/v1/namespaces", &namespace).await);
        let mut object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": name},
            "spec": {
                "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}},
                             "spec": {"containers": [{"name": "main", "image": "web:v1"}]}},
                "strategy": {"canary": {"steps": [{"setWeight": 34}, {"pause": {}}]}},
            },
        });
        for (key, value) in spec.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        let path = self.session.rollout_path("");
        self.session
            .create(path.trim_end_matches('/'), &object)
            .await
            .unwrap();
        self.set_status(name, status).await;
        self.sent();
    }

    /// Changes the status of a Rollout as a controller would.
    pub async fn set_status(&self, name: &str, status: Value) {
        let path = self.session.rollout_path(name);
        let change = Change::merge(&path, Target::Status, json!({"status": status}));
        self.session.write(&change).await.unwrap();
        self.sent();
    }
}
