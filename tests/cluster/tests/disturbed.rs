//! Some scenarios while controller, API server and etcd are killed, one after the other and again and
//! again, and a second controller takes the Lease: the same outcomes, only later.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cluster::{Cluster, suite};
use tests::scenario::disturbance::Lines;

/// A Lease is over after fifteen seconds: a controller has some time to act in every round.
const BETWEEN: Duration = Duration::from_secs(10);

type Trouble = (&'static str, fn(&Cluster) -> anyhow::Result<()>);
const TROUBLES: [Trouble; 4] = [
    ("controller killed", Cluster::replace_controller),
    ("API server killed", Cluster::restart_api_server),
    ("second controller takes the Lease", Cluster::hand_over),
    ("etcd killed", Cluster::restart_etcd),
];

fn main() -> ExitCode {
    let Some(cluster) = Cluster::shared_with_observer() else {
        return ExitCode::SUCCESS;
    };
    if std::env::var_os("KUBECONFIG_TEST").is_some() {
        println!("NOT RUN: the cluster that was given is not ours to disturb");
        return ExitCode::SUCCESS;
    }
    let scenarios = suite::chosen(|name| suite::FEW.contains(&name));
    let is_over = AtomicBool::new(false);
    let times = AtomicUsize::new(0);
    let code = std::thread::scope(|scope| {
        scope.spawn(|| {
            for (name, trouble) in TROUBLES.iter().cycle() {
                std::thread::sleep(BETWEEN);
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                println!("  {name}");
                trouble(cluster).unwrap_or_else(|error| panic!("{name}: {error:#}"));
                times.fetch_add(1, Ordering::SeqCst);
            }
        });
        let code = suite::run(&scenarios, Lines::Late);
        is_over.store(true, Ordering::SeqCst);
        code
    });
    let times = times.load(Ordering::SeqCst);
    println!("{times} troubles");
    // Each of them at least once, or nothing was shown.
    if times < TROUBLES.len() {
        println!("FAILED: it was over before every trouble came");
        return ExitCode::FAILURE;
    }
    code
}
