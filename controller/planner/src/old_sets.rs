//! ReplicaSets that are neither new nor stable: shrinking them, and deleting the oldest.
//!
//! Source: `compat/canary.md` §5.5, `compat/api.md` §10 "History cleanup".

use crds::{defaults, names};

use crate::situation::{Draft, Situation};
use crate::sizes::Bounds;
use crate::{ReplicaSet, ServiceState};

/// Shrinks old ReplicaSets of a canary without a traffic router: first those pods that are not
/// available anyway, then as many available ones as the floor allows, newest revision first.
/// Returns whether one was.
pub(crate) fn shrink<'a>(situation: &Situation<'a>, draft: &mut Draft<'a>, bounds: Bounds) -> bool {
    let others = situation.revisions.others();
    let available: i64 = situation
        .revisions
        .all
        .iter()
        .map(|rs| rs.available())
        .sum();
    let mut moved = false;
    let mut spare = available - bounds.floor();
    for rs in others.into_iter().filter(|rs| rs.spec() > 0) {
        let keep = rs.available();
        let taken = keep.min(spare.max(0));
        spare -= taken;
        moved |= draft.resize(rs, keep - taken);
    }
    moved
}

/// Deletes the oldest ReplicaSets beyond `revisionHistoryLimit`; one that still has pods, or whose
/// last change was not seen yet, or that a Service was seen to select, is left, and no newer one
/// goes in its place.
pub(crate) fn delete_beyond_history(situation: &Situation<'_>, draft: &mut Draft<'_>) {
    let mut others = situation.revisions.others();
    others.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    let limit =
        usize::try_from(defaults::revision_history_limit(situation.spec)).unwrap_or(usize::MAX);
    let beyond = others.len().saturating_sub(limit);
    let is_empty =
        |rs: &&ReplicaSet| rs.replicas == 0 && rs.current_replicas == 0 && rs.is_current();
    let beyond = others.into_iter().take(beyond).filter(is_empty);
    // A switch away from it in this very plan does not count yet.
    for rs in beyond.filter(|rs| !is_selected(situation, rs)) {
        draft.delete(rs);
    }
}

/// Whether one of the Services that the spec names selects it, as seen.
fn is_selected(situation: &Situation<'_>, rs: &ReplicaSet) -> bool {
    situation
        .observed
        .services
        .values()
        .any(|state| match state {
            ServiceState::Found(service) => {
                service.selector.get(names::POD_TEMPLATE_HASH) == Some(&rs.hash)
            }
            ServiceState::NotFound => false,
        })
}
