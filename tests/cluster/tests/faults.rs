//! Some scenarios while every fault of the proxy strikes between controller and API server: the same
//! outcomes, only later.
//!
//! Which request meets which fault is drawn; `FAULTS_SEED=7` draws others.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cluster::{Cluster, suite};
use tests::scenario::disturbance::Lines;

fn main() -> ExitCode {
    let seed = std::env::var("FAULTS_SEED").ok();
    let seed = seed.map_or(1, |seed| seed.parse().expect("FAULTS_SEED is a number"));
    let Some(cluster) = Cluster::shared_behind_faults(seed) else {
        return ExitCode::SUCCESS;
    };
    let proxy = cluster.proxy().expect("a proxy");
    let scenarios = suite::chosen(|name| suite::FEW.contains(&name));
    let is_over = AtomicBool::new(false);
    let (code, restarts) = std::thread::scope(|scope| {
        let supervisor = scope.spawn(|| supervise(cluster, &is_over));
        let code = suite::run(&scenarios, Lines::Late);
        is_over.store(true, Ordering::SeqCst);
        (code, supervisor.join().expect("a supervisor"))
    });
    let struck = proxy.struck();
    println!("seed {seed}, {} requests, of which met", proxy.requests());
    for (fault, times) in &struck {
        println!("{times:6} {fault:?}");
    }
    println!("the controller gave up its Lease {restarts} times");
    let never: Vec<_> = struck.iter().filter(|(_, times)| **times == 0).collect();
    if !never.is_empty() {
        println!("FAILED: it was over before {never:?} struck");
        return ExitCode::FAILURE;
    }
    code
}

/// Starts the controller again where it has ended, as a Deployment does: it gives its Lease up and ends
/// when it cannot renew it. How often it had.
///
/// # Panics
/// When it ended otherwise.
fn supervise(cluster: &Cluster, is_over: &AtomicBool) -> usize {
    let mut restarts = 0;
    while !is_over.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(200));
        let restarted = cluster.restart_ended_controller();
        if restarted.unwrap_or_else(|error| panic!("{error:#}")) {
            println!("  the controller is started again");
            restarts += 1;
        }
    }
    restarts
}
