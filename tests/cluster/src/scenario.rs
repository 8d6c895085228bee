//! Scenarios of `tests/scenarios/` on a real control plane: the same lines, in less time (`hurry`).
//!
//! Each has a namespace of its own, which its lines see as `default`. What a line waits for has some
//! seconds more than it says, because programs and machine take time here; what must hold is looked at
//! at every change from where the line before it ended, for three quarters of what the line says.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tests::history::{Commit, World as Objects, sent_event};
use tests::reading::{name, text};
use tests::scenario::condition::{Condition, Scene};
use tests::scenario::disturbance::Lines;
use tests::scenario::parse::{Act, Command, Line, Scenario};
use tests::scenario::user::User;

use crate::hurry;
use crate::watch_log::{Place, since_1970};
use crate::world::World;

/// What a wait has besides its own time.
const SLACK: Duration = Duration::from_secs(60);
/// What is expected now may take so long to be seen.
const SOON: Duration = Duration::from_secs(15);
/// Nothing has happened for so long: what a line set off is over.
const QUIET: Duration = Duration::from_secs(1);

/// A namespace for a scenario; with a controller of its own where lines stop it. `None` where there is
/// no cluster.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn open(scenario: &Scenario) -> Option<World> {
    let stops = |line: &Line| {
        matches!(
            line.command,
            Command::StopController | Command::StartController | Command::RestartController
        )
    };
    let name = scenario.name.replace('_', "-");
    if scenario.lines.iter().any(stops) {
        World::with_own_controller(&name)
    } else {
        World::open(&name)
    }
}

/// Runs a scenario in its namespace. Which durations are not as short as they should be.
///
/// Where its lines hold late, the controller may have something left to write in any of them. Where a
/// proxy is between it and the API server, Events are not waited for: one that tells about a write
/// whose answer was lost is never told.
///
/// # Errors
/// The line that went wrong, and why; or the invariants that did not hold.
pub fn run(world: &World, scenario: &Scenario, lines: Lines) -> anyhow::Result<Vec<String>> {
    let mut run = Run {
        user: User::new(world.client()),
        world,
        rollout: String::new(),
        place: Place::default(),
        since: since_1970(),
        raised: Vec::new(),
        lines,
        has_flapping_pods: scenario
            .lines
            .iter()
            .any(|line| line.text.contains("-flap")),
    };
    for line in &scenario.lines {
        let at = format!("{}:{}: {}", scenario.path.display(), line.number, line.text);
        run.line(line).context(at)?;
    }
    let broken = world.broken()?;
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(run.raised)
}

struct Run<'a> {
    world: &'a World,
    user: User,
    /// The Rollout that lines are about.
    rollout: String,
    /// How far the log has been looked at.
    place: Place,
    /// When it came to what the lines so far say, since 1970: what the next one says begins here.
    since: Duration,
    raised: Vec<String>,
    lines: Lines,
    has_flapping_pods: bool,
}

