//! What happens next, drawn from a seed.
//!
//! Each seed first draws what can go wrong at all and how often (a swarm): a world in which
//! everything goes wrong all the time never gets far enough to break the interesting things.

use serde_json::{Value, json};

use crate::event::{Act, Event, Fate, Kind, Mark, Role};
use crate::world::{Setup, World};

/// A small generator of numbers (`SplitMix64`): the same seed, the same numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let sides = u64::try_from(sides.max(1)).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ (mixed >> 31)) % sides).unwrap_or(0)
    }

    /// True once in `times`; never for 0.
    pub fn once_in(&mut self, times: usize) -> bool {
        times > 0 && self.roll(times) == 0
    }

    /// One of a list, which is not empty.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())]
    }

    fn small(&mut self, sides: usize) -> i32 {
        i32::try_from(self.roll(sides)).unwrap_or(0)
    }
}

/// How often what goes wrong: once in so many times; 0 is never.
#[derive(Debug, Clone, Default)]
pub struct Troubles {
    crashes: usize,
    losses: usize,
    refusals: usize,
    bad_pods: usize,
    no_pods: usize,
    mishaps: usize,
    people: usize,
    stale_restarts: usize,
    deletes: bool,
    /// Events of the safety phase.
    pub length: usize,
}

impl Troubles {
    /// Draws which.
    pub fn draw(dice: &mut Dice) -> Self {
        let mut some = |often: usize| if dice.once_in(2) { 0 } else { often };
        Self {
            crashes: some(25),
            losses: some(25),
            refusals: some(30),
            bad_pods: some(25),
            no_pods: some(60),
            mishaps: some(40),
            people: some(10),
            stale_restarts: some(60),
            deletes: some(1) > 0 && some(1) > 0 && some(1) > 0,
            length: 60 + 40 * (some(1) + some(2) + some(3)),
        }
    }
}

/// Draws a Rollout and its surroundings.
pub fn setup(dice: &mut Dice) -> Setup {
    let mut spec =
        json!({"replicas": dice.one_of(&[0, 1, 1, 2, 3, 4, 5, 7, 10]), "strategy": strategy(dice)});
    if dice.once_in(4) {
        spec["minReadySeconds"] = json!(dice.one_of(&[1, 10]));
    }
    if dice.once_in(3) {
        spec["progressDeadlineSeconds"] = json!(dice.one_of(&[20, 60]));
        spec["progressDeadlineAbort"] = json!(dice.once_in(2));
    }
    if dice.once_in(4) {
        // Fewer than the kept ones of blue-green would be refused.
        let least = if spec["strategy"]["canary"].is_null() {
            2
        } else {
            0
        };
        spec["revisionHistoryLimit"] = json!(least + dice.roll(3));
    }
    // Two controllers that act at once while an update turns round may undo each other's work
    // (docs/safety.md, "What is not promised"): nothing turns round there.
    let controllers = dice.one_of(&[1, 1, 1, 2, 3]);
    if controllers > 1 {
        spec["progressDeadlineAbort"] = json!(false);
    }
    Setup {
        spec,
        controllers,
        lag: dice.once_in(2),
        slack: dice.one_of(&[0, 0, 700, 4_000]),
    }
}

fn strategy(dice: &mut Dice) -> Value {
    if dice.once_in(3) {
        let mut strategy = json!({"activeService": "active"});
        if dice.once_in(2) {
            strategy["previewService"] = json!("preview");
        }
        match dice.roll(4) {
            0 => strategy["autoPromotionEnabled"] = json!(false),
            1 => strategy["autoPromotionSeconds"] = json!(20),
            _ => {}
        }
        if dice.once_in(3) {
            strategy["previewReplicaCount"] = json!(dice.one_of(&[1, 2]));
        }
        if dice.once_in(3) {
            strategy["scaleDownDelaySeconds"] = json!(dice.one_of(&[0, 7, 60]));
        }
        if dice.once_in(4) {
            strategy["scaleDownDelayRevisionLimit"] = json!(dice.roll(3));
        }
        if dice.once_in(4) {
            strategy["abortScaleDownDelaySeconds"] = json!(dice.one_of(&[0, 5]));
        }
        return json!({"blueGreen": strategy});
    }
    let steps: Vec<Value> = (0..dice.roll(6))
        .map(|_| match dice.roll(4) {
            0 => json!({"pause": {}}),
            1 => json!({"pause": {"duration": "30s"}}),
            _ => json!({"setWeight": dice.one_of(&[0, 1, 10, 25, 33, 50, 75, 90, 99, 100])}),
        })
        .collect();
    let mut canary = json!({"steps": steps});
    let (surge, unavailable) = match dice.roll(7) {
        0 => (json!(1), json!(0)),
        1 => (json!(0), json!(1)),
        2 => (json!(2), json!(2)),
        3 => (json!("34%"), json!("34%")),
        4 => (json!(3), json!(1)),
        5 => (json!("100%"), json!(0)),
        _ => (Value::Null, Value::Null),
    };
    if !surge.is_null() {
        canary["maxSurge"] = surge;
        canary["maxUnavailable"] = unavailable;
    }
    json!({"canary": canary})
}

