//! All Rollouts and ReplicaSets as the watch last told them, and what changed when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crds::Time;
use kube::core::DynamicObject;
use kube::runtime::watcher::{self, Event};
use serde_json::Value;

use crate::kept::Kept;
use crate::kind::Kind;
use crate::row::{Sample, row};
use crate::sight::Sight;
use crate::trim::trim;
use crate::watched::{Key, Watched};

/// Rollouts that are gone are remembered up to this many, for viewers who were away.
const REMEMBERED: usize = 1024;
/// Samples of a Rollout that are kept.
const SAMPLES: usize = 120;

/// Everything that is known of a cluster, numbered by changes.
pub(crate) struct State {
    /// Tells this run of the server from others.
    epoch: u64,
    /// Grows with each change that somebody can see.
    change: u64,
    rollouts: Watched<Kept>,
    replica_sets: Watched<Kept>,
    /// ReplicaSets by the uid of their owner.
    owned: BTreeMap<String, BTreeSet<Key>>,
    /// Rollouts by uid.
    owners: BTreeMap<String, Key>,
    /// Namespaces that have, or had, Rollouts.
    namespaces: Arc<BTreeSet<String>>,
    shown: BTreeMap<Key, Shown>,
    /// Rollouts that are gone, with the change they went with; oldest first.
    gone: VecDeque<(u64, Key)>,
}

/// What is shown of a Rollout.
struct Shown {
    /// The last change of its row.
    change: u64,
    /// The last change of anything that belongs to it.
    touched: u64,
    /// Its row as JSON.
    row: Arc<str>,
    samples: VecDeque<Sample>,
}

/// What changed since a viewer last saw the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Whether `rows` are all there are.
    pub(crate) all: bool,
    pub(crate) rows: Vec<Arc<str>>,
    pub(crate) gone: Vec<Key>,
}

