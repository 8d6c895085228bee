//! S18 and S19: what a write was decided on.

use std::collections::BTreeMap;

use crate::history::{Actor, Kind, Mark, Request, Verb};
use crate::judge::{Checker, Step};
use crate::vocabulary::{Millis, Text};
use crate::world::World;

/// S18: no write is decided on a version of an object that is older than the writer's own last
/// write of it, as far as it knows of that one.
#[derive(Clone, Default)]
pub(crate) struct OwnWrites {
    wrote: BTreeMap<(Actor, Kind), BTreeMap<(Text, Text), u64>>,
}

impl Checker for OwnWrites {
    fn id(&self) -> &'static str {
        "S18"
    }

    fn see(&mut self, _step: &Step<'_>) -> Option<String> {
        None
    }

    fn see_request(&mut self, request: &Request, _world: &World) -> Option<String> {
        if !request.actor.is_controller() || request.kind == Kind::Bookkeeping {
            return None;
        }
        let objects = self.wrote.entry((request.actor, request.kind)).or_default();
        let key = (request.namespace.clone(), request.name.clone());
        let last = objects.get(&key).copied();
        if let Some(stored) = request.stored.filter(|_| request.succeeded()) {
            objects.insert(key, stored);
        }
        let (on, last) = (request.on_version?, last?);
        (on < last).then(|| {
            format!(
                "{:?} {} was written on version {on}; the writer's own last write made {last}",
                request.kind, request.name
            )
        })
    }

    fn mark(&mut self, mark: &Mark, _world: &World, _now: Millis) -> Option<String> {
        if let Mark::Restart(actor) = mark {
            self.wrote.retain(|(writer, _), _| writer != actor);
        }
        None
    }
}

/// S19: every change and removal carries the resourceVersion it was decided on, or a JSON patch
/// that tests what it replaces.
#[derive(Clone)]
pub(crate) struct CompareAndSwap;

impl Checker for CompareAndSwap {
    fn id(&self) -> &'static str {
        "S19"
    }

    fn see(&mut self, _step: &Step<'_>) -> Option<String> {
        None
    }

    fn see_request(&mut self, request: &Request, _world: &World) -> Option<String> {
        let binds = request.actor.is_controller()
            && request.kind != Kind::Bookkeeping
            && request.verb != Verb::Create;
        (binds && request.on_version.is_none() && !request.tests).then(|| {
            format!(
                "{:?} of {:?} {} {} carries no version",
                request.verb, request.kind, request.name, request.subresource
            )
        })
    }
}