impl Run<'_> {
    fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        match &line.command {
            Command::Apply(objects) => {
                for object in objects {
                    self.apply(object)?;
                }
                self.deed_is_done()?;
            }
            Command::Act(act) => {
                self.act(act)?;
                self.deed_is_done()?;
            }
            Command::StopController => {
                self.world.stop_controller()?;
                self.deed_is_done()?;
            }
            // There is none: it begins where the last one was stopped.
            Command::RestartController | Command::StartController => {
                self.world.start_controller()?;
                self.deed_is_done()?;
            }
            Command::Advance(time) => {
                std::thread::sleep(hurry::shorter(*time));
                self.deed_is_done()?;
            }
            Command::Use(rollout) => self.rollout.clone_from(rollout),
            Command::Until(conditions, within) => {
                let before = self.place.next;
                self.until(conditions, hurry::shorter(*within) + SLACK)?;
                if self.place.next > before {
                    self.since = self.place.at;
                }
            }
            Command::Expect(conditions) => self.until(conditions, SOON)?,
            Command::Hold(time, conditions) => self.hold(conditions, *time)?,
            Command::Stay(time, conditions) => {
                self.quiet(self.since + hurry::certainly_within(*time));
                let before = self.world.controller_writes()?;
                self.hold(conditions, *time)?;
                let writes = self.world.controller_writes()? - before;
                if writes > 0 && self.lines == Lines::InTime {
                    bail!("the controller wrote {writes} times");
                }
            }
        }
        Ok(())
    }

    /// What is seen from now on has the deed in it.
    fn deed_is_done(&mut self) -> anyhow::Result<()> {
        self.place = self.world.now()?;
        self.since = self.place.at;
        Ok(())
    }

    fn apply(&mut self, object: &Value) -> anyhow::Result<()> {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            // The path says which.
            metadata.remove("namespace");
        }
        if text(&object, "/kind") == "Rollout" {
            self.raised.extend(hurry::rollout(&mut object, true));
            if let Some((key, value)) = self.world.label() {
                object["metadata"]["labels"][key] = value.into();
            }
            if self.has_flapping_pods {
                hurry::flapping(&mut object);
            }
            name(&object).clone_into(&mut self.rollout);
        }
        self.world
            .block_on(until_answered(|| self.user.apply(&object)))
    }

    fn act(&mut self, act: &Act) -> anyhow::Result<()> {
        let mut act = act.clone();
        if let Act::Patch {
            status: false,
            body,
        } = &mut act
        {
            self.raised.extend(hurry::rollout(body, false));
        }
        // People look before they act.
        let objects = self.world.now()?.world;
        let deed = || self.user.act(&act, &objects, &self.rollout);
        self.world.block_on(until_answered(deed))
    }

    fn until(&mut self, conditions: &[Condition], patience: Duration) -> anyhow::Result<()> {
        let mut unmet = None;
        let end = since_1970() + patience;
        let log = self.world.log();
        let with_events = self.world.cluster().proxy().is_none();
        let is_meant = |it: &&Condition| with_events || !it.text.starts_with("event ");
        let conditions: Vec<&Condition> = conditions.iter().filter(is_meant).collect();
        let met = log.follow(&mut self.place, end, |objects, commits| {
            unmet = first_unmet(objects, commits, &self.rollout, &conditions);
            unmet.is_none().then_some(())
        });
        match met {
            Some(()) => Ok(()),
            None => bail!("after {patience:?}: {}", unmet.unwrap_or_default()),
        }
    }

    fn hold(&mut self, conditions: &[Condition], time: Duration) -> anyhow::Result<()> {
        let end = self.since + hurry::certainly_within(time);
        let log = self.world.log();
        let conditions: Vec<&Condition> = conditions.iter().collect();
        let broken = log.follow(&mut self.place, end, |objects, commits| {
            first_unmet(objects, commits, &self.rollout, &conditions)
        });
        self.since = end;
        match broken {
            Some(unmet) => bail!("{unmet}"),
            None => Ok(()),
        }
    }

    /// Waits until nothing has happened for a while, or until `end`.
    fn quiet(&mut self, end: Duration) {
        loop {
            let count = self.place.next;
            let still = end.min(since_1970() + QUIET);
            let log = self.world.log();
            let more = log.follow(&mut self.place, still, |_, it| {
                (it.len() > count).then_some(())
            });
            if more.is_none() {
                return;
            }
        }
    }
}

/// Does something until the API server answers: it may be away for some seconds.
async fn until_answered<F>(deed: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let end = Instant::now() + SLACK;
    let mut is_repeated = false;
    loop {
        let Err(error) = deed().await else {
            return Ok(());
        };
        match error.downcast_ref::<kube::Error>() {
            // The first time it was done, and only the answer was lost.
            Some(kube::Error::Api(status)) if is_repeated && status.code == 404 => return Ok(()),
            Some(kube::Error::Api(status)) if status.code < 500 => return Err(error),
            None => return Err(error),
            Some(_) if Instant::now() > end => return Err(error),
            Some(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
        is_repeated = true;
    }
}

fn first_unmet(
    objects: &Objects,
    commits: &[Commit],
    rollout: &str,
    conditions: &[&Condition],
) -> Option<String> {
    let needs_events = conditions.iter().any(|it| it.text.contains("event"));
    let sent = commits.iter().filter(|_| needs_events);
    let events: Vec<_> = sent
        .filter_map(|it| sent_event(it, Some(rollout)))
        .collect();
    let scene = Scene {
        world: objects,
        rollout,
        events: &events,
    };
    conditions.iter().find_map(|condition| {
        let seen = condition.holds(&scene).err()?;
        Some(format!("`{}` does not hold: {seen}", condition.text))
    })
}
