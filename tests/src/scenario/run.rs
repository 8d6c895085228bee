//! Runs a scenario from the first line to the last.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use controller::config::PlanFn;

use super::condition::{Condition, Scene};
use super::disturbance::{Disturbance, Lines};
use super::end_state::end_state;
use super::lab::{Lab, on_virtual_time};
use super::parse::{Command, Line, Scenario};
use super::transcript::{Mark, transcript};
use crate::history::{Actor, Request};
use crate::invariants::{self, Violation};
use crate::reading::{name, text};

/// How late a line may hold that may hold late.
const LATE: Duration = Duration::from_secs(3600);

/// How long after the last line faults may still be felt: the longest outage, or the time until
/// everything is listed anew. Only then liveness is owed.
const TO_HEAL: Duration = Duration::from_secs(1900);

/// How long everything has to come to rest after the last line: longer than any wait that a
/// scenario leaves behind.
const TO_REST: Duration = Duration::from_secs(2 * 3600);

/// How much longer it may take until all is as in the steady run.
const TO_RECOVER: Duration = Duration::from_secs(2 * 3600);

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What a user saw.
    pub transcript: String,
    /// What is left at the end.
    pub end_state: String,
    /// Invariants that did not hold.
    pub violations: Vec<Violation>,
    /// The line that went wrong, and why.
    pub failure: Option<String>,
    /// Virtual time it took.
    pub virtual_time: Duration,
    /// Writes of the controller, Events not counted.
    pub writes: usize,
    /// Writes that the controller sent, whatever came of them.
    pub writes_sent: usize,
    /// How often the disturbance struck.
    pub strikes: usize,
    /// Store revisions that were held against the invariants.
    pub revisions: usize,
    /// Every mutating request, in the order of the answers.
    pub requests: Vec<Request>,
}

/// Runs a scenario.
///
/// # Errors
/// When the cluster itself cannot be set up; a line that goes wrong is in the outcome.
pub fn run(scenario: &Scenario, disturbance: Disturbance) -> Result<Outcome> {
    run_with_plan(scenario, disturbance, planner::plan)
}

/// Runs a scenario with a controller that decides by `plan`.
///
/// # Errors
/// When the cluster itself cannot be set up; a line that goes wrong is in the outcome.
pub fn run_with_plan(
    scenario: &Scenario,
    disturbance: Disturbance,
    plan: PlanFn,
) -> Result<Outcome> {
    on_virtual_time(async {
        let mut run = Run::new(disturbance, plan).await?;
        let failure = run.lines(scenario).await.err();
        Ok(run.outcome(scenario, failure))
    })?
}

/// Runs a scenario, then ends the faults and lets everything come to rest.
///
/// `goal` is how the world is then; a run that may be late has longer to come to it.
///
/// # Errors
/// When the cluster itself cannot be set up; a line that goes wrong is in the outcome.
pub fn run_to_rest(
    scenario: &Scenario,
    disturbance: Disturbance,
    plan: PlanFn,
    goal: Option<&str>,
) -> Result<Outcome> {
    on_virtual_time(async {
        let mut run = Run::new(disturbance, plan).await?;
        if run.lines == Lines::InTime {
            let failure = run.lines(scenario).await.err();
            run.lab.watch(TO_REST, |_| false).await;
            return Ok(run.outcome(scenario, failure));
        }
        run.lab.calm_since = Duration::MAX;
        let failure = run.lines(scenario).await.err();
        run.lab.faults().heal();
        run.lab.watch(TO_HEAL, |_| false).await;
        run.lab.calm_since = run.lab.now();
        run.lab.watch(TO_REST, |_| false).await;
        if let Some(goal) = goal {
            let is_there = |lab: &Lab| end_state(&lab.world) == goal;
            run.lab.watch(TO_RECOVER, is_there).await;
        }
        Ok(run.outcome(scenario, failure))
    })?
}

struct Run {
    lab: Lab,
    marks: Vec<Mark>,
    /// The Rollout that lines are about.
    rollout: String,
    lines: Lines,
    /// Whether every Event is sent.
    is_steady: bool,
}

impl Run {
    async fn new(disturbance: Disturbance, plan: PlanFn) -> Result<Self> {
        Ok(Self {
            lab: Lab::with_plan(disturbance, plan).await?,
            marks: Vec::new(),
            rollout: String::new(),
            lines: disturbance.lines(),
            is_steady: disturbance == Disturbance::Steady,
        })
    }

    /// All lines, and a while longer, so that what is started by the last one is judged too.
    async fn lines(&mut self, scenario: &Scenario) -> Result<()> {
        let result = self.all(scenario).await;
        self.lab.watch(Duration::from_secs(10), |_| false).await;
        result
    }

    fn outcome(&self, scenario: &Scenario, failure: Option<anyhow::Error>) -> Outcome {
        let lab = &self.lab;
        let history = lab.history();
        Outcome {
            transcript: transcript(scenario, &history, &self.marks),
            end_state: end_state(&lab.world),
            violations: invariants::check(&history),
            failure: failure.map(|error| format!("{error:#}")),
            virtual_time: history.end,
            writes: lab.requests.writes_of(Actor::Controller),
            writes_sent: lab.faults().writes(),
            strikes: lab.faults().strikes(),
            revisions: history.commits.len(),
            requests: history.requests,
        }
    }

