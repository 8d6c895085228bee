//! Watch log and audit log as one history, which checkers read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tests::history::{Actor, Commit, History, Key, Request};
use tests::sight::Sight;

use crate::audit::{Asked, Audit};
use crate::fault_proxy::Way;

const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

/// The history of a namespace. `commits` are in the order of their revisions, and say when they were
/// told, since 1970; in them the namespace has the name `called`.
pub(crate) fn history(
    mut commits: Vec<Commit>,
    audit: &Audit,
    namespace: &str,
    called: &str,
    way: &Way,
    actor: impl Fn(&str) -> Actor,
) -> History {
    let writes: Vec<&Asked> = audit
        .all()
        .filter(|it| it.namespace == namespace && WRITES.contains(&it.access.verb.as_str()))
        .collect();
    name_the_actors(&mut commits, &writes, &actor);
    let views = Views::of(&commits);
    let start = commits.first().map_or(0, |first| first.at.as_secs());
    let since_start = |at: Duration| at.saturating_sub(Duration::from_secs(start));
    let mut last = Duration::ZERO;
    for commit in &mut commits {
        // Watches of different kinds tell at different times; revisions are right.
        last = last.max(since_start(commit.at));
        commit.at = last;
    }
    let there = format!("/namespaces/{namespace}/");
    let here = format!("/namespaces/{called}/");
    let ours = writes.iter().filter_map(|it| {
        let actor = actor(&it.user);
        let mut request = (actor != Actor::Environment).then(|| request(it, actor))?;
        request.path = request.path.replacen(&there, &here, 1);
        if actor == Actor::Controller {
            let seen = it.at.saturating_sub(way.lag);
            request.sight = Some(Arc::new(views.sight(&it.name, seen)));
            request.is_answered = !way.unanswered.contains(&it.id);
        }
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

/// When each version of what plans are made of was told.
struct Views(BTreeMap<Key, Vec<(Duration, u64)>>);

impl Views {
    fn of(commits: &[Commit]) -> Self {
        let mut views: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for commit in commits {
            if ["rollouts", "replicasets", "services"].contains(&commit.resource()) {
                let versions = views.entry(commit.key.clone()).or_default();
                versions.push((commit.at, commit.revision));
            }
        }
        Self(views)
    }

    /// What was told until `at`, for a write of an object of this name; of Rollouts only its own.
    fn sight(&self, name: &str, at: Duration) -> Sight {
        let is_concerned = |key: &&Key| key.0 != "rollouts" || name.starts_with(&key.2);
        Sight::of_versions(self.0.iter().filter(|(key, _)| is_concerned(key)).map(
            |(key, versions)| {
                let told = versions.iter().take_while(|(told, _)| *told <= at);
                (key.clone(), told.last().map_or(0, |(_, version)| *version))
            },
        ))
    }
}

/// Names who made each change, and for those that are in the audit log when it was asked for.
///
/// The answer to a write has the version that it made; a removal has none, so that of an object is
/// the first one after it. A write that changes nothing answers with a version that somebody else made.
fn name_the_actors(commits: &mut [Commit], writes: &[&Asked], actor: &impl Fn(&str) -> Actor) {
    let mut made = BTreeMap::new();
    let mut removals = Vec::new();
    for write in writes.iter().filter(|it| it.code < 300) {
        let resource = write.access.resource.split('/').next().unwrap_or_default();
        let user = write.user.as_str();
        if let Some(version) = write.stored {
            made.entry((resource, version)).or_insert((user, write.at));
        }
        if write.access.verb == "delete" {
            removals.push((resource, write.name.as_str(), (user, write.at)));
        }
    }
    for commit in commits {
        let by = made.get(&(commit.resource(), commit.revision)).copied();
        let by = by.or_else(|| {
            let (resource, name) = (commit.resource(), commit.name());
            let is_removal = |it: &(&str, &str, _)| (it.0, it.1) == (resource, name);
            let position = removals.iter().position(is_removal)?;
            let is_gone = commit.after.is_none();
            is_gone.then(|| removals.remove(position).2)
        });
        if let Some((user, at)) = by {
            commit.actor = actor(user);
            commit.at = at;
        }
    }
}

fn request(asked: &Asked, actor: Actor) -> Request {
    let (path, query) = asked.uri.split_once('?').unwrap_or((&asked.uri, ""));
    Request {
        actor,
        process: 0,
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
        is_answered: true,
        sight: None,
    }
}
