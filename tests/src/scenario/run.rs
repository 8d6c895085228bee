//! Runs a scenario from the first line to the last.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use controller::config::PlanFn;

use super::condition::{Condition, Scene};
use super::end_state::end_state;
use super::lab::{Lab, Mode, on_virtual_time};
use super::parse::{Command, Line, Scenario};
use super::transcript::{Mark, transcript};
use crate::history::{Actor, Request};
use crate::invariants::{self, Violation};
use crate::reading::{name, text};

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
    /// Every mutating request, in the order of the answers.
    pub requests: Vec<Request>,
}

/// Runs a scenario.
///
/// # Errors
/// When the cluster itself cannot be set up; a line that goes wrong is in the outcome.
pub fn run(scenario: &Scenario, mode: Mode) -> Result<Outcome> {
    run_with_plan(scenario, mode, planner::plan)
}

/// Runs a scenario with a controller that decides by `plan`.
///
/// # Errors
/// When the cluster itself cannot be set up; a line that goes wrong is in the outcome.
pub fn run_with_plan(scenario: &Scenario, mode: Mode, plan: PlanFn) -> Result<Outcome> {
    on_virtual_time(async {
        let mut run = Run {
            lab: Lab::with_plan(mode, plan).await?,
            marks: Vec::new(),
            rollout: String::new(),
            mode,
        };
        let failure = run.all(scenario).await.err();
        // A while longer, so that what is started by the last line is judged too.
        run.lab.watch(Duration::from_secs(10), |_| false).await;
        let history = run.lab.history();
        Ok(Outcome {
            transcript: transcript(scenario, &history, &run.marks),
            end_state: end_state(&run.lab.world),
            violations: invariants::check(&history),
            failure: failure.map(|error| format!("{error:#}")),
            virtual_time: history.end,
            writes: run.lab.requests.writes_of(Actor::Controller),
            requests: history.requests,
        })
    })?
}

struct Run {
    lab: Lab,
    marks: Vec<Mark>,
    /// The Rollout that lines are about.
    rollout: String,
    mode: Mode,
}

impl Run {
    async fn all(&mut self, scenario: &Scenario) -> Result<()> {
        for line in &scenario.lines {
            let at = format!("{}:{}: {}", scenario.path.display(), line.number, line.text);
            self.line(line).await.context(at)?;
        }
        Ok(())
    }

    async fn line(&mut self, line: &Line) -> Result<()> {
        let is_deed = matches!(
            line.command,
            Command::Apply(_) | Command::Act(_) | Command::RestartController
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
                if writes > 0 {
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
        }
        Ok(())
    }

    async fn until(&mut self, conditions: &[Condition], within: Duration) -> Result<()> {
        let rollout = self.rollout.clone();
        let met = self
            .lab
            .watch(within, |lab| {
                first_unmet(lab, &rollout, conditions).is_none()
            })
            .await;
        if !met {
            self.expect(conditions)?;
        }
        Ok(())
    }

    async fn hold(&mut self, conditions: &[Condition], time: Duration) -> Result<()> {
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
            .filter(|it| self.mode == Mode::Steady || !is_about_events(it))
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
