//! `explain`: what a rollout waits on, and what releases it.

use serde_json::json;
use view::explain::explain_text;

use super::get::{document, read};
use super::only;
use crate::args::{Explain, Format};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

/// `explain R`.
pub(super) async fn explain(
    session: &Session,
    args: &Explain,
    output: &mut Output,
) -> Result<(), Failure> {
    // `explain rollout R` is what users of `kubectl explain` type; both are understood.
    let names = match args.names.as_slice() {
        [kind, rest @ ..] if !rest.is_empty() && matches!(kind.as_str(), "rollout" | "ro") => rest,
        names => names,
    };
    let name = only(names, session.name, &["explain"])?;
    let view = read(session, name).await?;
    let text = match args.output {
        Some(format @ (Format::Json | Format::Yaml)) => document(
            &json!({
                "name": view.name, "namespace": view.namespace, "status": view.status,
                "message": view.message, "waitingOn": view.waiting_on,
            }),
            format,
        )?,
        Some(Format::Name) => format!("rollout.argoproj.io/{}\n", view.name),
        Some(Format::Wide) | None => explain_text(&view, output.style()),
    };
    output.print(&text)?;
    Ok(())
}
