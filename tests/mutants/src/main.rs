//! Plants mutants, switches them on one at a time and reports what kills each. See `--help`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum as _};
use mutants::choice::choose;
use mutants::killer::{Fate, Killer, Means, hunt};
use mutants::mutant::{Mutant, Tier, read_all};
use mutants::report::Report;
use mutants::tree::Tree;

/// Plants small wrongs in a copy of the tree, switches them on one at a time, and reports what
/// notices each.
///
/// Fails when one is alive that is not explained. The checkout itself is not touched, except that
/// a run without --chosen-by brings tests/mutants/REPORT.md up to date.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only the mutants of these names.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Only those that have no row in the report yet.
    #[arg(long)]
    new: bool,
    /// Only some, chosen by the hash of this commit.
    #[arg(long, value_name = "COMMIT")]
    chosen_by: Option<String>,
    /// How many are chosen by a commit.
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// How many are tried at a time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,
    /// Only by these means; the report stays as it is.
    #[arg(long, value_name = "MEANS", num_args = 1..)]
    by: Vec<Means>,
    /// Stop after so many minutes, those of building among them. What was not tried by then is
    /// told; it is no failure.
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// List the mutants instead of trying them.
    #[arg(long)]
    list: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let arguments = Arguments::parse();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).context("there is no repository")?;
    let path = here.join("REPORT.md");
    let all = read_all(&here.join("mutants"))?;
    let chosen = chosen(&arguments, &all, &Report::read(&path))?;
    if arguments.list {
        for (_, mutant) in &chosen {
            println!("{:8} {}: {}", mutant.tier.name(), mutant.name, mutant.why);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.map_or_else(|| root.join("target"), |it| root.join(it));
    let tree = Tree::copy(root, target.join("mutants"))?;
    // All are planted whichever are tried, so that the next run need not build anew.
    tree.plant(&all.iter().enumerate().collect::<Vec<_>>())?;
    let tiers: BTreeSet<Tier> = chosen.iter().map(|(_, mutant)| mutant.tier).collect();
    let tiers: Vec<Tier> = tiers.into_iter().collect();
    let means = match arguments.by.as_slice() {
        [] => Means::value_variants(),
        some => some,
    };
    let end = arguments.minutes;
    let end = end.map(|minutes| begun + Duration::from_secs(minutes * 60));
    let Some(killers) = Killer::all(&tree, &tiers, means, end)? else {
        println!("no time: the tree with the mutants in it was not built by then");
        return Ok(ExitCode::SUCCESS);
    };
    let saves = arguments.chosen_by.is_none() && arguments.by.is_empty();
    let run = Run {
        killers,
        end,
        left: Mutex::new(chosen.into_iter().rev().collect()),
        all: &all,
        logs: tree.logs(),
        path: saves.then_some(path),
        report: Mutex::new(Report::default()),
        untried: Mutex::new(Vec::new()),
        bad: Mutex::new(Vec::new()),
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| run.work());
        }
    });
    run.tell()
}

/// The mutants to be tried, with their numbers.
fn chosen<'a>(
    arguments: &Arguments,
    all: &'a [Mutant],
    report: &Report,
) -> anyhow::Result<Vec<(usize, &'a Mutant)>> {
    for name in &arguments.only {
        let is_known = all.iter().any(|mutant| mutant.name == *name);
        ensure!(is_known, "no mutant is called {name}; see --list");
    }
    let wanted = |(_, mutant): &(usize, &Mutant)| {
        (arguments.only.is_empty() || arguments.only.contains(&mutant.name))
            && !(arguments.new && report.has(&mutant.name))
    };
    let mutants = all.iter().enumerate().filter(wanted).collect();
    Ok(match &arguments.chosen_by {
        Some(commit) => choose(mutants, commit, arguments.count),
        None => mutants,
    })
}

/// Mutants that are being tried.
struct Run<'a> {
    killers: Vec<Killer>,
    end: Option<Instant>,
    left: Mutex<Vec<(usize, &'a Mutant)>>,
    all: &'a [Mutant],
    /// Where what the killers say is kept.
    logs: PathBuf,
    /// Where the report is kept, if it is.
    path: Option<PathBuf>,
    /// What became of those of this run.
    report: Mutex<Report>,
    /// Those that not everything has looked at when the time was over.
    untried: Mutex<Vec<String>>,
    /// What went wrong, and those alive without an explanation.
    bad: Mutex<Vec<String>>,
}

impl Run<'_> {
    fn work(&self) {
        while self.end.is_none_or(|end| Instant::now() < end) {
            let Some((number, mutant)) = lock(&self.left).pop() else {
                return;
            };
            let begun = Instant::now();
            let log = self.logs.join(format!("{}.log", mutant.name));
            let fate = hunt(&self.killers, mutant.tier, number, &log, self.end);
            let fate = fate.and_then(|fate| self.note(mutant, fate));
            let words = fate.unwrap_or_else(|error| {
                let words = format!("ERROR {error:#}");
                lock(&self.bad).push(format!("{}: {words}", mutant.name));
                words
            });
            println!(
                "{:4} s  {}: {words}",
                begun.elapsed().as_secs(),
                mutant.name
            );
        }
    }

    /// Notes what became of a mutant, at once: a run may be stopped at any time.
    fn note(&self, mutant: &Mutant, fate: Fate) -> anyhow::Result<String> {
        let mut report = lock(&self.report);
        report.note(mutant, &fate);
        if let Some(path) = &self.path {
            let mut kept = Report::read(path);
            kept.note(mutant, &fate);
            kept.write(path, self.all)?;
        }
        Ok(match fate {
            Fate::Killed { means, evidence } => {
                format!("killed by {}: {}", means.name(), evidence.words())
            }
            Fate::Alive => match &mutant.alive_because {
                Some(why) => format!("ALIVE, because {why}"),
                None => {
                    lock(&self.bad).push(format!("{}: ALIVE", mutant.name));
                    "ALIVE".to_owned()
                }
            },
            Fate::NoTime => {
                lock(&self.untried).push(mutant.name.clone());
                "no time".to_owned()
            }
        })
    }

    fn tell(self) -> anyhow::Result<ExitCode> {
        let left = lock(&self.left).len() + lock(&self.untried).len();
        if left > 0 {
            println!("no time: {left} were not tried by everything that may notice them");
        }
        println!("{}", lock(&self.report).summary());
        let bad = lock(&self.bad);
        for line in bad.iter() {
            println!("  {line}");
        }
        Ok(if bad.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
