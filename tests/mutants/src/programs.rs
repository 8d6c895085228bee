//! The programs that may notice a mutant, and how they are built with all mutants in them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::mutant::Tier;
use crate::tree::Tree;

/// What `timeout` ends with when the time is over.
pub(crate) const TIME_IS_OVER: i32 = 124;

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
pub(crate) struct Programs {
    pub(crate) tier: Tier,
    pub(crate) means: Means,
    /// Their names: test programs, a command, or `lib:` and the crate whose own tests they are.
    pub(crate) names: &'static [&'static str],
    pub(crate) arguments: &'static [&'static str],
    /// The folder of their package, where they run.
    pub(crate) folder: &'static str,
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

pub(crate) const PROGRAMS: &[Programs] = &[
    Programs {
        arguments: &["random", "--seeds", "10000", "--first-failure"],
        ..programs(Tier::Planner, Means::Seeds, &["search"], "tests/search")
    },
    programs(
        Tier::Planner,
        Means::Tests,
        &["regressions"],
        "tests/search",
    ),
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
    Programs {
        // Two scenarios under everything but pairs of crashes: the whole takes minutes.
        arguments: &[
            "example/answer-lost",
            "example/clock-jump",
            "example/crash-after",
            "example/crash-before",
            "example/errors",
            "example/expired",
            "example/leaders",
            "example/old-view",
            "example/outage",
            "example/slow-cluster",
            "example/watch",
        ],
        ..programs(Tier::Executor, Means::Scenarios, &["matrix"], "tests")
    },
];

/// What builds all of them. The whole workspace is named, so that the dependencies are those that its
/// own tests have made already; the commands are built along with the tests of their packages.
const BUILD: &[&str] = &[
    "test",
    "--workspace",
    "--no-run",
    "--lib",
    "--test",
    "regressions",
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
];

/// Builds the copy. Returns the programs by name; `None` when it was not built by `end`.
///
/// # Errors
/// When the tree with all mutants in it does not build.
pub(crate) fn build(
    tree: &Tree,
    end: Option<Instant>,
) -> anyhow::Result<Option<BTreeMap<String, PathBuf>>> {
    println!("building: cargo {}", BUILD.join(" "));
    let log = tree.logs().join("build.log");
    let file = File::create(&log)?;
    let left = end.map(|end| end.saturating_duration_since(Instant::now()));
    // Without a limit `timeout` waits as long as it takes.
    let limit = left.map_or(0, |left| left.as_secs().max(1)).to_string();
    let status = Command::new("timeout")
        .args([limit.as_str(), "cargo"])
        .args(BUILD)
        .arg("--locked")
        .current_dir(tree.folder())
        .env("CARGO_TARGET_DIR", tree.build())
        .env("CARGO_TERM_COLOR", "never")
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .context("cargo cannot be run")?;
    let said = fs::read_to_string(&log)?;
    if end.is_some() && status.code() == Some(TIME_IS_OVER) {
        return Ok(None);
    }
    if !status.success() {
        let errors = errors(&said, &tree.folder());
        bail!("the tree with the mutants does not build:\n{errors}");
    }
    let mut built: BTreeMap<String, PathBuf> = said.lines().filter_map(executable).collect();
    built.insert("search".to_owned(), tree.build().join("debug/search"));
    Ok(Some(built))
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
