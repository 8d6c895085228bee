//! What may notice a mutant: searches over seeds, scenarios, tests. Cheap ones come first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;

use crate::evidence::Evidence;
use crate::mutant::Tier;
use crate::plant::SWITCH;
use crate::tree::Tree;

/// What a killer draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Means {
    /// Random worlds, by seed.
    Seeds,
    /// Written scenarios and their golden transcripts.
    Scenarios,
    /// Tests of single rules and behaviours.
    Tests,
}

impl Means {
    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seeds => "seeds",
            Self::Scenarios => "scenarios",
            Self::Tests => "tests",
        }
    }
}

/// A program that fails when it notices a mutant.
#[derive(Debug)]
struct Program {
    tier: Tier,
    means: Means,
    /// What cargo is asked to build.
    build: &'static [&'static str],
    /// Where it is in the build folder, where cargo does not tell.
    path: Option<&'static str>,
    /// Arguments of the program itself.
    arguments: &'static [&'static str],
    /// The folder of its package, where it runs.
    folder: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program {
        tier: Tier::Planner,
        means: Means::Seeds,
        build: &["build", "-p", "search"],
        path: Some("debug/search"),
        arguments: &["random", "--seeds", "10000", "--first-failure"],
        folder: "tests/search",
    },
    Program {
        tier: Tier::Planner,
        means: Means::Tests,
        build: &["test", "-p", "planner", "--no-run"],
        path: None,
        // What it searches is a small part of what the program above does.
        arguments: &["--skip", "search"],
        folder: "controller/planner",
    },
    Program {
        tier: Tier::Planner,
        means: Means::Scenarios,
        build: &["test", "-p", "tests", "--test", "scenarios", "--no-run"],
        path: None,
        arguments: &[],
        folder: "tests",
    },
    Program {
        tier: Tier::Executor,
        means: Means::Tests,
        build: &["test", "-p", "controller", "--lib", "--no-run"],
        path: None,
        arguments: &[],
        folder: "controller",
    },
    Program {
        tier: Tier::Executor,
        means: Means::Tests,
        build: &[
            "test",
            "-p",
            "tests",
            "--test",
            "controller",
            "--test",
            "power",
            "--no-run",
        ],
        path: None,
        arguments: &[],
        folder: "tests",
    },
    Program {
        tier: Tier::Executor,
        means: Means::Scenarios,
        build: &["test", "-p", "tests", "--test", "scenarios", "--no-run"],
        path: None,
        arguments: &[],
        folder: "tests",
    },
    Program {
        tier: Tier::Executor,
        means: Means::Seeds,
        build: &["test", "-p", "tests", "--test", "operations", "--no-run"],
        path: None,
        arguments: &[],
        folder: "tests",
    },
    Program {
        tier: Tier::Executor,
        means: Means::Scenarios,
        build: &["test", "-p", "tests", "--test", "crash", "--no-run"],
        path: None,
        arguments: &[],
        folder: "tests",
    },
];

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Something noticed it.
    Killed {
        /// What noticed it draws on.
        means: Means,
        /// What broke.
        evidence: Evidence,
    },
    /// Nothing did.
    Alive,
}

/// A killer that is built and content with the tree without a mutant.
#[derive(Debug)]
pub struct Killer {
    program: &'static Program,
    files: Vec<PathBuf>,
    folder: PathBuf,
    /// How long it may take: far longer than without a mutant.
    limit: Duration,
}

impl Killer {
    /// Builds the killers of these tiers and means. One that complains without any mutant is left
    /// out: nothing it says of a mutant means anything.
    ///
    /// # Errors
    /// When the tree with all mutants in it does not build.
    pub fn all(tree: &Tree, tiers: &[Tier], means: &[Means]) -> anyhow::Result<Vec<Self>> {
        let mut killers = Vec::new();
        for program in PROGRAMS {
            if tiers.contains(&program.tier) && means.contains(&program.means) {
                killers.extend(Self::of(tree, program)?);
            }
        }
        Ok(killers)
    }

