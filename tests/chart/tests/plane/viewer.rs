//! Somebody who looks at a dashboard, as a browser or a program does.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody with a token, or without one.
#[derive(Clone)]
pub(crate) struct Viewer {
    port: u16,
    token: Option<String>,
}

/// Status and body of an answer.
pub(crate) type Answer = (u16, String);

impl Viewer {
    pub(crate) fn new(port: u16, token: Option<&str>) -> Self {
        Self {
            port,
            token: token.map(str::to_owned),
        }
    }

    /// Asks under this name of the dashboard.
    pub(crate) fn ask_at(&self, host: &str, method: &str, path: &str) -> Answer {
        let mut text = String::new();
        let stream = self.send(host, method, path);
        BufReader::new(stream).read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask_at("localhost:3100", "GET", path)
    }

    /// Whether somebody listens, and is well.
    pub(crate) fn reaches(&self, path: &str) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.get(path).0 == 200
    }

    /// The Rollouts that this viewer is shown, or the status of a refusal.
    pub(crate) fn list(&self) -> Result<BTreeSet<String>, u16> {
        let (status, body) = self.get("/api/v1/rollouts");
        if status != 200 {
            return Err(status);
        }
        let list: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(list["trouble"], serde_json::json!([]), "{list}");
        Ok(names(&list))
    }

    /// The page of a Rollout, once it is read as a whole.
    pub(crate) fn page(&self, namespace: &str, name: &str) -> Value {
        let path = format!("/api/v1/namespaces/{namespace}/rollouts/{name}");
        let (status, body) = self.get(&path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Everything that a stream tells from now on; nothing more once it has ended.
    pub(crate) fn stream(&self, query: &str) -> Stream {
        let stream = self.send("localhost:3100", "GET", &format!("/api/v1/stream{query}"));
        let (told, events) = channel();
        std::thread::spawn(move || {
            let mut event = String::new();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some(name) = line.strip_prefix("event: ") {
                    name.clone_into(&mut event);
                } else if let Some(data) = line.strip_prefix("data: ") {
                    let data = serde_json::from_str(data).unwrap();
                    if told.send((event.clone(), data)).is_err() {
                        return;
                    }
                }
            }
        });
        Stream(events)
    }

    /// HTTP/1.0, whose answers end with the connection and come in no chunks.
    fn send(&self, host: &str, method: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let login = self.token.as_ref();
        let login = login.map(|it| format!("Authorization: Bearer {it}\r\n"));
        let login = login.unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{login}\r\n"
        )
        .unwrap();
        stream
    }
}

/// What a stream has told and nobody has taken.
pub(crate) struct Stream(Receiver<(String, Value)>);

impl Stream {
    /// The next event of this kind that `look` takes; `None` when the stream ends before, or nothing
    /// of the kind comes in time.
    pub(crate) fn next(
        &self,
        kind: &str,
        patience: Duration,
        look: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (event, data) = self.0.recv_timeout(left).ok()?;
            if event == kind && look(&data) {
                return Some(data);
            }
        }
    }

    /// The Rollouts of all events of the list that have come so far.
    pub(crate) fn so_far(&self) -> BTreeSet<String> {
        let events = self.0.try_iter().filter(|(event, _)| event == "rollouts");
        events.flat_map(|(_, data)| names(&data)).collect()
    }
}

/// `namespace/name` of the Rollouts in a list or in an event.
pub(crate) fn names(list: &Value) -> BTreeSet<String> {
    let rollouts = list["rollouts"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rollouts
        .map(|it| format!("{}/{}", text(&it["namespace"]), text(&it["name"])))
        .collect()
}
