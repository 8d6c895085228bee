//! What may notice a mutant: searches over seeds, scenarios, tests. Cheap ones come first.

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::evidence::Evidence;
use crate::mutant::{Mutant, Tier};
use crate::tree::Tree;

/// How long one command may take, in seconds. Well above what any takes without a mutant.
const LIMIT: &str = "900";

/// What a killer draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// A command that fails when it notices a mutant.
#[derive(Debug)]
struct Killer {
    means: Means,
    /// Arguments of cargo up to `--`; with `--no-run` they only build.
    build: &'static [&'static str],
    /// What comes after `--`.
    run: &'static [&'static str],
}

const PLANNER: &[Killer] = &[
    Killer {
        means: Means::Seeds,
        build: &["test", "--locked", "-p", "planner", "--test", "strategies"],
        run: &["search"],
    },
    Killer {
        means: Means::Tests,
        build: &["test", "--locked", "-p", "planner", "--no-fail-fast"],
        run: &[],
    },
    Killer {
        means: Means::Scenarios,
        build: &["test", "--locked", "-p", "tests", "--test", "scenarios"],
        run: &[],
    },
];

const EXECUTOR: &[Killer] = &[
    Killer {
        means: Means::Tests,
        build: &["test", "--locked", "-p", "controller", "--lib"],
        run: &[],
    },
    Killer {
        means: Means::Tests,
        build: &["test", "--locked", "-p", "tests", "--test", "controller"],
        run: &[],
    },
    Killer {
        means: Means::Scenarios,
        build: &["test", "--locked", "-p", "tests", "--test", "scenarios"],
        run: &[],
    },
    Killer {
        means: Means::Seeds,
        build: &["test", "--locked", "-p", "tests", "--test", "operations"],
        run: &[],
    },
    Killer {
        means: Means::Scenarios,
        build: &["test", "--locked", "-p", "tests", "--test", "crash"],
        run: &[],
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

/// Plants a mutant, and tries its killers until one notices it.
///
/// # Errors
/// When it does not apply or does not compile: then it is no mutant. When a command cannot be run.
pub fn hunt(tree: &Tree, mutant: &Mutant) -> anyhow::Result<Fate> {
    tree.plant(mutant)?;
    let fate = try_all(tree, &mutant.name, mutant.tier);
    tree.restore(&mutant.file)?;
    fate
}

/// Runs all killers on the tree as it is: they have to be content with it, or nothing they say of
/// a mutant means anything.
///
/// # Errors
/// When one is not.
pub fn check_sound(tree: &Tree, tier: Tier) -> anyhow::Result<()> {
    match try_all(tree, tier.name(), tier)? {
        Fate::Alive => Ok(()),
        Fate::Killed { evidence, .. } => bail!(
            "the tree fails its own tests without any mutant ({})",
            evidence.words()
        ),
    }
}

fn try_all(tree: &Tree, name: &str, tier: Tier) -> anyhow::Result<Fate> {
    let killers = match tier {
        Tier::Planner => PLANNER,
        Tier::Executor => EXECUTOR,
    };
    for killer in killers {
        let mut build = killer.build.to_vec();
        build.push("--no-run");
        let (built, output) = cargo(tree, name, &build)?;
        if built != Some(0) {
            let error = output.lines().find(|line| line.starts_with("error"));
            bail!(
                "it does not compile: {}",
                error.unwrap_or("see the log of the build")
            );
        }
        let mut run = killer.build.to_vec();
        run.push("--");
        run.extend(killer.run);
        let (ran, output) = cargo(tree, name, &run)?;
        let means = killer.means;
        match ran {
            Some(0) => {}
            // What `timeout` says when the time is over.
            Some(124) => {
                let test = Some("comes to no end".to_owned());
                let evidence = Evidence {
                    test,
                    ..Evidence::default()
                };
                return Ok(Fate::Killed { means, evidence });
            }
            _ => {
                let evidence = Evidence::of(&output);
                return Ok(Fate::Killed { means, evidence });
            }
        }
    }
    Ok(Fate::Alive)
}

/// Runs cargo in the copy. Returns its exit code and all it said, which is kept in a log as well.
fn cargo(tree: &Tree, name: &str, arguments: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let log = tree.logs().join(format!("{name}.log"));
    let file = File::create(&log)?;
    let status = Command::new("timeout")
        .args(["--kill-after=5", LIMIT])
        .arg("cargo")
        .args(arguments)
        .current_dir(tree.folder())
        .env("CARGO_TARGET_DIR", tree.build())
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("BLESS")
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .context("cargo cannot be run")?;
    let output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Ok((status.code(), output))
}
