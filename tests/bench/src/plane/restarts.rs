//! How long nobody acts when the controller is started or its leader is lost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cluster::{Cluster, since_1970};

use super::fleet::Fleet;
use super::times::Times;
use crate::report::Table;

/// Times that each is tried.
const TRIALS: usize = 5;
/// Until a second controller has listed everything and waits.
const WARM: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(120);

/// What happens to a controller while a Rollout gets an image; how long until it is acted on.
type Trial = fn(&Fleet, name: &str, image: &str) -> Result<Duration>;

/// Tries all of them on a fleet at rest.
pub(super) fn table(fleet: &Fleet) -> Result<Table> {
    let title = format!(
        "On a control plane: milliseconds until a new ReplicaSet is made, {} Rollouts",
        fleet.names.len()
    );
    let mut table = Table::new(&title, &["since", "median", "worst", "trials"]);
    let kinds: [(&str, Trial); 3] = [
        ("the controller was started", started),
        ("the leader was asked to end, another one waits", ended),
        ("the leader was killed, another one waits", killed),
    ];
    // Each trial has Rollouts of its own: those of the one before may still be at it.
    let mut names = fleet.names.iter().cycle();
    for (number, (what, trial)) in kinds.into_iter().enumerate() {
        let mut times = Vec::new();
        for _ in 0..TRIALS {
            let name = names.next().context("no Rollouts")?;
            let image = format!("restart-{number}-{}", times.len());
            times.push(trial(fleet, name, &image)?);
        }
        let times: Times = times.into_iter().collect();
        let trials = u64::try_from(TRIALS)?;
        table.row(what, [times.percent(50), times.percent(100), Some(trials)]);
    }
    Ok(table)
}

fn started(fleet: &Fleet, name: &str, image: &str) -> Result<Duration> {
    fleet.cluster.ask_controller_to_end()?;
    fleet.update(name, image)?;
    let before = fleet.audit()?.all().count();
    fleet.cluster.start_controller()?;
    let (_, begun) = fleet
        .cluster
        .controller_process()
        .context("no controller")?;
    until_made(fleet, name, before, begun)
}

fn ended(fleet: &Fleet, name: &str, image: &str) -> Result<Duration> {
    lost(fleet, name, image, Cluster::ask_controller_to_end)
}

fn killed(fleet: &Fleet, name: &str, image: &str) -> Result<Duration> {
    lost(fleet, name, image, |cluster| {
        cluster.stop_controller();
        Ok(())
    })
}

fn lost(
    fleet: &Fleet,
    name: &str,
    image: &str,
    end: impl FnOnce(&Cluster) -> Result<()>,
) -> Result<Duration> {
    let second = fleet.cluster.stand_by()?;
    std::thread::sleep(WARM);
    let before = fleet.audit()?.all().count();
    let begun = since_1970();
    end(&fleet.cluster)?;
    fleet.update(name, image)?;
    let took = until_made(fleet, name, before, begun);
    fleet.cluster.use_controller(second);
    took
}

/// How long after `begun` the API server was asked for a new ReplicaSet of a Rollout.
fn until_made(fleet: &Fleet, name: &str, before: usize, begun: Duration) -> Result<Duration> {
    let end = Instant::now() + PATIENCE;
    let user = Cluster::controller_user();
    loop {
        let audit = fleet.audit()?;
        let made = audit.all().skip(before).find(|it| {
            let is_create = it.access.verb == "create" && it.access.resource == "replicasets";
            let is_done = it.code == 201 && !it.uri.contains("dryRun");
            is_create && is_done && it.user == user && it.name.starts_with(name)
        });
        if let Some(made) = made {
            return Ok(made.at.saturating_sub(begun));
        }
        if Instant::now() > end {
            bail!("no ReplicaSet of {name} in {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
