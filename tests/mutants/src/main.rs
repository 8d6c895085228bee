//! Plants mutants one at a time and reports what kills each. See `--help`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use mutants::choice::choose;
use mutants::killer::{Fate, check_sound, hunt};
use mutants::mutant::{Mutant, read_all};
use mutants::report::Report;
use mutants::tree::Tree;

/// Plants small wrongs in a copy of the tree, one at a time, and reports what notices each.
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
    /// How many are tried at a time; each has a copy and a build folder of its own.
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,
    /// Begin no further one after so many minutes.
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// First see that nothing fails without a mutant; takes minutes.
    #[arg(long)]
    sound: bool,
    /// List the mutants instead of trying them.
    #[arg(long)]
    list: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).context("there is no repository")?;
    let path = here.join("REPORT.md");
    let all = read_all(&here.join("mutants"))?;
    let chosen = chosen(&arguments, &all, &Report::read(&path))?;
    if arguments.list {
        for mutant in &chosen {
            println!("{:8} {}: {}", mutant.tier.name(), mutant.name, mutant.why);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let trees = trees(root, arguments.jobs)?;
    let saves = arguments.chosen_by.is_none();
    let run = Run {
        end: arguments
            .minutes
            .map(|it| Instant::now() + Duration::from_secs(it * 60)),
        left: Mutex::new(chosen.into_iter().rev().collect()),
        all: &all,
        path: saves.then_some(path),
        report: Mutex::new(Report::default()),
        bad: Mutex::new(Vec::new()),
    };
    if arguments.sound {
        run.check_sound(&trees)?;
    }
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| run.work(tree));
        }
    });
    run.tell()
}

/// The mutants to be tried.
fn chosen(arguments: &Arguments, all: &[Mutant], report: &Report) -> anyhow::Result<Vec<Mutant>> {
    for name in &arguments.only {
        let is_known = all.iter().any(|mutant| mutant.name == *name);
        ensure!(is_known, "no mutant is called {name}; see --list");
    }
    let wanted = |mutant: &&Mutant| {
        (arguments.only.is_empty() || arguments.only.contains(&mutant.name))
            && !(arguments.new && report.has(&mutant.name))
    };
    let mutants = all.iter().filter(wanted).cloned().collect();
    Ok(match &arguments.chosen_by {
        Some(commit) => choose(mutants, commit, arguments.count),
        None => mutants,
    })
}

/// A copy of the tree for each that is tried at a time, where cargo keeps what it builds.
fn trees(root: &Path, jobs: usize) -> anyhow::Result<Vec<Tree>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.map_or_else(|| root.join("target"), |it| root.join(it));
    (0..jobs.max(1))
        .map(|job| Tree::copy(root, target.join(format!("mutants-{job}"))))
        .collect()
}

/// Mutants that are being tried.
struct Run<'a> {
    end: Option<Instant>,
    left: Mutex<Vec<Mutant>>,
    all: &'a [Mutant],
    /// Where the report is kept, if it is.
    path: Option<PathBuf>,
    /// What became of those of this run.
    report: Mutex<Report>,
    /// What went wrong with the list itself, and those alive without an explanation.
    bad: Mutex<Vec<String>>,
}

impl Run<'_> {
    /// The killers must have nothing to say of the tree as it is.
    fn check_sound(&self, trees: &[Tree]) -> anyhow::Result<()> {
        let tiers: BTreeSet<_> = lock(&self.left).iter().map(|it| it.tier).collect();
        let Some(tree) = trees.first() else {
            return Ok(());
        };
        for tier in tiers {
            println!("looking at the tree without a mutant ({})", tier.name());
            check_sound(tree, tier)?;
        }
        Ok(())
    }

    fn work(&self, tree: &Tree) {
        while self.end.is_none_or(|end| Instant::now() < end) {
            let Some(mutant) = lock(&self.left).pop() else {
                return;
            };
            let begun = Instant::now();
            let fate = hunt(tree, &mutant).and_then(|fate| self.note(&mutant, fate));
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
        })
    }

    fn tell(self) -> anyhow::Result<ExitCode> {
        let left = lock(&self.left).len();
        if left > 0 {
            println!("{left} were not tried: the time was over");
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
