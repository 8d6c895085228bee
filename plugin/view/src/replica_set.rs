//! ReplicaSets of a Rollout: role, health, pods.
//!
//! Source: `compat/cli.md` §2 "RS tags", "RS health", "RS order".

use crds::{Time, names, rollout::RolloutSpec, rollout::RolloutStatus};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::icons;
use crate::objects::{annotation, created, is_owned_by, items, label, number, text};
use crate::pod::PodView;

/// A ReplicaSet and its pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaSetView {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Time>,
    /// The revision it stands for; 0 when it has none.
    pub revision: i64,
    /// `Healthy`, `Progressing`, `ScaledDown` or `ReplicaFailure`.
    pub status: &'static str,
    /// The sign of `status`.
    pub icon: &'static str,
    /// Its roles in the order they are shown: `stable`, one of `canary`, `active`, `preview`,
    /// then `ping` or `pong`.
    pub tags: Vec<&'static str>,
    /// Pods it has.
    pub replicas: i64,
    /// Of them available.
    pub available: i64,
    /// Images of its containers, in their order.
    pub images: Vec<String>,
    /// When it will be scaled to zero, if that is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_deadline: Option<Time>,
    /// Its pods, oldest first.
    pub pods: Vec<PodView>,
}

impl ReplicaSetView {
    pub(crate) fn new(
        replica_set: &Value,
        spec: &RolloutSpec,
        rollout_status: &RolloutStatus,
        pods: &[Value],
    ) -> Self {
        let uid = text(replica_set, "/metadata/uid");
        let mut own: Vec<PodView> = pods
            .iter()
            .filter(|pod| is_owned_by(pod, uid))
            .map(PodView::new)
            .collect();
        own.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        let status = health(replica_set);
        Self {
            name: text(replica_set, "/metadata/name").to_owned(),
            created: created(replica_set),
            revision: revision(replica_set),
            status,
            icon: icons::of_status(status),
            tags: tags(
                label(replica_set, names::POD_TEMPLATE_HASH).unwrap_or_default(),
                spec,
                rollout_status,
            ),
            replicas: number(replica_set, "/status/replicas"),
            available: number(replica_set, "/status/availableReplicas"),
            images: items(replica_set, "/spec/template/spec/containers")
                .iter()
                .map(|container| text(container, "/image").to_owned())
                .collect(),
            scale_down_deadline: annotation(replica_set, names::SCALE_DOWN_DEADLINE)
                .and_then(|deadline| Time::parse(deadline).ok()),
            pods: own,
        }
    }

    /// Whether it has this role.
    #[must_use]
    pub fn is(&self, tag: &str) -> bool {
        self.tags.contains(&tag)
    }
}

/// The revision in the annotation of a Rollout's child; 0 when absent or not a number.
pub(crate) fn revision(object: &Value) -> i64 {
    annotation(object, names::REVISION)
        .and_then(|revision| revision.parse().ok())
        .unwrap_or(0)
}

fn health(replica_set: &Value) -> &'static str {
    let wanted = replica_set
        .pointer("/spec/replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1);
    let failed = items(replica_set, "/status/conditions")
        .iter()
        .any(|condition| {
            text(condition, "/type") == "ReplicaFailure" && text(condition, "/status") == "True"
        });
    let unseen = number(replica_set, "/metadata/generation")
        > number(replica_set, "/status/observedGeneration");
    if unseen {
        "Progressing"
    } else if failed {
        "ReplicaFailure"
    } else if number(replica_set, "/status/availableReplicas") < wanted {
        "Progressing"
    } else if wanted == 0 {
        "ScaledDown"
    } else {
        "Healthy"
    }
}

/// Roles of the ReplicaSet with this hash label. A ReplicaSet without the label counts as having
/// an empty one, which equals an empty field of the status.
fn tags(hash: &str, spec: &RolloutSpec, status: &RolloutStatus) -> Vec<&'static str> {
    let is = |field: &Option<String>| field.as_deref().unwrap_or_default() == hash;
    let mut tags = Vec::new();
    if is(&status.stable_rs) {
        tags.push("stable");
    }
    if spec.strategy.blue_green.is_some() {
        if is(&status.blue_green.active_selector) {
            tags.push("active");
        } else if is(&status.blue_green.preview_selector) {
            tags.push("preview");
        }
        return tags;
    }
    if spec.strategy.canary.is_some() {
        if tags.is_empty() && is(&status.current_pod_hash) {
            tags.push("canary");
        }
        let role = status.canary.stable_ping_pong.as_deref();
        let (of_stable, of_canary) = match role {
            Some("ping") => ("ping", "pong"),
            Some("pong") => ("pong", "ping"),
            _ => return tags,
        };
        match tags.first() {
            Some(&"stable") => tags.push(of_stable),
            Some(_) => tags.push(of_canary),
            None => {}
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_follows_from_the_hash_label_and_the_status() {
        let canary = json!({"strategy": {"canary": {}}});
        let blue_green = json!({"strategy": {"blueGreen": {"activeService": "a"}}});
        for (spec, status, hash, expected) in [
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "c"}),
                "s",
                vec!["stable"],
            ),
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "c"}),
                "c",
                vec!["canary"],
            ),
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "s"}),
                "s",
                vec!["stable"],
            ),
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "c"}),
                "o",
                vec![],
            ),
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "c"}),
                "",
                vec![],
            ),
            (&canary, json!({"currentPodHash": "c"}), "", vec!["stable"]),
            (
                &canary,
                json!({"stableRS": "s", "currentPodHash": "c",
                       "canary": {"stablePingPong": "pong"}}),
                "c",
                vec!["canary", "ping"],
            ),
            (
                &blue_green,
                json!({"stableRS": "s", "blueGreen": {"activeSelector": "s", "previewSelector": "p"}}),
                "s",
                vec!["stable", "active"],
            ),
            (
                &blue_green,
                json!({"stableRS": "s", "blueGreen": {"activeSelector": "s", "previewSelector": "p"}}),
                "p",
                vec!["preview"],
            ),
            (
                &blue_green,
                json!({"stableRS": "s", "blueGreen": {"activeSelector": "p", "previewSelector": "p"}}),
                "p",
                vec!["active"],
            ),
        ] {
            let spec: RolloutSpec = serde_json::from_value(spec.clone()).unwrap();
            let parsed: RolloutStatus = serde_json::from_value(status.clone()).unwrap();
            assert_eq!(tags(hash, &spec, &parsed), expected, "{hash} {status}");
        }
    }

    #[test]
    fn health_looks_at_generation_failure_availability_and_size_in_this_order() {
        let failure = json!([{"type": "ReplicaFailure", "status": "True"}]);
        for (generation, observed, conditions, wanted, available, expected) in [
            (2, 1, failure.clone(), 3, 3, "Progressing"),
            (2, 2, failure, 3, 1, "ReplicaFailure"),
            (2, 2, json!([]), 3, 2, "Progressing"),
            (2, 2, json!([]), 0, 0, "ScaledDown"),
            (2, 2, json!([]), 3, 3, "Healthy"),
        ] {
            let replica_set = json!({
                "metadata": {"generation": generation},
                "spec": {"replicas": wanted},
                "status": {"observedGeneration": observed, "availableReplicas": available,
                           "conditions": conditions},
            });
            assert_eq!(health(&replica_set), expected, "{replica_set}");
        }
    }
}
