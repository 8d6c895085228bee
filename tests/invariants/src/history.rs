//! What happens in a world, in order: changes, requests and marks.

use std::sync::Arc;

use crate::vocabulary::{Millis, Pod, ReplicaSet, Rollout, Service, Text, Uid};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A controller under test; a process that starts again is another instance.
    Controller(u32),
    /// A person, a pipeline, an autoscaler: whoever decides from outside.
    User,
    /// The cluster itself: ReplicaSet controller, kubelet, garbage collector.
    Environment,
}

impl Actor {
    /// Whether it is a controller under test, whichever instance: all are judged alike (S20).
    #[must_use]
    pub fn is_controller(self) -> bool {
        matches!(self, Self::Controller(_))
    }
}

/// An object before and after a change.
#[derive(Debug, Clone)]
pub struct Pair<T> {
    /// What it was; `None` when it was created.
    pub before: Option<Arc<T>>,
    /// What it became; `None` when it was removed.
    pub after: Option<Arc<T>>,
}

impl<T> Pair<T> {
    /// Both sides, when it was there before and after.
    #[must_use]
    pub fn both(&self) -> Option<(&T, &T)> {
        Some((self.before.as_deref()?, self.after.as_deref()?))
    }

    /// The object after the change, or the one that was removed.
    #[must_use]
    pub fn any(&self) -> Option<&T> {
        self.after.as_deref().or(self.before.as_deref())
    }
}

/// The object that changed.
#[derive(Debug, Clone)]
pub enum Changed {
    /// A Rollout.
    Rollout(Pair<Rollout>),
    /// A ReplicaSet.
    ReplicaSet(Pair<ReplicaSet>),
    /// A Service.
    Service(Pair<Service>),
    /// A pod.
    Pod(Pair<Pod>),
    /// An Event or a Lease: it tells of other writes.
    Bookkeeping,
    /// Anything else.
    Other {
        /// Plural resource.
        resource: Text,
        /// Its name.
        name: Text,
    },
}

/// One change of one object: one revision of the store.
#[derive(Debug, Clone)]
pub struct Change {
    /// When.
    pub at: Millis,
    /// The store's revision.
    pub revision: u64,
    /// Who did it.
    pub actor: Actor,
    /// The resourceVersion of the Rollout that a controller had before it when it decided on this,
    /// where the world knows; `None` means the newest. A write of a ReplicaSet or Service cannot
    /// carry it: what the user did in between, the controller could not know.
    pub decided_on: Option<u64>,
    /// The store's revision up to which a controller had seen every change when it decided on this,
    /// where the world knows. What users and the cluster did later it could not know, and no write
    /// can be made to depend on an object other than its own.
    pub seen: Option<u64>,
    /// What changed.
    pub what: Changed,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// POST.
    Create,
    /// PUT or PATCH.
    Change,
    /// DELETE.
    Delete,
}

/// Kinds of objects that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Rollouts.
    Rollout,
    /// ReplicaSets.
    ReplicaSet,
    /// Services.
    Service,
    /// Events and Leases.
    Bookkeeping,
    /// Others.
    Other,
}

/// A mutating request, as it was answered. Rehearsals (dry-runs) are not told of.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it was answered.
    pub at: Millis,
    /// Who sent it.
    pub actor: Actor,
    /// How.
    pub verb: Verb,
    /// Which kind of object.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: Text,
    /// Its name; empty when the server is to choose.
    pub name: Text,
    /// The subresource, e.g. `status`; empty for the object itself.
    pub subresource: Text,
    /// The resourceVersion it was decided on, where it carries one.
    pub on_version: Option<u64>,
    /// Whether it carries the uid it was decided on.
    pub on_uid: bool,
    /// Whether it is a JSON patch that tests the value it replaces.
    pub tests: bool,
    /// HTTP status that the sender read; `None` when the answer was lost.
    pub answer: Option<u16>,
    /// The object's resourceVersion after it, when it was carried out and the object is still there.
    pub stored: Option<u64>,
}

impl Request {
    /// Whether the sender knows that it was carried out.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.answer.is_some_and(|status| status < 300)
    }
}

/// What a world tells besides changes and requests.
#[derive(Debug, Clone)]
pub enum Mark {
    /// Faults have stopped, and every actor gets its turn: from now on liveness is owed.
    Calm,
    /// Faults begin (again): nothing but safety is owed.
    Storm,
    /// A controller starts again under the same number, and knows nothing of its writes.
    Restart(Actor),
    /// A controller has finished one pass over a Rollout.
    Pass {
        /// Which instance.
        actor: Actor,
        /// The Rollout.
        rollout: Uid,
        /// Mutating requests of the pass, Events not counted.
        writes: u32,
    },
}
