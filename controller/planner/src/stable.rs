//! Which version is stable: what status says, and what the objects say where status does not.
//!
//! `status.stableRS` is empty before the first deployment, and when somebody wiped the status. The
//! two are told apart by what is there: where users are on a version already it is no first
//! deployment, and nothing becomes stable because a note of it is missing.
//!
//! Source: safety.md F21, `docs/decisions/0010`.

use crds::names::POD_TEMPLATE_HASH;

use crate::revisions::{Deadline, Found};
use crate::{Observed, ReplicaSet, ServiceState};

/// The label of the stable version; `None` before the first deployment. `all` are the ReplicaSets
/// of the rollout.
pub(crate) fn label<'a>(
    observed: &'a Observed,
    new: &Found<'a>,
    all: &[&'a ReplicaSet],
) -> Option<&'a str> {
    let status = observed.rollout.status.as_ref();
    let written = status.and_then(|status| status.stable_rs.as_deref());
    written
        .filter(|label| !label.is_empty())
        .or_else(|| serving(observed, new, all))
}

/// The version that users are on: what the active Service selects; else the oldest revision beside
/// the new one that has pods. Later ones may be updates that were never finished.
fn serving<'a>(observed: &'a Observed, new: &Found<'a>, all: &[&'a ReplicaSet]) -> Option<&'a str> {
    let with_pods = || {
        let all = all.iter().copied();
        all.filter(|rs| rs.replicas > 0 && !rs.hash.is_empty())
    };
    let active = active_label(observed);
    let selected = with_pods().find(|rs| active == Some(rs.hash.as_str()));
    let is_new = |rs: &ReplicaSet| matches!(new, Found::Yes(new) if new.uid == rs.uid);
    let older = with_pods().filter(|rs| !is_new(rs));
    let oldest = older.min_by_key(|rs| {
        // A deadline marks what an update has left behind.
        let is_left = rs.scale_down_deadline() != Deadline::None;
        let revision = rs.revision().unwrap_or(i64::MAX);
        (is_left, revision, rs.created, &rs.name)
    });
    selected.or(oldest).map(|rs| rs.hash.as_str())
}

fn active_label(observed: &Observed) -> Option<&str> {
    let blue_green = observed.rollout.spec.strategy.blue_green.as_ref()?;
    match observed.services.get(&blue_green.active_service)? {
        ServiceState::Found(service) => service.selector.get(POD_TEMPLATE_HASH).map(String::as_str),
        ServiceState::NotFound => None,
    }
}
