//! One run: things happen, every change is judged, and in the end all must be well.

use std::panic::AssertUnwindSafe;

use invariants::{Judge, Mark};

use crate::draw::{self, Dice, Troubles};
use crate::event::{Act, Event, Fate, Role};
use crate::process::{self, Looked};
use crate::store::{By, LAST_GOOD, REFUSED, version_in};
use crate::tell::{Teller, actor};
use crate::wire;
use crate::world::{Setup, World};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which: an id of `safety.md`, or `PANIC`.
    pub id: String,
    /// With numbers.
    pub what: String,
}

impl Found {
    /// What is broken, without names and numbers: two of a kind are likely one mistake.
    #[must_use]
    pub fn kind(&self) -> String {
        let words = self.what.split_whitespace().filter(|word| {
            let is_plain = |it: char| it.is_alphabetic() || it == ',' || it == ':' || it == '.';
            word.chars().all(is_plain)
        });
        let words: Vec<&str> = words.take(12).collect();
        format!("{}: {}", self.id, words.join(" "))
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The first promise that broke.
    pub found: Option<Found>,
    /// What had happened until then, or until the end of the unsafe part.
    pub events: Vec<Event>,
    /// What was done.
    pub totals: Totals,
}

/// What was done in one run or in many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Plans made.
    pub plans: u64,
    /// Writes carried out.
    pub writes: u64,
    /// Revisions judged.
    pub revisions: u64,
    /// Virtual time, in milliseconds.
    pub millis: i64,
}

impl Totals {
    /// Adds another run, or many.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.plans += other.plans;
        self.writes += other.writes;
        self.revisions += other.revisions;
        self.millis += other.millis;
    }
}

/// Runs the world of a seed.
#[must_use]
pub fn of_seed(seed: u64) -> (Setup, Outcome) {
    let mut dice = Dice::new(seed);
    let setup = draw::setup(&mut dice);
    let troubles = Troubles::draw(&mut dice);
    let mut left = troubles.length;
    let outcome = run(&setup, |world| {
        left = left.checked_sub(1)?;
        Some(draw::event(&mut dice, world, &troubles))
    });
    (setup, outcome)
}

/// Runs a list of events.
#[must_use]
pub fn of_events(setup: &Setup, events: &[Event]) -> Outcome {
    let mut events = events.iter();
    run(setup, |_| events.next().cloned())
}

/// What happens in a run of these events, the calm part too, line by line.
#[must_use]
pub fn story(setup: &Setup, events: &[Event]) -> Vec<String> {
    let mut run = Run::new(setup);
    run.story = Some(Vec::new());
    let mut events = events.iter();
    // A panic ends the story; the outcome of the run tells of it.
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| run.all(|_| events.next().cloned())));
    run.story.unwrap_or_default()
}

/// Lets happen what `next` says until it says nothing, then calms down.
pub fn run(setup: &Setup, next: impl FnMut(&World) -> Option<Event>) -> Outcome {
    let mut run = Run::new(setup);
    let begin = run.world.store.now;
    let survived = std::panic::catch_unwind(AssertUnwindSafe(|| run.all(next)));
    if let Err(panic) = survived {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        run.fail("PANIC", words.unwrap_or_default());
    }
    Outcome {
        found: run.found,
        events: run.events,
        totals: Totals {
            runs: 1,
            plans: run.world.plans,
            writes: run.world.writes,
            revisions: run.world.store.revision,
            millis: run.world.store.now - begin,
        },
    }
}

/// Rounds of the calm part after which nobody believes any more that it ends.
const PATIENCE: usize = 300;
/// How long a rollout at rest is watched.
const DAY: i64 = 86_400_000;

/// A run under way.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) world: World,
    teller: Teller,
    judge: Judge,
    events: Vec<Event>,
    pub(crate) found: Option<Found>,
    /// What happens, for people; only where somebody reads it.
    story: Option<Vec<String>>,
}

