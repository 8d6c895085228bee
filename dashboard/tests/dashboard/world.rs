//! A cluster with the controller, and a dashboard over it that is asked over a socket.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crds::Time;
use dashboard::{Dashboard, Login, Options};
use http::{Method, Request, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use sim::Cluster;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tower::service_fn;

pub mod people;

use people::People;

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts";

/// How a dashboard is set up.
pub struct Setting {
    /// What its own client is refused: requests whose path ends so.
    pub hidden: &'static str,
    pub login: Login,
    pub hosts: Vec<String>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            hidden: "",
            login: Login::None,
            hosts: Vec::new(),
        }
    }
}

/// A cluster in memory with what looks at it.
pub struct World {
    /// Who may log in and what they may see.
    pub people: Arc<People>,
    cluster: Cluster,
    client: Client,
    address: SocketAddr,
    annotations: Mutex<BTreeMap<String, Value>>,
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
    fn of((head, body): (String, Vec<u8>)) -> Self {
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = String::from_utf8(body).unwrap();
        Self { status, head, body }
    }

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
        Self::with(Setting::default()).await
    }

    /// A cluster that refuses the dashboard to read this resource.
    pub async fn hiding(hidden: &'static str) -> Self {
        let login = Setting::default();
        Self::with(Setting { hidden, ..login }).await
    }

    /// A dashboard whose viewers log in with tokens.
    pub async fn with_tokens() -> Self {
        let login = Login::Token;
        let other = Setting::default();
        Self::with(Setting { login, ..other }).await
    }

    pub async fn with(setting: Setting) -> Self {
        let cluster = Cluster::new(sim::Options::default());
        for crd in [
            include_str!("../../../crds/manifests/rollout-crd.yaml"),
            include_str!("../../../crds/manifests/analysis-run-crd.yaml"),
            include_str!("../../../crds/manifests/experiment-crd.yaml"),
        ] {
            let crd = serde_saphyr::from_str(crd).unwrap();
            cluster.install_crd(crd).unwrap();
        }
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
            login: setting.login,
            hosts: setting.hosts,
        };
        let people = Arc::new(People::default());
        let asked = people.clone();
        let resource = setting.hidden;
        let api = cluster.service();
        let seen = service_fn(move |request: Request<Body>| {
            let (api, people) = (api.clone(), asked.clone());
            async move {
                if request.uri().path().ends_with("reviews") {
                    return Ok(people.review(request).await);
                }
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
            people,
            cluster,
            client,
            address: address.parse().unwrap(),
            annotations: Mutex::default(),
            _actors: actors,
            _dashboard: dashboard,
        };
        world.namespace("shop").await;
        world
    }

    pub async fn namespace(&self, name: &str) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.create("/api/v1/namespaces", namespace).await;
    }

    pub fn stop_watches(&self) {
        self.cluster.end_watches();
    }

    pub async fn create(&self, path: &str, object: Value) {
        self.write(Method::POST, path, "application/json", object)
            .await;
    }

    /// A rollout with three pods in the namespace `shop`.
    pub async fn rollout(&self, name: &str, strategy: Value) {
        self.rollout_in("shop", name, strategy).await;
    }

    pub async fn rollout_in(&self, namespace: &str, name: &str, strategy: Value) {
        let containers = json!([{"name": "app", "image": "shop:v1",
                                 "env": [{"name": "PASSWORD", "value": "hunter2"}]}]);
        let annotations = self.annotations.lock().unwrap().remove(name);
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "replicas": 3, "strategy": strategy,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}}, "spec": {"containers": containers},
                },
            },
        });
        self.create(&ROLLOUTS.replace("shop", namespace), object)
            .await;
    }

    pub async fn service(&self, name: &str, app: &str) {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}});
        self.create("/api/v1/namespaces/shop/services", object)
            .await;
    }

    /// Annotations of the next rollout with this name.
    pub fn annotated(&self, name: &str, annotations: Value) {
        let mut all = self.annotations.lock().unwrap();
        all.insert(name.to_owned(), annotations);
    }

    pub async fn uid(&self, path: &str) -> String {
        let request = Request::get(path).body(Vec::new()).unwrap();
        let object: Value = self.client.request(request).await.unwrap();
        object["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    pub async fn set_image(&self, name: &str, image: &str) {
        let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image",
                            "value": image}]);
        self.patch(name, patch).await;
    }

    pub async fn patch(&self, name: &str, patch: Value) {
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
        let request =
            format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}\r\n");
        Answer::of(self.send(&request).await)
    }

    /// Asks at `[::1]`.
    pub async fn over_ipv6(&self, path: &str) -> Answer {
        let there = SocketAddr::from((Ipv6Addr::LOCALHOST, self.address.port()));
        let request = format!("GET {path} HTTP/1.1\r\nHost: {there}\r\nConnection: close\r\n\r\n");
        let stream = TcpStream::connect(there).await.unwrap();
        Answer::of(exchange(stream, &request).await)
    }

    /// Connects, asks nothing, and waits for the end.
    pub async fn until_hung_up(&self) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (_head, body) = exchange(stream, "").await;
        assert!(body.is_empty());
    }

    /// The head of an answer in lower case, and its body as it was sent.
    pub async fn bytes(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        let host = self.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
        self.send(&request).await
    }

    async fn send(&self, request: &str) -> (String, Vec<u8>) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        exchange(stream, request).await
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
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Events(BufReader::new(stream))
    }
}

/// Sends a request; the head of the answer in lower case, and its body.
async fn exchange(mut stream: TcpStream, request: &str) -> (String, Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.map_or(answer.len(), |end| end + 4);
    let body = answer.split_off(end);
    let head = String::from_utf8(answer).unwrap().to_lowercase();
    (head, body)
}

/// A stream of events.
pub struct Events(BufReader<TcpStream>);

impl Events {
    /// The next event of this kind: its id and data.
    pub async fn next(&mut self, kind: &str) -> (String, Value) {
        let next = self.next_if_any(kind).await;
        next.unwrap_or_else(|| panic!("the stream ended"))
    }

    /// The next event of this kind; `None` when the stream ends before it.
    pub async fn next_if_any(&mut self, kind: &str) -> Option<(String, Value)> {
        let (mut event, mut id) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            if let Some(text) = line.strip_prefix("event: ") {
                event = text.trim_end().to_owned();
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim_end().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ")
                && event == kind
            {
                return Some((id, serde_json::from_str(data).unwrap()));
            }
        }
    }
}

/// Tries to start a dashboard at this address, over no cluster at all.
pub async fn start_on(address: &str, login: Login) -> std::io::Result<Dashboard> {
    let nothing = service_fn(|_: Request<Body>| async {
        Ok::<_, kube::Error>(http::Response::new(Body::empty()))
    });
    let options = Options {
        address: address.parse().unwrap(),
        namespace: None,
        clock: Arc::new(|| Time::from_unix(0)),
        login,
        hosts: Vec::new(),
    };
    Dashboard::start(Client::new(nothing, "shop"), options).await
}
