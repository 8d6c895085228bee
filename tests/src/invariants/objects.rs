//! S16 and S17: one ReplicaSet per revision, and hands off what is not ours.

use serde_json::Value;

use super::{Checker, Step};
use crate::history::{Actor, Request};
use crate::reading::{
    HASH, MANAGED_BY, annotation, controller_uid, hash, name, namespace, replica_sets, text, uid,
};

/// S16: at most one ReplicaSet per Rollout and revision, and none that means what another one
/// already means.
pub(super) struct ExactlyOnce;

impl Checker for ExactlyOnce {
    fn id(&self) -> &'static str {
        "S16"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if !step.is_ours("replicasets") || step.commit.before.is_some() {
            return None;
        }
        let rollout = step.owner()?;
        let new = step.commit.after.as_deref()?;
        let twin = replica_sets(step.after, rollout)
            .into_iter()
            .filter(|set| uid(set) != uid(new))
            .find(|set| hash(set) == hash(new) || meaning(set) == meaning(new))?;
        Some(format!(
            "{} was created although {} is the same revision",
            name(new),
            name(twin)
        ))
    }
}

/// The pod template without the label that names the revision.
fn meaning(set: &Value) -> Value {
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
    if let Some(labels) = template
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.remove(HASH);
    }
    template
}

/// Whether a write gives back a Service that no Rollout names any more: the mark and our selector
/// key go, and nothing else changes.
///
/// Source: `compat/traffic.md` §1.
fn is_given_back(step: &Step<'_>) -> bool {
    let (Some(before), Some(after)) = (&step.commit.before, &step.commit.after) else {
        return false;
    };
    let manager = annotation(before, MANAGED_BY);
    if manager.is_empty() {
        return false;
    }
    let without_ours = |service: &Value| {
        let mut selector = service
            .pointer("/spec/selector")
            .cloned()
            .unwrap_or_default();
        if let Some(selector) = selector.as_object_mut() {
            selector.remove(HASH);
        }
        selector
    };
    let selector = after.pointer("/spec/selector").cloned().unwrap_or_default();
    annotation(after, MANAGED_BY).is_empty() && selector == without_ours(before)
}

/// S17: writes only to ReplicaSets that our Rollout controls (or adopts) and to Services that a
/// Rollout names and nobody else manages; removals carry uid and resourceVersion.
pub(super) struct Ownership;

impl Checker for Ownership {
    fn id(&self) -> &'static str {
        "S17"
    }

    fn see(&mut self, step: &Step<'_>) -> Option<String> {
        if step.commit.actor != Actor::Controller {
            return None;
        }
        let object = step.commit.object()?;
        match step.commit.resource() {
            "rollouts" | "events" | "leases" => None,
            "replicasets" => {
                let owner = |object: Option<&Value>| {
                    object.is_some_and(|object| {
                        step.before
                            .list("rollouts")
                            .any(|rollout| uid(rollout) == controller_uid(object))
                    })
                };
                let before = step.commit.before.as_deref();
                let foreign = before.is_some_and(|before| {
                    !controller_uid(before).is_empty() && !owner(Some(before))
                });
                if foreign {
                    return Some(format!("{} belongs to somebody else", name(object)));
                }
                let ours = owner(before) || owner(step.commit.after.as_deref());
                (!ours).then(|| format!("{} belongs to no Rollout", name(object)))
            }
            "services" => {
                let named_by = step.before.list("rollouts").find(|rollout| {
                    namespace(rollout) == namespace(object) && names_service(rollout, name(object))
                });
                let Some(rollout) = named_by else {
                    if is_given_back(step) {
                        return None;
                    }
                    return Some(format!("service {} is named by no Rollout", name(object)));
                };
                let manager = step
                    .commit
                    .before
                    .as_deref()
                    .map_or("", |before| annotation(before, MANAGED_BY));
                let foreign = !manager.is_empty()
                    && !step.before.list("rollouts").any(|rollout| {
                        name(rollout) == manager && names_service(rollout, name(object))
                    });
                foreign.then(|| {
                    format!(
                        "service {} is managed by {manager}, not by {}",
                        name(object),
                        name(rollout)
                    )
                })
            }
            other => Some(format!("{other} {} is none of ours", name(object))),
        }
    }

    fn see_request(&mut self, request: &Request) -> Option<String> {
        if request.actor != Actor::Controller || request.method != "DELETE" {
            return None;
        }
        let conditions = ["uid", "resourceVersion"];
        let missing = conditions
            .iter()
            .find(|key| text(&request.body, &format!("/preconditions/{key}")).is_empty())?;
        Some(format!("DELETE {} without {missing}", request.path))
    }
}

fn names_service(rollout: &Value, service: &str) -> bool {
    [
        "/spec/strategy/blueGreen/activeService",
        "/spec/strategy/blueGreen/previewService",
        "/spec/strategy/canary/stableService",
        "/spec/strategy/canary/canaryService",
    ]
    .iter()
    .any(|field| text(rollout, field) == service)
}