    async fn all(&mut self, scenario: &Scenario) -> Result<()> {
        for line in &scenario.lines {
            let at = format!("{}:{}: {}", scenario.path.display(), line.number, line.text);
            let result = self.line(line).await.context(at);
            if self.lines != Lines::Unjudged {
                result?;
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: &Line) -> Result<()> {
        let is_deed = matches!(
            line.command,
            Command::Apply(_)
                | Command::Act(_)
                | Command::RestartController
                | Command::StopController
                | Command::StartController
        );
        if is_deed {
            // What the line before has set off comes first, Events too.
            self.lab.settle().await;
            self.marks.push(Mark {
                commits: self.lab.commits.len(),
                text: line.text.clone(),
            });
        }
        match &line.command {
            Command::Apply(objects) => {
                for object in objects {
                    self.lab.user.apply(object).await?;
                    if text(object, "/kind") == "Rollout" {
                        name(object).clone_into(&mut self.rollout);
                    }
                }
                self.lab.settle().await;
            }
            Command::Act(act) => {
                let user = self.lab.user.clone();
                user.act(act, &self.lab.world, &self.rollout).await?;
                self.lab.settle().await;
            }
            Command::Use(rollout) => self.rollout.clone_from(rollout),
            Command::Until(conditions, within) => self.until(conditions, *within).await?,
            Command::Stay(time, conditions) => {
                self.lab.settle().await;
                let before = self.lab.requests.writes_of(Actor::Controller);
                self.hold(conditions, *time).await?;
                let writes = self.lab.requests.writes_of(Actor::Controller) - before;
                if writes > 0 && self.lines == Lines::InTime {
                    bail!(
                        "the controller wrote {writes} times; the last: {}",
                        self.last_write()
                    );
                }
            }
            Command::Hold(time, conditions) => self.hold(conditions, *time).await?,
            Command::Expect(conditions) => {
                if self.expect(conditions).is_err() {
                    // Events follow the write that they tell about.
                    self.lab.settle().await;
                    self.come_to(conditions).await;
                    self.expect(conditions)?;
                }
            }
            Command::Advance(time) => {
                self.lab.watch(*time, |_| false).await;
            }
            Command::RestartController => {
                self.lab.restart_controller();
                self.lab.settle().await;
            }
            Command::StopController => self.lab.stop_controllers(),
            Command::StartController => {
                self.lab.start_controllers();
                self.lab.settle().await;
            }
        }
        Ok(())
    }

    async fn until(&mut self, conditions: &[Condition], within: Duration) -> Result<()> {
        let binding = self.binding(conditions);
        if !self.wait(&binding, within).await {
            self.come_to(conditions).await;
            self.expect(conditions)?;
        }
        Ok(())
    }

    /// Waits for conditions that bind, where lines may hold late.
    async fn come_to(&mut self, conditions: &[Condition]) {
        if self.lines == Lines::Late {
            let binding = self.binding(conditions);
            self.wait(&binding, LATE).await;
        }
    }

    async fn wait(&mut self, conditions: &[Condition], within: Duration) -> bool {
        let rollout = self.rollout.clone();
        let are_met = |lab: &Lab| first_unmet(lab, &rollout, conditions).is_none();
        self.lab.watch(within, are_met).await
    }

    async fn hold(&mut self, conditions: &[Condition], time: Duration) -> Result<()> {
        self.come_to(conditions).await;
        let rollout = self.rollout.clone();
        let broken = |lab: &Lab| first_unmet(lab, &rollout, conditions);
        if self.lab.watch(time, |lab| broken(lab).is_some()).await {
            bail!(
                "after {:?}: {}",
                self.lab.now(),
                broken(&self.lab).unwrap_or_default()
            );
        }
        Ok(())
    }

    fn expect(&self, conditions: &[Condition]) -> Result<()> {
        match first_unmet(&self.lab, &self.rollout, &self.binding(conditions)) {
            Some(unmet) => bail!("after {:?}: {unmet}", self.lab.now()),
            None => Ok(()),
        }
    }

    /// Conditions that bind: a controller that dies after a write never sends the Events of it.
    fn binding(&self, conditions: &[Condition]) -> Vec<Condition> {
        let is_about_events = |it: &Condition| it.text.split(' ').any(|w| w.starts_with("event"));
        conditions
            .iter()
            .filter(|it| self.is_steady || !is_about_events(it))
            .cloned()
            .collect()
    }

    fn last_write(&self) -> String {
        let requests = self.lab.requests.all();
        requests
            .iter()
            .rev()
            .find(|it| it.actor == Actor::Controller && !it.is_bookkeeping() && !it.is_dry_run())
            .map_or_else(String::new, |it| {
                format!("{} {} {}", it.method, it.path, it.body)
            })
    }
}

fn first_unmet(lab: &Lab, rollout: &str, conditions: &[Condition]) -> Option<String> {
    let needs_events = conditions.iter().any(|it| it.text.contains("event"));
    let events = if needs_events {
        lab.events(rollout)
    } else {
        Vec::new()
    };
    let scene = Scene {
        world: &lab.world,
        rollout,
        events: &events,
    };
    conditions.iter().find_map(|condition| {
        let seen = condition.holds(&scene).err()?;
        Some(format!("`{}` does not hold: {seen}", condition.text))
    })
}
