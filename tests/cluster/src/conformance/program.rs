//! Programs as text.
//!
//! ```text
//! # A comment.
//! 1 POST configmaps {"metadata":{"name":"a"},"data":{"k":"1"}}
//! 2 PUT configmaps/a {"$of":1,"data":{"k":"2"}}
//! 3 PATCH:merge configmaps/a?fieldManager=m {"data":{"k":null}}
//! 4 WATCH configmaps?resourceVersion=$rv1
//! ```
//!
//! Each line is a number, a method, a path below the namespace, and a body, if any. `$rv1`, `$uid1` and
//! `$continue1` stand for what the answer to request 1 had; a body with `"$of": 1` is the object of that
//! answer, with the rest of the body merged into it. What there was no such answer for is `0`.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Others refer to its answer by this.
    pub number: usize,
    /// `GET`, `PATCH:merge`, `WATCH` and so on.
    pub method: String,
    /// Plural, name, subresource, query.
    pub path: String,
    /// Null where there is none.
    pub body: Value,
}

/// Requests, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program(pub Vec<Request>);

/// A request as it is sent.
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) content_type: &'static str,
    /// Whole, with the namespace and the query.
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) watches: bool,
}

/// Answers so far, by number.
pub(super) type Answers = BTreeMap<usize, Value>;

impl Program {
    /// Reads one.
    ///
    /// # Errors
    /// The line that is none.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let requests = lines.map(|line| request(line).context(line.to_owned()));
        Ok(Self(requests.collect::<anyhow::Result<_>>()?))
    }
}

fn request(line: &str) -> anyhow::Result<Request> {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let number = word().parse()?;
    let (method, path, body) = (word().to_owned(), word().to_owned(), word());
    if path.is_empty() {
        bail!("a request has a number, a method and a path");
    }
    let body = match body {
        "" => Value::Null,
        text => serde_json::from_str(text)?,
    };
    Ok(Request {
        number,
        method,
        path,
        body,
    })
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.number, self.method, self.path)?;
        if self.body.is_null() {
            return Ok(());
        }
        write!(f, " {}", self.body)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|request| writeln!(f, "{request}"))
    }
}

impl Request {
    /// The plural of what it is about.
    #[must_use]
    pub fn plural(&self) -> &str {
        self.path.split(['/', '?']).next().unwrap_or_default()
    }

    /// As it is sent, after these answers.
    pub(super) fn sent(&self, namespace: &str, answers: &Answers) -> Sent {
        let (verb, kind) = self.method.split_once(':').unwrap_or((&self.method, ""));
        let content_type = match kind {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            "apply" => "application/apply-patch+yaml",
            "apply-json" => "application/apply-patch+json",
            "text" => "text/plain",
            _ => "application/json",
        };
        let group = match self.plural() {
            "replicasets" | "deployments" => "apis/apps/v1",
            "leases" => "apis/coordination.k8s.io/v1",
            "rollouts" | "analysistemplates" | "analysisruns" | "experiments" => {
                "apis/argoproj.io/v1alpha1"
            }
            _ => "api/v1",
        };
        let path = resolved_text(&self.path, answers);
        let watches = verb == "WATCH";
        let mut path = format!("/{group}/namespaces/{namespace}/{path}");
        if watches {
            let mark = if path.contains('?') { '&' } else { '?' };
            path = format!("{path}{mark}watch=true");
        }
        Sent {
            method: match verb {
                "POST" => "POST",
                "PUT" => "PUT",
                "PATCH" => "PATCH",
                "DELETE" => "DELETE",
                _ => "GET",
            },
            content_type,
            path,
            body: resolved(&self.body, namespace, answers),
            watches,
        }
    }
}

/// The body with what it refers to in place.
fn resolved(body: &Value, namespace: &str, answers: &Answers) -> Value {
    match body {
        Value::Object(map) => {
            let mut fields = map.clone();
            let base = fields.remove("$of").and_then(|number| number.as_u64());
            let fields = fields.iter();
            let fields = fields.map(|(k, v)| (k.clone(), resolved(v, namespace, answers)));
            let over = Value::Object(fields.collect());
            let Some(base) = base.and_then(|number| usize::try_from(number).ok()) else {
                return over;
            };
            let mut object = answers.get(&base).cloned().unwrap_or_default();
            merge(&mut object, &over);
            object
        }
        Value::Array(items) => items
            .iter()
            .map(|it| resolved(it, namespace, answers))
            .collect(),
        Value::String(text) if text == "$namespace" => namespace.into(),
        Value::String(text) => resolved_text(text, answers).into(),
        other => other.clone(),
    }
}

fn merge(into: &mut Value, over: &Value) {
    let (Value::Object(into), Value::Object(over)) = (&mut *into, over) else {
        *into = over.clone();
        return;
    };
    for (key, value) in over {
        if value.is_null() {
            into.remove(key);
        } else {
            merge(into.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A text with `$rv1`, `$uid1`, `$continue1` replaced.
fn resolved_text(text: &str, answers: &Answers) -> String {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let places = [
            ("rv", "/metadata/resourceVersion"),
            ("uid", "/metadata/uid"),
            ("continue", "/metadata/continue"),
        ];
        let found = places
            .iter()
            .find_map(|(word, place)| Some((part.strip_prefix(word)?, place)));
        let Some((rest, place)) = found else {
            out.push('$');
            out.push_str(part);
            continue;
        };
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let (number, rest) = rest.split_at(digits);
        let number = number.parse().unwrap_or(0);
        let value = answers
            .get(&number)
            .and_then(|answer| answer.pointer(place));
        out.push_str(value.and_then(Value::as_str).unwrap_or("0"));
        out.push_str(rest);
    }
    out
}
