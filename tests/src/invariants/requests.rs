//! Requests in the words of the checkers, each placed after the commit that it made.

use std::collections::BTreeMap;

use invariants::{Actor, Kind, Millis, Text, Verb};
use serde_json::Value;

use super::objects::actor;
use crate::history::{Commit, History, Key, Request};
use crate::reading::text;
use crate::sight::Sight;

/// A request, and where in the history it belongs.
pub(super) struct Placed<'a> {
    request: &'a Request,
    address: Address<'a>,
    /// The commit that it made, or the last one before it, by index.
    pub(super) after: usize,
    /// The commit that it made, by index.
    made: Option<usize>,
    /// The object's version that it made.
    stored: Option<u64>,
}

#[derive(Clone, Copy)]
struct Address<'a> {
    resource: &'a str,
    namespace: &'a str,
    name: &'a str,
    subresource: &'a str,
}

/// All requests but rehearsals, in the order of the answers.
///
/// A commit does not say which request made it: it is the first one left of the same writer and
/// object that follows the version which the request carries. A write that changes nothing makes
/// none. One of unknown fate made what those that are known to have succeeded left over.
pub(super) fn in_order(history: &History) -> Vec<Placed<'_>> {
    let mut left: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (index, commit) in history.commits.iter().enumerate() {
        left.entry(commit.key.clone()).or_default().push(index);
    }
    let real = history.requests.iter().filter(|it| !it.is_dry_run());
    let requests: Vec<_> = real.map(|request| (request, address(request))).collect();
    let mut made = vec![None; requests.len()];
    for fate in [200..300, 0..1] {
        let of_fate = requests.iter().zip(&mut made);
        for ((request, address), made) in of_fate.filter(|((it, _), _)| fate.contains(&it.status)) {
            let Some(left) = left.get_mut(&address.key()) else {
                continue;
            };
            let fits = |index: &usize| makes(request, history.commits.get(*index));
            let position = left.iter().position(fits);
            *made = position.map(|position| left.remove(position));
        }
    }
    let mut last = 0;
    let placed = requests.into_iter().zip(made);
    let placed = placed.map(|((request, address), made)| {
        last = last.max(made.unwrap_or(0));
        let commit = made.and_then(|index| history.commits.get(index));
        Placed {
            request,
            address,
            after: last,
            made,
            stored: commit
                .filter(|commit| commit.after.is_some())
                .map(|commit| commit.revision),
        }
    });
    placed.collect()
}

/// Whether a request made this commit of its object.
fn makes(request: &Request, commit: Option<&Commit>) -> bool {
    let Some(commit) = commit.filter(|commit| commit.actor == request.actor) else {
        return false;
    };
    let before = commit.before.as_deref().map(version);
    let fits = match request.method.as_str() {
        "POST" => before.is_none(),
        "DELETE" => before.is_some(),
        _ => before.is_some() && commit.after.is_some(),
    };
    fits && on_version(request).is_none_or(|on| before == Some(Some(on)))
}

impl Address<'_> {
    fn key(&self) -> Key {
        [self.resource, self.namespace, self.name]
            .map(str::to_owned)
            .into()
    }
}

impl<'a> Placed<'a> {
    /// The commit that it made, by index, and what its sender had seen.
    pub(super) fn decision(&self) -> Option<(usize, &'a Sight)> {
        Some((self.made?, self.request.sight.as_deref()?))
    }

    /// The request, answered at this time.
    pub(super) fn request(&self, at: Millis) -> invariants::Request {
        let (request, address) = (self.request, self.address);
        let on_version = on_version(request);
        let answer = request.is_answered.then_some(request.status);
        let succeeded = answer.is_some_and(|status| status < 300);
        invariants::Request {
            at,
            actor: match actor(request.actor) {
                Actor::Controller(_) => Actor::Controller(request.process),
                other => other,
            },
            verb: match request.method.as_str() {
                "POST" => Verb::Create,
                "DELETE" => Verb::Delete,
                _ => Verb::Change,
            },
            kind: match address.resource {
                "rollouts" => Kind::Rollout,
                "replicasets" => Kind::ReplicaSet,
                "services" => Kind::Service,
                "events" | "leases" => Kind::Bookkeeping,
                _ => Kind::Other,
            },
            namespace: Text::from(address.namespace),
            name: Text::from(address.name),
            subresource: Text::from(address.subresource),
            on_version,
            on_uid: carries_uid(&request.body),
            tests: tested(&request.body).next().is_some(),
            answer,
            stored: self.stored.or(on_version.filter(|_| succeeded)),
        }
    }
}

/// `/api/v1/namespaces/NS/RESOURCE/NAME/SUB`, or `/apis/GROUP/VERSION/…`.
fn address(request: &Request) -> Address<'_> {
    let mut parts = request.path.trim_start_matches('/').split('/');
    let skip = if parts.next() == Some("apis") { 2 } else { 1 };
    let mut parts = parts.skip(skip).peekable();
    let namespace = match parts.next_if_eq(&"namespaces") {
        Some(_) => parts.next().unwrap_or_default(),
        None => "",
    };
    let resource = parts.next().unwrap_or_default();
    let name = parts.next();
    Address {
        resource,
        namespace,
        name: name.unwrap_or_else(|| text(&request.body, "/metadata/name")),
        subresource: parts.next().unwrap_or_default(),
    }
}

fn version(object: &Value) -> Option<u64> {
    text(object, "/metadata/resourceVersion").parse().ok()
}

/// The version that a request was decided on: in the object, in the preconditions of a removal, or
/// tested by a JSON patch.
fn on_version(request: &Request) -> Option<u64> {
    let body = &request.body;
    let by_test = || {
        let mut tests = tested(body);
        let test = tests.find(|test| text(test, "/path") == "/metadata/resourceVersion")?;
        text(test, "/value").parse().ok()
    };
    let precondition = text(body, "/preconditions/resourceVersion").parse().ok();
    version(body).or(precondition).or_else(by_test)
}

fn carries_uid(body: &Value) -> bool {
    let is_there = |pointer: &str| !text(body, pointer).is_empty();
    is_there("/preconditions/uid")
        || is_there("/metadata/uid")
        || tested(body).any(|test| text(test, "/path") == "/metadata/uid")
}

/// The tests of a JSON patch.
fn tested(body: &Value) -> impl Iterator<Item = &Value> {
    let operations = body.as_array().into_iter().flatten();
    operations.filter(|operation| text(operation, "/op") == "test")
}
