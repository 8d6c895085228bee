//! `get rollout`: a header, and the tree of revisions, ReplicaSets and pods.
//!
//! Source: `compat/cli.md` §5.

use super::Style;
use super::table::table;
use crate::icons;
use crate::images::ImageView;
use crate::pod::PodView;
use crate::replica_set::ReplicaSetView;
use crate::rollout_view::RolloutView;
use crate::since::human_duration;
use crate::steps::{StepState, StepView};
use crds::Time;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Exactly the layout of `compat/cli.md` §5.
    Compat,
    /// The same, with what it waits on and the canary steps.
    #[default]
    Full,
    /// As `Full`, with images, nodes and addresses in the tree.
    Wide,
}

/// The text of `get rollout`, ending with a line break.
#[must_use]
pub fn rollout_text(view: &RolloutView, detail: Detail, style: Style) -> String {
    let mut text = header(view, detail, style);
    text.push('\n');
    text.push_str(&tree(view, detail, style));
    style.finish(text)
}

fn line(text: &mut String, key: &str, value: &str) {
    let padding = " ".repeat(17_usize.saturating_sub(key.len()));
    text.push_str(format!("{key}{padding}{value}").trim_end());
    text.push('\n');
}

fn header(view: &RolloutView, detail: Detail, style: Style) -> String {
    let mut text = String::new();
    let out = &mut text;
    line(out, "Name:", &view.name);
    line(out, "Namespace:", &view.namespace);
    let icon = style.paint(view.icon, view.icon);
    line(out, "Status:", &format!("{icon} {}", view.status));
    if !view.message.is_empty() {
        line(out, "Message:", &view.message);
    }
    if detail != Detail::Compat {
        waiting_lines(out, view);
    }
    line(out, "Strategy:", view.strategy);
    if view.strategy == "Canary" {
        let weight = |weight: Option<i64>| weight.map_or_else(String::new, |one| one.to_string());
        line(out, "  Step:", view.step.as_deref().unwrap_or_default());
        line(out, "  SetWeight:", &weight(view.set_weight));
        line(out, "  ActualWeight:", &weight(view.actual_weight));
        if detail != Detail::Compat {
            for (index, step) in view.steps.iter().enumerate() {
                let key = if index == 0 { "  Steps:" } else { "" };
                line(out, key, &step_line(step, view.now, style));
            }
        }
    }
    for (index, image) in view.images.iter().enumerate() {
        let key = if index == 0 { "Images:" } else { "" };
        line(out, key, &image_line(image, style));
    }
    line(out, "Replicas:", "");
    line(out, "  Desired:", &view.replicas.desired.to_string());
    line(out, "  Current:", &view.replicas.current.to_string());
    line(out, "  Updated:", &view.replicas.updated.to_string());
    line(out, "  Ready:", &view.replicas.ready.to_string());
    line(out, "  Available:", &view.replicas.available.to_string());
    text
}

fn waiting_lines(out: &mut String, view: &RolloutView) {
    let Some(waiting) = &view.waiting_on else {
        return;
    };
    let mut words = waiting.reason.clone();
    if let Some(object) = &waiting.object {
        words.push_str(&format!(" of {object}"));
    }
    if let (Some(seen), Some(needed)) = (&waiting.seen, &waiting.needed) {
        words.push_str(&format!(": {seen}, needs {needed}"));
    }
    if let Some(until) = waiting.until {
        let left = human_duration(until.seconds_since(view.now).max(0));
        words.push_str(&format!(", {left} left"));
    }
    line(out, "Waiting on:", &words);
    if let Some(fix) = waiting.fix_in_words() {
        line(out, "  Fix:", fix);
    }
    if let Some(command) = &waiting.command {
        line(out, "  Released by:", command);
    } else if let Some(release) = &waiting.release {
        line(out, "  Released by:", release);
    }
}

fn step_line(step: &StepView, now: Time, style: Style) -> String {
    let sign = match step.state {
        StepState::Past => "✔",
        StepState::Now => "◌",
        StepState::Next => " ",
    };
    let sign = match step.state {
        StepState::Next => sign.to_owned(),
        StepState::Past | StepState::Now => style.paint(sign, sign),
    };
    let mut text = format!("{sign} {}", step.text);
    if let Some(until) = step.until {
        let left = human_duration(until.seconds_since(now).max(0));
        text.push_str(&format!(" ({left} left)"));
    } else if let Some(since) = step.since {
        let lasted = human_duration(now.seconds_since(since).max(0));
        text.push_str(&format!(" (until promoted; since {lasted})"));
    }
    text
}

