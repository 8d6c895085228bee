//! A cluster with the controller, and a dashboard over it that is asked over a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crds::Time;
use dashboard::{Dashboard, Options};
use http::{Method, Request, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use sim::Cluster;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tower::service_fn;

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts";

/// A cluster in memory with what looks at it.
pub struct World {
    cluster: Cluster,
    client: Client,
    address: SocketAddr,
    _actors: sim::ActorsHandle,
    _dashboard: Dashboard,
}

/// An answer: status, head in lower case, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start))
    }
}

impl World {
    pub async fn new() -> Self {
        Self::hiding("").await
    }

    /// A cluster that refuses the dashboard to read this resource.
    pub async fn hiding(resource: &'static str) -> Self {
        let cluster = Cluster::new(sim::Options::default());
        let crd = include_str!("../../../crds/manifests/rollout-crd.yaml");
        let crd = serde_saphyr::from_str(crd).unwrap();
        cluster.install_crd(crd).unwrap();
        let actors = cluster.start();
        let client = Client::new(cluster.service(), "shop");
        tokio::spawn(controller::run(
            client.clone(),
            controller::Config::default(),
        ));
        let inside = cluster.clone();
        let options = Options {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            namespace: None,
            clock: Arc::new(move || Time::from_unix(inside.now().timestamp())),
        };
        let api = cluster.service();
        let seen = service_fn(move |request: Request<Body>| {
            let api = api.clone();
            async move {
                let hidden = !resource.is_empty() && request.uri().path().ends_with(resource);
                if hidden {
                    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                        "reason": "Forbidden", "code": 403, "message": "you may not"});
                    let body = Body::from(status.to_string().into_bytes());
                    let mut response = http::Response::new(body);
                    *response.status_mut() = StatusCode::FORBIDDEN;
                    return Ok::<_, kube::Error>(response);
                }
                let response = Client::new(api, "shop").send(request).await?;
                Ok(response)
            }
        });
        let dashboard = Dashboard::start(Client::new(seen, "shop"), options)
            .await
            .unwrap();
        let address = dashboard.url();
        let address = address.trim_start_matches("http://").trim_end_matches('/');
        let world = Self {
            cluster,
            client,
            address: address.parse().unwrap(),
            _actors: actors,
            _dashboard: dashboard,
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
                               "metadata": {"name": "shop"}});
        world.create("/api/v1/namespaces", namespace).await;
        world
    }

    pub fn stop_watches(&self) {
        self.cluster.end_watches();
    }

    pub async fn create(&self, path: &str, object: Value) {
        self.write(Method::POST, path, "application/json", object)
            .await;
    }

    /// A rollout with three pods.
    pub async fn rollout(&self, name: &str, strategy: Value) {
        let containers = json!([{"name": "app", "image": "shop:v1",
                                 "env": [{"name": "PASSWORD", "value": "hunter2"}]}]);
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": name},
            "spec": {
                "replicas": 3, "strategy": strategy,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}}, "spec": {"containers": containers},
                },
            },
        });
        self.create(ROLLOUTS, object).await;
    }

    pub async fn service(&self, name: &str, app: &str) {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}});
        self.create("/api/v1/namespaces/shop/services", object)
            .await;
    }

    pub async fn set_image(&self, name: &str, image: &str) {
        let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image",
                            "value": image}]);
        let path = format!("{ROLLOUTS}/{name}");
        self.write(Method::PATCH, &path, "application/json-patch+json", patch)
            .await;
    }

    pub async fn promote(&self, name: &str) {
        let path = format!("{ROLLOUTS}/{name}/status");
        let patch = json!({"status": {"pauseConditions": null}});
        self.write(Method::PATCH, &path, "application/merge-patch+json", patch)
            .await;
    }

    pub async fn delete(&self, name: &str) {
        let path = format!("{ROLLOUTS}/{name}");
        self.write(Method::DELETE, &path, "application/json", json!({}))
            .await;
    }

    async fn write(&self, method: Method, path: &str, kind: &str, body: Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind);
        let request = request.body(body.to_string().into_bytes()).unwrap();
        let _answer: Value = self.client.request(request).await.unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// Sends a request with further header lines, each with its line break.
    pub async fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let host = if headers.contains("Host: ") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.address)
        };
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub async fn page(&self, name: &str) -> Value {
        let answer = self
            .get(&format!("/api/v1/namespaces/shop/rollouts/{name}"))
            .await;
        answer.json()
    }

    /// The page, once it is so.
    pub async fn until(&self, name: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut page = Value::Null;
        for _ in 0..600 {
            page = self.page(name).await;
            if is(&page) {
                return page;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("never {what}: {page:#}");
    }

    /// Opens the stream.
    pub async fn stream(&self, query: &str, headers: &str) -> Events {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let (path, address) = (format!("/api/v1/stream{query}"), self.address);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Events(BufReader::new(stream))
    }
}

/// A stream of events.
pub struct Events(BufReader<TcpStream>);

impl Events {
    /// The next event of this kind: its id and data.
    pub async fn next(&mut self, kind: &str) -> (String, Value) {
        let (mut event, mut id) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).await.unwrap();
            assert!(read > 0, "the stream ended");
            if let Some(text) = line.strip_prefix("event: ") {
                event = text.trim_end().to_owned();
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim_end().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ")
                && event == kind
            {
                return (id, serde_json::from_str(data).unwrap());
            }
        }
    }
}
