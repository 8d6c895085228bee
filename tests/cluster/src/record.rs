//! Watch log and audit log as one history, which checkers read.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::history::{Actor, Commit, History, Request};

use crate::audit::{Asked, Audit};

const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

/// The history of a namespace. `commits` are in the order of their revisions, and say when they were
/// told, since 1970; in them the namespace has the name `called`.
pub(crate) fn history(
    mut commits: Vec<Commit>,
    audit: &Audit,
    namespace: &str,
    called: &str,
    actor: impl Fn(&str) -> Actor,
) -> History {
    let writes: Vec<&Asked> = audit
        .all()
        .iter()
        .filter(|it| it.namespace == namespace && WRITES.contains(&it.access.verb.as_str()))
        .collect();
    name_the_actors(&mut commits, &writes, &actor);
    let start = commits.first().map_or(0, |first| first.at.as_secs());
    let mut last = Duration::ZERO;
    for commit in &mut commits {
        // Watches of different kinds tell at different times; revisions are right.
        last = last.max(commit.at.saturating_sub(Duration::from_secs(start)));
        commit.at = last;
    }
    let there = format!("/namespaces/{namespace}/");
    let here = format!("/namespaces/{called}/");
    let ours = writes.iter().filter_map(|it| {
        let actor = actor(&it.user);
        let mut request = (actor != Actor::Environment).then(|| request(it, actor))?;
        let path = request.path.replacen(&there, &here, 1);
        request.path = path;
        Some(request)
    });
    History {
        requests: ours.collect(),
        start: i64::try_from(start).unwrap_or(0),
        calm_since: Duration::ZERO,
        end: last,
        commits,
    }
}

/// The answer to a write has the version that it made; a removal has none, so that of an object is
/// the first one after it.
fn name_the_actors(commits: &mut [Commit], writes: &[&Asked], actor: &impl Fn(&str) -> Actor) {
    let done = writes.iter().filter(|it| it.code < 300);
    let mut made = BTreeMap::new();
    let mut removed: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for write in done {
        let resource = write.access.resource.split('/').next().unwrap_or_default();
        match write.stored {
            Some(version) => {
                made.insert((resource, version), write.user.as_str());
            }
            None if write.access.verb == "delete" => {
                let users = removed.entry((resource, write.name.as_str())).or_default();
                users.push(&write.user);
            }
            None => {}
        }
    }
    for commit in commits {
        let by = made.get(&(commit.resource(), commit.revision)).copied();
        let by = by.or_else(|| {
            let is_removal = commit.after.is_none();
            let users = removed.get_mut(&(commit.resource(), commit.name()));
            let mut users = users.filter(|users| is_removal && !users.is_empty());
            users.as_mut().map(|users| users.remove(0))
        });
        commit.actor = by.map_or(Actor::Environment, actor);
    }
}

fn request(asked: &Asked, actor: Actor) -> Request {
    let (path, query) = asked.uri.split_once('?').unwrap_or((&asked.uri, ""));
    Request {
        actor,
        method: match asked.access.verb.as_str() {
            "create" => "POST",
            "update" => "PUT",
            "patch" => "PATCH",
            _ => "DELETE",
        }
        .to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: asked.sent.clone(),
        status: asked.code,
        sight: None,
    }
}
