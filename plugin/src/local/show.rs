//! What `local` shows: the live tree of every rollout in a terminal, lines otherwise.

use std::collections::BTreeMap;

use crds::Time;
use view::RolloutView;
use view::text::{Detail, change_line, rollout_text};

use crate::failure::Failure;
use crate::output::Output;
use crate::screen::Screen;
use crate::session::Session;
use crate::watching::{Kind, Scope, Watching};

/// Lines above the trees on a screen.
const LINES: usize = 4;

/// Shows rollouts as they change.
pub(super) struct Show {
    watching: Watching,
    screen: Option<Screen>,
    /// Whether only states in which nothing moves get a line.
    rests: bool,
    began: Time,
    now: Time,
    lines: BTreeMap<String, String>,
    /// How kubectl finds the cluster; the head of the screen.
    head: String,
    /// Everything that had a line.
    said: Vec<String>,
    last: String,
}

impl Show {
    /// `head` stands above the trees; with `rests` only states in which nothing moves get a line.
    pub(super) fn new(
        session: &Session,
        head: String,
        rests: bool,
        output: &Output,
    ) -> Result<Self, Failure> {
        let scopes = [Kind::Rollout, Kind::ReplicaSet, Kind::Pod].map(|kind| Scope {
            kind,
            name: None,
            everywhere: true,
        });
        let screen = if output.is_terminal() {
            Some(Screen::enter()?)
        } else {
            None
        };
        let now = session.clock.now();
        Ok(Self {
            watching: Watching::new(session, &scopes),
            screen,
            rests,
            began: now,
            now,
            lines: BTreeMap::new(),
            head,
            said: Vec::new(),
            last: String::new(),
        })
    }

    /// Waits for the next change and takes it in.
    pub(super) async fn changed(&mut self) {
        self.watching.changed().await;
    }

    /// All rollouts as they are now; a line for each that has something new to tell.
    pub(super) fn look(
        &mut self,
        session: &Session,
        output: &mut Output,
    ) -> Result<Vec<RolloutView>, Failure> {
        self.now = session.clock.now();
        let views = self.watching.views(self.now);
        for view in &views {
            let line = line(view, output);
            let key = format!("{}/{}", view.namespace, view.name);
            let known = self.lines.get(&key) == Some(&line);
            if known || (self.rests && !is_at_rest(view)) {
                continue;
            }
            self.say(&line, output)?;
            self.lines.insert(key, line);
        }
        Ok(views)
    }

    /// Tells something that is no state of a rollout.
    pub(super) fn say(&mut self, text: &str, output: &mut Output) -> Result<(), Failure> {
        let line = format!("{} {text}", self.time());
        if self.screen.is_none() {
            output.print(&format!("{line}\n"))?;
        }
        self.said.push(line);
        Ok(())
    }

    /// Leaves every line and the last trees behind.
    pub(super) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        if let Some(screen) = self.screen {
            drop(screen);
            for line in &self.said {
                output.print(&format!("{line}\n"))?;
            }
            output.print(&self.last)?;
        }
        Ok(())
    }

    /// Draws the trees, in a terminal.
    pub(super) fn draw(&mut self, views: &[RolloutView], output: &Output) -> Result<(), Failure> {
        let Some(screen) = &mut self.screen else {
            return Ok(());
        };
        let mut head = format!("{}\n", self.head);
        for said in self.said.iter().rev().take(LINES).rev() {
            head.push_str(&format!("{said}\n"));
        }
        let mut text = String::new();
        for view in views {
            let tree = rollout_text(view, Detail::Full, output.style());
            // Two rollouts shall fit a screen: the lines of the header say enough, and the tree.
            text.push_str(&format!(
                "\n{}\n{}",
                change_line(view, output.style()),
                tree_of(&tree)
            ));
        }
        if views.is_empty() {
            text.push_str("no rollouts yet\n");
        }
        screen.show(&format!("{head}{text}"))?;
        self.last = text;
        Ok(())
    }

    /// Time of the cluster since the start: `[00:05:03]`.
    fn time(&self) -> String {
        let seconds = self.now.seconds_since(self.began).max(0);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!("[{hours:02}:{minutes:02}:{:02}]", seconds % 60)
    }
}

/// The table below the header of `get rollout`.
fn tree_of(text: &str) -> &str {
    text.split_once("\n\n").map_or(text, |(_, tree)| tree)
}

/// The line of a rollout, with what it waits on.
fn line(view: &RolloutView, output: &Output) -> String {
    let mut line = change_line(view, output.style());
    if let Some(waiting) = &view.waiting_on {
        line.push_str(&format!(", waiting on {}", waiting.reason));
        if let Some(until) = waiting.until {
            line.push_str(&format!(" until {until}"));
        }
    }
    line
}

/// Whether nothing moves: it waits for a time or a person, or is at its end; every ReplicaSet has
/// the pods it should have; and what is seen of Rollout, ReplicaSets and pods fits together.
pub(super) fn is_at_rest(view: &RolloutView) -> bool {
    let pods: i64 = view.replica_sets().map(|set| set.replicas).sum();
    let running = view.replica_sets().filter(|set| set.replicas > 0).count();
    let settled = view.replica_sets().all(|set| {
        matches!(set.status, "Healthy" | "ScaledDown")
            && i64::try_from(set.pods.len()) == Ok(set.replicas)
    });
    let moves = view
        .waiting_on
        .as_ref()
        .is_some_and(|waiting| match waiting.reason.as_str() {
            "PauseEnd" => waiting.until.is_none(),
            "Promotion" | "UserPause" | "Retry" | "InvalidSpec" | "ScaleDownDelay" => false,
            _ => true,
        });
    match view.status.as_str() {
        "Progressing" => false,
        _ if moves => false,
        // A scale-down is on its way when nothing says why the old pods are still there.
        "Healthy" if running > 1 && view.waiting_on.is_none() => false,
        _ => settled && pods == view.replicas.current,
    }
}
