//! `set image`.

use serde_json::Value;

use super::{dry_suffix, usage, write};
use crate::args::SetImage;
use crate::failure::{Failure, is_conflict};
use crate::name::Name;
use crate::output::Output;
use crate::requests::{self, Body, Write};
use crate::session::Session;

/// How often a write is tried when the object changes meanwhile.
const ATTEMPTS: usize = 5;

/// `set image R CONTAINER=IMAGE`.
pub(super) async fn set_image(
    session: &Session,
    args: &SetImage,
    output: &mut Output,
) -> Result<(), Failure> {
    let (name, container, image) = words(session.name, args)?;
    for attempt in 1.. {
        let rollout = session.get(&session.rollout_path(name)).await?;
        let (kind, changed, path, mut object) = match workload(&rollout) {
            None => (
                "rollout",
                name.to_owned(),
                session.rollout_path(name),
                rollout,
            ),
            Some(workload) => {
                let namespace = &session.namespace;
                let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{workload}");
                let object = session.get(&path).await?;
                ("deployment", workload, path, object)
            }
        };
        requests::set_image(&mut object, container, image)
            .map_err(|error| Failure::Error(error.to_string()))?;
        let update = Write {
            path,
            body: Body::Replace(object),
        };
        match write(session, update, args.dry_run, output).await {
            Err(error) if is_conflict(&error) && attempt < ATTEMPTS => {}
            answer => {
                drop(answer?);
                let suffix = dry_suffix(args.dry_run);
                output.print(&format!("{kind} \"{changed}\" image updated{suffix}\n"))?;
                break;
            }
        }
    }
    Ok(())
}

/// The name of the rollout, the container and the image.
pub(super) fn words(name: Name, args: &SetImage) -> Result<(&str, &str, &str), Failure> {
    if let [rollout, assignment] = args.words.as_slice()
        && let Some((container, image)) = assignment.split_once('=')
        && !image.contains('=')
    {
        return Ok((rollout, container, image));
    }
    Err(usage(name, &["set", "image"]))
}

/// The name of the workload that a Rollout refers to.
fn workload(rollout: &Value) -> Option<String> {
    let name = rollout.pointer("/spec/workloadRef/name")?.as_str()?;
    Some(name.to_owned())
}
