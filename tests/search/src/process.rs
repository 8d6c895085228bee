//! A controller's process: a view that may lag, the gate that keeps it from planning on a view
//! older than its own writes, and the planner inside.
//!
//! It stands for the shipped executor (`controller/src/{observe,execute,gate,reconcile}.rs`), which is
//! searched by itself over the embedded cluster; here it is small enough for thousands of worlds a
//! second.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crds::{Rollout, names};
use planner::{
    Action, Now, Observed, Owner, Plan, ReplicaSet, Service, ServiceState, Settings, TakenName,
    TemplateCheck, WriteFailure,
};

use crate::event::Kind;
use crate::store::{Commit, Object, Store};

/// How long the watch may take to show our own write before the object is read live.
pub const PATIENCE: i64 = 5_000;

/// What a controller sees of the store.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The Rollout.
    pub rollout: Option<Arc<Rollout>>,
    /// ReplicaSets by name.
    pub sets: BTreeMap<String, Arc<ReplicaSet>>,
    /// Services by name.
    pub services: BTreeMap<String, Arc<Service>>,
}

impl View {
    /// The store as it is.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self {
            rollout: store.rollout.clone(),
            sets: store
                .sets
                .iter()
                .map(|set| (set.object.name.clone(), set.object.clone()))
                .collect(),
            services: store.services.clone(),
        }
    }

    fn version(&self, kind: Kind, name: &str) -> Option<(u64, &str)> {
        let (version, uid) = match kind {
            Kind::Pod => return None,
            Kind::Rollout => {
                let metadata = &self.rollout.as_ref()?.metadata;
                (
                    metadata.resource_version.as_deref(),
                    metadata.uid.as_deref(),
                )
            }
            Kind::Set => self
                .sets
                .get(name)
                .map(|it| (Some(&*it.resource_version), Some(&*it.uid)))?,
            Kind::Service => self
                .services
                .get(name)
                .map(|it| (Some(&*it.resource_version), Some(&*it.uid)))?,
        };
        Some((version?.parse().ok()?, uid?))
    }

    /// Takes in a change, unless something newer is known.
    fn take_in(&mut self, commit: &Commit) {
        let is_older = self
            .version(commit.kind, &commit.name)
            .is_some_and(|(version, _)| version >= commit.revision);
        if !is_older {
            self.put(commit.kind, &commit.name, commit.after.clone());
        }
    }

    fn put(&mut self, kind: Kind, name: &str, object: Option<Object>) {
        match (kind, object) {
            (Kind::Rollout, Some(Object::Rollout(rollout))) => self.rollout = Some(rollout),
            (Kind::Rollout, _) => self.rollout = None,
            (Kind::Set, Some(Object::Set(set))) => {
                self.sets.insert(name.to_owned(), set);
            }
            (Kind::Set, _) => {
                self.sets.remove(name);
            }
            (Kind::Service, Some(Object::Service(service))) => {
                self.services.insert(name.to_owned(), service);
            }
            (Kind::Service, _) => {
                self.services.remove(name);
            }
            (Kind::Pod, _) => {}
        }
    }

    /// Reads one object live.
    pub fn read_live(&mut self, store: &Store, kind: Kind, name: &str) {
        let object = match kind {
            Kind::Rollout => store.rollout.clone().map(Object::Rollout),
            Kind::Set => store
                .sets
                .iter()
                .find(|set| set.object.name == name)
                .map(|set| Object::Set(set.object.clone())),
            Kind::Service => store.services.get(name).cloned().map(Object::Service),
            Kind::Pod => None,
        };
        self.put(kind, name, object);
    }
}

/// What a write should make visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A new object at this version or later.
    Created(u64),
    /// An object at this version or later, or gone.
    Changed(u64),
    /// No object with this uid.
    Deleted(String),
}

/// A plan that is being carried out.
#[derive(Debug, Clone)]
pub struct Pass {
    /// What it was decided on.
    pub observed: Observed,
    /// What is left to do.
    pub actions: VecDeque<Action>,
    /// Version of the Rollout for the next write to it.
    pub rollout_version: String,
    /// The store's revision up to which every change was in the view.
    pub seen: u64,
    /// Until when it may be carried out: the end of the second it was planned in.
    pub until: i64,
    /// Whether its last writes were left out, since they would be refused.
    pub is_cut: bool,
}