    fn of(tree: &Tree, program: &'static Program) -> anyhow::Result<Option<Self>> {
        println!("building: cargo {}", program.build.join(" "));
        let log = tree.logs().join("build.log");
        let file = File::create(&log)?;
        let status = Command::new("cargo")
            .args(program.build)
            .arg("--locked")
            .current_dir(tree.folder())
            .env("CARGO_TARGET_DIR", tree.build())
            .env("CARGO_TERM_COLOR", "never")
            .stdout(file.try_clone()?)
            .stderr(file)
            .status()
            .context("cargo cannot be run")?;
        let said = fs::read_to_string(&log)?;
        if !status.success() {
            let errors = errors(&said, &tree.folder());
            bail!("the tree with the mutants does not build:\n{errors}");
        }
        let mut killer = Self {
            program,
            files: match program.path {
                Some(path) => vec![tree.build().join(path)],
                None => executables(&said),
            },
            folder: tree.folder().join(program.folder),
            limit: Duration::from_secs(600),
        };
        ensure!(!killer.files.is_empty(), "cargo built no program");
        let begun = Instant::now();
        if let Some(evidence) = killer.run(None, &tree.logs().join("sound.log"))? {
            println!(
                "LEFT OUT: it fails without any mutant ({})",
                evidence.words()
            );
            return Ok(None);
        }
        killer.limit = begun.elapsed() * 10 + Duration::from_secs(60);
        Ok(Some(killer))
    }

    /// What it says of the mutant of this number; `None` when it is content.
    fn run(&self, mutant: Option<usize>, log: &Path) -> anyhow::Result<Option<Evidence>> {
        for program in &self.files {
            let file = File::create(log)?;
            let mut command = Command::new("timeout");
            command
                .args(["--kill-after=5", &self.limit.as_secs().to_string()])
                .arg(program)
                .args(self.program.arguments)
                .current_dir(&self.folder)
                .env_remove("BLESS")
                .env_remove(SWITCH)
                .stdout(file.try_clone()?)
                .stderr(file);
            if let Some(number) = mutant {
                command.env(SWITCH, number.to_string());
            }
            let code = command.status().context("a killer cannot be run")?.code();
            let said = String::from_utf8_lossy(&fs::read(log)?).into_owned();
            match code {
                Some(0) => {}
                // What `timeout` says when the time is over.
                Some(124 | 137) => {
                    let test = Some("comes to no end".to_owned());
                    return Ok(Some(Evidence {
                        test,
                        ..Evidence::default()
                    }));
                }
                _ => return Ok(Some(Evidence::of(&said))),
            }
        }
        Ok(None)
    }
}

/// Switches a mutant on, and tries the killers of its tier until one notices it.
///
/// # Errors
/// When a killer cannot be run.
pub fn hunt(killers: &[Killer], tier: Tier, number: usize, log: &Path) -> anyhow::Result<Fate> {
    for killer in killers.iter().filter(|it| it.program.tier == tier) {
        if let Some(evidence) = killer.run(Some(number), log)? {
            let means = killer.program.means;
            return Ok(Fate::Killed { means, evidence });
        }
    }
    Ok(Fate::Alive)
}

/// Paths of what cargo says it built: `Executable tests/x.rs (/path/x-123)`.
fn executables(said: &str) -> Vec<PathBuf> {
    said.lines()
        .filter_map(|line| {
            let (_, path) = line
                .trim_start()
                .strip_prefix("Executable ")?
                .rsplit_once(" (")?;
            path.strip_suffix(')').map(PathBuf::from)
        })
        .collect()
}

/// The errors of a build, each with its place and the mutant it is in.
fn errors(said: &str, folder: &Path) -> String {
    let mut errors = Vec::new();
    let mut lines = said.lines();
    while let Some(error) = lines.find(|line| line.starts_with("error")) {
        let place = lines.next().unwrap_or_default().trim_start();
        let place = place.strip_prefix("--> ").unwrap_or_default();
        let mut parts = place.split(':');
        let file = parts.next().unwrap_or_default();
        let line = parts.next().and_then(|it| it.parse().ok()).unwrap_or(0);
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        let before: Vec<&str> = text.lines().take(line).collect();
        let switch = before.iter().rfind(|it| it.contains("crate::planted("));
        let switch = switch.map_or("", |it| it.trim());
        errors.push(format!("{error}\n  at {place}\n  in {switch}"));
    }
    errors.join("\n")
}
