//! What came of requests, and what is remembered of it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kube::api::DynamicObject;
use planner::{TemplateOutcome, WriteFailure};
use tokio::time::Instant;

use super::{After, Done, Read, Reconciler};
use crate::cache::{Key, Kind};
use crate::execute::Outcome;
use crate::watch::api;

/// How long until a refused template is asked about again.
const REFUSED_TEMPLATE: Duration = Duration::from_secs(60);

impl Reconciler {
    pub(super) fn finish_work(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Executed(key, outcome) => {
                // A Rollout whose objects are read again stays in flight until they were.
                match self.learn(&key, *outcome, now) {
                    Some(reading) => self.work.push(reading),
                    None => self.ended(&key),
                }
            }
            Done::Refreshed(key, after, read) => {
                self.ended(&key);
                self.refreshed(&key, after, read, now);
            }
            Done::Told(key, result) => {
                self.ended(&key);
                match result {
                    Ok(()) => self.queue.succeeded(&key),
                    Err(error) => {
                        tracing::warn!(rollout = %key, %error, "failed to tell, or to give back Services");
                        self.queue.back_off(&key, now);
                    }
                }
            }
            Done::Panicked(key) => {
                tracing::error!(rollout = %key, "a bug of the controller; this rollout waits");
                self.metrics.failed(&key);
                self.ended(&key);
                self.queue.back_off(&key, now);
            }
        }
    }

    /// Takes in what was read live.
    fn refreshed(&mut self, key: &Key, after: After, read: Vec<(Kind, Key, Read)>, now: Instant) {
        let mut failed = false;
        for (kind, object, live) in read {
            let live = match live {
                Ok(live) => live,
                Err(error) => {
                    tracing::warn!(rollout = %key, %error, "failed to read live");
                    failed = true;
                    // Not planned without: it is read before the next plan.
                    if kind == Kind::ReplicaSet {
                        let memory = self.memory.entry(key.clone()).or_default();
                        memory.lost.insert(object);
                    }
                    continue;
                }
            };
            self.gate.saw_live(key, kind, &object);
            match live {
                Some(live) if !self.is_in_scope(kind, &live) => {
                    self.delete(kind, &object);
                }
                // What is known already is no news: else every failure would be followed by
                // another look at once.
                Some(live) if self.is_known(kind, &live) => {}
                Some(live) => self.apply(kind, live),
                None => self.saw_gone(kind, &object),
            }
        }
        if failed {
            self.queue.back_off(key, now);
        } else if after == After::AtOnce {
            self.queue.add(key.clone());
        }
    }

    /// Whether the cache holds an object in just this version.
    fn is_known(&self, kind: Kind, object: &DynamicObject) -> bool {
        let known = self.cache.version(kind, &Key::of(object));
        let metadata = &object.metadata;
        known.is_some_and(|(version, uid)| {
            metadata.resource_version.as_deref() == Some(version)
                && metadata.uid.as_deref() == Some(uid)
        })
    }

    /// Takes in what came of a plan. Returns the reading that has to come first, if any.
    fn learn(
        &mut self,
        key: &Key,
        outcome: Outcome,
        now: Instant,
    ) -> Option<BoxFuture<'static, Done>> {
        let Outcome {
            wrote,
            check,
            taken,
            failed,
            pruned,
            resolved,
            too_late,
            unseen,
        } = outcome;
        let did_nothing =
            wrote.is_empty() && check.is_none() && taken.is_none() && failed.is_none() && !too_late;
        for (kind, object, expected) in wrote {
            self.gate.wrote(key, kind, object, expected, now);
        }
        for path in pruned {
            if self.pruned.insert(path.clone()) {
                tracing::warn!(
                    path,
                    "the installed CRD does not keep this field of the status; it is left out from now on"
                );
            }
        }
        let memory = self.memory.entry(key.clone()).or_default();
        memory.looked = unseen.clone();
        if !unseen.is_empty() {
            self.queue.hold_back(key, now);
            tracing::info!(rollout = %key, objects = unseen.len(), "others changed what the watch does not show yet; reading live");
            return Some(self.read_live(key, After::AtOnce, unseen.into_keys().collect()));
        }
        if let Some(check) = check {
            let is_refused = matches!(check.outcome, TemplateOutcome::Refused { .. });
            memory.ask_again = is_refused.then(|| now + REFUSED_TEMPLATE);
            memory.check = Some(Arc::new(check));
        }
        if taken.is_some() {
            memory.taken = taken;
        }
        let Some(failed) = failed else {
            if resolved {
                memory.failure = None;
            }
            // A plan of which nothing is kept by the API server is as good as an empty one.
            if did_nothing && memory.failure.take().is_none() {
                self.queue.succeeded(key);
                return None;
            }
            if memory.failure.is_none() && !did_nothing {
                self.queue.succeeded(key);
            }
            self.queue.add(key.clone());
            return None;
        };
        self.metrics.failed(key);
        let at_least = failed.refusal.retry_after();
        self.queue.back_off_at_least(key, now, at_least);
        if failed.refusal.is_answer() {
            tracing::warn!(rollout = %key, object = failed.object, reason = %failed.refusal, "a write was refused");
            let since = memory
                .failure
                .as_ref()
                .map_or_else(|| self.clock.now().second(), |old| old.since);
            memory.failure = Some(WriteFailure {
                object: failed.object,
                creating: failed.creating,
                message: failed.refusal.to_string(),
                since,
            });
            return None;
        }
        tracing::info!(rollout = %key, object = failed.object, reason = %failed.refusal, "looking again");
        failed
            .refusal
            .asks_to_look_again()
            .then(|| self.read_live(key, After::BackOff, vec![failed.target]))
    }

    /// Reads objects past the cache.
    pub(super) fn read_live(
        &self,
        key: &Key,
        after: After,
        objects: Vec<(Kind, Key)>,
    ) -> BoxFuture<'static, Done> {
        let (client, key) = (self.client.clone(), key.clone());
        let work = async move {
            let mut read = Vec::new();
            for (kind, object) in objects {
                let live = api(&client, kind, &object.namespace)
                    .get_opt(&object.name)
                    .await;
                read.push((kind, object, live));
            }
            Done::Refreshed(key, after, read)
        };
        work.boxed()
    }
}