impl Run {
    pub(crate) fn new(setup: &Setup) -> Self {
        let mut run = Self {
            world: World::new(setup),
            teller: Teller::default(),
            judge: Judge::default(),
            events: Vec::new(),
            found: None,
            story: None,
        };
        let commits = run.world.beginning();
        run.tell(&commits);
        run
    }

    fn all(&mut self, mut next: impl FnMut(&World) -> Option<Event>) {
        while let Some(event) = next(&self.world) {
            self.events.push(event.clone());
            self.step(&event);
            if self.found.is_some() {
                return;
            }
        }
        self.calm();
    }

    /// Lets something happen, and judges it.
    pub(crate) fn step(&mut self, event: &Event) {
        let request = self.request(event);
        let commits = self.world.apply(event);
        if let Some(story) = &mut self.story {
            story.push(format!("{event:?}"));
            story.extend(commits.iter().map(|commit| format!("    {commit}")));
        }
        self.tell(&commits);
        if let Some(mut request) = request.filter(|_| !commits.is_empty()) {
            request.stored = commits.last().map(|commit| commit.revision);
            self.judge.see_request(&request);
        }
        if let Event::Restart(number) | Event::RestartOnOldView(number) = event {
            let restarted = Mark::Restart(actor(By::Controller(*number)));
            self.judge.mark(&restarted, self.world.store.now);
        }
        if let Some(violation) = self.judge.found().first() {
            let (id, what) = (violation.id, violation.what.clone());
            self.fail(id, what);
        }
    }

    fn tell(&mut self, commits: &[crate::store::Commit]) {
        for commit in commits {
            let change = self.teller.tell(commit, self.world.store.now);
            self.judge.see(&change);
        }
    }

    fn fail(&mut self, id: &str, what: String) {
        let found = Found {
            id: id.to_owned(),
            what,
        };
        self.found.get_or_insert(found);
    }

    /// The request that an event is about to send.
    fn request(&self, event: &Event) -> Option<invariants::Request> {
        let Event::Write(number, fate) = event else {
            return None;
        };
        let arrives = matches!(fate, Fate::Answered | Fate::AnswerLost | Fate::CrashAfter);
        let pass = self.world.controllers.get(*number)?.pass.as_ref()?;
        let write = &pass.actions.front().filter(|_| arrives)?.write;
        let mut request = wire::request(pass, write)?;
        request.at = self.world.store.now;
        request.actor = actor(By::Controller(*number));
        request.answer = (*fate == Fate::Answered).then_some(200);
        Some(request)
    }

    /// Nothing goes wrong any more, people let it run: it comes to rest, Healthy, and stays so.
    pub(crate) fn calm(&mut self) {
        self.world.calm();
        self.judge.mark(&Mark::Calm, self.world.store.now);
        if self.world.store.rollout.is_none() {
            return;
        }
        for role in [Role::Active, Role::Preview] {
            self.step(&Event::Act(Act::CreateService(role)));
        }
        self.step(&Event::Act(Act::SetPaused(false)));
        self.repair_image();
        for _ in 0..PATIENCE {
            if self.found.is_some() {
                return;
            }
            if !self.moves() {
                return self.rest();
            }
        }
        self.fail("L1", format!("never comes to rest: {}", self.status()));
    }

    fn repair_image(&mut self) {
        let rollout = self.world.store.rollout.as_ref();
        let version = rollout.map_or(0, |it| version_in(&it.spec.template));
        if version > LAST_GOOD || version == REFUSED {
            self.step(&Event::Act(Act::SetImage(1)));
        }
    }

