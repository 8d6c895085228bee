//! `explain`: what a rollout waits on, and the one thing that releases it.

use crate::since::human_duration;
use crate::steps::StepState;
use crate::text::Style;
use crate::{PodView, ReplicaSetView, RolloutView};

/// The text of `explain`, ending with a line break.
#[must_use]
pub fn explain_text(view: &RolloutView, style: Style) -> String {
    let mut text = format!(
        "{} {} is {}",
        style.paint(view.icon, view.icon),
        view.name,
        view.status
    );
    if !view.message.is_empty() {
        text.push_str(&format!(": {}", view.message));
    }
    text.push('\n');
    let Some(waiting) = &view.waiting_on else {
        text.push_str("It waits on nothing.\n");
        return style.finish(text);
    };
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("{key:<14}{value}\n"));
        }
    };
    let ago = |since: crds::Time| {
        let lasted = human_duration(view.now.seconds_since(since).max(0));
        format!("{since} ({lasted} ago)")
    };
    let left = |until: crds::Time| {
        let left = human_duration(until.seconds_since(view.now).max(0));
        format!("{until} ({left} left)")
    };
    line("Waiting on:", Some(waiting.reason.clone()));
    line("  Object:", waiting.object.clone());
    line("  Seen:", waiting.seen.clone());
    line("  Needed:", waiting.needed.clone());
    line("  Since:", waiting.since.map(ago));
    line("  Until:", waiting.until.map(left));
    let step = view.steps.iter().find(|step| step.state == StepState::Now);
    line(
        "  Step:",
        step.map(|step| format!("{} of {}, {}", step.index + 1, view.steps.len(), step.text)),
    );
    line("Released by:", waiting.release.clone());
    line("  Fix:", waiting.fix_in_words().map(str::to_owned));
    line("  Command:", waiting.command.clone());
    for pod in troubled(view) {
        line(
            "Trouble:",
            Some(format!(
                "pod {}: {}, ready {}",
                pod.name, pod.status, pod.ready
            )),
        );
    }
    style.finish(text)
}

/// Pods that will not become ready by waiting alone, most telling first.
fn troubled(view: &RolloutView) -> impl Iterator<Item = &PodView> {
    view.replica_sets()
        .flat_map(|set: &ReplicaSetView| set.pods.iter())
        .filter(|pod| matches!(pod.icon, "⚠" | "✖"))
        .take(5)
}
