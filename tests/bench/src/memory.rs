//! Bytes that a controller holds for each object, at rest.
//!
//! A controller lists copies of one family from a server that keeps nothing but their text; what
//! the heap has grown by when the controller is at rest is what it holds.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use controller::{Config, Controller};
use crds::Rollout;
use kube::Client;
use stats_alloc::INSTRUMENTED_SYSTEM;
use tokio_util::sync::CancellationToken;

use crate::family::{Family, OLD};
use crate::report::Table;
use crate::world::on_virtual_time;

/// Bytes by what holds them, for so many Rollouts with ten old ReplicaSets each.
///
/// The budgets are those of the design: 3 KB a Rollout, 1.5 KB an old ReplicaSet.
///
/// # Errors
/// When a controller does not come to rest.
pub fn table(rollouts: usize) -> Result<Table> {
    let family = Arc::new(on_virtual_time(Family::made())?);
    let nothing = held(&family, 0, false)?;
    let without = held(&family, rollouts, false)?;
    let with = held(&family, rollouts, true)?;
    let count = u64::try_from(rollouts)?.max(1);
    let set = with.saturating_sub(without) / (count * u64::try_from(OLD)?);
    let both = without.saturating_sub(nothing) / count;
    let mut table = Table::new(
        &format!("Bytes held by the controller at rest ({rollouts} Rollouts)"),
        &["object", "bytes", "budget"],
    );
    table.row(
        "a Rollout",
        [Some(both.saturating_sub(set)), Some(3 * 1024)],
    );
    table.row("an old ReplicaSet", [Some(set), Some(1536)]);
    let rollout: Rollout = serde_json::from_str(&family.rollout)?;
    let template = weight(&rollout.spec.template.text().to_owned());
    // The template is shared: a copy of the Rollout only points to it.
    let fields = template + weight(&rollout);
    table.row("of a Rollout, its own fields", [Some(fields), None]);
    table.row("of these, its pod template", [Some(template), None]);
    table.row(
        "of these, its status",
        [Some(weight(&rollout.status)), None],
    );
    table.row("the controller itself", [Some(nothing), None]);
    let json = u64::try_from(family.rollout.len())?;
    table.row("a Rollout as JSON", [Some(json), None]);
    Ok(table)
}

/// Bytes that a controller holds when it is at rest over so many copies.
fn held(family: &Arc<Family>, rollouts: usize, with_old: bool) -> Result<u64> {
    on_virtual_time(async {
        let before = live();
        let service = family.service(rollouts, with_old);
        let stop = CancellationToken::new();
        let config = Config {
            shutdown: stop.clone(),
            ..Config::default()
        };
        let controller = Controller::new(Client::new(service, "default"), config);
        let gauge = controller.gauge();
        let running = tokio::spawn(controller.run());
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after = live();
        let counters = gauge.counters();
        ensure!(
            counters.plans >= u64::try_from(rollouts)?,
            "not every Rollout was planned"
        );
        ensure!(counters.writes() == 0, "not at rest: {counters:?}");
        stop.cancel();
        running.abort();
        Ok(after.saturating_sub(before))
    })
}

/// Bytes of the heap that a copy of a value takes.
fn weight<T: Clone>(value: &T) -> u64 {
    let before = live();
    let copy = value.clone();
    let after = live();
    drop(copy);
    after.saturating_sub(before)
}

/// Bytes of the heap in use.
pub(crate) fn live() -> u64 {
    let stats = INSTRUMENTED_SYSTEM.stats();
    let live = stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated);
    u64::try_from(live).unwrap_or(u64::MAX)
}
