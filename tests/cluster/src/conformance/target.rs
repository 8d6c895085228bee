//! One of the two servers, in one namespace.

use std::time::Duration;

use anyhow::Context as _;
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::program::{Answers, Program, Sent};

/// Longest wait for the events of a watch that the other server has shown.
const PATIENCE: Duration = Duration::from_secs(5);
/// What comes so long after all that is expected is noticed.
const GRACE: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(200);

/// What a server answered to one request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    /// 0 where there was none.
    pub(super) code: u16,
    pub(super) body: Value,
    /// Of a watch.
    pub(super) events: Vec<Value>,
}

/// A stream of a watch, and what came of it so far.
struct Watch {
    /// Which answer it belongs to.
    index: usize,
    body: Body,
    rest: Vec<u8>,
}

/// Runs a program in a new namespace. `expected` is how many events each watch will show, where
/// another server has told.
pub(super) async fn run(
    client: &Client,
    namespace: &str,
    program: &Program,
    expected: Option<&[Answer]>,
) -> anyhow::Result<Vec<Answer>> {
    prepare(client, namespace).await?;
    let mut answers = Answers::new();
    let mut all = Vec::new();
    let mut watches = Vec::new();
    for request in &program.0 {
        let sent = request.sent(namespace, &answers);
        let list = sent.list_before().filter(|_| expected.is_some());
        // The server keeps no events in its cache: it looks for them a moment after it answered.
        let looks_later = list.is_some() && sent.watches && request.plural() == "events";
        if let Some(list) = list {
            let (_, body) = send(client, &list).await?;
            body.collect().await?;
        }
        let Ok((code, body)) = send(client, &sent).await else {
            // A server that breaks down over a request ends the connection.
            all.push(Answer::default());
            continue;
        };
        if looks_later {
            tokio::time::sleep(LOOK).await;
        }
        let mut answer = Answer {
            code,
            body: Value::Null,
            events: Vec::new(),
        };
        if sent.watches && code == 200 {
            watches.push(Watch {
                index: all.len(),
                body,
                rest: Vec::new(),
            });
        } else {
            let said = body.collect().await?.to_bytes();
            answer.body = serde_json::from_slice(&said).unwrap_or_default();
            answers.insert(request.number, answer.body.clone());
        }
        all.push(answer);
    }
    for mut watch in watches {
        let wanted = expected.and_then(|it| it.get(watch.index));
        let wanted = wanted.map(|answer| answer.events.len());
        if let Some(answer) = all.get_mut(watch.index) {
            answer.events = watch.events(wanted).await?;
        }
    }
    Ok(all)
}

/// A namespace with what admission asks for.
async fn prepare(client: &Client, namespace: &str) -> anyhow::Result<()> {
    let objects = [
        ("/api/v1/namespaces".to_owned(), "Namespace", namespace),
        (
            format!("/api/v1/namespaces/{namespace}/serviceaccounts"),
            "ServiceAccount",
            "default",
        ),
    ];
    for (path, kind, name) in objects {
        let mut body = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
        if kind == "ServiceAccount" {
            body["automountServiceAccountToken"] = false.into();
        }
        let sent = Sent {
            method: "POST",
            content_type: "application/json",
            path,
            body,
            watches: false,
        };
        let (code, body) = send(client, &sent).await?;
        let said = body.collect().await?.to_bytes();
        anyhow::ensure!(code == 201, "{name}: {}", String::from_utf8_lossy(&said));
    }
    Ok(())
}

async fn send(client: &Client, sent: &Sent) -> anyhow::Result<(u16, Body)> {
    let body = match &sent.body {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(body)?,
    };
    let request = http::Request::builder()
        .method(sent.method)
        .uri(&sent.path)
        .header("content-type", sent.content_type)
        .header("accept", "application/json")
        .header("user-agent", "program/1.0")
        .body(Body::from(body))
        .with_context(|| sent.path.clone())?;
    let answer: BoxFuture<'_, _> = Box::pin(client.send(request));
    let answer = answer.await.with_context(|| sent.path.clone())?;
    Ok((answer.status().as_u16(), answer.into_body()))
}

impl Sent {
    /// For what may be answered with the state of a while ago, the request that ends the while: a
    /// list of what is there now waits until the server's cache has it.
    fn list_before(&self) -> Option<Self> {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let version = query
            .split('&')
            .find_map(|it| it.strip_prefix("resourceVersion="));
        let is_collection =
            path.matches('/').count() == if path.starts_with("/api/") { 5 } else { 6 };
        let may_be_old = match version {
            Some("0") => true,
            // What is not older than a version may be as old as that one.
            Some(_) => !self.watches && !query.contains("resourceVersionMatch=Exact"),
            None => self.watches,
        };
        (self.method == "GET" && is_collection && may_be_old).then(|| Self {
            method: "GET",
            content_type: self.content_type,
            path: path.to_owned(),
            body: Value::Null,
            watches: false,
        })
    }
}

impl Watch {
    /// Events until there are as many as wanted and none came for a moment; without a number, until
    /// none came for a moment.
    async fn events(&mut self, wanted: Option<usize>) -> anyhow::Result<Vec<Value>> {
        let mut events = Vec::new();
        loop {
            let has_all = wanted.is_none_or(|wanted| events.len() >= wanted);
            let patience = if has_all { GRACE } else { PATIENCE };
            let Ok(frame) = tokio::time::timeout(patience, self.body.frame()).await else {
                return Ok(events);
            };
            let Some(frame) = frame else {
                return Ok(events);
            };
            if let Some(data) = frame?.data_ref() {
                self.rest.extend_from_slice(data);
            }
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                events.push(serde_json::from_slice(&line)?);
            }
        }
    }
}
