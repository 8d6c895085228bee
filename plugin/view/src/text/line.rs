//! One line that says how a rollout is doing, for pipes and logs.

use super::Style;
use crate::rollout_view::RolloutView;

/// Status, step, weight and the available pods of every revision that has some, in one line
/// without a line break. It changes exactly when something changes that a person would want to
/// hear about: it holds no ages.
///
/// `myapp: ॥ Paused (CanaryPauseStep), step 1/7, weight 10, revision 2 canary 1/1, revision 1
/// stable 9/9`
#[must_use]
pub fn change_line(view: &RolloutView, style: Style) -> String {
    let icon = style.paint(view.icon, view.icon);
    let mut text = format!("{}: {icon} {}", view.name, view.status);
    if !view.message.is_empty() {
        text.push_str(&format!(" ({})", view.message));
    }
    if let Some(step) = &view.step {
        text.push_str(&format!(", step {step}"));
    }
    if let (Some(weight), true) = (view.set_weight, view.step.is_some()) {
        text.push_str(&format!(", weight {weight}"));
    }
    for set in view.replica_sets().filter(|set| set.replicas > 0) {
        text.push_str(&format!(", revision {}", set.revision));
        for tag in &set.tags {
            text.push_str(&format!(" {}", style.paint(tag, tag)));
        }
        text.push_str(&format!(" {}/{}", set.available, set.replicas));
    }
    style.finish(text)
}