impl Pass {
    /// The version of the Rollout that the plan was made for.
    #[must_use]
    pub fn decided_on(&self) -> Option<u64> {
        let version = self.observed.rollout.metadata.resource_version.as_ref();
        version.and_then(|it| it.parse().ok())
    }
}

/// What comes of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// There is no Rollout, or a write is still under way.
    NotNow,
    /// The view does not show our own writes yet.
    Behind,
    /// Nothing to do.
    AtRest,
    /// There are writes to carry out.
    Busy,
}

/// A controller's process.
#[derive(Debug, Clone)]
pub struct Process {
    /// What it sees.
    pub view: View,
    /// Changes that its watches have not shown yet.
    pub coming: [VecDeque<Commit>; 3],
    /// What it is carrying out.
    pub pass: Option<Pass>,
    /// How much its clock may be wrong, in milliseconds.
    pub slack: i64,
    /// When it wants to look again.
    pub wake_at: Option<i64>,
    /// What the last plan waits on.
    pub waiting_on: Option<&'static str>,
    gate: BTreeMap<(Kind, String), Expected>,
    gate_since: i64,
    check: Option<Arc<TemplateCheck>>,
    taken: Option<TakenName>,
    failure: Option<WriteFailure>,
}

impl Process {
    /// A new process with this view.
    #[must_use]
    pub fn new(view: View, slack: i64) -> Self {
        Self {
            view,
            coming: Default::default(),
            pass: None,
            slack,
            wake_at: None,
            waiting_on: None,
            gate: BTreeMap::new(),
            gate_since: 0,
            check: None,
            taken: None,
            failure: None,
        }
    }

    /// A new process after this one died. The changes to come are shown to it too.
    #[must_use]
    pub fn successor(self, view: Option<View>) -> Self {
        let coming = match view {
            Some(_) => Default::default(),
            None => self.coming,
        };
        Self {
            coming,
            ..Self::new(view.unwrap_or(self.view), self.slack)
        }
    }

    /// A watch has a change to show, now or later.
    pub fn notice(&mut self, commit: &Commit, at_once: bool) {
        let Some(queue) = self.coming.get_mut(commit.kind as usize) else {
            return;
        };
        if at_once && queue.is_empty() {
            self.view.take_in(commit);
        } else {
            queue.push_back(commit.clone());
        }
    }

    /// The watch of a kind shows the next change. Returns whether there was one.
    pub fn deliver(&mut self, kind: Kind) -> bool {
        let queue = self.coming.get_mut(kind as usize);
        let next = queue.and_then(VecDeque::pop_front);
        if let Some(commit) = &next {
            self.view.take_in(commit);
        }
        next.is_some()
    }

    /// Everything is listed again.
    pub fn relist(&mut self, store: &Store) {
        self.view = View::of(store);
        self.coming = Default::default();
    }

    /// Looks at the view and plans.
    pub fn look(&mut self, store: &Store) -> Looked {
        if self.pass.is_some() {
            return Looked::NotNow;
        }
        if !self.is_gate_open(store) {
            return Looked::Behind;
        }
        self.recall();
        let Some(observed) = self.observed() else {
            return Looked::NotNow;
        };
        let now = Now::between(store.now - self.slack, store.now);
        let Plan {
            actions,
            wake_at,
            waiting_on,
        } = planner::plan(&observed, now);
        self.wake_at = wake_at.map(|at| at.unix_millis() + self.slack);
        self.waiting_on = waiting_on.as_ref().map(planner::WaitingOn::reason);
        if actions.is_empty() {
            // The failure is told; the write it is about is tried again.
            return match self.failure.take() {
                Some(_) => self.look(store),
                None => Looked::AtRest,
            };
        }
        let rollout_version = observed.rollout.metadata.resource_version.clone();
        self.pass = Some(Pass {
            observed,
            actions: actions.into(),
            rollout_version: rollout_version.unwrap_or_default(),
            seen: self.seen(store),
            until: now.next_second().unix() * 1000,
            is_cut: false,
        });
        Looked::Busy
    }

