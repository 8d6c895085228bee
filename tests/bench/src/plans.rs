//! What one plan costs: in plans a second, and in instructions.

use std::hint::black_box;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use planner::{Now, Observed, Plan, WaitingOn, Write};
use serde_json::json;

use crate::cpu::{Stopwatch, per_second};
use crate::report::Table;
use crate::world::{World, on_virtual_time, rollout, service};

/// An observation and the moment at which it was planned for.
type Asked = (Observed, Now);

/// A function that decides cannot carry anything along, so what it sees is noted here.
static ASKED: Mutex<Vec<Asked>> = Mutex::new(Vec::new());

fn noting(observed: &Observed, now: Now) -> Plan {
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    asked.push((observed.clone(), now));
    planner::plan(observed, now)
}

/// Everything that the shipped controller asks its planner from the creation of one Rollout of
/// each strategy to the end of its first update: the same every time.
fn asked() -> Result<Vec<Asked>> {
    let canary = json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": "30s"}}, {"setWeight": 60}]}});
    let blue_green = json!({"blueGreen": {"activeService": "active", "previewService": "preview"}});
    for strategy in [canary, blue_green] {
        on_virtual_time(async {
            let world = World::new(noting)?;
            world.create(service("active", "web")).await?;
            world.create(service("preview", "web")).await?;
            world.create(rollout("web", "web", 10, strategy)).await?;
            world.until_all("Healthy").await?;
            world
                .set_image("web", "registry.example.com/shop/web:v2")
                .await?;
            world.until_all("Healthy").await?;
            tokio::time::sleep(Duration::from_secs(120)).await;
            Ok(())
        })?;
    }
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *asked))
}

/// Whether a plan is one of a kind.
type Test = fn(&Plan) -> bool;

/// Observations that stand for others: what it is, whether it is a canary, and how to tell.
const TYPICAL: &[(&str, bool, Test)] = &[
    ("canary, at rest", true, is_at_rest),
    ("canary, waits in a pause", true, |plan| {
        plan.actions.is_empty() && matches!(plan.waiting_on, Some(WaitingOn::PauseEnd { .. }))
    }),
    ("canary, sizes change", true, changes_sizes),
    ("blue-green, at rest", false, is_at_rest),
    ("blue-green, Services change", false, |plan| {
        let mut writes = plan.actions.iter().map(|action| &action.write);
        writes.any(|write| matches!(write, Write::PatchService { .. }))
    }),
];

fn is_at_rest(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.waiting_on.is_none()
}

fn changes_sizes(plan: &Plan) -> bool {
    let mut writes = plan.actions.iter().map(|action| &action.write);
    writes.any(
        |write| matches!(write, Write::PatchReplicaSet { change, .. } if change.replicas.is_some()),
    )
}

/// The last observation of this kind: two ReplicaSets are there by then.
fn typical(asked: &[Asked], case: usize) -> Result<&Asked> {
    let (name, is_canary, is_it) = TYPICAL.get(case).context("no such case")?;
    let mut all = asked.iter().rev();
    let found = all.find(|(observed, now)| {
        observed.rollout.spec.strategy.canary.is_some() == *is_canary
            && is_it(&planner::plan(observed, *now))
    });
    found.with_context(|| format!("never seen: {name}"))
}

/// Plans a typical observation so many times, and nothing else: what counts instructions runs it.
///
/// # Errors
/// When there is no such case.
pub fn repeat(case: usize, times: u64) -> Result<()> {
    let asked = asked()?;
    let (observed, now) = typical(&asked, case)?;
    for _ in 0..times {
        black_box(planner::plan(black_box(observed), *now));
    }
    Ok(())
}

/// A table with a row for each typical observation, and one for all of an update.
///
/// # Errors
/// When an observation that should be there is not.
pub fn table() -> Result<Table> {
    let mut table = Table::new(
        "Plans",
        &["observation", "plans a second", "instructions a plan"],
    );
    let asked = asked()?;
    let without = counted(0, 0);
    if let Err(error) = &without {
        eprintln!("instructions are not counted: {error:#}");
    }
    for (case, (name, _, _)) in TYPICAL.iter().enumerate() {
        let one = std::slice::from_ref(typical(&asked, case)?);
        let counted = without.as_ref().ok();
        let counted = counted.map(|without| instructions(case, *without));
        table.row(name, [Some(speed(one)), counted.transpose()?]);
    }
    table.row(
        "all from creation to the end of an update",
        [Some(speed(&asked)), None],
    );
    Ok(table)
}

/// Plans a second, for about a second.
fn speed(asked: &[Asked]) -> u64 {
    let watch = Stopwatch::start();
    let mut plans = 0;
    while watch.elapsed() < Duration::from_secs(1) {
        for _ in 0..100 {
            for (observed, now) in asked {
                black_box(planner::plan(black_box(observed), *now));
                plans += 1;
            }
        }
    }
    per_second(plans, watch.elapsed())
}

/// Counted by valgrind in a process of its own; less what that process takes for all else, which
/// is `without`.
fn instructions(case: usize, without: u64) -> Result<u64> {
    const TIMES: u64 = 2_000;
    Ok(counted(case, TIMES)?.saturating_sub(without) / TIMES)
}

fn counted(case: usize, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(std::env::current_exe()?)
        .args(["--repeat", &case.to_string(), "--times", &times.to_string()])
        .output()
        .context("valgrind is not installed")?;
    ensure!(output.status.success(), "valgrind failed");
    // `==12== I   refs:      1,234,567`
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("refs:"));
    let number = line.and_then(|line| line.rsplit(' ').next());
    let digits = number.context("valgrind counted nothing")?.replace(',', "");
    Ok(digits.parse()?)
}
