//! What may notice a mutant: searches over seeds, scenarios, tests. Cheap ones come first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
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

/// Programs that fail when they notice a mutant.
#[derive(Debug)]
struct Programs {
    tier: Tier,
    means: Means,
    /// Their names: test programs, a command, or `lib:` and the crate whose own tests they are.
    names: &'static [&'static str],
    arguments: &'static [&'static str],
    /// The folder of their package, where they run.
    folder: &'static str,
}

const fn programs(
    tier: Tier,
    means: Means,
    names: &'static [&'static str],
    folder: &'static str,
) -> Programs {
    Programs {
        tier,
        means,
        names,
        arguments: &[],
        folder,
    }
}

const PROGRAMS: &[Programs] = &[
    Programs {
        arguments: &["random", "--seeds", "10000", "--first-failure"],
        ..programs(Tier::Planner, Means::Seeds, &["search"], "tests/search")
    },
    Programs {
        // What it searches is a small part of what the program above does.
        arguments: &["--skip", "search"],
        ..programs(
            Tier::Planner,
            Means::Tests,
            &["lib:planner", "strategies"],
            "controller/planner",
        )
    },
    programs(Tier::Planner, Means::Tests, &["properties"], "tests"),
    programs(Tier::Planner, Means::Scenarios, &["scenarios"], "tests"),
    programs(
        Tier::Executor,
        Means::Tests,
        &["lib:controller"],
        "controller",
    ),
    programs(Tier::Executor, Means::Scenarios, &["scenarios"], "tests"),
    programs(Tier::Executor, Means::Seeds, &["storm"], "tests"),
    programs(
        Tier::Executor,
        Means::Tests,
        &["controller", "power"],
        "tests",
    ),
    programs(Tier::Executor, Means::Seeds, &["operations"], "tests"),
    programs(Tier::Executor, Means::Scenarios, &["matrix"], "tests"),
];

/// What builds all of them. The whole workspace is named, so that the dependencies are those that its
/// own build has made already.
const BUILDS: [&[&str]; 2] = [
    &["build", "--workspace", "--bin", "search"],
    &[
        "test",
        "--workspace",
        "--no-run",
        "--lib",
        "--test",
        "strategies",
        "--test",
        "controller",
        "--test",
        "power",
        "--test",
        "scenarios",
        "--test",
        "operations",
        "--test",
        "storm",
        "--test",
        "properties",
        "--test",
        "matrix",
    ],
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
    programs: &'static Programs,
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
        let wanted: Vec<&Programs> = PROGRAMS
            .iter()
            .filter(|it| tiers.contains(&it.tier) && means.contains(&it.means))
            .collect();
        let mut built = BTreeMap::new();
        for arguments in BUILDS {
            if wanted.iter().any(|it| it.are_built_by(arguments)) {
                built.extend(build(tree, arguments)?);
            }
        }
        let mut killers = Vec::new();
        for programs in wanted {
            killers.extend(Self::of(tree, programs, &built)?);
        }
        Ok(killers)
    }

    fn of(
        tree: &Tree,
        programs: &'static Programs,
        built: &BTreeMap<String, PathBuf>,
    ) -> anyhow::Result<Option<Self>> {
        let files = programs.names.iter().map(|name| {
            let file = built.get(*name).cloned();
            file.with_context(|| format!("cargo did not build {name}"))
        });
        let mut killer = Self {
            programs,
            files: files.collect::<anyhow::Result<_>>()?,
            folder: tree.folder().join(programs.folder),
            limit: Duration::from_secs(600),
        };
        let name = programs.names.join(", ");
        let begun = Instant::now();
        if let Some(evidence) = killer.run(None, &tree.logs().join("sound.log"))? {
            let words = evidence.words();
            println!("LEFT OUT: {name} fails without any mutant ({words})");
            return Ok(None);
        }
        let took = begun.elapsed();
        println!("{:4} s  {name}: content without a mutant", took.as_secs());
        killer.limit = took * 10 + Duration::from_secs(60);
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
                .args(self.programs.arguments)
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
    for killer in killers.iter().filter(|it| it.programs.tier == tier) {
        if let Some(evidence) = killer.run(Some(number), log)? {
            let means = killer.programs.means;
            return Ok(Fate::Killed { means, evidence });
        }
    }
    Ok(Fate::Alive)
}

impl Programs {
    /// Whether these arguments of cargo build them: commands and tests are built apart.
    fn are_built_by(&self, arguments: &[&str]) -> bool {
        let is_command = self.means == Means::Seeds && self.tier == Tier::Planner;
        is_command == arguments.contains(&"build")
    }
}

/// Builds the copy. Returns the programs by name.
fn build(tree: &Tree, arguments: &[&str]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    println!("building: cargo {}", arguments.join(" "));
    let log = tree.logs().join("build.log");
    let file = File::create(&log)?;
    let status = Command::new("cargo")
        .args(arguments)
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
    let mut built: BTreeMap<String, PathBuf> = said.lines().filter_map(executable).collect();
    built.insert("search".to_owned(), tree.build().join("debug/search"));
    Ok(built)
}

/// Name and path of what cargo says it built: `Executable tests/x.rs (/path/x-123)`.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let line = line.trim_start().strip_prefix("Executable ")?;
    let (source, path) = line.rsplit_once(" (")?;
    let path = PathBuf::from(path.strip_suffix(')')?);
    let name = path.file_name()?.to_str()?.rsplit_once('-')?.0;
    let kind = if source.ends_with("src/lib.rs") {
        "lib:"
    } else {
        ""
    };
    Some((format!("{kind}{name}"), path))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_by_its_source_and_its_file() {
        let line = "  Executable unittests src/lib.rs (/t/debug/deps/controller-0a1b)";
        let path = PathBuf::from("/t/debug/deps/controller-0a1b");
        assert_eq!(executable(line), Some(("lib:controller".to_owned(), path)));
        let line = "  Executable tests/power.rs (/t/debug/deps/power-2c)";
        let path = PathBuf::from("/t/debug/deps/power-2c");
        assert_eq!(executable(line), Some(("power".to_owned(), path)));
        assert_eq!(executable("   Compiling controller v0.1.0"), None);
    }

    #[test]
    fn an_error_of_a_build_names_the_mutant_it_is_in() {
        let folder = std::env::temp_dir().join(format!("mutants-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let text = "fn a() {\nif crate::planted(3) /* haste */ {\n    b\n}\n}\n";
        fs::write(folder.join("a.rs"), text).unwrap();
        let said = "error[E0425]: no b\n --> a.rs:3:5\n  |\nerror: could not compile\n";
        let errors = errors(said, &folder);
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            errors.contains("in if crate::planted(3) /* haste */ {"),
            "{errors}"
        );
    }
}
