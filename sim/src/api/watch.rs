//! Watches: events strictly after a revision, in order, without gaps.
//!
//! A watch with a selector turns an object that comes into it into ADDED, and one that leaves it
//! into DELETED. Bookmarks come once a minute where asked for. The server ends a watch after
//! `timeoutSeconds`, or after 30 to 60 minutes.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::Stream;
use futures::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::Instant;

use super::call::Call;
use super::read::Selection;
use super::reply::Shaper;
use super::request::Query;
use crate::cluster::Server;
use crate::error::ApiError;
use crate::object;
use crate::resources::Resource;
use crate::store::{Commit, Held};

/// An open watch.
pub(crate) struct Watch {
    server: Arc<Server>,
    ready: VecDeque<Bytes>,
    commits: Option<UnboundedReceiver<Arc<Commit>>>,
    selection: Selection,
    shaper: Shaper,
    /// Revision of the last thing sent.
    sent: u64,
    ends: Instant,
    next_bookmark: Option<Instant>,
    /// Revision of a bookmark that waits until everything before it is sent.
    due_bookmark: Option<u64>,
}

const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

impl Call<'_> {
    /// Opens a watch.
    pub(crate) fn watch(
        &mut self,
        server: &Arc<Server>,
        resource: &Arc<Resource>,
        selection: Selection,
        mut shaper: Shaper,
        query: &Query,
    ) -> Result<Watch, ApiError> {
        let current = self.state.store.revision();
        let from = query.number("resourceVersion")?;
        let bookmarks = query.flag("allowWatchBookmarks");
        let send_initial = query.flag("sendInitialEvents");
        check_options(query, send_initial, bookmarks)?;
        if let Some(wanted) = from
            && wanted > current
        {
            return Err(ApiError::version_too_large(wanted, current));
        }
        let draw = self.state.rng.below(1_800);
        let seconds = query
            .number("timeoutSeconds")?
            .filter(|seconds| *seconds > 0)
            .unwrap_or(1_800 + draw);
        let mut ready = VecDeque::new();
        let mut commits = Some(self.state.store.subscribe(Some(&resource.id)));
        let mut sent = current;
        if send_initial || from.is_none_or(|v| v == 0) {
            let namespace = selection.namespace.as_deref();
            for held in self.state.store.list_held(&resource.id, namespace) {
                if selection.matches(&held.object) {
                    ready.push_back(line("ADDED", &shaper.event(held, self.now)));
                }
            }
            if send_initial {
                let mut bookmark = shaper.bookmark(current);
                object::metadata(&mut bookmark).insert(
                    "annotations".into(),
                    json!({"k8s.io/initial-events-end": "true"}),
                );
                ready.push_back(line("BOOKMARK", &bookmark));
            }
        } else if let Some(from) = from {
            match self.state.store.since(&resource.id, from) {
                Some(missed) => {
                    sent = from;
                    for commit in missed {
                        sent = commit.revision;
                        ready.extend(event(&selection, &mut shaper, &commit, self.now));
                    }
                }
                None => {
                    let error =
                        ApiError::expired(format!("too old resource version: {from} ({current})"));
                    ready.push_back(line("ERROR", &error.to_status()));
                    commits = None;
                }
            }
        }
        Ok(Watch {
            server: server.clone(),
            ready,
            commits,
            selection,
            shaper,
            sent,
            ends: Instant::now() + Duration::from_secs(seconds),
            next_bookmark: bookmarks.then(|| Instant::now() + BOOKMARK_EVERY),
            due_bookmark: None,
        })
    }
}

/// The rules of `sendInitialEvents`.
fn check_options(query: &Query, send_initial: bool, bookmarks: bool) -> Result<(), ApiError> {
    let refused = |why: &str| {
        Err(ApiError::new(
            422,
            "Invalid",
            format!("ListOptions.meta.k8s.io \"\" is invalid: {why}"),
        ))
    };
    let matching = query.get("resourceVersionMatch");
    if query.get("sendInitialEvents").is_none() {
        if matching.is_some() {
            return refused(
                "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            );
        }
        return Ok(());
    }
    if matching != Some("NotOlderThan") {
        return refused(
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        );
    }
    if send_initial && !bookmarks {
        return refused("allowWatchBookmarks: Forbidden: sendInitialEvents requires bookmarks");
    }
    Ok(())
}

impl Watch {
    /// The lines of the response, as they come.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(self, |mut watch| async move {
            let line = watch.next().await?;
            Some((line, watch))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            let commits = self.commits.as_mut()?;
            if let Some(revision) = self.due_bookmark {
                match commits.try_recv() {
                    Ok(commit) => self.take(&commit).await,
                    Err(TryRecvError::Empty) => {
                        self.due_bookmark = None;
                        let bookmark = self.shaper.bookmark(revision.max(self.sent));
                        return Some(line("BOOKMARK", &bookmark));
                    }
                    Err(TryRecvError::Disconnected) => return None,
                }
                continue;
            }
            let bookmark_at = self.next_bookmark.unwrap_or(self.ends);
            tokio::select! {
                biased;
                commit = commits.recv() => {
                    let commit = commit?;
                    self.take(&commit).await;
                }
                () = tokio::time::sleep_until(self.ends.min(bookmark_at)) => {
                    let now = Instant::now();
                    if now >= self.ends {
                        return None;
                    }
                    self.next_bookmark = Some(now + BOOKMARK_EVERY);
                    self.due_bookmark = Some(self.server.lock().store.revision());
                }
            }
        }
    }

    /// Turns a commit into a line, not before the lag that the resource's watches have is over.
    async fn take(&mut self, commit: &Commit) {
        let lag = {
            let state = self.server.lock();
            state.watch_lags.get(&commit.resource).copied()
        };
        if let Some(lag) = lag {
            let age = self.server.clock.now().signed_duration_since(commit.time);
            let age = age.to_std().unwrap_or_default();
            tokio::time::sleep(lag.saturating_sub(age)).await;
        }
        self.sent = commit.revision;
        let now = self.server.clock.now();
        self.ready
            .extend(event(&self.selection, &mut self.shaper, commit, now));
    }
}

/// What a watch shows of a commit, if anything.
fn event(
    selection: &Selection,
    shaper: &mut Shaper,
    commit: &Commit,
    now: DateTime<Utc>,
) -> Option<Bytes> {
    let matches = |o: &Option<Arc<Value>>| o.as_deref().is_some_and(|o| selection.matches(o));
    let shown = || Held {
        object: commit.shown.clone(),
        managers: commit.managers.clone(),
    };
    match (matches(&commit.before), matches(&commit.after)) {
        (false, false) => None,
        (false, true) => Some(line("ADDED", &shaper.event(&shown(), now))),
        (true, true) => Some(line("MODIFIED", &shaper.event(&shown(), now))),
        (true, false) => {
            let mut last = commit.before.as_deref().cloned().unwrap_or_default();
            object::metadata(&mut last)
                .insert("resourceVersion".into(), commit.revision.to_string().into());
            let last = Held {
                object: Arc::new(last),
                managers: commit.managers_before.clone(),
            };
            Some(line("DELETED", &shaper.event(&last, now)))
        }
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut text = json!({"type": kind, "object": object}).to_string();
    text.push('\n');
    Bytes::from(text)
}
