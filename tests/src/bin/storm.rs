//! `storm`: plays storms over the shipped controller, by seed.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use tests::scenario::transcript::story;
use tests::storm::draw::Storm;
use tests::storm::play::{Broken, play};
use tests::storm::shrink::{calm, command, shrink};

/// How often a long search says how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Looks for a broken promise in storms: the shipped controller over the embedded cluster, with
/// faults and people, drawn by seed.
#[derive(Parser)]
#[command(after_help = "Examples:
  # A hundred storms, on all cores:
  storm

  # An hour of them, none that was played before:
  storm --minutes 60 --first 2000000

  # One of them again, told as a story:
  storm --seed 800238

  # Only some of what happened in it, and no crashes:
  storm --seed 800238 --keep 10,17,20 --without deaths")]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Search for so many minutes instead.
    #[arg(long, conflicts_with = "seeds")]
    minutes: Option<u64>,
    /// Threads; all cores when absent.
    #[arg(long)]
    jobs: Option<usize>,
    /// Play this one, and tell all.
    #[arg(long, conflicts_with_all = ["first", "seeds", "minutes", "jobs"])]
    seed: Option<u64>,
    /// Of its events only these, by number.
    #[arg(long, requires = "seed", value_delimiter = ',', num_args = 0..)]
    keep: Option<Vec<usize>>,
    /// Leave these out.
    #[arg(long, requires = "seed", value_delimiter = ',', value_parser = ["deaths", "errors", "lags"])]
    without: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.seed {
        Some(seed) => one(seed, &arguments),
        None => many(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("storm: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn one(seed: u64, arguments: &Arguments) -> Result<bool> {
    let mut storm = Storm::of(seed);
    if let Some(kept) = &arguments.keep {
        storm = storm.keep(&kept.iter().copied().collect());
    }
    for what in &arguments.without {
        storm = calm(&storm, what);
    }
    print!("{storm}");
    let outcome = play(&storm)?;
    println!("\n{}", story(&outcome.history));
    match &outcome.broken {
        Some(Broken { id, what }) => println!("broken: {id}: {what}"),
        None => println!("nothing is broken, in {:?}", outcome.history.end),
    }
    Ok(outcome.broken.is_none())
}

#[derive(Default)]
struct Totals {
    seeds: u64,
    virtual_time: Duration,
    revisions: usize,
    found: Vec<(u64, Broken)>,
    /// How often it was told how far it is.
    told: u32,
}

impl Totals {
    fn say(&self, begin: Instant, jobs: usize) -> String {
        let seconds = begin.elapsed().as_secs_f64();
        format!(
            "storm: {} seeds on {jobs} threads in {seconds:.1} s ({:.2} seeds/s and thread), {} h of virtual \
             time, {} revisions judged, {} seeds broke a promise",
            self.seeds,
            self.seeds as f64 / seconds / jobs as f64,
            self.virtual_time.as_secs() / 3600,
            self.revisions,
            self.found.len(),
        )
    }
}

struct Search {
    begin: Instant,
    end: Option<Instant>,
    jobs: usize,
    last: u64,
    next: AtomicU64,
    totals: Mutex<Totals>,
}

fn many(arguments: &Arguments) -> Result<bool> {
    let begin = Instant::now();
    let minutes = arguments.minutes.map(|it| Duration::from_secs(it * 60));
    let seeds = match minutes {
        Some(_) => u64::MAX / 2,
        None => arguments.seeds,
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let search = Search {
        begin,
        end: minutes.map(|it| begin + it),
        jobs: arguments.jobs.unwrap_or(cores).max(1),
        last: arguments.first.saturating_add(seeds),
        next: AtomicU64::new(arguments.first),
        totals: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..search.jobs)
            .map(|_| scope.spawn(|| search.work()))
            .collect();
        threads.into_iter().try_for_each(|it| match it.join() {
            Ok(done) => done,
            Err(_) => bail!("a storm panicked"),
        })
    })?;
    let totals = search
        .totals
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{}", totals.say(begin, search.jobs));
    let mut told = BTreeSet::new();
    for (seed, broken) in &totals.found {
        if told.insert(broken.id.clone()) {
            let (storm, broken) = shrink(&Storm::of(*seed), broken, 150)?;
            println!(
                "\n{}: {}\n{storm}  {}",
                broken.id,
                broken.what,
                command(&storm)
            );
        }
    }
    Ok(totals.found.is_empty())
}

impl Search {
    fn work(&self) -> Result<()> {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.last || self.end.is_some_and(|end| Instant::now() >= end) {
                return Ok(());
            }
            let outcome = play(&Storm::of(seed))?;
            let mut totals = self
                .totals
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            totals.seeds += 1;
            totals.virtual_time += outcome.history.end;
            totals.revisions += outcome.history.commits.len();
            if let Some(broken) = outcome.broken {
                println!("seed {seed}: {}: {}", broken.id, broken.what);
                totals.found.push((seed, broken));
            }
            if self.begin.elapsed() > TOLD_EVERY * (totals.told + 1) {
                totals.told += 1;
                eprintln!("{}", totals.say(self.begin, self.jobs));
            }
        }
    }
}