/// Draws what happens next in this world.
pub fn event(dice: &mut Dice, world: &World, troubles: &Troubles) -> Event {
    if dice.once_in(troubles.people) {
        let act = person(dice, troubles);
        return Event::Act(if world.controllers.len() > 1 {
            onward(act)
        } else {
            act
        });
    }
    if dice.once_in(troubles.mishaps) {
        let act = mishap(dice, world);
        return Event::Act(if world.controllers.len() > 1 {
            onward(act)
        } else {
            act
        });
    }
    match dice.roll(20) {
        0..=8 => controller(dice, world, troubles),
        9..=17 => cluster(dice, world, troubles),
        _ => Event::Wait(wait(dice, world)),
    }
}

fn controller(dice: &mut Dice, world: &World, troubles: &Troubles) -> Event {
    let number = dice.roll(world.controllers.len());
    let process = &world.controllers[number];
    if dice.once_in(troubles.stale_restarts) {
        return Event::RestartOnOldView(number);
    }
    let waiting: Vec<Kind> = Kind::WATCHED
        .into_iter()
        .filter(|kind| !process.coming[*kind as usize].is_empty())
        .collect();
    if !waiting.is_empty() && dice.roll(3) > 0 {
        return if dice.once_in(12) {
            Event::Relist(number)
        } else {
            Event::Deliver(number, dice.one_of(&waiting))
        };
    }
    if process.pass.is_none() {
        return Event::Plan(number);
    }
    let fate = if dice.once_in(troubles.crashes) {
        dice.one_of(&[Fate::CrashBefore, Fate::CrashAfter])
    } else if dice.once_in(troubles.losses) {
        dice.one_of(&[Fate::AnswerLost, Fate::Lost])
    } else if dice.once_in(troubles.refusals) {
        dice.one_of(&[Fate::Busy, Fate::Denied])
    } else {
        Fate::Answered
    };
    Event::Write(number, fate)
}

fn cluster(dice: &mut Dice, world: &World, troubles: &Troubles) -> Event {
    if dice.once_in(troubles.no_pods) {
        return Event::RefusePods(!world.refuses_pods);
    }
    let sets = &world.store.sets;
    if sets.is_empty() {
        return Event::Plan(0);
    }
    let set = &sets[dice.roll(sets.len())];
    if !set.pods.is_empty() {
        let pod = &set.pods[dice.roll(set.pods.len())];
        if dice.once_in(troubles.bad_pods) {
            return if dice.once_in(2) {
                Event::Unready(pod.id)
            } else {
                Event::Evict(pod.id)
            };
        }
        let waiting = set.pods.iter().find(|pod| pod.ready.is_none());
        if let Some(pod) = waiting.filter(|_| set.works() && dice.roll(5) > 1) {
            return Event::Ready(pod.id);
        }
    }
    let is_new = set.acted_on < set.object.generation;
    if (is_new && dice.roll(3) > 0) || dice.once_in(4) {
        Event::Pods(set.id)
    } else {
        Event::Report(set.id)
    }
}

fn wait(dice: &mut Dice, world: &World) -> i64 {
    let wake = world.controllers.iter().filter_map(|it| it.wake_at);
    let next = wake.filter(|at| *at > world.store.now).min();
    match (dice.roll(8), next) {
        (0..=2, Some(at)) => at - world.store.now,
        (3, _) => 5_000,
        (4, _) => 31_000,
        (5, _) if dice.once_in(4) => 700_000,
        _ => dice.one_of(&[1, 300, 1_000, 1_700]),
    }
}

fn person(dice: &mut Dice, troubles: &Troubles) -> Act {
    match dice.roll(20) {
        0..=4 => Act::SetImage(dice.one_of(&[1, 2, 3, 4, 5, 7, 9])),
        5 | 6 => Act::Scale(dice.small(8)),
        7..=9 => Act::Promote,
        10 => Act::PromoteFull,
        11 | 12 => Act::Abort,
        13 | 14 => Act::Retry,
        15 => Act::SetPaused(dice.once_in(3)),
        16 => Act::Undo,
        17 => Act::SetStrategy(dice.roll(6)),
        18 if troubles.deletes => Act::Delete,
        _ => Act::HarmlessEdit,
    }
}

/// An act that does not turn an update round.
pub(crate) fn onward(act: Act) -> Act {
    match act {
        Act::SetImage(_) => Act::SetImage(2),
        // A name that one of them found taken leads it to another one.
        Act::OrphanSet(_) => Act::HarmlessEdit,
        Act::Abort | Act::Retry | Act::Undo | Act::SetStrategy(_) => Act::Promote,
        act => act,
    }
}

fn mishap(dice: &mut Dice, world: &World) -> Act {
    let role = dice.one_of(&[Role::Active, Role::Active, Role::Preview]);
    let sets = &world.store.sets;
    if sets.is_empty() || dice.once_in(3) {
        return match dice.roll(6) {
            0 => Act::DeleteService(role),
            1 | 2 => Act::CreateService(role),
            3 => Act::WipeStatus,
            _ => Act::ApplyService(role),
        };
    }
    let set = sets[dice.roll(sets.len())].id;
    match dice.roll(8) {
        0..=2 => Act::ScaleSet(set, dice.small(8)),
        3 => Act::DeleteSet(set),
        4 => Act::OrphanSet(set),
        5 => Act::Relabel(set, dice.once_in(2).then(|| "6f6f6f6f6f".to_owned())),
        _ => {
            let marks = [Mark::Deadline, Mark::Revision, Mark::Digest, Mark::Desired];
            Act::StripSet(set, dice.one_of(&marks))
        }
    }
}
