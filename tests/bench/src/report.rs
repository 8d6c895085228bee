//! Tables of whole numbers: printed, kept, and held against those of an earlier run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Everything that one run has measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// In the order in which they are read.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it tells.
    pub title: String,
    /// Names of the columns, units included; the first is that of the rows.
    pub columns: Vec<String>,
    /// Name and numbers; `None` where this machine cannot tell.
    pub rows: Vec<(String, Vec<Option<u64>>)>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.iter().map(|it| (*it).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, name: &str, numbers: impl IntoIterator<Item = Option<u64>>) {
        let numbers = numbers.into_iter().collect();
        self.rows.push((name.to_owned(), numbers));
    }

    fn get(&self, row: &str, column: &str) -> Option<u64> {
        let (_, numbers) = self.rows.iter().find(|(name, _)| name == row)?;
        let names = self.columns.iter().skip(1);
        let (_, number) = names.zip(numbers).find(|(name, _)| *name == column)?;
        *number
    }
}

impl Report {
    /// Every number that is another one than in `before`: where, what it was, what it is, and the
    /// change in percent.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for table in &self.tables {
            let Some(old) = before.tables.iter().find(|it| it.title == table.title) else {
                lines.push(format!("{}: not measured before", table.title));
                continue;
            };
            for (row, numbers) in &table.rows {
                for (column, now) in table.columns.iter().skip(1).zip(numbers) {
                    let was = old.get(row, column);
                    if was != *now {
                        let change = percent(was, *now);
                        let (was, now) = (cell(was), cell(*now));
                        lines.push(format!(
                            "{}, {row}, {column}: {was}, now {now}{change}",
                            table.title
                        ));
                    }
                }
            }
        }
        lines
    }
}

fn cell(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), |it| it.to_string())
}

/// ` (+12 %)`, or nothing where there is no such number.
fn percent(was: Option<u64>, now: Option<u64>) -> String {
    let signed = |it: u64| i128::from(it);
    match (was, now) {
        (Some(was), Some(now)) if was > 0 => {
            let change = (signed(now) - signed(was)) * 100 / signed(was);
            format!(" ({change:+} %)")
        }
        _ => String::new(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "## {}\n\n| {} |", table.title, table.columns.join(" | "))?;
            let rules: Vec<&str> = table.columns.iter().map(|_| "---").collect();
            writeln!(f, "| {} |", rules.join(" | "))?;
            for (name, numbers) in &table.rows {
                let cells: Vec<String> = numbers.iter().copied().map(cell).collect();
                writeln!(f, "| {name} | {} |", cells.join(" | "))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
