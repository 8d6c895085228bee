//! What the shipped controller costs on a real control plane, and how soon it acts there.
//!
//! The programs of the plane, KWOK's pods and whoever measures share the machine with the controller:
//! requests are the same everywhere, times say what they are on this machine at most.

mod fleet;
mod pods;
mod process;
mod requests;
mod restarts;
mod times;
mod update;

use std::collections::BTreeSet;

use anyhow::Result;

use crate::least::{self, Step};
use crate::report::Table;
use fleet::{Fleet, Strategy};

/// How much is put on the plane.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Rollouts of each strategy.
    pub rollouts: usize,
    /// Pods of each.
    pub pods: i64,
}

/// Requests of an update of all at once; its times, processor and memory; restarts.
///
/// # Errors
/// When there is no plane to be had, or something does not become healthy on it.
pub fn tables(size: Size) -> Result<Vec<Table>> {
    let fleet = Fleet::made(size, Strategy::Canary)?;
    let canary = update::measure(&fleet)?;
    let restarts = restarts::table(&fleet)?;
    drop(fleet);
    let blue_green = update::measure(&Fleet::made(size, Strategy::BlueGreen)?)?;
    let Size { rollouts, pods } = size;
    let of = format!("{rollouts} Rollouts of {pods} pods");
    let columns = ["what", "canary", "blue-green"];

    let mut requests = Table::new(
        &format!("On a control plane: requests for 100 of {of} updated at once"),
        &columns,
    );
    let both = [&canary.requests, &blue_green.requests];
    let named: BTreeSet<&String> = both.iter().flat_map(|it| it.keys()).collect();
    for name in named {
        let for_100 = |count: &u64| count * 100 / u64::try_from(rollouts.max(1)).unwrap_or(1);
        requests.row(name, both.map(|it| Some(it.get(name).map_or(0, for_100))));
    }
    // Nobody says how many pods may be missing or come on top, so these are the defaults.
    let bounds = least::bounds(pods, "25%", "25%")?;
    let least = [
        least::canary(bounds, &[Step::Weight(20), Step::Pause]),
        least::blue_green(2, false),
    ];
    requests.row("resizes, at least", least.map(|it| Some(it.resizes * 100)));

    let title = format!("On a control plane: {of} updated at once");
    let mut update = Table::new(&title, &columns);
    for (name, number) in &canary.numbers {
        let other = blue_green.numbers.iter().find(|(it, _)| it == name);
        update.row(name, [*number, other.and_then(|(_, number)| *number)]);
    }
    Ok(vec![requests, update, restarts])
}
