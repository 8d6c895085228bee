//! `list rollouts`: one row a Rollout.
//!
//! Source: `compat/cli.md` §6.

use crds::{Rollout, Time};
use serde::Serialize;

use super::table::table;
use crate::rollout_view::{Counts, Summary};

/// Which columns are shown besides the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListOptions {
    /// `NAMESPACE` in front.
    pub namespaces: bool,
    /// `TIMESTAMP` in front of all.
    pub timestamps: bool,
    /// `MESSAGE` at the end.
    pub wide: bool,
}

/// What a Rollout shows in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRow {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `Canary`, `BlueGreen` or `unknown`.
    pub strategy: String,
    /// `Healthy`, `Progressing`, `Paused`, `Degraded`, or `Unknown` for one that cannot be read.
    pub status: String,
    /// Why; may be empty.
    pub message: String,
    /// `1/4`; absent without steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Share of traffic that the steps ask for; canary only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_weight: Option<i64>,
    /// Pods.
    pub replicas: Counts,
}

impl ListRow {
    /// The row of a Rollout.
    #[must_use]
    pub fn new(rollout: &Rollout) -> Self {
        let summary = Summary::of(rollout);
        let strategy = match summary.strategy {
            "" => "unknown",
            name => name,
        };
        Self {
            namespace: rollout.metadata.namespace.clone().unwrap_or_default(),
            name: rollout.metadata.name.clone().unwrap_or_default(),
            strategy: strategy.to_owned(),
            status: summary.phase.to_string(),
            message: summary.message,
            step: summary.step,
            set_weight: summary.set_weight,
            replicas: summary.replicas,
        }
    }

    /// The row of an object that is no readable Rollout; `problem` says why.
    #[must_use]
    pub fn unreadable(namespace: &str, name: &str, problem: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            strategy: "unknown".to_owned(),
            status: "Unknown".to_owned(),
            message: problem.to_owned(),
            step: None,
            set_weight: None,
            replicas: Counts::default(),
        }
    }

    fn cells(&self, options: ListOptions, now: Time) -> Vec<String> {
        let Counts {
            desired,
            current,
            updated,
            ready,
            available,
        } = self.replicas;
        let mut cells = Vec::new();
        if options.timestamps {
            cells.push(now.to_string());
        }
        if options.namespaces {
            cells.push(self.namespace.clone());
        }
        cells.extend([
            self.name.clone(),
            self.strategy.clone(),
            self.status.clone(),
            self.step.clone().unwrap_or_else(|| "-".to_owned()),
            self.set_weight
                .map_or_else(|| "-".to_owned(), |weight| weight.to_string()),
            format!("{ready}/{current}"),
            desired.to_string(),
            updated.to_string(),
            available.to_string(),
        ]);
        if options.wide {
            cells.push(self.message.clone());
        }
        cells
    }
}

/// The table of `rows`, with the line of column names if `header`.
#[must_use]
pub fn rows_text(rows: &[ListRow], header: bool, options: ListOptions, now: Time) -> String {
    let mut lines = Vec::new();
    let mut names = Vec::new();
    if options.timestamps {
        names.push("TIMESTAMP");
    }
    if options.namespaces {
        names.push("NAMESPACE");
    }
    names.extend([
        "NAME",
        "STRATEGY",
        "STATUS",
        "STEP",
        "SET-WEIGHT",
        "READY",
        "DESIRED",
        "UP-TO-DATE",
        "AVAILABLE",
    ]);
    if options.wide {
        names.push("MESSAGE");
    }
    if header {
        lines.push(names.iter().map(|name| (*name).to_owned()).collect());
    }
    lines.extend(rows.iter().map(|row| row.cells(options, now)));
    table(&lines)
}
