//! `undo`.

use crds::label_selector::Selector;
use serde_json::Value;

use super::{dry_suffix, only, write};
use crate::args::Undo;
use crate::failure::{Failure, words};
use crate::output::Output;
use crate::requests::{self, UndoPlan};
use crate::session::{Session, decode};

/// `undo R`.
pub(super) async fn undo(
    session: &Session,
    args: &Undo,
    output: &mut Output,
) -> Result<(), Failure> {
    let name = only(&args.names, session.name, &["undo"])?;
    let json = session.get(&session.rollout_path(name)).await?;
    let selector = decode(&json, name)?.spec.selector.unwrap_or_default();
    let selector = Selector::new(&selector)
        .ok_or_else(|| Failure::error(format!("rollout \"{name}\" has an invalid selector")))?;
    let mut replica_sets = session.list(&session.replica_sets_path()).await?;
    replica_sets.retain(|set| selector.matches(&labels(set)));
    let path = template_path(session, &json, name)?;
    let plan =
        requests::undo(&json, &replica_sets, args.to_revision, &path).map_err(Failure::Error)?;
    let revision = args.to_revision;
    match plan {
        UndoPlan::AlreadyThere => output.print(&format!(
            "skipped rollback (current template already matches revision {revision})"
        ))?,
        UndoPlan::Restore(restore) => {
            write(session, restore, args.dry_run, output)
                .await
                .map_err(|error| {
                    let words = words(&error);
                    Failure::Error(format!("failed restoring revision {revision}: {words}"))
                })?;
            let suffix = dry_suffix(args.dry_run);
            output.print(&format!("rollout '{name}' undo{suffix}\n"))?;
        }
    }
    Ok(())
}

fn labels(object: &Value) -> std::collections::BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").cloned();
    labels
        .and_then(|labels| serde_json::from_value(labels).ok())
        .unwrap_or_default()
}

/// Where the pod template of a Rollout lives.
fn template_path(session: &Session, rollout: &Value, name: &str) -> Result<String, Failure> {
    let Some(reference) = rollout.pointer("/spec/workloadRef") else {
        return Ok(session.rollout_path(name));
    };
    let text = |key| {
        reference
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (kind, workload) = (text("kind"), text("name"));
    let namespace = &session.namespace;
    match kind {
        "Deployment" => Ok(format!(
            "/apis/apps/v1/namespaces/{namespace}/deployments/{workload}"
        )),
        "ReplicaSet" => Ok(format!(
            "/apis/apps/v1/namespaces/{namespace}/replicasets/{workload}"
        )),
        "PodTemplate" => Ok(format!(
            "/api/v1/namespaces/{namespace}/podtemplates/{workload}"
        )),
        _ => Err(Failure::Error(format!(
            "workload of type {kind} is not supported"
        ))),
    }
}
