//! One Rollout, its cluster, its controllers and its people; changed by one [`Event`] at a time.

use crds::Rollout;
use crds::rollout::PodTemplate;
use serde_json::{Value, json};

use crate::cluster;
use crate::event::{Event, Fate};
use crate::people;
use crate::process::{Looked, Process, View};
use crate::store::{By, Commit, Store, template};
use crate::wire;

/// What stays the same during a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// `spec` of the Rollout, without selector and template.
    pub spec: Value,
    /// Controllers that act at the same time.
    pub controllers: usize,
    /// Whether watches lag until a change is delivered on purpose.
    pub lag: bool,
    /// How much the controllers' clocks may be wrong, in milliseconds.
    pub slack: i64,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct World {
    /// What the API server keeps.
    pub store: Store,
    /// The controllers.
    pub controllers: Vec<Process>,
    /// Whether the API server refuses new pods.
    pub refuses_pods: bool,
    /// Plans made so far.
    pub plans: u64,
    /// Writes carried out so far.
    pub writes: u64,
    lag: bool,
}

/// 2026-01-01T00:00:00Z in milliseconds.
const START: i64 = 1_767_225_600_000;

impl World {
    /// A world in which nothing has happened yet but the creation of the Rollout.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let store = Store::new(rollout(&setup.spec), &["active", "preview"], START);
        let count = setup.controllers.max(1);
        let controller = Process::new(View::of(&store), setup.slack);
        Self {
            store,
            controllers: vec![controller; count],
            refuses_pods: false,
            plans: 0,
            writes: 0,
            lag: setup.lag,
        }
    }

    /// The changes that made the world.
    pub fn beginning(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.store.commits)
    }

    /// Lets something happen. Returns the changes that came of it, in order.
    pub fn apply(&mut self, event: &Event) -> Vec<Commit> {
        match event {
            Event::Plan(controller) => {
                self.look(*controller);
            }
            Event::Write(controller, fate) => self.write(*controller, *fate),
            Event::Deliver(controller, kind) => {
                if let Some(process) = self.controllers.get_mut(*controller) {
                    process.deliver(*kind);
                }
            }
            Event::Relist(controller) => {
                if let Some(process) = self.controllers.get_mut(*controller) {
                    process.relist(&self.store);
                }
            }
            Event::Restart(controller) => self.restart(*controller, true),
            Event::RestartOnOldView(controller) => self.restart(*controller, false),
            Event::Pods(set) => cluster::act_on(&mut self.store, *set, self.refuses_pods),
            Event::Report(set) => cluster::report(&mut self.store, *set),
            Event::Ready(pod) => cluster::make_ready(&mut self.store, *pod),
            Event::Unready(pod) => cluster::make_unready(&mut self.store, *pod),
            Event::Evict(pod) => cluster::evict(&mut self.store, *pod),
            Event::Settle => cluster::settle(&mut self.store),
            Event::RefusePods(refuses) => self.refuses_pods = *refuses,
            Event::Wait(millis) => self.store.now += (*millis).max(0),
            Event::Act(act) => people::act(&mut self.store, act),
        }
        let commits = std::mem::take(&mut self.store.commits);
        for commit in &commits {
            for process in &mut self.controllers {
                process.notice(commit, !self.lag);
            }
        }
        commits
    }

    /// A controller plans, if it may.
    pub fn look(&mut self, controller: usize) -> Looked {
        let Some(process) = self.controllers.get_mut(controller) else {
            return Looked::NotNow;
        };
        let looked = process.look(&self.store);
        self.plans += u64::from(matches!(looked, Looked::AtRest | Looked::Busy));
        looked
    }

    fn write(&mut self, controller: usize, fate: Fate) {
        let Some(process) = self.controllers.get_mut(controller) else {
            return;
        };
        let Some(mut pass) = process.pass.take() else {
            return;
        };
        let Some(action) = pass.actions.pop_front() else {
            return;
        };
        if self.store.now > pass.until {
            // Its stamps would lie in the past: it is planned anew.
            return;
        }
        if fate == Fate::CrashBefore {
            return self.restart(controller, true);
        }
        let arrives = matches!(fate, Fate::Answered | Fate::AnswerLost | Fate::CrashAfter);
        let written = if arrives {
            self.writes += 1;
            let by = By::Controller(controller);
            let written = wire::send(&mut self.store, by, &pass, &action.write);
            for commit in &mut self.store.commits {
                commit.decided_on = pass.decided_on();
                commit.seen = Some(pass.seen);
            }
            written
        } else {
            Ok(wire::Written::Nothing)
        };
        match fate {
            Fate::CrashAfter => self.restart(controller, true),
            Fate::Answered => wire::learn(process, &self.store, pass, &action.write, written),
            Fate::AnswerLost | Fate::Lost => {
                let (kind, name) = wire::target(&pass, &action.write);
                process.view.read_live(&self.store, kind, &name);
            }
            Fate::Busy => {}
            Fate::Denied => {
                wire::learn_denied(process, &self.store, &pass, &action.write);
            }
            Fate::CrashBefore => {}
        }
    }

    fn restart(&mut self, controller: usize, fresh: bool) {
        let Some(process) = self.controllers.get_mut(controller) else {
            return;
        };
        let view = fresh.then(|| View::of(&self.store));
        let old = std::mem::replace(process, Process::new(View::default(), 0));
        *process = old.successor(view);
    }

    /// Leaves out what can do nothing any more: writes on a version that was overtaken, and all that
    /// come after them in their plan.
    ///
    /// Sound, since versions are never given twice: such a write will be refused whenever it comes,
    /// and the plan is then dropped without a trace. A controller that has still to find that out
    /// can do nothing that one which looks again at some later time cannot do.
    pub fn forget_the_doomed(&mut self) {
        for process in &mut self.controllers {
            let Some(pass) = &mut process.pass else {
                continue;
            };
            let good = wire::good(&self.store, pass);
            pass.is_cut |= good < pass.actions.len();
            pass.actions.truncate(good);
            if good == 0 {
                process.pass = None;
            }
        }
    }

    /// From now on nothing goes wrong: one controller, watches that do not lag, pods for all.
    pub fn calm(&mut self) {
        self.lag = false;
        self.refuses_pods = false;
        self.controllers.truncate(1);
        for process in &mut self.controllers {
            process.relist(&self.store);
            process.pass = None;
        }
    }
}

fn rollout(spec: &Value) -> Rollout {
    let mut spec = spec.clone();
    spec["selector"] = json!({"matchLabels": {"app": "shop-web"}});
    spec["template"] = Value::clone(&template(1));
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop", "uid": "r1", "generation": 1},
        "spec": spec,
    });
    let mut rollout: Rollout = serde_json::from_value(object).expect("a spec that is a spec");
    rollout.spec.template = shared(1);
    rollout
}

/// The template of a version: one for all worlds of a thread.
#[must_use]
pub fn shared(version: u8) -> PodTemplate {
    thread_local! {
        static TEMPLATES: Vec<PodTemplate> =
            (0..=u8::MAX).map(|version| PodTemplate::from(&*template(version))).collect();
    }
    TEMPLATES.with(|all| all[usize::from(version)].clone())
}
