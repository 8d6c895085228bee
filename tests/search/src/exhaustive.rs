//! Every interleaving at small scope: a few pods, a few steps, a fault or two, one act of a user
//! at any moment.
//!
//! From a Healthy rollout that has just got a new image, everything that can happen next is tried,
//! in every order, until nothing new comes up. States count as one when they differ in versions,
//! uids or the moment only ([`crate::fingerprint`]). Every change is judged; where nothing is left
//! to happen, the world calms down and must come to rest as in a random run.
//!
//! What a checker remembers of the past is no part of a state: two ways into the same state are
//! judged up to it, and one of them beyond.
//!
//! Three things are left out, since what they lead to is tried anyway:
//!
//! - *Which controller is which.* They run the same code, so exchanging two of them in a state and in
//!   all that follows changes nothing that a checker looks at. A state holds them sorted, and of two
//!   that are in the same state only the first moves.
//! - *Which pod is which.* Those of one ReplicaSet that are as ready as each other are alike: the first
//!   of each kind stands for all.
//! - *The order of a refusal and anything else.* A write on a version that was overtaken is refused
//!   whenever it arrives. It changes no object, and what its controller learns (to look again) it
//!   learns from any other refusal at any time too: it commutes with all that others do. So of all
//!   orders one is tried, the refusal at once ([`crate::world::World::forget_the_doomed`]).
//!
//! [`Explored::stores`] is there to hold the third against trying all orders.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};

use crate::draw::onward;
use crate::event::{Act, Event, Fate, Role};
use crate::fingerprint::{fingerprint, of_process, of_store};
use crate::process::{Looked, PATIENCE};
use crate::run::{Found, Run};
use crate::world::Setup;

/// A small world, and how much may go wrong in it.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Its name in the list of counts.
    pub name: &'static str,
    /// The world.
    pub setup: Setup,
    /// Faults: a crash, a lost answer, a pod that goes.
    pub faults: u32,
    /// Acts of users.
    pub acts: u32,
    /// Whether it takes minutes: two controllers and an act at any moment have many more states. The
    /// tests try the others.
    pub is_large: bool,
    /// Whether refusals are taken at once, rather than in every order.
    pub is_reduced: bool,
}

/// What came of a scope.
#[derive(Debug, Clone, Default)]
pub struct Explored {
    /// States that differ.
    pub states: u64,
    /// Things tried, in all states together.
    pub transitions: u64,
    /// States in which nothing is left to happen.
    pub ends: u64,
    /// The states of the cluster among them, whatever controllers are about to do.
    pub stores: BTreeSet<u64>,
    /// The first promise that broke, and the way to it.
    pub found: Option<(Found, Vec<Event>)>,
}

/// All scopes.
#[must_use]
pub fn scopes() -> Vec<Scope> {
    let canary = |replicas: i32, surge: i32, unavailable: i32, steps: Value| {
        json!({"replicas": replicas, "strategy": {"canary": {
            "maxSurge": surge, "maxUnavailable": unavailable, "steps": steps}}})
    };
    let blue_green = |replicas: i32, more: Value| {
        let mut spec = json!({"replicas": replicas, "strategy": {"blueGreen": more}});
        spec["strategy"]["blueGreen"]["activeService"] = json!("active");
        spec
    };
    let scope = |name, spec, controllers, faults, acts| Scope {
        name,
        setup: Setup {
            spec,
            controllers,
            lag: false,
            slack: 0,
        },
        faults,
        acts,
        is_large: controllers > 1 && acts > 0,
        is_reduced: true,
    };
    vec![
        scope(
            "canary of 2: half, pause; an act",
            canary(2, 1, 0, json!([{"setWeight": 50}, {"pause": {}}])),
            1,
            0,
            1,
        ),
        scope(
            "canary of 2: half, pause; a fault",
            canary(2, 1, 0, json!([{"setWeight": 50}, {"pause": {}}])),
            1,
            1,
            0,
        ),
        scope(
            "canary of 3: a third, 30 s, two thirds; no surge",
            canary(
                3,
                0,
                1,
                json!([{"setWeight": 34}, {"pause": {"duration": 30}}, {"setWeight": 67}]),
            ),
            1,
            0,
            0,
        ),
        scope(
            "canary of 1: pause; two faults",
            canary(1, 1, 0, json!([{"pause": {}}])),
            1,
            2,
            0,
        ),
        scope("rolling update of 3", canary(3, 1, 1, json!([])), 1, 0, 0),
        scope(
            "rolling update of 2, two controllers",
            canary(2, 1, 0, json!([])),
            2,
            0,
            0,
        ),
        scope(
            "blue-green of 1 by itself after 20 s, no delay; a fault",
            blue_green(
                1,
                json!({"autoPromotionSeconds": 20, "scaleDownDelaySeconds": 0}),
            ),
            1,
            1,
            0,
        ),
        scope(
            "blue-green of 1; a fault",
            blue_green(1, json!({})),
            1,
            1,
            0,
        ),
        scope(
            "blue-green of 1, two controllers",
            blue_green(1, json!({})),
            2,
            0,
            0,
        ),
        scope(
            "canary of 2: half, pause; two controllers, an act",
            canary(2, 1, 0, json!([{"setWeight": 50}, {"pause": {}}])),
            2,
            0,
            1,
        ),
        scope(
            "canary of 2: half, pause; two controllers, a fault",
            canary(2, 1, 0, json!([{"setWeight": 50}, {"pause": {}}])),
            2,
            1,
            0,
        ),
        scope(
            "blue-green of 1, two controllers, an act",
            blue_green(1, json!({})),
            2,
            0,
            1,
        ),
        scope(
            "blue-green of 1, two controllers, a fault",
            blue_green(1, json!({})),
            2,
            1,
            0,
        ),
    ]
}