    /// The answer about the template is needed only until a ReplicaSet carries its digest.
    fn recall(&mut self) {
        let Some(check) = &self.check else { return };
        let carries = |set: &Arc<ReplicaSet>| {
            set.annotations.get(names::TEMPLATE_DIGEST) == Some(&check.digest)
        };
        if self.view.sets.values().any(carries) {
            self.check = None;
            self.taken = None;
        }
    }

    /// What a plan may depend on, as this process sees it.
    #[must_use]
    pub fn observed(&self) -> Option<Observed> {
        let rollout = self.view.rollout.clone()?;
        let mark = rollout.metadata.name.as_deref();
        let marked = self
            .view
            .services
            .values()
            .filter(|service| mark.is_some() && service.managed_by.as_deref() == mark);
        let marked = marked.map(|service| service.name.as_str());
        let services = planner::services_named(&rollout.spec)
            .into_iter()
            .chain(marked)
            .map(|name| {
                let state = match self.view.services.get(name) {
                    Some(service) => ServiceState::Found(service.clone()),
                    None => ServiceState::NotFound,
                };
                (name.to_owned(), state)
            })
            .collect();
        let sets = self.view.sets.values();
        Some(Observed {
            replica_sets: sets
                .filter(|set| matches!(set.owner, Owner::Us | Owner::Nobody))
                .cloned()
                .collect(),
            services,
            template_check: self.check.clone(),
            taken_name: self.taken.clone(),
            failure: self.failure.clone(),
            settings: Settings::default(),
            rollout,
        })
    }

    fn is_gate_open(&mut self, store: &Store) -> bool {
        let view = &self.view;
        self.gate.retain(|(kind, name), expected| {
            let seen = view.version(*kind, name);
            !match (&*expected, seen) {
                (Expected::Created(_), None) => false,
                (Expected::Changed(_) | Expected::Deleted(_), None) => true,
                (Expected::Created(version) | Expected::Changed(version), Some((seen, _))) => {
                    seen >= *version
                }
                (Expected::Deleted(uid), Some((_, seen))) => seen != uid,
            }
        });
        if !self.gate.is_empty() && store.now >= self.gate_since + PATIENCE {
            for (kind, name) in std::mem::take(&mut self.gate).into_keys() {
                self.view.read_live(store, kind, &name);
            }
        }
        self.gate.is_empty()
    }

    /// The revision up to which the view shows every change.
    fn seen(&self, store: &Store) -> u64 {
        let next = self.coming.iter().filter_map(VecDeque::front);
        next.map(|commit| commit.revision - 1)
            .min()
            .unwrap_or(store.revision)
    }

    /// A write of this process was carried out.
    pub fn wrote(&mut self, kind: Kind, name: &str, expected: Expected, now: i64) {
        if self.gate.is_empty() {
            self.gate_since = now;
        }
        self.gate.insert((kind, name.to_owned()), expected);
    }

    /// The API server's answer about a template.
    pub fn learn(&mut self, check: TemplateCheck) {
        self.check = Some(Arc::new(check));
    }

    /// A name turned out to be taken.
    pub fn learn_taken(&mut self, name: &str) {
        self.taken = Some(TakenName {
            name: name.to_owned(),
        });
    }

    /// A write was refused, in words.
    pub fn learn_failure(&mut self, failure: WriteFailure) {
        let since = self.failure.as_ref().map_or(failure.since, |old| old.since);
        self.failure = Some(WriteFailure { since, ..failure });
    }

    /// What it remembers, as far as it changes what it plans: an answer about a template, a name
    /// that was taken, a failure.
    #[must_use]
    pub fn memory(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        (
            self.check.as_ref().map(|it| &*it.digest),
            self.taken.as_ref().map(|it| &*it.name),
            self.failure.as_ref().map(|it| &*it.object),
        )
    }

    /// A write of a plan succeeded to its end.
    pub fn forget_failure(&mut self) {
        self.failure = None;
    }
}
