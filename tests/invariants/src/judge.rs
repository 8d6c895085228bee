//! One judge: the world as it is, and every checker that looks at it.

use crate::abort::{AbortReturns, AbortWins};
use crate::bounds::{BoundedWork, Deletion, ForeignFields};
use crate::ceiling::Ceiling;
use crate::exposure::{Capacity, Referenced};
use crate::floor::Floor;
use crate::history::{Change, Changed, Mark, Pair, Request};
use crate::keep::Keep;
use crate::objects::{ExactlyOnce, Ownership};
use crate::pauses::Pauses;
use crate::progress::{GivenBack, Moves, Promoted};
use crate::quiet::{AbortIsShort, Quiet};
use crate::stable::{StableKeepsPods, StableMark};
use crate::steps::Steps;
use crate::switch::Switch;
use crate::versions::{CompareAndSwap, OwnWrites};
use crate::vocabulary::{Millis, ReplicaSet, Rollout, Service, Spec, Uid};
use crate::world::World;

/// One change, and the world after it. The world before differs in the changed object alone.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// All objects after it.
    pub world: &'a World,
    /// The change.
    pub change: &'a Change,
}

impl<'a> Step<'a> {
    /// When.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.change.at
    }

    /// Whether a controller did it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.change.actor.is_controller()
    }

    /// The Rollout that changed.
    #[must_use]
    pub fn rollout(&self) -> Option<&'a Pair<Rollout>> {
        match &self.change.what {
            Changed::Rollout(pair) => Some(pair),
            _ => None,
        }
    }

    /// The ReplicaSet that changed.
    #[must_use]
    pub fn set(&self) -> Option<&'a Pair<ReplicaSet>> {
        match &self.change.what {
            Changed::ReplicaSet(pair) => Some(pair),
            _ => None,
        }
    }

    /// The Service that changed.
    #[must_use]
    pub fn service(&self) -> Option<&'a Pair<Service>> {
        match &self.change.what {
            Changed::Service(pair) => Some(pair),
            _ => None,
        }
    }

    /// Whether users or the cluster did something that this could not know of yet.
    #[must_use]
    pub fn is_overtaken(&self, rollout: Uid) -> bool {
        self.world.is_overtaken(rollout, self.change)
    }

    /// Every spec that this may have been decided on.
    pub fn specs(&self, rollout: Uid) -> impl DoubleEndedIterator<Item = &'a Spec> + Clone {
        self.world.specs_of(rollout, self.change.decided_on)
    }

    /// The Rollout that controls a ReplicaSet.
    #[must_use]
    pub fn owner(&self, set: &ReplicaSet) -> Option<&'a Rollout> {
        self.world.rollout(set.owner?)
    }
}

/// A checker that can be copied with all that it remembers.
pub trait BoxedClone {
    /// The copy.
    fn boxed_clone(&self) -> Box<dyn Checker>;
}

impl<T: Checker + Clone + 'static> BoxedClone for T {
    fn boxed_clone(&self) -> Box<dyn Checker> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Checker> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// Something that must hold.
pub trait Checker: BoxedClone + Send {
    /// Its id in `safety.md`, e.g. `S1`.
    fn id(&self) -> &'static str;

    /// Looks at one change; what is wrong with it, if anything.
    fn see(&mut self, step: &Step<'_>) -> Option<String>;

    /// Looks at one request, after the change that it made; what is wrong with it, if anything.
    fn see_request(&mut self, _request: &Request, _world: &World) -> Option<String> {
        None
    }

    /// Takes note of a mark; what is wrong at that moment, if anything.
    fn mark(&mut self, _mark: &Mark, _world: &World, _now: Millis) -> Option<String> {
        None
    }

    /// Looks at the state at the end; what is wrong with it, if anything.
    fn end(&mut self, _world: &World, _now: Millis) -> Option<String> {
        None
    }
}

/// One of each.
#[must_use]
pub fn checkers() -> Vec<Box<dyn Checker>> {
    vec![
        Box::new(Floor::default()),
        Box::new(Ceiling),
        Box::new(StableMark),
        Box::new(StableKeepsPods),
        Box::new(Capacity),
        Box::new(Referenced),
        Box::new(Switch::default()),
        Box::new(Keep::default()),
        Box::new(Steps),
        Box::new(Pauses::default()),
        Box::new(AbortWins::default()),
        Box::new(AbortReturns::default()),
        Box::new(ExactlyOnce),
        Box::new(Ownership),
        Box::new(OwnWrites::default()),
        Box::new(CompareAndSwap),
        Box::new(Deletion::default()),
        Box::new(BoundedWork),
        Box::new(ForeignFields),
        Box::new(Moves::default()),
        Box::new(Quiet::default()),
        Box::new(AbortIsShort::default()),
        Box::new(Promoted::default()),
        Box::new(GivenBack::default()),
    ]
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one, e.g. `S1`.
    pub id: &'static str,
    /// When.
    pub at: Millis,
    /// The store's revision by then.
    pub revision: u64,
    /// What is wrong, with numbers.
    pub what: String,
}

/// Holds a world against every invariant while it runs. A copy judges another future of the same
/// world; it costs a few small allocations.
#[derive(Clone)]
pub struct Judge {
    world: World,
    checkers: Vec<Box<dyn Checker>>,
    found: Vec<Violation>,
    revision: u64,
}

impl Default for Judge {
    fn default() -> Self {
        Self::with(checkers())
    }
}

impl Judge {
    /// A judge that has these checkers only.
    #[must_use]
    pub fn with(checkers: Vec<Box<dyn Checker>>) -> Self {
        Self {
            world: World::default(),
            checkers,
            found: Vec::new(),
            revision: 0,
        }
    }

    /// Takes in one change.
    pub fn see(&mut self, change: &Change) {
        self.world.apply(change);
        self.revision = change.revision;
        let step = Step {
            world: &self.world,
            change,
        };
        for checker in &mut self.checkers {
            if let Some(what) = checker.see(&step) {
                self.found.push(Violation {
                    id: checker.id(),
                    at: change.at,
                    revision: change.revision,
                    what,
                });
            }
        }
    }

    /// Takes in one request, after the change that it made.
    pub fn see_request(&mut self, request: &Request) {
        self.ask(request.at, |checker, world| {
            checker.see_request(request, world)
        });
    }

    /// Takes in a mark.
    pub fn mark(&mut self, mark: &Mark, now: Millis) {
        self.ask(now, |checker, world| checker.mark(mark, world, now));
    }

    /// Judges how things are at the end. A run may go on afterwards.
    pub fn end(&mut self, now: Millis) {
        self.ask(now, |checker, world| checker.end(world, now));
    }

    /// What was wrong so far, in order.
    #[must_use]
    pub fn found(&self) -> &[Violation] {
        &self.found
    }

    /// What was wrong, in order.
    #[must_use]
    pub fn into_found(self) -> Vec<Violation> {
        self.found
    }

    /// The world now.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    fn ask(
        &mut self,
        at: Millis,
        mut question: impl FnMut(&mut dyn Checker, &World) -> Option<String>,
    ) {
        for checker in &mut self.checkers {
            if let Some(what) = question(&mut **checker, &self.world) {
                self.found.push(Violation {
                    id: checker.id(),
                    at,
                    revision: self.revision,
                    what,
                });
            }
        }
    }
}