/// Tries everything.
#[must_use]
pub fn explore(scope: &Scope) -> Explored {
    let mut search = Search {
        explored: Explored::default(),
        seen: HashSet::new(),
    };
    let (mut run, prefix) = deployed(&scope.setup);
    let update = Event::Act(Act::SetImage(2));
    run.step(&update);
    let node = Node {
        run,
        faults: scope.faults,
        acts: scope.acts,
        is_reduced: scope.is_reduced,
    };
    let mut path = prefix;
    path.push(update);
    search.explore(node, path);
    search.explored
}

/// A world with the first version deployed, and what led there.
fn deployed(setup: &Setup) -> (Run, Vec<Event>) {
    let mut run = Run::new(setup);
    let mut events = Vec::new();
    for _ in 0..100 {
        let mut round = vec![Event::Settle, Event::Plan(0)];
        for event in &round {
            run.step(event);
        }
        let before = round.len();
        while run.world.controllers[0].pass.is_some() {
            let write = Event::Write(0, Fate::Answered);
            run.step(&write);
            round.push(write);
        }
        let rests = round.len() == before;
        events.extend(round);
        if rests {
            break;
        }
    }
    (run, events)
}

/// A state, and what may still go wrong.
#[derive(Clone)]
struct Node {
    run: Run,
    faults: u32,
    acts: u32,
    is_reduced: bool,
}

impl Node {
    fn fingerprint(&self) -> u64 {
        fingerprint(&self.run.world, (self.faults, self.acts))
    }

    /// The state after something happened; `None` when nothing changed.
    fn after(&self, event: &Event) -> Self {
        let mut next = self.clone();
        match event {
            Event::Write(_, Fate::Answered) => {}
            Event::Write(..) | Event::Unready(_) | Event::Evict(_) => next.faults -= 1,
            Event::Act(_) => next.acts -= 1,
            _ => {}
        }
        next.run.step(event);
        if self.is_reduced {
            next.run.world.forget_the_doomed();
        }
        next
    }
}
struct Search {
    explored: Explored,
    seen: HashSet<u64>,
}

impl Search {
    fn explore(&mut self, first: Node, prefix: Vec<Event>) {
        self.seen.insert(first.fingerprint());
        self.explored.states = 1;
        // The way to the present state: each node with what is left to try in it.
        let mut stack = vec![(enabled(&first), first)];
        let mut path = prefix;
        let begin = path.len();
        while let Some((left, node)) = stack.last_mut() {
            let Some(event) = left.pop() else {
                stack.pop();
                path.truncate(begin + stack.len().saturating_sub(1));
                continue;
            };
            self.explored.transitions += 1;
            let next = node.after(&event);
            if let Some(found) = next.run.found.clone() {
                path.push(event);
                self.explored.found = Some((found, path));
                return;
            }
            if !self.seen.insert(next.fingerprint()) {
                continue;
            }
            self.explored.states += 1;
            self.explored.stores.insert(of_store(&next.run.world));
            path.push(event);
            let events = enabled(&next);
            if !events.iter().any(is_free) {
                self.explored.ends += 1;
                let mut end = next.run.clone();
                end.calm();
                if let Some(found) = end.found {
                    self.explored.found = Some((found, path));
                    return;
                }
            }
            stack.push((events, next));
        }
    }
}

