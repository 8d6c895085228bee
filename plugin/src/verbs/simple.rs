//! `abort`, `retry rollout`, `pause`: one patch a rollout.

use serde_json::Value;

use super::{dry_suffix, write};
use crate::args::Names;
use crate::failure::{Failure, is_not_found};
use crate::output::Output;
use crate::requests::{self, Target, Write};
use crate::session::Session;

/// `abort R…`.
pub(super) async fn abort(
    session: &Session,
    args: &Names,
    output: &mut Output,
) -> Result<(), Failure> {
    let patch = requests::abort();
    each(session, args, output, (Target::Status, patch), "aborted").await
}

/// `retry rollout R…`.
pub(super) async fn retry(
    session: &Session,
    args: &Names,
    output: &mut Output,
) -> Result<(), Failure> {
    let patch = (Target::Status, requests::retry());
    each(session, args, output, patch, "retried").await
}

/// `pause R…`.
pub(super) async fn pause(
    session: &Session,
    args: &Names,
    output: &mut Output,
) -> Result<(), Failure> {
    let patch = (Target::Main, requests::pause());
    each(session, args, output, patch, "paused").await
}

async fn each(
    session: &Session,
    args: &Names,
    output: &mut Output,
    (target, patch): (Target, Value),
    done: &str,
) -> Result<(), Failure> {
    for name in &args.names {
        let place = session.rollout_path(name);
        let first = Write::merge(&place, target, patch.clone());
        let answer = write(session, first, args.dry_run, output).await;
        match answer {
            // A kind without the status subresource: the object itself takes it.
            Err(error) if target == Target::Status && is_not_found(&error) => {
                let whole = Write::merge(&place, Target::Main, patch.clone());
                write(session, whole, args.dry_run, output).await?;
            }
            answer => drop(answer?),
        }
        let suffix = dry_suffix(args.dry_run);
        output.print(&format!("rollout '{name}' {done}{suffix}\n"))?;
    }
    Ok(())
}
