//! S16 and S17: one ReplicaSet per revision, and hands off what is not ours.

use crate::history::{Changed, Kind, Pair, Request, Verb};
use crate::judge::{Checker, Step};
use crate::vocabulary::{ReplicaSet, Service, Spec, Strategy, Uid};
use crate::world::World;

/// S16: at most one ReplicaSet per Rollout and revision, and none that means what another one
/// already means.
#[derive(Clone)]
pub(crate) struct ExactlyOnce;

impl Checker for ExactlyOnce {
    fn id(&self) -> &'static str {
        "S16"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        let pair = step.set().filter(|_| step.is_ours())?;
        let new = pair.after.as_deref().filter(|_| pair.before.is_none())?;
        if step.is_overtaken(new.owner?) {
            return None;
        }
        let twin = step.world.sets_of(new.owner?).iter().find(|set| {
            set.uid != new.uid && (set.hash == new.hash || set.template == new.template)
        })?;
        Some(format!(
            "{} was created although {} is the same revision",
            new.name, twin.name
        ))
    }
}

/// S17: writes only to ReplicaSets that our Rollout controls (or adopts) and to Services that a
/// Rollout names and nobody else manages; removals carry uid and resourceVersion.
#[derive(Clone)]
pub(crate) struct Ownership;

impl Checker for Ownership {
    fn id(&self) -> &'static str {
        "S17"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if !step.is_ours() {
            return None;
        }
        match &step.change.what {
            Changed::Rollout(_) | Changed::Bookkeeping => None,
            Changed::ReplicaSet(pair) => {
                // Nobody sees a removal before it is there; the garbage collector takes what is left.
                let may_be_gone = step.change.decided_on.is_some();
                foreign_set(step.world, pair, may_be_gone)
            }
            Changed::Service(pair) => {
                // A Rollout that named it a moment ago may have been changed or removed since.
                let mut writers = step.world.known_rollouts();
                if writers.any(|rollout| step.is_overtaken(rollout)) {
                    return None;
                }
                foreign_service(step, pair)
            }
            Changed::Pod(_) => Some("a pod is none of ours".to_owned()),
            Changed::Other { resource, name } => Some(format!("{resource} {name} is none of ours")),
        }
    }

    fn see_request(&mut self, request: &Request, _world: &World) -> Option<String> {
        let is_removal = request.actor.is_controller() && request.verb == Verb::Delete;
        if !is_removal || request.kind == Kind::Bookkeeping {
            return None;
        }
        let missing = match (request.on_uid, request.on_version) {
            (true, Some(_)) => return None,
            (true, None) => "resourceVersion",
            (false, _) => "uid",
        };
        let name = &request.name;
        Some(format!("{name} was to be deleted without {missing}"))
    }
}

fn foreign_set(world: &World, pair: &Pair<ReplicaSet>, may_be_gone: bool) -> Option<String> {
    let is_rollout =
        |uid: Uid| world.rollout(uid).is_some() || (may_be_gone && world.was_rollout(uid));
    let is_ours = |set: &ReplicaSet| set.owner.is_some_and(is_rollout);
    let set = pair.any()?;
    let before = pair.before.as_deref();
    if before.is_some_and(|before| before.owner.is_some() && !is_ours(before)) {
        return Some(format!("{} belongs to somebody else", set.name));
    }
    let ours = before.is_some_and(is_ours) || pair.after.as_deref().is_some_and(is_ours);
    (!ours).then(|| format!("{} belongs to no Rollout", set.name))
}

fn foreign_service(step: &Step<'_>, pair: &Pair<Service>) -> Option<String> {
    let service = pair.any()?;
    let name = &service.name;
    let mut here = step.world.rollouts().iter().filter(|rollout| {
        let mut specs = step.specs(rollout.uid);
        rollout.namespace == service.namespace && specs.any(|spec| names_service(spec, name))
    });
    let manager = pair.before.as_deref().map(|before| &before.managed_by);
    let manager = manager.filter(|manager| !manager.is_empty());
    let Some(rollout) = here.clone().next() else {
        let may_be = is_given_back(pair) || is_sent_back(step, pair);
        return (!may_be).then(|| format!("service {name} is named by no Rollout"));
    };
    let manager = manager.filter(|manager| here.all(|rollout| rollout.name != **manager))?;
    let rollout = &rollout.name;
    Some(format!(
        "service {name} is managed by {manager}, not by {rollout}"
    ))
}

/// Whether a write gives back a Service that no Rollout names any more: the mark and our selector
/// key go, and nothing else changes.
///
/// Source: `compat/traffic.md` §1.
fn is_given_back(pair: &Pair<Service>) -> bool {
    let Some((before, after)) = pair.both() else {
        return false;
    };
    let nothing_left = after.managed_by.is_empty() && after.selects.is_empty();
    !before.managed_by.is_empty() && nothing_left && before.foreign == after.foreign
}

/// Whether a write sends users of a Service that a Rollout switches back to its stable version, where
/// two strategies are written and an abort is in force: that is not held up by an invalid spec (S14).
fn is_sent_back(step: &Step<'_>, pair: &Pair<Service>) -> bool {
    let Some((before, after)) = pair.both() else {
        return false;
    };
    let mut rollouts = step.world.rollouts().iter();
    let manager = rollouts
        .find(|rollout| rollout.name == before.managed_by && rollout.namespace == before.namespace);
    manager.is_some_and(|rollout| {
        let mut specs = step.specs(rollout.uid);
        rollout.status.abort
            && specs.any(|spec| spec.strategy == Strategy::Invalid)
            && after.managed_by == before.managed_by
            && after.selects == rollout.status.stable
            && after.foreign == before.foreign
    })
}

fn names_service(spec: &Spec, service: &str) -> bool {
    match &spec.strategy {
        Strategy::BlueGreen(it) => {
            &*it.active_service == service || &*it.preview_service == service
        }
        Strategy::Canary(it) => &*it.stable_service == service || &*it.canary_service == service,
        Strategy::Invalid => false,
    }
}
