//! The report: a table of all mutants and what killed each.
//!
//! A run over some of them keeps the rows of the others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::killer::Fate;
use crate::mutant::Mutant;

const HEAD: &str = "\
# Mutants: what killed each

Written by `cargo run -p mutants --release`; not by hand.
Each mutant is a small wrong in planner or executor; `mutants/NAME.mutant` shows it.
*Seeds* are random worlds, *scenarios* are written ones with their golden transcripts, *tests* look at
single rules and behaviours; the cheapest that notices it is named.

";

/// Rows of the table, by mutant: means, what killed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report(BTreeMap<String, (String, String)>);

impl Report {
    /// Reads the report as it was written last; empty when there is none.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let rows = text.lines().filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
            let [name, _, means, what] = cells.as_slice() else {
                return None;
            };
            let row = ((*means).to_owned(), what.trim_end_matches(" |").to_owned());
            Some((name.trim_end_matches('`').to_owned(), row))
        });
        Self(rows.collect())
    }

    /// Whether a mutant was tried.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Notes what became of a mutant.
    pub fn note(&mut self, mutant: &Mutant, fate: &Fate) {
        let row = match fate {
            Fate::Killed { means, evidence } => (means.name().to_owned(), evidence.words()),
            Fate::Alive => ("ALIVE".to_owned(), String::new()),
            // Nothing new is known of it.
            Fate::NoTime => return,
        };
        self.0.insert(mutant.name.clone(), row);
    }

    /// How many were killed, how many by a seed, and how many were tried.
    #[must_use]
    pub fn totals(&self) -> (usize, usize, usize) {
        let of = |wanted: &str| self.0.values().filter(|(means, _)| means == wanted).count();
        (self.0.len() - of("ALIVE"), of("seeds"), self.0.len())
    }

    /// The totals in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let (killed, by_seed, all) = self.totals();
        let tenths = (killed * 1000).checked_div(all).unwrap_or(1000);
        let (percent, tenth) = (tenths / 10, tenths % 10);
        format!("killed {killed} of {all} ({percent}.{tenth} %), {by_seed} of them by a seed")
    }

    /// Writes it, with the mutants that still exist.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, path: &Path, mutants: &[Mutant]) -> anyhow::Result<()> {
        self.0
            .retain(|name, _| mutants.iter().any(|mutant| mutant.name == *name));
        fs::write(path, self.text(mutants))?;
        Ok(())
    }

    fn text(&self, mutants: &[Mutant]) -> String {
        let mut text = format!("{HEAD}**{}**\n", self.summary());
        if self.0.len() < mutants.len() {
            let _ = writeln!(text, "Not tried yet: {}.", mutants.len() - self.0.len());
        }
        text.push_str("\n| mutant | file | by | what |\n|---|---|---|---|\n");
        let mut explained = String::new();
        for mutant in mutants {
            let Some((means, what)) = self.0.get(&mutant.name) else {
                continue;
            };
            let file = mutant.file.replace("/src/", "/").replace("controller/", "");
            let _ = writeln!(text, "| `{}` | {file} | {means} | {what} |", mutant.name);
            if means == "ALIVE" {
                let why = mutant.alive_because.as_deref();
                let why = why.unwrap_or("not explained: a check is missing");
                let _ = writeln!(explained, "- `{}`: {why}", mutant.name);
            }
        }
        if !explained.is_empty() {
            let _ = write!(text, "\n## Alive\n\n{explained}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::killer::Means;

    fn mutant(name: &str) -> Mutant {
        let text = "file: controller/src/gate.rs\ntier: executor\nwhy: haste\n--- find\na\n--- replace\nb\n";
        Mutant::parse(name, text).unwrap()
    }

    #[test]
    fn a_report_is_read_as_it_was_written_and_keeps_the_rows_of_others() {
        let mutants = [mutant("early"), mutant("late")];
        let mut report = Report::default();
        let fate = Fate::Killed {
            means: Means::Seeds,
            evidence: Evidence::of("found S12 seed 4: x"),
        };
        report.note(&mutants[0], &fate);
        report.note(&mutants[1], &Fate::Alive);
        let text = report.text(&mutants);
        assert!(
            text.contains("| `early` | gate.rs | seeds | S12, seed 4 |"),
            "{text}"
        );
        assert!(
            text.contains("killed 1 of 2 (50.0 %), 1 of them by a seed"),
            "{text}"
        );
        assert!(text.contains("- `late`: not explained"), "{text}");
        assert_eq!(Report::parse(&text), report);
    }
}