/// Whether something happens by itself, rather than by a fault or an act.
fn is_free(event: &Event) -> bool {
    match event {
        Event::Write(_, fate) => *fate == Fate::Answered,
        Event::Unready(_) | Event::Evict(_) | Event::Act(_) => false,
        _ => true,
    }
}

/// Everything that can happen next and may make a difference.
fn enabled(node: &Node) -> Vec<Event> {
    let world = &node.run.world;
    let mut events = Vec::new();
    if node.acts > 0 {
        let mut acts = acts(node);
        // Two controllers at once may undo each other's work while an update turns round
        // (docs/safety.md, "What is not promised").
        if world.controllers.len() > 1 {
            acts.retain(|act| onward(act.clone()) == *act);
        }
        events.extend(acts.into_iter().map(Event::Act));
    }
    let alike: Vec<u64> = world
        .controllers
        .iter()
        .map(|it| of_process(it, &world.store))
        .collect();
    for (number, process) in world.controllers.iter().enumerate() {
        // What one that is in the same state does leads to the same states.
        if alike[..number].contains(&alike[number]) {
            continue;
        }
        if process.pass.is_some() {
            if node.faults > 0 {
                let fates = [
                    Fate::CrashBefore,
                    Fate::CrashAfter,
                    Fate::AnswerLost,
                    Fate::Denied,
                ];
                events.extend(fates.map(|fate| Event::Write(number, fate)));
            }
            events.push(Event::Write(number, Fate::Answered));
            continue;
        }
        let mut process = process.clone();
        match process.look(&world.store) {
            Looked::Busy => events.push(Event::Plan(number)),
            Looked::AtRest => {
                let wait = process.wake_at.map(|at| at - world.store.now);
                events.extend(wait.filter(|it| *it > 0).map(Event::Wait));
            }
            Looked::Behind => events.push(Event::Wait(PATIENCE)),
            Looked::NotNow => {}
        }
    }
    for set in &world.store.sets {
        let (all, ready, available) = crate::cluster::counts(set, world.store.now);
        let object = &set.object;
        if set.acted_on < object.generation || all != object.replicas {
            events.push(Event::Pods(set.id));
        }
        let told = (
            object.current_replicas,
            object.ready_replicas,
            object.available_replicas,
            object.observed_generation,
        );
        if told
            != (
                all,
                ready,
                available,
                object.observed_generation.max(set.acted_on),
            )
        {
            events.push(Event::Report(set.id));
        }
        // Pods of a ReplicaSet are alike: one of each kind stands for all.
        let waiting = set.pods.iter().find(|pod| pod.ready.is_none());
        if let Some(pod) = waiting.filter(|_| set.works()) {
            events.push(Event::Ready(pod.id));
        }
        let serving = set.pods.iter().find(|pod| pod.ready.is_some());
        if let Some(pod) = serving.filter(|_| node.faults > 0) {
            events.push(Event::Evict(pod.id));
        }
    }
    events
}

fn acts(node: &Node) -> Vec<Act> {
    let store = &node.run.world.store;
    let mut acts = vec![
        Act::Promote,
        Act::PromoteFull,
        Act::Abort,
        Act::SetImage(1),
        Act::SetImage(3),
        Act::SetImage(9),
        Act::Scale(1),
        Act::Scale(3),
        Act::SetPaused(true),
        Act::WipeStatus,
    ];
    let is_blue_green = store
        .rollout
        .as_ref()
        .is_some_and(|it| it.spec.strategy.blue_green.is_some());
    if is_blue_green {
        acts.push(Act::ApplyService(Role::Active));
    }
    acts.extend(store.sets.iter().map(|set| Act::DeleteSet(set.id)));
    acts
}
