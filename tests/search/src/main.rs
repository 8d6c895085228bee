//! `search`: looks for a broken promise, and replays one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use search::case::Case;
use search::counted;
use search::event::Event;
use search::exhaustive::{Scope, explore, scopes};
use search::run::{Found, Totals, of_seed};
use search::shrink::shrink;
use search::world::Setup;

/// Looks for a broken promise in thousands of small worlds.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Random worlds, one a seed.
    Random(Random),
    /// Every interleaving at small scope.
    Exhaustive {
        /// Only scopes whose name has this in it.
        #[arg(default_value = "")]
        name: String,
        /// Write the counts of states anew, rather than hold them against the last ones.
        #[arg(long)]
        bless: bool,
        /// Where failures are written.
        #[arg(long, default_value = "target/search")]
        out: PathBuf,
    },
    /// One run again, from the file that a failure left.
    Replay {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Args)]
struct Random {
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Search for so many minutes instead.
    #[arg(long)]
    minutes: Option<u64>,
    /// Threads; all cores when absent.
    #[arg(long)]
    jobs: Option<usize>,
    /// Stop at the first broken promise, and do not shrink it.
    #[arg(long)]
    first_failure: bool,
    /// Where failures are written.
    #[arg(long, default_value = "target/search")]
    out: PathBuf,
}

fn main() -> ExitCode {
    // A panic of the planner is a finding; its words are in the report.
    std::panic::set_hook(Box::new(|_| {}));
    match Arguments::parse().command {
        Command::Random(random) => search(&random),
        Command::Exhaustive { name, bless, out } => exhaustive(&name, bless, &out),
        Command::Replay { file } => replay(&file),
    }
}

struct Progress {
    next: AtomicU64,
    stop: AtomicBool,
    totals: Mutex<Totals>,
    found: Mutex<Vec<(u64, Found)>>,
}

fn search(random: &Random) -> ExitCode {
    let begin = Instant::now();
    let until = random
        .minutes
        .map(|it| begin + Duration::from_secs(it * 60));
    let progress = Progress {
        next: AtomicU64::new(random.first),
        stop: AtomicBool::new(false),
        totals: Mutex::new(Totals::default()),
        found: Mutex::new(Vec::new()),
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = random.jobs.unwrap_or(cores).max(1);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(random, until, &progress));
        }
    });
    let totals = *lock(&progress.totals);
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "search: {} seeds on {jobs} threads in {seconds:.1} s ({:.0} seeds/s and core), {} h of virtual time, \
         {} plans, {} writes, {} revisions judged",
        totals.runs,
        totals.runs as f64 / seconds / jobs as f64,
        totals.millis / 3_600_000,
        totals.plans,
        totals.writes,
        totals.revisions,
    );
    let mut found = lock(&progress.found).clone();
    found.sort_by_key(|(seed, _)| *seed);
    for (seed, it) in &found {
        println!("found {} seed {seed}: {}", it.id, first_line(&it.what));
    }
    if !random.first_failure {
        // One of each kind.
        let mut seen: Vec<String> = Vec::new();
        for (seed, it) in &found {
            if !seen.contains(&it.kind()) {
                seen.push(it.kind());
                explain(*seed, it, random);
            }
        }
    }
    if found.is_empty() {
        println!("search: nothing found");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn work(random: &Random, until: Option<Instant>, progress: &Progress) {
    const PORTION: u64 = 64;
    loop {
        let first = progress.next.fetch_add(PORTION, Ordering::Relaxed);
        let end = random.first.saturating_add(random.seeds);
        let is_over = match until {
            Some(until) => Instant::now() >= until,
            None => first >= end,
        };
        if is_over || progress.stop.load(Ordering::Relaxed) {
            return;
        }
        let last = first + PORTION;
        let last = if until.is_some() { last } else { last.min(end) };
        let mut totals = Totals::default();
        for seed in first..last {
            let (_, outcome) = of_seed(seed);
            totals.add(outcome.totals);
            if let Some(it) = outcome.found {
                let mut found = lock(&progress.found);
                found.push((seed, it));
                if random.first_failure || found.len() >= 50 {
                    progress.stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
        }
        lock(&progress.totals).add(totals);
    }
}

/// Shrinks a failure, prints it and leaves it in a file.
fn explain(seed: u64, found: &Found, random: &Random) {
    let (setup, outcome) = of_seed(seed);
    leave(
        &setup,
        &outcome.events,
        found,
        &format!("seed-{seed}"),
        &random.out,
    );
}

fn leave(setup: &Setup, events: &[Event], found: &Found, name: &str, out: &Path) {
    let (setup, events, found) = shrink(setup, events, found);
    let case = Case {
        broke: format!("{}: {}", found.id, first_line(&found.what)),
        setup,
        events,
    };
    println!(
        "\n{} ({name}), shrunk to {} events:\n{}{}",
        found.id,
        case.events.len(),
        case.text(),
        found.what
    );
    let file = out.join(format!("{}-{name}.json", found.id));
    let written = std::fs::create_dir_all(out).and_then(|()| std::fs::write(&file, case.text()));
    match written {
        Ok(()) => println!(
            "again: cargo run -p search --release -- replay {}",
            file.display()
        ),
        Err(error) => println!("{}: {error}", file.display()),
    }
}

fn exhaustive(name: &str, bless: bool, out: &Path) -> ExitCode {
    let begin = Instant::now();
    let scopes: Vec<Scope> = scopes()
        .into_iter()
        .filter(|it| it.name.contains(name))
        .collect();
    let left = Mutex::new(scopes.iter().enumerate());
    let found = AtomicBool::new(false);
    let counts = Mutex::new(counted::read().unwrap_or_default());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|threads| {
        for _ in 0..cores {
            threads.spawn(|| {
                loop {
                    let next = lock(&left).next();
                    let Some((number, scope)) = next else { return };
                    let explored = explore(scope);
                    println!(
                        "{}: {} states, {} transitions, {} ends, {:.1} s",
                        scope.name,
                        explored.states,
                        explored.transitions,
                        explored.ends,
                        begin.elapsed().as_secs_f64()
                    );
                    let name = scope.name.to_owned();
                    if bless {
                        lock(&counts).insert(name, explored.states);
                    } else if let Some(wrong) =
                        counted::wrong(&lock(&counts), &name, explored.states)
                    {
                        found.store(true, Ordering::Relaxed);
                        println!("{wrong}");
                    }
                    if let Some((it, events)) = explored.found {
                        found.store(true, Ordering::Relaxed);
                        leave(&scope.setup, &events, &it, &format!("scope-{number}"), out);
                    }
                }
            });
        }
    });
    if bless && let Err(error) = counted::write(&lock(&counts)) {
        println!("states.txt: {error}");
        return ExitCode::FAILURE;
    }
    if found.load(Ordering::Relaxed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn replay(file: &Path) -> ExitCode {
    let outcome = match Case::read(file) {
        Ok(case) => {
            for line in search::run::story(&case.setup, &case.events) {
                println!("{line}");
            }
            case.replay()
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match outcome.found {
        Some(found) => {
            println!("found {}: {}", found.id, found.what);
            ExitCode::FAILURE
        }
        None => {
            println!("nothing found in {} events", outcome.events.len());
            ExitCode::SUCCESS
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
