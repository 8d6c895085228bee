//! The golden transcript: when what changed that a user can see.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::parse::Scenario;
use crate::history::{Actor, Commit, History, World, sent_event};
use crate::reading::{
    MANAGED_BY, REVISION, annotation, hash, name, number, phase_and_message, replica_sets,
    replicas, selected_hash, steps, text, uid,
};

/// A command of the scenario and how many commits had been made before it.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Commits before it.
    pub commits: usize,
    /// The line of the scenario.
    pub text: String,
}

/// The transcript of a run. Names of revisions (hashes) are written as `<r1>`, `<r2>`.
#[must_use]
pub fn transcript(scenario: &Scenario, history: &History, marks: &[Mark]) -> String {
    let mut pen = Pen::default();
    let _ = writeln!(pen.text, "{}", scenario.claim);
    let _ = writeln!(pen.text, "covers {}", scenario.covers.join(", "));
    pen.tell(history, marks)
}

/// What a user could see of any run, in the words of a transcript.
#[must_use]
pub fn story(history: &History) -> String {
    Pen::default().tell(history, &[])
}
#[derive(Default)]
struct Pen {
    text: String,
    at: Duration,
    world: World,
    events: Vec<String>,
    /// What was last written, by object and aspect.
    written: BTreeMap<(String, &'static str), String>,
    /// Number of each revision, by hash.
    revisions: BTreeMap<String, String>,
}

impl Pen {
    /// Writes the whole run.
    fn tell(mut self, history: &History, marks: &[Mark]) -> String {
        let mut marks = marks.iter().peekable();
        for (index, commit) in history.commits.iter().enumerate() {
            while let Some(mark) = marks.next_if(|mark| mark.commits <= index) {
                self.flush();
                let _ = writeln!(self.text, "\n> {}", mark.text);
            }
            if self.at != commit.at {
                self.flush();
                self.at = commit.at;
            }
            self.see(commit);
        }
        self.flush();
        for mark in marks {
            let _ = writeln!(self.text, "\n> {}", mark.text);
        }
        let _ = writeln!(self.text, "\nended after {}", clock(history.end));
        let _ = writeln!(self.text, "the controller wrote {}", writes(history));
        self.finish()
    }

    fn see(&mut self, commit: &Commit) {
        self.world.apply(commit);
        self.events.extend(event(commit));
        for set in self.world.list("replicasets") {
            let revision = annotation(set, REVISION);
            if !hash(set).is_empty() && !revision.is_empty() {
                let number = self.revisions.entry(hash(set).to_owned()).or_default();
                if number.is_empty() {
                    *number = format!("<r{revision}>");
                }
            }
        }
    }

    /// Writes what has changed since the last time.
    fn flush(&mut self) {
        let mut lines = std::mem::take(&mut self.events)
            .into_iter()
            .map(|event| ("event", event))
            .collect::<Vec<_>>();
        let rollouts: Vec<Value> = self.world.list("rollouts").cloned().collect();
        let several = rollouts.len() > 1;
        let mut now = BTreeMap::new();
        for rollout in &rollouts {
            for (aspect, line) in aspects(&self.world, rollout) {
                let line = if several {
                    format!("{}: {line}", name(rollout))
                } else {
                    line
                };
                now.insert((uid(rollout).to_owned(), aspect), line);
            }
        }
        for service in self.world.list("services") {
            if !annotation(service, MANAGED_BY).is_empty() {
                let line = format!("{} → {}", name(service), selected_hash(service));
                now.insert((uid(service).to_owned(), "service"), line);
            }
        }
        for (key, line) in &now {
            if self.written.get(key) != Some(line) {
                lines.push((key.1, line.clone()));
            }
        }
        let gone: Vec<_> = self
            .written
            .keys()
            .filter(|key| !now.contains_key(*key))
            .map(|key| {
                let word = if key.1 == "waiting" {
                    "for nothing"
                } else {
                    "gone"
                };
                (key.1, word.to_owned())
            })
            .collect();
        lines.extend(gone);
        self.written = now;
        let order = ["event", "phase", "step", "pods", "service", "waiting"];
        lines.sort_by_key(|(aspect, _)| order.iter().position(|it| it == aspect));
        let mut time = clock(self.at);
        for (aspect, line) in lines {
            let _ = writeln!(self.text, "{time:<12} {aspect:<8} {line}");
            time.clear();
        }
    }

    fn finish(self) -> String {
        let mut text = self.text;
        for (hash, revision) in &self.revisions {
            text = text.replace(hash, revision);
        }
        text
    }
}

fn aspects(world: &World, rollout: &Value) -> Vec<(&'static str, String)> {
    let (phase, message) = phase_and_message(rollout);
    let mut aspects = vec![("phase", format!("{phase} {message}").trim().to_owned())];
    let index = rollout
        .pointer("/status/currentStepIndex")
        .and_then(Value::as_i64);
    if let Some(index) = index {
        aspects.push(("step", format!("{index} of {}", steps(rollout).len())));
    }
    aspects.push(("pods", pods(world, rollout)));
    let waiting = |field: &str| text(rollout, &format!("/status/waitingOn/{field}")).to_owned();
    let reason = waiting("reason");
    // Numbers that move with every pod are left to the line on pods.
    let about = if matches!(reason.as_str(), "Pods" | "OldPods" | "ReplicaSetController") {
        String::new()
    } else {
        format!(" {}, until {}", waiting("object"), waiting("release"))
    };
    if !reason.is_empty() {
        aspects.push(("waiting", format!("{reason}{about}")));
    }
    aspects
}

/// Available and wanted pods of each revision that has or wants any, newest first.
fn pods(world: &World, rollout: &Value) -> String {
    let mut sets = replica_sets(world, rollout);
    sets.sort_by_key(|set| {
        std::cmp::Reverse(annotation(set, REVISION).parse::<i64>().unwrap_or(0))
    });
    let (new, stable) = (
        text(rollout, "/status/currentPodHash"),
        text(rollout, "/status/stableRS"),
    );
    let words: Vec<String> = sets
        .iter()
        .filter(|set| replicas(set) > 0 || number(set, "/status/replicas") > 0)
        .map(|set| {
            let role = match hash(set) {
                it if it == stable => "stable",
                it if it == new => "new",
                _ => "old",
            };
            let available = number(set, "/status/availableReplicas");
            format!(
                "r{} {role} {available}/{}",
                annotation(set, REVISION),
                replicas(set)
            )
        })
        .collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

/// How many writes of the controller went where: what a change of its makes dearer shows here.
fn writes(history: &History) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in &history.requests {
        if request.actor != Actor::Controller || request.status >= 300 {
            continue;
        }
        let mut parts = request.path.rsplit('/');
        let (last, before) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
        let kind = match (request.method.as_str(), last) {
            _ if request.is_dry_run() => "dry-run".to_owned(),
            (_, "status") => format!("{before}/status"),
            ("POST", collection) => collection.to_owned(),
            (_, _) => request.path.rsplit('/').nth(1).unwrap_or("").to_owned(),
        };
        *counts.entry(kind).or_default() += 1;
    }
    let words: Vec<String> = counts
        .into_iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(", ")
    }
}

/// Reason and message of an Event on a Rollout that was just sent (or sent again).
fn event(commit: &Commit) -> Option<String> {
    let (reason, message) = sent_event(commit, None)?;
    Some(format!("{reason}: {message}"))
}

fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    };
    if at.subsec_millis() > 0 {
        let _ = write!(text, ".{:03}", at.subsec_millis());
    }
    text
}
