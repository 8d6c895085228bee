//! `storm`: plays storms over the shipped controller, by seed.
//!
//! ```text
//! storm [--first N] [--seeds N | --minutes N]     look for a broken promise, on all cores
//! storm --seed N [--keep 1,2,…] [--without deaths,errors,lags]     play one again, and tell all
//! ```

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tests::scenario::transcript::story;
use tests::storm::draw::Storm;
use tests::storm::play::{Broken, play};
use tests::storm::shrink::{calm, command, shrink};

#[derive(Default)]
struct Arguments {
    first: u64,
    seeds: Option<u64>,
    minutes: Option<u64>,
    seed: Option<u64>,
    keep: Option<BTreeSet<usize>>,
    without: Vec<String>,
}

fn main() -> ExitCode {
    let done = arguments().and_then(|it| match it.seed {
        Some(seed) => one(seed, &it),
        None => many(&it),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("storm: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut read = Arguments::default();
    let mut rest = std::env::args().skip(1);
    while let Some(flag) = rest.next() {
        let value = rest
            .next()
            .with_context(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--first" => read.first = value.parse()?,
            "--seeds" => read.seeds = Some(value.parse()?),
            "--minutes" => read.minutes = Some(value.parse()?),
            "--seed" => read.seed = Some(value.parse()?),
            "--keep" => {
                let numbers = value.split(',').filter(|it| !it.is_empty());
                read.keep = Some(numbers.map(str::parse).collect::<Result<_, _>>()?);
            }
            "--without" => read.without = value.split(',').map(str::to_owned).collect(),
            other => {
                bail!("{other} is none of --first, --seeds, --minutes, --seed, --keep, --without")
            }
        }
    }
    Ok(read)
}

fn one(seed: u64, arguments: &Arguments) -> Result<bool> {
    let mut storm = Storm::of(seed);
    if let Some(kept) = &arguments.keep {
        storm = storm.keep(kept);
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
}

fn many(arguments: &Arguments) -> Result<bool> {
    let begin = Instant::now();
    let end = arguments
        .minutes
        .map(|it| begin + Duration::from_secs(it * 60));
    let last = arguments.first
        + arguments
            .seeds
            .unwrap_or(if end.is_some() { u64::MAX / 2 } else { 100 });
    let next = AtomicU64::new(arguments.first);
    let totals = Mutex::new(Totals::default());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|_| scope.spawn(|| work(&next, last, end, &totals)))
            .collect();
        threads.into_iter().try_for_each(|it| match it.join() {
            Ok(done) => done,
            Err(_) => bail!("a storm panicked"),
        })
    })?;
    let totals = totals
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "storm: {} seeds on {cores} threads in {seconds:.1} s ({:.2} seeds/s and core), {} h of virtual \
         time, {} revisions judged, {} seeds broke a promise",
        totals.seeds,
        totals.seeds as f64 / seconds / cores as f64,
        totals.virtual_time.as_secs() / 3600,
        totals.revisions,
        totals.found.len(),
    );
    let mut told = BTreeSet::new();
    for (seed, broken) in &totals.found {
        println!("seed {seed}: {}: {}", broken.id, broken.what);
    }
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

fn work(next: &AtomicU64, last: u64, end: Option<Instant>, totals: &Mutex<Totals>) -> Result<()> {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= last || end.is_some_and(|end| Instant::now() >= end) {
            return Ok(());
        }
        let outcome = play(&Storm::of(seed))?;
        let mut totals = totals
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        totals.seeds += 1;
        totals.virtual_time += outcome.history.end;
        totals.revisions += outcome.history.commits.len();
        totals
            .found
            .extend(outcome.broken.map(|broken| (seed, broken)));
    }
}
