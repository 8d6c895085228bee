//! What the rules look at.

use std::collections::BTreeMap;

/// One rollout and what is its own, as observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The version of the Rollout that was observed.
    pub version: String,
    /// The version that our own last write to the Rollout gave, when there was one.
    pub wrote: Option<String>,
    /// Pods wanted: `spec.replicas`.
    pub replicas: i64,
    /// How a new version takes over.
    pub strategy: Strategy,
    /// Whether an abort is in force.
    pub aborted: bool,
    /// Whether the user holds the rollout: `spec.paused`.
    pub paused: bool,
    /// Whether the Rollout is being deleted.
    pub deleting: bool,
    /// Revision that is marked as stable; `None` before the first deployment, and when the mark was
    /// wiped.
    pub stable: Option<String>,
    /// Revision that users were last sent to on purpose, as recorded; `None` when not recorded.
    pub last_active: Option<String>,
    /// Available pods that a version needs to become stable.
    pub promotion_needs: i64,
    /// ReplicaSets by name.
    pub sets: BTreeMap<String, Set>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
}

/// How a new version takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The number of pods splits the traffic.
    Canary {
        /// Pods that may come on top.
        surge: i64,
        /// Pods that may be missing.
        unavailable: i64,
    },
    /// A Service is switched.
    BlueGreen {
        /// Pods of a preview, when another number than `replicas` is asked for.
        preview: Option<i64>,
    },
}

/// Who controls an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This Rollout.
    Us,
    /// Nobody.
    Nobody,
    /// Somebody else.
    Other,
}

/// A ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its uid.
    pub uid: String,
    /// Its revision label.
    pub revision: String,
    /// Who controls it.
    pub owner: Owner,
    /// Whether the selector of the Rollout matches it.
    pub selected: bool,
    /// The version that was observed.
    pub version: String,
    /// The version that our own last write to it gave, when there was one.
    pub wrote: Option<String>,
    /// `spec.replicas`.
    pub spec: i64,
    /// Pods it has: `status.replicas`.
    pub pods: i64,
    /// Available pods.
    pub available: i64,
    /// Whether its controller has seen the last change of it; counts of before do not count.
    pub current: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
}

/// What a Service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It sends users.
    Active,
    /// It shows the new version to those who test it.
    Preview,
    /// The spec does not name it any more.
    Left,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What it is for.
    pub role: Role,
    /// Who switches it.
    pub owner: Owner,
    /// The version that was observed.
    pub version: String,
    /// The version that our own last write to it gave, when there was one.
    pub wrote: Option<String>,
    /// Whether the API server refused our last write to it.
    pub refused: bool,
    /// The revision it selects, if any.
    pub selects: Option<String>,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// A new ReplicaSet.
    Create {
        /// Its name.
        set: String,
        /// Its revision label.
        revision: String,
        /// Its size.
        replicas: i64,
        /// Who will control it.
        owner: Owner,
    },
    /// A ReplicaSet is changed.
    Change {
        /// Its name.
        set: String,
        /// The version the change was decided on.
        version: String,
        /// Its new size, when that changes.
        replicas: Option<i64>,
        /// Whether it is adopted.
        adopts: bool,
    },
    /// A ReplicaSet is deleted.
    Delete {
        /// Its name.
        set: String,
        /// Its uid, as the write names it.
        uid: String,
        /// The version the deletion was decided on.
        version: String,
    },
    /// A Service is switched.
    Point {
        /// Its name.
        service: String,
        /// The version the switch was decided on.
        version: String,
        /// The revision it will select.
        to: String,
    },
    /// A Service is given back: it selects all pods again.
    Release {
        /// Its name.
        service: String,
        /// The version that was decided on.
        version: String,
    },
    /// A revision is marked as stable.
    Promote {
        /// The revision.
        revision: String,
        /// Whether it is the version of the present template; else the mark is only repaired.
        newest: bool,
    },
}

impl Move {
    /// What is written, for people.
    pub(crate) fn object(&self) -> String {
        match self {
            Self::Create { set, .. } | Self::Change { set, .. } | Self::Delete { set, .. } => {
                format!("ReplicaSet/{set}")
            }
            Self::Point { service, .. } | Self::Release { service, .. } => {
                format!("Service/{service}")
            }
            Self::Promote { .. } => "status.stableRS".to_owned(),
        }
    }
}

impl Set {
    /// Available pods that can be relied on: no more than are wanted, none by old counts.
    pub(crate) fn reliable(&self) -> i64 {
        if self.current && !self.deleting {
            self.answering()
        } else {
            0
        }
    }

    /// Available pods that answer now. Old counts count as well: they are too high only by pods
    /// that a smaller size has taken away since.
    pub(crate) fn answering(&self) -> i64 {
        self.available.min(self.spec).max(0)
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.owner == Owner::Us
    }
}

impl World {
    /// ReplicaSets of this Rollout that are there to stay.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Set> {
        self.sets
            .values()
            .filter(|set| set.is_ours() && !set.deleting)
    }

    /// The ReplicaSets of a revision; more than one only by accident.
    pub(crate) fn of<'a>(&'a self, revision: &'a str) -> impl Iterator<Item = &'a Set> {
        self.own().filter(move |set| set.revision == revision)
    }

    /// Available pods of a revision that can be relied on.
    pub(crate) fn reliable(&self, revision: &str) -> i64 {
        self.of(revision).map(Set::reliable).sum()
    }

    /// The first object that was observed older than our own last write left it: what it is, the
    /// version observed and the version written.
    pub(crate) fn outdated(&self) -> Option<(String, &str, &str)> {
        let rollout = [("Rollout".to_owned(), &self.version, &self.wrote)];
        let sets = self.sets.iter();
        let sets = sets.map(|(name, set)| (format!("ReplicaSet/{name}"), &set.version, &set.wrote));
        let services = self.services.iter().map(|(name, service)| {
            let name = format!("Service/{name}");
            (name, &service.version, &service.wrote)
        });
        let mut all = rollout.into_iter().chain(sets).chain(services);
        all.find_map(|(object, seen, wrote)| {
            let wrote = wrote.as_deref()?;
            is_older(seen, wrote).then_some((object, seen.as_str(), wrote))
        })
    }

    /// What remains when `next` has been written. Counts of pods stay, but for those that a
    /// smaller size takes away.
    pub(crate) fn apply(&mut self, next: &Move) {
        match next {
            Move::Create {
                set,
                revision,
                replicas,
                owner,
            } => {
                let new = Set {
                    uid: String::new(),
                    revision: revision.clone(),
                    owner: *owner,
                    selected: true,
                    version: String::new(),
                    wrote: None,
                    spec: *replicas,
                    pods: 0,
                    available: 0,
                    current: true,
                    deleting: false,
                };
                self.sets.insert(set.clone(), new);
            }
            Move::Change {
                set,
                replicas,
                adopts,
                ..
            } => {
                if let Some(set) = self.sets.get_mut(set) {
                    if *adopts {
                        set.owner = Owner::Us;
                    }
                    set.spec = replicas.unwrap_or(set.spec);
                }
            }
            Move::Delete { set, .. } => {
                self.sets.remove(set);
            }
            Move::Point { service, to, .. } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.selects = Some(to.clone());
                }
            }
            Move::Release { service, .. } => {
                self.services.remove(service);
            }
            Move::Promote { revision, .. } => self.stable = Some(revision.clone()),
        }
    }
}

/// Whether version `a` came before `b`. Versions of one resource are comparable as integers; where
/// they are none, nothing is known.
fn is_older(a: &str, b: &str) -> bool {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a < b,
        _ => false,
    }
}
