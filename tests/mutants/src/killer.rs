//! What may notice a mutant: searches over seeds, scenarios, tests. Cheap ones come first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::evidence::Evidence;
use crate::mutant::Tier;
use crate::plant::SWITCH;
pub use crate::programs::Means;
use crate::programs::{PROGRAMS, Programs, TIME_IS_OVER, build};
use crate::tree::Tree;

/// How long a killer may take as long as nobody knows how long it takes without a mutant.
const LIMIT: Duration = Duration::from_secs(600);

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
    /// The time was over before all had looked.
    NoTime,
}

/// A killer that is built.
#[derive(Debug)]
pub struct Killer {
    programs: &'static Programs,
    files: Vec<PathBuf>,
    folder: PathBuf,
    /// Where what it says without a mutant is kept.
    log: PathBuf,
    /// What it says without a mutant, once that is known.
    sound: Mutex<Option<Sound>>,
}

/// What a killer says without any mutant.
#[derive(Debug, Clone, Copy)]
enum Sound {
    /// Nothing, in this time.
    Content(Duration),
    /// It complains: nothing it says of a mutant means anything.
    Complains,
}

/// What a killer says of a mutant.
enum Verdict {
    Content,
    Complains(Evidence),
    NoTime,
}

impl Killer {
    /// Builds the killers of these tiers and means; `None` when they are not built by `end`.
    ///
    /// With an `end` tests come first and seeds last: most mutants are noticed by a test, in a
    /// second. Otherwise those that complain without any mutant are left out at once.
    ///
    /// # Errors
    /// When the tree with all mutants in it does not build.
    pub fn all(
        tree: &Tree,
        tiers: &[Tier],
        means: &[Means],
        end: Option<Instant>,
    ) -> anyhow::Result<Option<Vec<Self>>> {
        let Some(built) = build(tree, end)? else {
            return Ok(None);
        };
        let wanted = PROGRAMS
            .iter()
            .filter(|it| tiers.contains(&it.tier) && means.contains(&it.means));
        let killers = wanted.map(|programs| Self::of(tree, programs, &built));
        let mut killers = killers.collect::<anyhow::Result<Vec<Self>>>()?;
        if end.is_some() {
            killers.sort_by_key(|killer| killer.programs.means == Means::Seeds);
        } else {
            for killer in &killers {
                killer.is_sound(None)?;
            }
        }
        Ok(Some(killers))
    }

    fn of(
        tree: &Tree,
        programs: &'static Programs,
        built: &BTreeMap<String, PathBuf>,
    ) -> anyhow::Result<Self> {
        let files = programs.names.iter().map(|name| {
            let file = built.get(*name).cloned();
            file.with_context(|| format!("cargo did not build {name}"))
        });
        let name = programs.names.join(", ");
        Ok(Self {
            programs,
            files: files.collect::<anyhow::Result<_>>()?,
            folder: tree.folder().join(programs.folder),
            log: tree.logs().join(format!("without a mutant: {name}.log")),
            sound: Mutex::new(None),
        })
    }

    /// Whether it is content without a mutant; `None` when the time is over before that is known.
    fn is_sound(&self, end: Option<Instant>) -> anyhow::Result<Option<bool>> {
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = *sound {
            return Ok(Some(matches!(known, Sound::Content(_))));
        }
        let name = self.programs.names.join(", ");
        let begun = Instant::now();
        let found = match self.run(None, LIMIT, &self.log, end)? {
            Verdict::NoTime => return Ok(None),
            Verdict::Content => {
                let took = begun.elapsed();
                println!("{:4} s  {name}: content without a mutant", took.as_secs());
                Sound::Content(took)
            }
            Verdict::Complains(evidence) => {
                let words = evidence.words();
                println!("LEFT OUT: {name} fails without any mutant ({words})");
                Sound::Complains
            }
        };
        *sound = Some(found);
        Ok(Some(matches!(found, Sound::Content(_))))
    }

    /// How long it may take with a mutant: far longer than without.
    fn limit(&self) -> Duration {
        match *self.sound.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Sound::Content(took)) => took * 10 + Duration::from_secs(60),
            Some(Sound::Complains) | None => LIMIT,
        }
    }

    /// What it says of the mutant of this number.
    fn run(
        &self,
        mutant: Option<usize>,
        limit: Duration,
        log: &Path,
        end: Option<Instant>,
    ) -> anyhow::Result<Verdict> {
        for program in &self.files {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Verdict::NoTime);
            }
            let limit = left.map_or(limit, |left| limit.min(left));
            let file = File::create(log)?;
            let mut command = Command::new("timeout");
            command
                .args(["--kill-after=5", &limit.as_secs().max(1).to_string()])
                .arg(program)
                .args(self.programs.arguments)
                .current_dir(&self.folder)
                .env_remove("BLESS")
                .env_remove(SWITCH)
                .env("MATRIX", "gate")
                .env("RUST_BACKTRACE", "0")
                .stdout(file.try_clone()?)
                .stderr(file);
            if let Some(number) = mutant {
                command.env(SWITCH, number.to_string());
            }
            let code = command.status().context("a killer cannot be run")?.code();
            let said = String::from_utf8_lossy(&fs::read(log)?).into_owned();
            match code {
                Some(0) => {}
                Some(TIME_IS_OVER | 137) if left == Some(limit) => return Ok(Verdict::NoTime),
                Some(TIME_IS_OVER | 137) => {
                    let test = Some("comes to no end".to_owned());
                    return Ok(Verdict::Complains(Evidence {
                        test,
                        ..Evidence::default()
                    }));
                }
                // Somebody stopped it: that says nothing of the mutant.
                Some(129 | 130 | 143) | None => bail!("a killer was stopped from outside"),
                _ => return Ok(Verdict::Complains(Evidence::of(&said))),
            }
        }
        Ok(Verdict::Content)
    }
}

/// Switches a mutant on, and tries the killers of its tier until one notices it, or until `end`.
///
/// # Errors
/// When a killer cannot be run.
pub fn hunt(
    killers: &[Killer],
    tier: Tier,
    number: usize,
    log: &Path,
    end: Option<Instant>,
) -> anyhow::Result<Fate> {
    for killer in killers.iter().filter(|it| it.programs.tier == tier) {
        if end.is_none() && killer.is_sound(None)? == Some(false) {
            continue;
        }
        match killer.run(Some(number), killer.limit(), log, end)? {
            Verdict::Content => {}
            Verdict::NoTime => return Ok(Fate::NoTime),
            Verdict::Complains(evidence) => match killer.is_sound(end)? {
                Some(true) => {
                    let means = killer.programs.means;
                    return Ok(Fate::Killed { means, evidence });
                }
                Some(false) => {}
                None => return Ok(Fate::NoTime),
            },
        }
    }
    Ok(Fate::Alive)
}
