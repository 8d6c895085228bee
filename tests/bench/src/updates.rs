//! What one update writes, beside the least that its rules ask for.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::least::{self, Least, Step};
use crate::report::Table;
use crate::world::{Cost, World, on_virtual_time, rollout, service};

const WEIGHTS: &[Step] = &[Step::Weight(20), Step::Weight(50), Step::Weight(80)];
const PAUSES: &[Step] = &[
    Step::Weight(10),
    Step::Pause,
    Step::Weight(30),
    Step::Pause,
    Step::Weight(50),
    Step::Pause,
];

/// Pods, surge, unavailable, steps.
const CANARIES: &[(i64, &str, &str, &[Step])] = &[
    (1, "25%", "25%", &[]),
    (3, "25%", "25%", PAUSES),
    (10, "25%", "25%", &[]),
    (10, "25%", "25%", WEIGHTS),
    (10, "25%", "25%", PAUSES),
    (10, "1", "0", WEIGHTS),
    (10, "0", "1", WEIGHTS),
    (10, "100%", "0", PAUSES),
    (50, "25%", "25%", PAUSES),
    (50, "10%", "10%", WEIGHTS),
];

/// A table with a row for each update.
///
/// # Errors
/// When one does not end.
pub fn table() -> Result<Table> {
    let columns = [
        "update",
        "resizes",
        "least resizes",
        "once",
        "least once",
        "status",
        "passes",
        "least passes",
        "writes",
        "Events",
        "dry-runs",
    ];
    let mut table = Table::new("API writes of one update", &columns);
    for (pods, surge, unavailable, steps) in CANARIES {
        let bounds = least::bounds(*pods, surge, unavailable)?;
        let strategy = json!({"canary": {
            "maxSurge": int_or_percent(surge),
            "maxUnavailable": int_or_percent(unavailable),
            "steps": steps.iter().map(step).collect::<Vec<_>>(),
        }});
        let cost = of_update(*pods, strategy, false)?;
        let kind = match *steps {
            [] => "no steps".to_owned(),
            steps if steps.contains(&Step::Pause) => format!("{} steps, paused", steps.len()),
            steps => format!("{} steps", steps.len()),
        };
        let s = if *pods == 1 { "" } else { "s" };
        let name =
            format!("canary, {pods} pod{s}, surge {surge}, unavailable {unavailable}, {kind}");
        table.row(&name, numbers(cost, least::canary(bounds, steps)));
    }
    for (preview, pauses) in [(false, false), (true, false), (true, true)] {
        let mut strategy = json!({"activeService": "active", "autoPromotionEnabled": !pauses});
        if preview {
            strategy["previewService"] = json!("preview");
        }
        let cost = of_update(10, json!({"blueGreen": strategy}), pauses)?;
        let name = match (preview, pauses) {
            (false, _) => "blue-green, 10 pods",
            (true, false) => "blue-green, 10 pods, preview",
            (true, true) => "blue-green, 10 pods, preview, promoted by hand",
        };
        let least = least::blue_green(if preview { 2 } else { 1 }, pauses);
        table.row(name, numbers(cost, least));
    }
    Ok(table)
}

fn numbers(cost: Cost, least: Least) -> [Option<u64>; 10] {
    [
        cost.resizes,
        least.resizes,
        cost.others,
        least.once,
        cost.statuses,
        cost.plans,
        least.passes,
        cost.writes(),
        cost.events,
        cost.dry_runs,
    ]
    .map(Some)
}

fn int_or_percent(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| json!(text), Value::from)
}

fn step(step: &Step) -> Value {
    match step {
        Step::Weight(weight) => json!({"setWeight": weight}),
        Step::Pause => json!({"pause": {"duration": "30s"}}),
    }
}

/// From healthy to healthy, and until old pods are gone.
fn of_update(pods: i64, strategy: Value, promote: bool) -> Result<Cost> {
    on_virtual_time(async {
        let world = World::new(planner::plan)?;
        world.create(service("active", "web")).await?;
        world.create(service("preview", "web")).await?;
        world.create(rollout("web", "web", pods, strategy)).await?;
        world.until_all("Healthy").await?;
        let rest = Duration::from_secs(120);
        tokio::time::sleep(rest).await;
        let before = world.cost();
        world
            .set_image("web", "registry.example.com/shop/web:v2")
            .await?;
        if promote {
            world.until_all("Paused").await?;
            world.promote("web").await?;
        }
        world.until_all("Healthy").await?;
        tokio::time::sleep(rest).await;
        Ok(world.cost().since(before))
    })
}
