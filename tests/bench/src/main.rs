//! `bench`: measures, prints, keeps, compares.

use std::alloc::System;
use std::path::PathBuf;

use anyhow::{Context, Result};
use bench::report::{Report, Table};
use bench::world::on_virtual_time;
use bench::{dashboard, fleet, memory, plane, plans, updates};
use clap::{Parser, ValueEnum};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts what is allocated; the memory itself is the system's.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What controller and dashboard cost: API writes, time, memory, instructions, beside what is needed.
#[derive(Parser)]
struct Arguments {
    /// Rollouts of the fleet and of the memory measurement.
    #[arg(long, default_value_t = 1000)]
    rollouts: usize,
    /// Rollouts of each strategy on the control plane.
    #[arg(long, default_value_t = 100)]
    plane_rollouts: usize,
    /// Pods of each of these.
    #[arg(long, default_value_t = 5)]
    plane_pods: i64,
    /// Only this part; may be given more than once. Without it, all parts but the control plane.
    #[arg(long)]
    only: Vec<Part>,
    /// Keeps the numbers in this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Prints what differs from the numbers in this file.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// Plans this typical observation and measures nothing; valgrind counts.
    #[arg(long, hide = true)]
    repeat: Option<usize>,
    /// How many times.
    #[arg(long, hide = true, default_value_t = 1)]
    times: u64,
}

/// Rollouts that the dashboard shows.
const DASHBOARD: usize = 2000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// API writes of one update.
    Updates,
    /// Many Rollouts at rest and updated at once.
    Fleet,
    /// Bytes held.
    Memory,
    /// Speed and instructions of plans.
    Plans,
    /// What the dashboard takes of a browser, a network and a server.
    Dashboard,
    /// A real control plane: requests, times, restarts. Takes some ten minutes, and is not run unless
    /// asked for.
    Plane,
}

impl Part {
    fn is_meant(self, only: &[Self]) -> bool {
        only.contains(&self) || only.is_empty() && self != Self::Plane
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(case) = arguments.repeat {
        return plans::repeat(case, arguments.times);
    }
    let mut report = Report::default();
    for part in Part::value_variants() {
        if part.is_meant(&arguments.only) {
            let tables = measure(*part, &arguments)?;
            let part = Report { tables };
            print!("{part}");
            report.tables.extend(part.tables);
        }
    }
    if let Some(path) = &arguments.compare {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let before: Report = serde_json::from_str(&text)?;
        println!("## Against {}\n", path.display());
        for change in report.changes(&before) {
            println!("- {change}");
        }
    }
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(path, text + "\n").with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn measure(part: Part, arguments: &Arguments) -> Result<Vec<Table>> {
    let rollouts = arguments.rollouts;
    let table = match part {
        Part::Updates => updates::table(),
        Part::Fleet => on_virtual_time(fleet::table(rollouts)),
        Part::Memory => memory::table(rollouts),
        Part::Plans => plans::table(),
        Part::Dashboard => dashboard::table(DASHBOARD),
        Part::Plane => {
            return plane::tables(plane::Size {
                rollouts: arguments.plane_rollouts,
                pods: arguments.plane_pods,
            });
        }
    };
    Ok(vec![table?])
}