fn image_line(image: &ImageView, style: Style) -> String {
    if image.tags.is_empty() {
        return image.image.clone();
    }
    let tags: Vec<String> = image.tags.iter().map(|tag| style.paint(tag, tag)).collect();
    format!("{} ({})", image.image, tags.join(", "))
}

fn age(created: Option<Time>, now: Time) -> String {
    created.map_or_else(String::new, |created| {
        human_duration(now.seconds_since(created))
    })
}

fn tree(view: &RolloutView, detail: Detail, style: Style) -> String {
    let mut rows = vec![
        ["NAME", "KIND", "STATUS", "AGE", "INFO"]
            .map(str::to_owned)
            .to_vec(),
        vec![
            format!("⟳ {}", view.name),
            "Rollout".to_owned(),
            format!("{} {}", style.paint(view.icon, view.icon), view.status),
            age(view.created, view.now),
            String::new(),
        ],
    ];
    for (index, revision) in view.revisions.iter().enumerate() {
        let below = Branch::root().child(index + 1 == view.revisions.len());
        rows.push(vec![format!(
            "{}# revision:{}",
            below.own, revision.revision
        )]);
        for (index, set) in revision.replica_sets.iter().enumerate() {
            let below = below.child(index + 1 == revision.replica_sets.len());
            rows.push(replica_set_row(set, &below, view.now, detail, style));
            for (index, pod) in set.pods.iter().enumerate() {
                let below = below.child(index + 1 == set.pods.len());
                rows.push(pod_row(pod, &below, view.now, detail, style));
            }
        }
    }
    table(&rows)
}

/// The lines before a name: its own, and what its children inherit.
struct Branch {
    own: String,
    inherited: String,
}

impl Branch {
    fn root() -> Self {
        Self {
            own: String::new(),
            inherited: String::new(),
        }
    }

    fn child(&self, last: bool) -> Self {
        let (own, inherited) = if last {
            ("└──", "   ")
        } else {
            ("├──", "│  ")
        };
        Self {
            own: format!("{}{own}", self.inherited),
            inherited: format!("{}{inherited}", self.inherited),
        }
    }
}

fn replica_set_row(
    set: &ReplicaSetView,
    branch: &Branch,
    now: Time,
    detail: Detail,
    style: Style,
) -> Vec<String> {
    let mut info: Vec<String> = set.tags.iter().map(|tag| style.paint(tag, tag)).collect();
    if let Some(deadline) = set.scale_down_deadline {
        let left = deadline.seconds_since(now);
        info.push(if left <= 0 {
            "delay:passed".to_owned()
        } else {
            format!("delay:{}", human_duration(left))
        });
    }
    if detail == Detail::Wide {
        info.extend(set.images.iter().map(|image| format!("image:{image}")));
    }
    let name = match set.tags.last() {
        Some(tag) => style.paint(&set.name, tag),
        None => set.name.clone(),
    };
    vec![
        format!("{}⧉ {name}", branch.own),
        "ReplicaSet".to_owned(),
        format!("{} {}", style.paint(set.icon, set.icon), set.status),
        age(set.created, now),
        info.join(","),
    ]
}

fn pod_row(pod: &PodView, branch: &Branch, now: Time, detail: Detail, style: Style) -> Vec<String> {
    let mut info = vec![format!("ready:{}", pod.ready)];
    if pod.restarts > 0 {
        info.push(format!("restarts:{}", pod.restarts));
    }
    if detail == Detail::Wide {
        for (key, value) in [("ip", &pod.ip), ("node", &pod.node)] {
            if !value.is_empty() {
                info.push(format!("{key}:{value}"));
            }
        }
    }
    vec![
        format!("{}□ {}", branch.own, pod.name),
        "Pod".to_owned(),
        format!(
            "{} {}",
            style.paint(pod.icon, icons::of_pod(&pod.status)),
            pod.status
        ),
        age(pod.created, now),
        info.join(","),
    ]
}
