//! The one thing a rollout waits on, and the command that releases it.

use crds::reading::Phase;
use crds::rollout::status::{RolloutStatus, WaitingOnStatus};
use crds::{Rollout, Time};
use schemars::JsonSchema;
use serde::Serialize;

use crate::steps::{StepState, StepView};

/// What a rollout waits on.
///
/// It is the controller's own word (`status.waitingOn`) when there is one for the current
/// generation; else what follows from the status that any controller of this API writes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingView {
    /// One word, e.g. `Promotion`, `Pods`, `PauseEnd`, `InvalidSpec`, `Retry`.
    pub reason: String,
    /// The object or the path of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What would have to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Until when, for a wait that ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Who or what releases it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What to change, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The command that releases it, ready to copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl WaitingView {
    /// What to change; `None` where that is no more than the command.
    #[must_use]
    pub fn fix_in_words(&self) -> Option<&str> {
        let fix = self.fix.as_deref()?;
        (self.command.is_none() || !fix.starts_with("kubectl ")).then_some(fix)
    }
}

/// What `rollout` waits on; `None` when it is at its end and healthy.
pub(crate) fn waiting(
    rollout: &Rollout,
    phase: (Phase, &str),
    steps: &[StepView],
) -> Option<WaitingView> {
    let nothing = RolloutStatus::default();
    let status = rollout.status.as_ref().unwrap_or(&nothing);
    let until = steps
        .iter()
        .find(|step| step.state == StepState::Now)
        .and_then(|step| step.until);
    let mut view = match unobserved(rollout, status) {
        Some(view) => view,
        None => match &status.waiting_on {
            Some(said) => WaitingView {
                until,
                ..said_by_controller(said)
            },
            None => derived(rollout, status, phase, until)?,
        },
    };
    view.command = command(rollout, &view);
    Some(view)
}

/// The controller has not seen the latest spec.
fn unobserved(rollout: &Rollout, status: &RolloutStatus) -> Option<WaitingView> {
    let generation = rollout.metadata.generation.unwrap_or(0);
    let observed = status
        .observed_generation
        .as_ref()
        .and_then(|observed| observed.number());
    let never = rollout.status.is_none() || observed.is_some_and(|observed| observed < 0);
    let behind = observed.is_some_and(|observed| observed < generation);
    (never || behind).then(|| WaitingView {
        reason: "Controller".to_owned(),
        object: Some("rollouts-controller".to_owned()),
        seen: Some(match observed {
            Some(observed) if observed >= 0 => format!("generation {observed}"),
            _ => "no generation yet".to_owned(),
        }),
        needed: Some(format!("generation {generation}")),
        release: Some("the controller, as soon as it has seen the latest spec".to_owned()),
        fix: Some("if this lasts, check that the controller runs".to_owned()),
        ..WaitingView::default()
    })
}

fn said_by_controller(said: &WaitingOnStatus) -> WaitingView {
    let WaitingOnStatus {
        reason,
        object,
        seen,
        needed,
        since,
        release,
        fix,
    } = said.clone();
    WaitingView {
        reason,
        object,
        seen,
        needed,
        since,
        release,
        fix,
        until: None,
        command: None,
    }
}

/// What the status says without `waitingOn`.
fn derived(
    rollout: &Rollout,
    status: &RolloutStatus,
    (phase, message): (Phase, &str),
    until: Option<Time>,
) -> Option<WaitingView> {
    let on = |reason: &str, release: &str| WaitingView {
        reason: reason.to_owned(),
        object: Some(format!(
            "Rollout/{}",
            rollout.metadata.name.as_deref().unwrap_or_default()
        )),
        seen: Some(message.to_owned()).filter(|message| !message.is_empty()),
        release: Some(release.to_owned()),
        ..WaitingView::default()
    };
    if phase == Phase::Healthy {
        return None;
    }
    if status
        .conditions
        .iter()
        .any(|one| one.kind == "InvalidSpec")
    {
        return Some(on("InvalidSpec", "a valid spec"));
    }
    if status.abort {
        return Some(WaitingView {
            since: status.aborted_at,
            ..on("Retry", "a person: a retry, or another template")
        });
    }
    if rollout.spec.paused {
        return Some(on("UserPause", "a person"));
    }
    let Some(pause) = status.pause_conditions.first() else {
        return Some(on("Progress", "pods becoming available"));
    };
    let since = Some(pause.start_time);
    Some(match until {
        Some(end) => WaitingView {
            since,
            until,
            ..on("PauseEnd", &format!("time: {end}"))
        },
        None => WaitingView {
            since,
            ..on("Promotion", "a person")
        },
    })
}

/// The command that releases it, where there is one.
fn command(rollout: &Rollout, view: &WaitingView) -> Option<String> {
    let name = rollout.metadata.name.as_deref().unwrap_or_default();
    let words = match view.reason.as_str() {
        "Promotion" | "PauseEnd" | "UserPause" => format!("kubectl rollouts promote {name}"),
        "Retry" => format!("kubectl rollouts retry rollout {name}"),
        "InvalidSpec" => format!("kubectl edit rollout {name}"),
        _ => return None,
    };
    Some(match rollout.metadata.namespace.as_deref() {
        None | Some("default" | "") => words,
        Some(namespace) => format!("{words} -n {namespace}"),
    })
}