    /// One round of a calm world; false when nothing moves any more.
    fn moves(&mut self) -> bool {
        self.step(&Event::Settle);
        match self.world.look(0) {
            Looked::Busy => {
                while self.world.controllers[0].pass.is_some() && self.found.is_none() {
                    self.step(&Event::Write(0, Fate::Answered));
                }
                return true;
            }
            // What it wrote is gone again; it takes a while to believe that.
            Looked::Behind => {
                self.step(&Event::Wait(process::PATIENCE));
                return true;
            }
            Looked::AtRest | Looked::NotNow => {}
        }
        let store = &self.world.store;
        let Some(status) = store.rollout.as_ref().and_then(|it| it.status.as_ref()) else {
            return false;
        };
        let is_maturing =
            |set: &crate::store::Set| set.object.available_replicas < set.object.ready_replicas;
        if self.is_stuck_beside_broken_stable() {
            self.step(&Event::Act(Act::PromoteFull));
        } else if status.abort && status.current_pod_hash != status.stable_rs {
            self.step(&Event::Act(Act::Retry));
        } else if !status.pause_conditions.is_empty() {
            self.step(&Event::Act(Act::Promote));
        } else if let Some(at) = self.world.controllers[0].wake_at {
            let wait = (at - self.world.store.now).max(1);
            self.step(&Event::Wait(wait));
        } else if store.sets.iter().any(is_maturing) {
            self.step(&Event::Wait(1_000));
        } else {
            return false;
        }
        true
    }

    /// Where stable has no pod that works, a step that takes pods from the new version would leave
    /// nobody: it says so (Degraded), and a person has to decide.
    fn is_stuck_beside_broken_stable(&self) -> bool {
        let store = &self.world.store;
        let status = store.rollout.as_ref().and_then(|it| it.status.as_ref());
        let Some(status) = status.filter(|it| it.phase.as_deref() == Some("Degraded")) else {
            return false;
        };
        let stable = store
            .sets
            .iter()
            .find(|set| Some(&set.object.hash) == status.stable_rs.as_ref());
        !status.promote_full && stable.is_some_and(|set| !set.works())
    }

    /// L1 and L7: all is as the user wants it, and a day passes without a write.
    fn rest(&mut self) {
        let store = &self.world.store;
        let Some(rollout) = &store.rollout else {
            return;
        };
        let status = rollout.status.clone().unwrap_or_default();
        let stable = status.stable_rs.clone().unwrap_or_default();
        let replicas = crds::defaults::replicas(&rollout.spec);
        let is_old = |set: &&crate::store::Set| {
            set.object.hash != stable && (set.object.replicas > 0 || !set.pods.is_empty())
        };
        let wrong = if status.phase.as_deref() != Some("Healthy") {
            Some("does not become Healthy")
        } else if stable.is_empty() || status.current_pod_hash.as_deref() != Some(&*stable) {
            Some("is Healthy, but stable is not the current version")
        } else if store.sets.iter().any(|set| is_old(&set)) {
            Some("leaves old pods behind")
        } else if !store.sets.iter().any(|set| {
            set.object.hash == stable && i64::from(set.object.available_replicas) == replicas
        }) {
            Some("does not have its pods")
        } else if let Some(it) = &rollout.spec.strategy.blue_green
            && store.selected(&it.active_service) != stable
        {
            Some("does not send users to stable")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return self.fail("L1", format!("{wrong}: {}", self.status()));
        }
        let writes = self.world.writes;
        self.step(&Event::Wait(DAY));
        self.step(&Event::Settle);
        self.step(&Event::Plan(0));
        self.step(&Event::Write(0, Fate::Answered));
        if self.world.writes != writes {
            self.fail("L7", format!("writes at rest: {}", self.status()));
        }
        self.judge.end(self.world.store.now);
        if let Some(violation) = self.judge.found().first() {
            let (id, what) = (violation.id, violation.what.clone());
            self.fail(id, what);
        }
    }

    fn status(&self) -> String {
        let rollout = self.world.store.rollout.as_ref();
        let status = rollout.and_then(|it| it.status.as_ref());
        let sets: Vec<_> = self
            .world
            .store
            .sets
            .iter()
            .map(|set| &set.object)
            .collect();
        let (phase, message) = status.map_or((None, None), |it| {
            (it.phase.as_deref(), it.message.as_deref())
        });
        format!(
            "{} {}\n{status:#?}\n{sets:#?}\n{:#?}",
            phase.unwrap_or("no phase"),
            message.unwrap_or_default(),
            self.world.store.services
        )
    }
}
