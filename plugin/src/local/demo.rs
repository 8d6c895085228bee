//! The story that `--demo` tells: what it does next, from what is seen.

use crds::Time;
use view::RolloutView;

use super::show::is_at_rest;

/// The rollouts of the two examples.
pub(super) const NAMES: [&str; 2] = ["myapp", "myapp-bluegreen"];
/// The version that the demo rolls out; the examples begin with v2.
const IMAGE: &str = "myuser/myapp:v3";
/// The blue-green rollout waits this long with both versions before the demo promotes it.
const LOOK: i64 = 20;
/// Longer than this, in the cluster's seconds, no part of the story takes.
const PATIENCE: i64 = 3600;

/// Where the story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chapter {
    /// Both examples start.
    First,
    /// A new version is on its way on both.
    Update,
    /// The blue-green rollout waits since then.
    Preview(Time),
    /// It is promoted.
    Promoted,
}

/// The story.
#[derive(Debug)]
pub(super) struct Demo {
    chapter: Chapter,
    began: Time,
}

/// What the demo does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Tells something.
    Say(String),
    /// Sets this image on both rollouts.
    SetImages(&'static str),
    /// Promotes a rollout.
    Promote(&'static str),
    /// The story is over, well or badly.
    End(Result<String, String>),
}

impl Demo {
    pub(super) const fn new(now: Time) -> Self {
        Self {
            chapter: Chapter::First,
            began: now,
        }
    }

    /// What follows from `views` at `now`; `None` while there is nothing to do but wait.
    pub(super) fn next(&mut self, views: &[RolloutView], now: Time) -> Option<Action> {
        let [canary, blue_green] = NAMES.map(|name| views.iter().find(|view| view.name == name));
        let (canary, blue_green) = (canary?, blue_green?);
        for view in [canary, blue_green] {
            if view.status == "Degraded" {
                let text = format!("the demo ends: {} is Degraded: {}", view.name, view.message);
                return Some(Action::End(Err(text)));
            }
        }
        if now.seconds_since(self.began) > PATIENCE {
            let text = "the demo ends: it is not done after an hour of the cluster's time";
            return Some(Action::End(Err(text.to_owned())));
        }
        let healthy = |view: &RolloutView| view.status == "Healthy";
        match self.chapter {
            Chapter::First if healthy(canary) && healthy(blue_green) => {
                self.chapter = Chapter::Update;
                Some(Action::SetImages(IMAGE))
            }
            Chapter::Update if previews(blue_green) => {
                self.chapter = Chapter::Preview(now);
                Some(Action::Say(format!(
                    "{} waits: preview is the new version, active the old one; \
                     the demo promotes it in {LOOK} s",
                    blue_green.name
                )))
            }
            Chapter::Preview(since) if now.seconds_since(since) >= LOOK => {
                self.chapter = Chapter::Promoted;
                Some(Action::Promote(NAMES[1]))
            }
            Chapter::Promoted if is_over(canary) && is_over(blue_green) => {
                Some(Action::End(Ok(format!("both rollouts run {IMAGE}"))))
            }
            Chapter::First | Chapter::Update | Chapter::Preview(_) | Chapter::Promoted => None,
        }
    }
}

/// Whether it waits with the new version ready behind the preview Service.
fn previews(view: &RolloutView) -> bool {
    let mut sets = view.replica_sets();
    view.status == "Paused"
        && sets.any(|set| set.is("preview") && set.available >= view.replicas.desired)
}

/// Whether only the new version is left, and all is well.
fn is_over(view: &RolloutView) -> bool {
    let mut running = view.replica_sets().filter(|set| set.replicas > 0);
    let only_new = running.all(|set| set.images.iter().all(|image| image == IMAGE));
    view.status == "Healthy" && only_new && is_at_rest(view)
}
