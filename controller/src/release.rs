//! Services of a Rollout that is gone: they are given back, so that they select all pods again and
//! another Rollout may have them.
//!
//! Source: `compat/traffic.md` §1. Only when the API server itself says that the Rollout does not
//! exist: one that this controller merely does not look at keeps its Services.

use std::sync::Arc;

use crds::names::MANAGED_BY;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Client, ResourceExt};
use planner::Service;

use crate::cache::{Key, Kind};
use crate::execute::{FIELD_MANAGER, services as patches};
use crate::lease::Fence;
use crate::watch::api;

/// Removes our selector key and mark from the Services of the Rollout `key`, if it does not exist.
///
/// # Errors
/// When the API server refuses or does not answer; trying again can help.
pub(crate) async fn release(
    client: Client,
    fence: Fence,
    key: &Key,
    left: Vec<Arc<Service>>,
) -> Result<(), String> {
    let rollouts = api(&client, Kind::Rollout, &key.namespace);
    let rollout = rollouts.get_opt(&key.name).await;
    if rollout.map_err(|error| error.to_string())?.is_some() {
        return Ok(());
    }
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    for service in left {
        if !fence.may_write() {
            return Err("not the leader any more".to_owned());
        }
        let services = api(&client, Kind::Service, &key.namespace);
        // The cache may show it as it was before we gave it back already (safety.md S18).
        let live = services.get_opt(&service.name).await;
        let live = live.map_err(|error| error.to_string())?;
        let is_left = |live: &DynamicObject| live.annotations().get(MANAGED_BY) == Some(&key.name);
        let Some(live) = live.filter(is_left) else {
            continue;
        };
        let patch = patches::give_back(&live.resource_version().unwrap_or_default());
        let written = services
            .patch(&service.name, &params, &Patch::Merge(patch))
            .await;
        written.map_err(|error| error.to_string())?;
        tracing::info!(rollout = %key, service = service.name, "gave back the Service of a deleted Rollout");
    }
    Ok(())
}
