//! One small wrong: where it goes, and why somebody might make it.
//!
//! ```text
//! file: controller/planner/src/canary.rs
//! tier: planner
//! why: the author reads "an update ends" and forgets that an abort does not end it
//! --- find
//! text that occurs exactly once in the file
//! --- replace
//! what stands there instead
//! ```
//!
//! A line `alive-because:` explains one that nothing can notice; it counts as alive all the same.

use std::path::Path;

use anyhow::{Context as _, ensure};

/// What the wrong is planted in, and so what has to notice it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The pure function that decides.
    Planner,
    /// All that looks and writes: executor, cache, gate, clock, Lease.
    Executor,
}

impl Tier {
    /// Its name in the files and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planner => "planner",
            Self::Executor => "executor",
        }
    }
}

/// A small, plausible wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// What is wrong, in words: the name of its file.
    pub name: String,
    /// The file it goes into, from the root of the repository.
    pub file: String,
    /// What it is planted in.
    pub tier: Tier,
    /// Why somebody might make this mistake.
    pub why: String,
    /// Why nothing can notice it, where that is known.
    pub alive_because: Option<String>,
    find: String,
    replace: String,
}

impl Mutant {
    /// Reads the text of a mutant's file.
    ///
    /// # Errors
    /// When a part is missing or a key is not known; the file has to be changed.
    pub fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let (head, rest) = text
            .split_once("--- find\n")
            .context("there is no line `--- find`")?;
        let (find, replace) = rest
            .split_once("--- replace\n")
            .context("there is no line `--- replace`")?;
        let (mut file, mut tier, mut why, mut alive_because) = (None, None, None, None);
        for line in head.lines().filter(|line| !line.trim().is_empty()) {
            let (key, value) = line
                .split_once(": ")
                .with_context(|| format!("`{line}` is no `key: value`"))?;
            let value = value.trim().to_owned();
            match key {
                "file" => file = Some(value),
                "why" => why = Some(value),
                "alive-because" => alive_because = Some(value),
                "tier" => {
                    let all = [Tier::Planner, Tier::Executor];
                    let found = all.into_iter().find(|it| it.name() == value);
                    tier = Some(found.with_context(|| format!("no tier is called {value}"))?);
                }
                _ => anyhow::bail!("there is no key {key}"),
            }
        }
        let trimmed = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
        let mutant = Self {
            name: name.to_owned(),
            file: file.context("there is no line `file: …`")?,
            tier: tier.context("there is no line `tier: …`")?,
            why: why.context("there is no line `why: …`")?,
            alive_because,
            find: trimmed(find),
            replace: trimmed(replace),
        };
        ensure!(!mutant.find.trim().is_empty(), "nothing is to be found");
        ensure!(mutant.find != mutant.replace, "nothing is replaced");
        Ok(mutant)
    }

    /// Where what is replaced begins and ends.
    ///
    /// # Errors
    /// When it is not there exactly once; the mutant has to follow the code.
    pub fn place(&self, text: &str) -> anyhow::Result<(usize, usize)> {
        let mut places = text.match_indices(&self.find);
        let (Some((at, found)), None) = (places.next(), places.next()) else {
            anyhow::bail!(
                "what mutant {} looks for is not exactly once in {}; change the mutant along with the code",
                self.name,
                self.file
            );
        };
        Ok((at, at + found.len()))
    }

    /// The text with the wrong in it.
    ///
    /// # Errors
    /// Like [`Mutant::place`].
    pub fn apply(&self, text: &str) -> anyhow::Result<String> {
        self.place(text)?;
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

/// All mutants of a folder, by name.
///
/// # Errors
/// When the folder or one of its files cannot be read, or a file is no mutant.
pub fn read_all(folder: &Path) -> anyhow::Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for entry in std::fs::read_dir(folder).context("the folder of mutants cannot be read")? {
        let path = entry?.path();
        if path.extension().is_none_or(|it| it != "mutant") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path)?;
        let mutant = Mutant::parse(&name, &text).with_context(|| format!("mutant {name}"))?;
        mutants.push(mutant);
    }
    mutants.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mutants)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "file: a.rs\ntier: planner\nwhy: haste\n--- find\na + 1\n--- replace\na\n";

    #[test]
    fn a_mutant_goes_where_its_text_is_found_once() {
        let mutant = Mutant::parse("off_by_one", TEXT).unwrap();
        assert_eq!(mutant.apply("x = a + 1;\n").unwrap(), "x = a;\n");
        assert!(mutant.apply("x = a + 2;").is_err());
        assert!(mutant.apply("a + 1 == a + 1").is_err());
    }

    #[test]
    fn a_file_that_is_no_mutant_says_why() {
        for (text, why) in [
            ("file: a.rs\n", "`--- find`"),
            (&TEXT.replace("why: haste\n", ""), "`why: …`"),
            (&TEXT.replace("planner", "kernel"), "kernel"),
            (&TEXT.replace("\na\n", "\na + 1\n"), "nothing is replaced"),
        ] {
            let error = Mutant::parse("m", text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
