//! Scenarios of `tests/scenarios/` on a real control plane: the same lines, in less time (`hurry`).
//!
//! Each has a namespace of its own, which its lines see as `default`. What a line waits for has some
//! seconds more than it says, because programs and machine take time here; what must hold is looked at
//! after every change, and for as long as the line says (divided).

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tests::history::{Commit, World as Objects, sent_event};
use tests::reading::{name, text};
use tests::scenario::condition::{Condition, Scene};
use tests::scenario::parse::{Act, Command, Line, Scenario};
use tests::scenario::user::User;

use crate::hurry;
use crate::world::World;

/// What a wait has besides its own time.
const SLACK: Duration = Duration::from_secs(60);
/// What is expected now may take so long to be seen.
const SOON: Duration = Duration::from_secs(10);
/// Nothing has happened for so long: what a line set off is over.
const QUIET: Duration = Duration::from_millis(1500);

/// Runs a scenario in a namespace of its own.
///
/// # Errors
/// The line that went wrong, and why; or the invariants that did not hold.
pub fn run(world: &World, scenario: &Scenario) -> anyhow::Result<()> {
    let mut run = Run {
        user: User::new(in_namespace(world.client(), world.namespace())),
        world,
        rollout: String::new(),
    };
    for line in &scenario.lines {
        let at = format!("{}:{}: {}", scenario.path.display(), line.number, line.text);
        run.line(line).context(at)?;
    }
    let broken = world.broken()?;
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
}

struct Run<'a> {
    world: &'a World,
    user: User,
    /// The Rollout that lines are about.
    rollout: String,
}

impl Run<'_> {
    fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        match &line.command {
            Command::Apply(objects) => {
                for object in objects {
                    self.apply(object)?;
                }
            }
            Command::Act(act) => self.act(act)?,
            Command::Use(rollout) => self.rollout.clone_from(rollout),
            Command::Until(conditions, within) => {
                self.until(conditions, hurry::shorter(*within) + SLACK)?;
            }
            Command::Stay(time, conditions) => {
                self.quiet();
                let before = self.world.controller_writes()?;
                self.hold(conditions, hurry::shorter(*time))?;
                let writes = self.world.controller_writes()? - before;
                if writes > 0 {
                    bail!("the controller wrote {writes} times");
                }
            }
            Command::Hold(time, conditions) => self.hold(conditions, hurry::shorter(*time))?,
            Command::Expect(conditions) => self.until(conditions, SOON)?,
            Command::Advance(time) => std::thread::sleep(hurry::shorter(*time)),
            Command::RestartController => self.world.cluster().replace_controller()?,
        }
        Ok(())
    }

    fn apply(&mut self, object: &Value) -> anyhow::Result<()> {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            // The path says which.
            metadata.remove("namespace");
        }
        if text(&object, "/kind") == "Rollout" {
            hurry::rollout(&mut object, true);
            name(&object).clone_into(&mut self.rollout);
        }
        self.world.block_on(self.user.apply(&object))
    }

    fn act(&self, act: &Act) -> anyhow::Result<()> {
        let mut act = act.clone();
        if let Act::Patch { status: false, body } = &mut act {
            hurry::rollout(body, false);
        }
        let objects = self.world.objects();
        self.world
            .block_on(self.user.act(&act, &objects, &self.rollout))
    }

    fn until(&self, conditions: &[Condition], patience: Duration) -> anyhow::Result<()> {
        let unmet = |objects: &Objects, commits: &[Commit]| {
            first_unmet(objects, commits, &self.rollout, conditions)
        };
        let met = self.world.log().watch(patience, |objects, commits| {
            unmet(objects, commits).is_none().then_some(())
        });
        match met {
            Some(()) => Ok(()),
            None => {
                let seen = self.world.log().watch(Duration::ZERO, |objects, commits| {
                    Some(unmet(objects, commits))
                });
                match seen.flatten() {
                    Some(unmet) => bail!("after {patience:?}: {unmet}"),
                    None => Ok(()),
                }
            }
        }
    }

    fn hold(&self, conditions: &[Condition], time: Duration) -> anyhow::Result<()> {
        let broken = self.world.log().watch(time, |objects, commits| {
            first_unmet(objects, commits, &self.rollout, conditions)
        });
        match broken {
            Some(unmet) => bail!("{unmet}"),
            None => Ok(()),
        }
    }

    /// Waits until nothing has happened for a while.
    fn quiet(&self) {
        let end = Instant::now() + SLACK;
        let mut before = 0;
        while Instant::now() < end {
            let count = self.world.log().watch(Duration::ZERO, |_, it| Some(it.len()));
            let count = count.unwrap_or(0);
            let more = self
                .world
                .log()
                .watch(QUIET, |_, commits| (commits.len() > count).then_some(()));
            if more.is_none() && count == before {
                return;
            }
            before = count;
        }
    }
}

fn first_unmet(
    objects: &Objects,
    commits: &[Commit],
    rollout: &str,
    conditions: &[Condition],
) -> Option<String> {
    let sent = commits.iter();
    let events: Vec<_> = sent.filter_map(|it| sent_event(it, Some(rollout))).collect();
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

/// A client whose `default` is another namespace.
fn in_namespace(client: &Client, namespace: &str) -> Client {
    let inner = client.clone();
    let there = format!("/namespaces/{namespace}/");
    let service = tower::service_fn(move |mut request: http::Request<Body>| {
        let (inner, there) = (inner.clone(), there.clone());
        async move {
            let uri = request.uri().to_string();
            *request.uri_mut() = uri.replacen("/namespaces/default/", &there, 1).parse()?;
            Ok::<_, tower::BoxError>(inner.send(request).await?)
        }
    });
    Client::new(service, "default")
}
