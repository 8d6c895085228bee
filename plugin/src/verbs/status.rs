//! `status`: how it ends, as an exit status.
//!
//! Source: `compat/cli.md` §4.

use crds::reading::{self, Phase};
use crds::{Rollout, defaults};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::get::{document, interrupted, sleep_until};
use super::only;
use crate::args::{Format, StatusArgs, Until};
use crate::failure::Failure;
use crate::name::Name;
use crate::output::Output;
use crate::session::{Session, decode};
use crate::watching::{Kind, Scope, Watching};

/// `status R`.
pub(super) async fn status(
    session: &Session,
    args: &StatusArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let name = only(&args.names, session.name, &["status"])?;
    let first = session.rollout(name).await?;
    if !args.watch || args.output.is_some() {
        return once(&first, args, output);
    }
    let scope = Scope {
        kind: Kind::Rollout,
        name: Some(name.to_owned()),
        everywhere: false,
    };
    let mut watching = Watching::new(session, &[scope]);
    let deadline = (!args.timeout.is_zero()).then(|| Instant::now() + args.timeout);
    let mut end = std::pin::pin!(interrupted());
    let mut line = String::new();
    let mut rollout = first;
    loop {
        let (phase, message) = reading::phase_of(&rollout);
        let now = line_of(phase, &message);
        if now != line {
            output.print(&format!("{now}\n"))?;
            line = now;
        }
        match verdict(session.name, args, &rollout, phase) {
            Verdict::Success => return Ok(()),
            Verdict::Degraded => return Err(degraded(&message)),
            Verdict::Wait => {}
        }
        tokio::select! {
            () = watching.changed() => {}
            () = sleep_until(deadline) => return Err(timed_out()),
            () = &mut end => return Err(timed_out()),
        }
        if let Some(trouble) = watching.take_trouble() {
            output.remark(&format!("warning: {trouble}\n"));
        }
        match watching.all(Kind::Rollout).next() {
            Some(json) => rollout = decode(json, name)?,
            None if watching.is_complete() => {
                let text = format!("rollout.argoproj.io \"{name}\" not found");
                return Err(Failure::Error(text));
            }
            None => {}
        }
    }
}

fn once(rollout: &Rollout, args: &StatusArgs, output: &mut Output) -> Result<(), Failure> {
    let (phase, message) = reading::phase_of(rollout);
    match args.output {
        Some(format @ (Format::Json | Format::Yaml)) => {
            let step = rollout
                .status
                .as_ref()
                .and_then(|now| now.current_step_index);
            let value: Value = json!({
                "name": rollout.metadata.name, "namespace": rollout.metadata.namespace,
                "status": phase.as_str(), "message": message, "currentStepIndex": step,
            });
            output.print(&document(&value, format)?)?;
        }
        Some(Format::Name) => {
            let name = rollout.metadata.name.as_deref().unwrap_or_default();
            output.print(&format!("rollout.argoproj.io/{name}\n"))?;
        }
        Some(Format::Wide) | None => {
            let line = match phase {
                Phase::Healthy | Phase::Degraded => phase.to_string(),
                // The dash stays where there is no message.
                Phase::Progressing | Phase::Paused => format!("{phase} - {message}"),
            };
            output.print(&format!("{line}\n"))?;
        }
    }
    if phase == Phase::Degraded {
        return Err(degraded(&message));
    }
    Ok(())
}

fn line_of(phase: Phase, message: &str) -> String {
    if message.is_empty() {
        phase.to_string()
    } else {
        format!("{phase} - {message}")
    }
}

enum Verdict {
    Success,
    Degraded,
    Wait,
}

fn verdict(name: Name, args: &StatusArgs, rollout: &Rollout, phase: Phase) -> Verdict {
    let status = rollout.status.as_ref();
    let reached = match args.until {
        None | Some(Until::Healthy) => false,
        Some(Until::Paused) => phase == Phase::Paused,
        // The index of a status that does not know the latest spec is that of the last update.
        Some(Until::Step(step)) if knows_the_spec(rollout) => status
            .and_then(|status| status.current_step_index)
            .is_some_and(|index| index >= step),
        Some(Until::Step(_)) => false,
    };
    let gate = args.success_on_pause && phase == Phase::Paused && waits_for_a_person(rollout);
    match phase {
        Phase::Healthy => Verdict::Success,
        // Right after a retry the status still tells of the abort; the known name ends there.
        Phase::Degraded if name == Name::Rollouts && is_being_retried(rollout) => Verdict::Wait,
        Phase::Degraded => Verdict::Degraded,
        Phase::Progressing | Phase::Paused if reached || gate => Verdict::Success,
        Phase::Progressing | Phase::Paused => Verdict::Wait,
    }
}

fn knows_the_spec(rollout: &Rollout) -> bool {
    let status = rollout.status.as_ref();
    let observed = status.and_then(|status| status.observed_generation.as_ref());
    observed
        .and_then(|observed| observed.number())
        .is_none_or(|observed| observed >= rollout.metadata.generation.unwrap_or(0))
}

/// Whether the abort is taken back and the controller has not acted on that yet.
fn is_being_retried(rollout: &Rollout) -> bool {
    rollout
        .status
        .as_ref()
        .is_some_and(|status| !status.abort && status.aborted_at.is_some())
}

/// Whether a pause ends only when a person ends it: a timed step, or a blue-green switch after a
/// number of seconds, does not.
fn waits_for_a_person(rollout: &Rollout) -> bool {
    let spec = &rollout.spec;
    let step = reading::current_step(rollout).and_then(|(_, step)| step.pause.as_ref());
    let timed_step = step.is_some_and(|pause| pause.duration.is_some());
    let blue_green = spec.strategy.blue_green.as_ref();
    let timed_switch =
        blue_green.is_some_and(|one| defaults::auto_promotion_seconds(one).is_some());
    spec.paused || !(timed_step || timed_switch)
}

fn degraded(message: &str) -> Failure {
    Failure::Error(format!(
        "The rollout is in a degraded state with message: {message}"
    ))
}

fn timed_out() -> Failure {
    Failure::error("Rollout status watch exceeded timeout")
}