impl State {
    pub(crate) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let epoch = since.map_or(0, |since| since.as_secs());
        Self {
            epoch,
            change: 0,
            rollouts: Watched::default(),
            replica_sets: Watched::default(),
            owned: BTreeMap::new(),
            owners: BTreeMap::new(),
            namespaces: Arc::default(),
            shown: BTreeMap::new(),
            gone: VecDeque::new(),
        }
    }

    /// Whether every kind was seen once as a whole.
    pub(crate) const fn is_complete(&self) -> bool {
        self.rollouts.is_complete() && self.replica_sets.is_complete()
    }

    /// What is not up to date, and why.
    pub(crate) fn trouble(&self) -> Vec<String> {
        let kinds = [
            (Kind::Rollout, &self.rollouts),
            (Kind::ReplicaSet, &self.replica_sets),
        ];
        let troubles = kinds.into_iter();
        troubles
            .filter_map(|(kind, all)| Some(format!("{}: {}", kind.plural(), all.trouble()?)))
            .collect()
    }

    /// Namespaces that have, or had, Rollouts.
    pub(crate) fn namespaces(&self) -> Arc<BTreeSet<String>> {
        self.namespaces.clone()
    }

    /// The name of this state: where a viewer can go on from.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.epoch, self.change)
    }

    /// The change that an id of this run of the server names; `None` for any other text.
    pub(crate) fn parse_id(&self, id: &str) -> Option<u64> {
        let (epoch, change) = id.split_once('-')?;
        let change = change
            .parse()
            .ok()
            .filter(|change| *change <= self.change)?;
        (epoch.parse() == Ok(self.epoch)).then_some(change)
    }

    pub(crate) const fn change(&self) -> u64 {
        self.change
    }

    /// What to tell a viewer who sees so much and knows everything up to `change`, or nothing yet.
    pub(crate) fn since(&self, change: Option<u64>, sight: &Sight, now: Time) -> Difference {
        // What went before the oldest that is remembered cannot be told any more.
        let forgotten = (self.gone.len() >= REMEMBERED)
            .then(|| self.gone.front().map_or(0, |(change, _)| *change));
        let from = change.filter(|change| forgotten.is_none_or(|oldest| *change >= oldest));
        let rows = self.shown.iter();
        let rows = rows.filter(|(key, shown)| {
            from.is_none_or(|from| shown.change > from) && sight.sees(Kind::Rollout, &key.0)
        });
        let gone = self.gone.iter().filter(|(change, key)| {
            from.is_some_and(|from| *change > from)
                && !self.shown.contains_key(key)
                && sight.sees(Kind::Rollout, &key.0)
        });
        Difference {
            all: from.is_none(),
            rows: rows
                .filter_map(|(key, shown)| {
                    if sight.sees(Kind::ReplicaSet, &key.0) {
                        return Some(shown.row.clone());
                    }
                    let alone = row(&self.rollout(key)?, &[], now).0;
                    serde_json::to_string(&alone).ok().map(Arc::from)
                })
                .collect(),
            gone: gone.map(|(_, key)| key.clone()).collect(),
        }
    }

    /// The last change of anything that belongs to a Rollout; `None` when it is not there.
    pub(crate) fn touched(&self, key: &Key) -> Option<u64> {
        Some(self.shown.get(key)?.touched)
    }

    /// A Rollout; `None` when it is not there.
    pub(crate) fn rollout(&self, key: &Key) -> Option<Value> {
        Some(self.rollouts.objects().get(key)?.read())
    }

    /// How a Rollout was, oldest first.
    pub(crate) fn samples(&self, key: &Key) -> Option<&VecDeque<Sample>> {
        Some(&self.shown.get(key)?.samples)
    }

    /// Takes in what the watch of a shared kind tells.
    pub(crate) fn apply(
        &mut self,
        kind: Kind,
        event: Result<Event<DynamicObject>, watcher::Error>,
        now: Time,
    ) {
        let was_complete = self.is_complete();
        match kind {
            Kind::Rollout => {
                for (key, before) in self.rollouts.apply(event, kept) {
                    self.rollout_changed(&key, before.as_ref(), now);
                }
            }
            _ => {
                for (key, before) in self.replica_sets.apply(event, kept) {
                    self.replica_set_changed(&key, before.as_ref(), now);
                }
            }
        }
        if !was_complete && self.is_complete() {
            let keys: Vec<Key> = self.owners.values().cloned().collect();
            for key in keys {
                self.refresh(&key, now);
            }
        }
    }

    fn rollout_changed(&mut self, key: &Key, before: Option<&Kept>, now: Time) {
        let after = self.rollouts.objects().get(key);
        if Kept::is_same(before, after) {
            return;
        }
        if let Some(before) = before {
            self.owners.remove(before.uid());
        }
        if let Some(after) = after {
            self.owners.insert(after.uid().to_owned(), key.clone());
            if !self.namespaces.contains(&key.0) {
                Arc::make_mut(&mut self.namespaces).insert(key.0.clone());
            }
            self.refresh(key, now);
        } else if self.shown.remove(key).is_some() {
            self.change = self.change.saturating_add(1);
            self.gone.push_back((self.change, key.clone()));
            if self.gone.len() > REMEMBERED {
                self.gone.pop_front();
            }
        }
    }

    fn replica_set_changed(&mut self, key: &Key, before: Option<&Kept>, now: Time) {
        let after = self.replica_sets.objects().get(key);
        if Kept::is_same(before, after) {
            return;
        }
        let mut touched: BTreeSet<String> = BTreeSet::new();
        for owner in before.into_iter().flat_map(Kept::owners) {
            if let Some(owned) = self.owned.get_mut(owner) {
                owned.remove(key);
                if owned.is_empty() {
                    self.owned.remove(owner);
                }
            }
            touched.insert(owner.to_owned());
        }
        for owner in after.into_iter().flat_map(Kept::owners) {
            let owned = self.owned.entry(owner.to_owned()).or_default();
            owned.insert(key.clone());
            touched.insert(owner.to_owned());
        }
        for owner in touched {
            if let Some(key) = self.owners.get(&owner).cloned() {
                self.refresh(&key, now);
            }
        }
    }

    /// Derives anew what is shown of a Rollout; nothing before all kinds were seen as a whole.
    fn refresh(&mut self, key: &Key, now: Time) {
        if !self.is_complete() {
            return;
        }
        let Some(rollout) = self.rollout(key) else {
            return;
        };
        let (row, sample) = row(&rollout, &self.replica_sets_of(&rollout), now);
        let row: Arc<str> = match serde_json::to_string(&row) {
            Ok(text) => text.into(),
            Err(error) => {
                tracing::error!(%error, "dashboard: a row has no JSON");
                return;
            }
        };
        self.change = self.change.saturating_add(1);
        let change = self.change;
        let shown = self.shown.entry(key.clone()).or_insert_with(|| Shown {
            change,
            touched: change,
            row: row.clone(),
            samples: VecDeque::new(),
        });
        shown.touched = change;
        if shown.row != row {
            shown.row = row;
            shown.change = change;
        }
        let last = shown.samples.back();
        if let Some(sample) = sample.filter(|new| last.is_none_or(|last| !new.is_like(last))) {
            shown.samples.push_back(sample);
            if shown.samples.len() > SAMPLES {
                shown.samples.pop_front();
            }
        }
    }

    /// The ReplicaSets that belong to a Rollout.
    pub(crate) fn replica_sets_of(&self, rollout: &Value) -> Vec<Value> {
        let all = self.replica_sets.objects();
        let owned = self.owned.get(uid(rollout));
        let keys = owned.into_iter().flatten();
        keys.filter_map(|key| all.get(key).map(Kept::read))
            .collect()
    }
}

/// The key of an object and how it is kept in the shared watch.
fn kept(object: DynamicObject) -> Option<(Key, Kept)> {
    let (key, json) = taken(object)?;
    Some((key, Kept::new(&json)))
}

/// The key of an object and what is kept of it.
pub(crate) fn taken(object: DynamicObject) -> Option<(Key, Value)> {
    let (key, mut json) = whole(object)?;
    trim(&mut json);
    Some((key, json))
}

/// The key of an object, and all of it.
pub(crate) fn whole(object: DynamicObject) -> Option<(Key, Value)> {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let key = (namespace, object.metadata.name.clone()?);
    Some((key, serde_json::to_value(object).ok()?))
}

pub(crate) fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    let text = object.pointer(place).and_then(Value::as_str);
    text.unwrap_or_default()
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let owners = object.pointer("/metadata/ownerReferences");
    let owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners.map(|owner| text(owner, "/uid"))
}
