//! All Rollouts and ReplicaSets as the watch last told them, and what changed when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crds::Time;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use serde_json::Value;

use crate::row::{Sample, row};
use crate::trim::trim;

/// Rollouts that are gone are remembered up to this many, for viewers who were away.
const REMEMBERED: usize = 1024;
/// Samples of a Rollout that are kept.
const SAMPLES: usize = 120;

/// Namespace and name.
pub(crate) type Key = (String, String);

/// What the shared watch watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Rollout,
    ReplicaSet,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Rollout, Self::ReplicaSet];

    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Rollout => "rollouts",
            Self::ReplicaSet => "replicasets",
        }
    }
}

/// Everything that is known of a cluster, numbered by changes.
pub(crate) struct State {
    /// Tells this run of the server from others.
    epoch: u64,
    /// Grows with each change that somebody can see.
    change: u64,
    objects: BTreeMap<Kind, BTreeMap<Key, Value>>,
    /// Objects of a list that is still being received.
    incoming: BTreeMap<Kind, BTreeMap<Key, Value>>,
    complete: BTreeSet<Kind>,
    /// Why a kind is not up to date.
    trouble: BTreeMap<Kind, String>,
    /// ReplicaSets by the uid of their owner.
    owned: BTreeMap<String, BTreeSet<Key>>,
    /// Rollouts by uid.
    owners: BTreeMap<String, Key>,
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
            objects: Kind::ALL.map(|kind| (kind, BTreeMap::new())).into(),
            incoming: BTreeMap::new(),
            complete: BTreeSet::new(),
            trouble: BTreeMap::new(),
            owned: BTreeMap::new(),
            owners: BTreeMap::new(),
            shown: BTreeMap::new(),
            gone: VecDeque::new(),
        }
    }

    /// Whether every kind was seen once as a whole.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.len() == Kind::ALL.len()
    }

    /// What is not up to date, and why.
    pub(crate) fn trouble(&self) -> Vec<String> {
        let words = |(kind, why): (&Kind, &String)| format!("{}: {why}", kind.plural());
        self.trouble.iter().map(words).collect()
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

    /// What to tell a viewer who has seen everything up to `change`, or nothing yet.
    pub(crate) fn since(&self, change: Option<u64>) -> Difference {
        // What went before the oldest that is remembered cannot be told any more.
        let forgotten = (self.gone.len() >= REMEMBERED)
            .then(|| self.gone.front().map_or(0, |(change, _)| *change));
        let from = change.filter(|change| forgotten.is_none_or(|oldest| *change >= oldest));
        let rows = self.shown.values();
        let rows = rows.filter(|shown| from.is_none_or(|from| shown.change > from));
        let gone = self.gone.iter().filter(|(change, key)| {
            from.is_some_and(|from| *change > from) && !self.shown.contains_key(key)
        });
        Difference {
            all: from.is_none(),
            rows: rows.map(|shown| shown.row.clone()).collect(),
            gone: gone.map(|(_, key)| key.clone()).collect(),
        }
    }

    /// The last change of anything that belongs to a Rollout; `None` when it is not there.
    pub(crate) fn touched(&self, key: &Key) -> Option<u64> {
        Some(self.shown.get(key)?.touched)
    }

    /// A Rollout with its ReplicaSets and samples.
    pub(crate) fn rollout(&self, key: &Key) -> Option<(&Value, Vec<Value>, &VecDeque<Sample>)> {
        let rollout = self.objects.get(&Kind::Rollout)?.get(key)?;
        let shown = self.shown.get(key)?;
        Some((rollout, self.replica_sets_of(rollout), &shown.samples))
    }

    /// Notes that a kind cannot be watched now.
    pub(crate) fn fail(&mut self, kind: Kind, why: String) {
        self.trouble.insert(kind, why);
    }

    /// Takes in what the watch tells.
    pub(crate) fn apply(&mut self, kind: Kind, event: Event<DynamicObject>, now: Time) {
        match event {
            Event::Init => {
                self.incoming.insert(kind, BTreeMap::new());
            }
            Event::InitApply(object) => {
                if let Some((key, json)) = taken(object) {
                    self.incoming.entry(kind).or_default().insert(key, json);
                }
            }
            Event::InitDone => {
                self.trouble.remove(&kind);
                let seen = self.incoming.remove(&kind).unwrap_or_default();
                let left = self.objects.get(&kind).into_iter().flatten();
                let left = left
                    .map(|(key, _)| key)
                    .filter(|key| !seen.contains_key(*key));
                for key in left.cloned().collect::<Vec<_>>() {
                    self.remove(kind, &key, now);
                }
                for (key, json) in seen {
                    self.put(kind, key, json, now);
                }
                let first = !self.is_complete();
                self.complete.insert(kind);
                if first && self.is_complete() {
                    self.refresh_all(now);
                }
            }
            Event::Apply(object) => {
                self.trouble.remove(&kind);
                if let Some((key, json)) = taken(object) {
                    self.put(kind, key, json, now);
                }
            }
            Event::Delete(object) => {
                self.trouble.remove(&kind);
                if let Some((key, _)) = taken(object) {
                    self.remove(kind, &key, now);
                }
            }
        }
    }

    fn put(&mut self, kind: Kind, key: Key, json: Value, now: Time) {
        let objects = self.objects.entry(kind).or_default();
        let before = objects.insert(key.clone(), json.clone());
        if before
            .as_ref()
            .is_some_and(|before| version(before) == version(&json))
        {
            return;
        }
        if let Some(before) = &before {
            self.forget(kind, &key, before);
        }
        match kind {
            Kind::Rollout => {
                self.owners.insert(uid(&json).to_owned(), key.clone());
                self.refresh(&key, now);
            }
            Kind::ReplicaSet => {
                for owner in owners(&json) {
                    let owned = self.owned.entry(owner.to_owned()).or_default();
                    owned.insert(key.clone());
                }
                self.refresh_owners(&json, now);
            }
        }
    }

    fn remove(&mut self, kind: Kind, key: &Key, now: Time) {
        let objects = self.objects.entry(kind).or_default();
        let Some(before) = objects.remove(key) else {
            return;
        };
        self.forget(kind, key, &before);
        match kind {
            Kind::Rollout => {
                self.shown.remove(key);
                self.change = self.change.saturating_add(1);
                self.gone.push_back((self.change, key.clone()));
                if self.gone.len() > REMEMBERED {
                    self.gone.pop_front();
                }
            }
            Kind::ReplicaSet => self.refresh_owners(&before, now),
        }
    }

    /// Takes an object out of the indexes.
    fn forget(&mut self, kind: Kind, key: &Key, object: &Value) {
        if kind == Kind::Rollout {
            self.owners.remove(uid(object));
            return;
        }
        for owner in owners(object) {
            if let Some(owned) = self.owned.get_mut(owner) {
                owned.remove(key);
                if owned.is_empty() {
                    self.owned.remove(owner);
                }
            }
        }
    }

    fn refresh_owners(&mut self, replica_set: &Value, now: Time) {
        let keys: Vec<Key> = owners(replica_set)
            .filter_map(|owner| self.owners.get(owner).cloned())
            .collect();
        for key in keys {
            self.refresh(&key, now);
        }
    }

    fn refresh_all(&mut self, now: Time) {
        let keys: Vec<Key> = self.owners.values().cloned().collect();
        for key in keys {
            self.refresh(&key, now);
        }
    }

    /// Derives anew what is shown of a Rollout; nothing before all kinds were seen as a whole.
    fn refresh(&mut self, key: &Key, now: Time) {
        if !self.is_complete() {
            return;
        }
        let Some(rollout) = self
            .objects
            .get(&Kind::Rollout)
            .and_then(|all| all.get(key))
        else {
            return;
        };
        let (row, sample) = row(rollout, &self.replica_sets_of(rollout), now);
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

    fn replica_sets_of(&self, rollout: &Value) -> Vec<Value> {
        let all = self.objects.get(&Kind::ReplicaSet);
        let owned = self.owned.get(uid(rollout));
        let keys = owned.into_iter().flatten();
        keys.filter_map(|key| all?.get(key).cloned()).collect()
    }
}

/// The key of an object and what is kept of it.
pub(crate) fn taken(object: DynamicObject) -> Option<(Key, Value)> {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let key = (namespace, object.metadata.name.clone()?);
    let mut json = serde_json::to_value(object).ok()?;
    trim(&mut json);
    Some((key, json))
}

fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    let text = object.pointer(place).and_then(Value::as_str);
    text.unwrap_or_default()
}

fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

fn version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let owners = object.pointer("/metadata/ownerReferences");
    let owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners.map(|owner| text(owner, "/uid"))
}
