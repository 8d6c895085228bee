//! Many Rollouts at once: at rest, and updated all together.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cpu::{Stopwatch, per_second};
use crate::report::Table;
use crate::world::{Cost, World, rollout, service};

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a while has cost.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// Requests, plans, looks.
    pub cost: Cost,
    /// How long this thread has really worked, the embedded cluster's part included.
    pub worked: Duration,
}

/// A cluster with so many Rollouts, every other one blue-green, all healthy.
///
/// # Errors
/// When the cluster refuses one, or one does not become healthy.
pub async fn converged(count: usize) -> Result<World> {
    let world = World::new(planner::plan)?;
    for index in 0..count {
        let name = name(index);
        let strategy = if index % 2 == 0 {
            json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": "30s"}}]}})
        } else {
            let active = format!("{name}-active");
            let preview = format!("{name}-preview");
            world.create(service(&active, &name)).await?;
            world.create(service(&preview, &name)).await?;
            json!({"blueGreen": {"activeService": active, "previewService": preview}})
        };
        world.create(rollout(&name, &name, 2, strategy)).await?;
    }
    world.until_all("Healthy").await?;
    settled().await;
    Ok(world)
}

fn name(index: usize) -> String {
    format!("web-{index:04}")
}

/// Events, the last counters of pods, delayed pods: until all is said and done.
async fn settled() {
    tokio::time::sleep(Duration::from_secs(120)).await;
}

/// Lets time pass over a fleet at rest.
pub async fn rest(world: &World, time: Duration) -> Spent {
    let before = world.cost();
    let watch = Stopwatch::start();
    tokio::time::sleep(time).await;
    Spent {
        cost: world.cost().since(before),
        worked: watch.elapsed(),
    }
}

/// A table: a day at rest, then an update of all at once.
///
/// # Errors
/// When one does not become healthy.
pub async fn table(count: usize) -> Result<Table> {
    let columns = [
        "while",
        "writes",
        "Events",
        "looks",
        "plans",
        "milliseconds of work",
        "looks a second",
    ];
    let mut table = Table::new(&format!("A fleet of {count} Rollouts"), &columns);
    let world = converged(count).await?;
    row(&mut table, "at rest for a day", rest(&world, DAY).await)?;
    let before = world.cost();
    let watch = Stopwatch::start();
    for index in 0..count {
        let image = "registry.example.com/shop/web:v2";
        world.set_image(&name(index), image).await?;
    }
    world.until_all("Healthy").await?;
    settled().await;
    let spent = Spent {
        cost: world.cost().since(before),
        worked: watch.elapsed(),
    };
    row(&mut table, "all updated at once", spent)?;
    Ok(table)
}

fn row(table: &mut Table, name: &str, Spent { cost, worked }: Spent) -> Result<()> {
    let numbers = [
        cost.writes(),
        cost.events,
        cost.reconciles,
        cost.plans,
        u64::try_from(worked.as_millis())?,
        per_second(cost.reconciles, worked),
    ];
    table.row(name, numbers.map(Some));
    Ok(())
}
