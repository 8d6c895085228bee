//! `promote`.

use super::{dry_suffix, only, write};
use crate::args::Promote;
use crate::failure::{Failure, is_not_found};
use crate::output::Output;
use crate::requests::{self, PromoteMode, Target, Write};
use crate::session::{Session, decode};

/// `promote R`.
pub(super) async fn promote(
    session: &Session,
    args: &Promote,
    output: &mut Output,
) -> Result<(), Failure> {
    let name = only(&args.names, session.name, &["promote"])?;
    let mode = mode(args)?;
    for (used, flag, instead) in [
        (
            args.skip_current_step,
            "skip-current-step",
            "promote without flags",
        ),
        (args.skip_all_steps, "skip-all-steps", "--full"),
    ] {
        if used {
            output.remark(&format!(
                "Flag --{flag} has been deprecated, use {instead} instead\n"
            ));
        }
    }
    let path = session.rollout_path(name);
    let rollout = decode(&session.get(&path).await?, name)?;
    let patches = requests::promote(&rollout, mode).map_err(Failure::Error)?;
    let mut spec = patches.spec;
    if let Some(status) = patches.status {
        let patch = Write::merge(&path, Target::Status, status);
        match write(session, patch, args.dry_run, output).await {
            // A kind without the status subresource: the object itself takes all of it.
            Err(error) if is_not_found(&error) => spec = patches.unified,
            answer => drop(answer?),
        }
    }
    if let Some(spec) = spec {
        let patch = Write::merge(&path, Target::Main, spec);
        write(session, patch, args.dry_run, output).await?;
    }
    let done = if mode == PromoteMode::Full {
        "fully promoted"
    } else {
        "promoted"
    };
    let suffix = dry_suffix(args.dry_run);
    output.print(&format!("rollout '{name}' {done}{suffix}\n"))?;
    Ok(())
}

/// How far the flags say to promote.
pub(super) fn mode(args: &Promote) -> Result<PromoteMode, Failure> {
    match (args.skip_current_step, args.skip_all_steps, args.full) {
        (true, true, _) => Err(Failure::error(
            "Cannot use skip-current-step and skip-all-steps flags at the same time",
        )),
        (true, false, _) => Ok(PromoteMode::SkipCurrentStep),
        (false, true, _) => Ok(PromoteMode::SkipAllSteps),
        (false, false, true) => Ok(PromoteMode::Full),
        (false, false, false) => Ok(PromoteMode::Once),
    }
}
