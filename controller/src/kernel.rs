//! Holds every plan against the safety kernel: translates, and turns a plan that breaks a rule into
//! a hold that says why.
//!
//! A hold writes nothing but `status.waitingOn`. The rules themselves are in the crate `safety`.

use std::collections::BTreeMap;

use crds::label_selector::Selector;
use crds::rollout::status::WaitingOnStatus;
use crds::{Rollout, RolloutStatus, defaults, names};
use planner::waiting::SAFETY_HOLD;
use planner::{Action, Now, Observed, Plan, ReplicaSet, ServiceState, Write};
use safety::{Move, Owner, Role, Rule, Service, Set, Strategy, Violation, World};
use serde_json::Value;

use crate::cache::Kind;
use crate::gate::Wrote;

/// A plan that may be carried out.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) plan: Plan,
    /// The rule that the original plan broke; then this plan is a hold.
    pub(crate) held: Option<Rule>,
}

/// The plan itself, or a hold when it breaks a rule. `wrote` are our own last writes for this
/// Rollout.
pub(crate) fn check(observed: &Observed, plan: Plan, now: Now, wrote: &Wrote) -> Checked {
    let rollout = &observed.rollout;
    let moves: Vec<Move> = plan
        .actions
        .iter()
        .filter_map(|action| translate(rollout, &action.write))
        .collect();
    match safety::check(&world(observed, wrote), &moves) {
        Ok(()) => Checked { plan, held: None },
        Err(violation) => {
            let name = rollout.metadata.name.as_deref();
            let Violation {
                rule,
                object,
                seen,
                needed,
            } = &violation;
            tracing::error!(
                rollout = name,
                rule = rule.id(),
                object,
                seen,
                needed,
                "a plan breaks a safety rule and is held"
            );
            Checked {
                held: Some(violation.rule),
                plan: hold(rollout, &violation, plan.wake_at, now),
            }
        }
    }
}

/// The plan that only says why nothing is done.
fn hold(rollout: &Rollout, violation: &Violation, wake_at: Option<Now>, now: Now) -> Plan {
    let old = rollout.status.clone().unwrap_or_default();
    let since = old
        .waiting_on
        .as_ref()
        .filter(|it| it.reason == SAFETY_HOLD && it.object.as_ref() == Some(&violation.object))
        .and_then(|it| it.since);
    let waiting_on = WaitingOnStatus {
        reason: SAFETY_HOLD.to_owned(),
        object: Some(violation.object.clone()),
        seen: Some(violation.seen.clone()),
        needed: Some(violation.needed.clone()),
        since: Some(since.unwrap_or_else(|| now.second())),
        release: Some(format!(
            "what is needed; the write is held by safety rule {}",
            violation.rule.id()
        )),
        fix: Some("report this: the planner must not plan what the kernel holds".to_owned()),
    };
    let status = RolloutStatus {
        waiting_on: Some(waiting_on),
        ..old.clone()
    };
    let action = Action {
        write: Write::WriteStatus {
            status: Box::new(status.clone()),
        },
        events: Vec::new(),
    };
    Plan {
        actions: if status == old {
            Vec::new()
        } else {
            vec![action]
        },
        wake_at,
        waiting_on: None,
    }
}

fn world(observed: &Observed, wrote: &Wrote) -> World {
    let rollout = observed.rollout.as_ref();
    let spec = &rollout.spec;
    let none = RolloutStatus::default();
    let status = rollout.status.as_ref().unwrap_or(&none);
    let label = |label: &Option<String>| label.clone().filter(|label| !label.is_empty());
    let stable = label(&status.stable_rs);
    let strategy = match &spec.strategy.blue_green {
        Some(blue_green) => Strategy::BlueGreen {
            preview: blue_green.preview_replica_count.map(i64::from),
        },
        None => Strategy::Canary {
            surge: defaults::max_surge(spec),
            unavailable: defaults::max_unavailable(spec),
        },
    };
    let selector = spec.selector.as_ref().and_then(Selector::new);
    let set = |rs: &ReplicaSet| Set {
        uid: rs.uid.clone(),
        revision: rs.hash.clone(),
        owner: match rs.owner {
            planner::Owner::Us => Owner::Us,
            planner::Owner::Nobody => Owner::Nobody,
            planner::Owner::Other(_) => Owner::Other,
        },
        selected: selector.as_ref().is_some_and(|it| it.matches(&rs.labels)),
        version: rs.resource_version.clone(),
        wrote: wrote.version(Kind::ReplicaSet, &rs.name),
        spec: i64::from(rs.replicas),
        pods: i64::from(rs.current_replicas),
        available: i64::from(rs.available_replicas),
        current: rs.observed_generation >= rs.generation,
        deleting: rs.deleting,
    };
    // An abort counts until the version it is about is stable, and not against a promotion in full
    // that was asked for after it was acted on.
    let promoted_since = status.promote_full && status.aborted_at.is_some();
    let is_stable = stable.is_some() && stable == label(&status.current_pod_hash);
    let metadata = &rollout.metadata;
    World {
        version: metadata.resource_version.clone().unwrap_or_default(),
        wrote: wrote.version(Kind::Rollout, metadata.name.as_deref().unwrap_or_default()),
        paused: spec.paused,
        replicas: defaults::replicas(spec),
        strategy,
        aborted: status.abort && !promoted_since && !is_stable,
        deleting: metadata.deletion_timestamp.is_some(),
        last_active: label(&status.blue_green.active_selector),
        promotion_needs: promotion_needs(rollout),
        sets: observed
            .replica_sets
            .iter()
            .map(|rs| (rs.name.clone(), set(rs)))
            .collect(),
        services: services(observed, wrote),
        stable,
    }
}

/// Available pods that a version needs to become stable: all, or the threshold of the spec.
fn promotion_needs(rollout: &Rollout) -> i64 {
    let replicas = defaults::replicas(&rollout.spec);
    let canary = rollout.spec.strategy.canary.as_ref();
    let threshold = canary.and_then(|canary| canary.replica_progress_threshold.as_ref());
    let needs = threshold.filter(|it| it.value >= 0).map(|threshold| {
        let value = i64::from(threshold.value);
        match threshold.kind.as_str() {
            // A part of a pod counts as a whole one.
            "Percent" => (value.saturating_mul(replicas).saturating_add(99)) / 100,
            "Pods" => value,
            _ => replicas,
        }
    });
    needs.map_or(replicas, |needs| needs.min(replicas))
}

fn services(observed: &Observed, wrote: &Wrote) -> BTreeMap<String, Service> {
    let rollout = observed.rollout.as_ref();
    let us = rollout.metadata.name.as_deref();
    let blue_green = rollout.spec.strategy.blue_green.as_ref();
    let preview = blue_green.and_then(defaults::preview_service);
    let active = blue_green.map(|it| it.active_service.as_str());
    let canary = rollout.spec.strategy.canary.as_ref();
    // Where both are written nothing but our mark says whether a Service was ever ours to switch.
    let is_ambiguous = blue_green.is_some() && canary.is_some();
    let canary = [
        canary.and_then(|it| it.canary_service.as_deref()),
        canary.and_then(|it| it.stable_service.as_deref()),
    ];
    let refused = observed.failure.as_ref().map(|failure| &failure.object);
    let found = observed
        .services
        .iter()
        .filter_map(|(name, state)| match state {
            ServiceState::Found(service) => Some((name, service)),
            ServiceState::NotFound => None,
        });
    found
        .map(|(name, service)| {
            let is_certain = !is_ambiguous || service.managed_by.as_deref() == us;
            let role = match Some(name.as_str()) {
                name if name == active && is_certain => Role::Active,
                name if name == preview => Role::Preview,
                // Services of a canary send users wherever they select.
                name if canary.contains(&name) => Role::Active,
                _ => Role::Left,
            };
            let selects = service.selector.get(names::POD_TEMPLATE_HASH).cloned();
            let service = Service {
                role,
                owner: match service.managed_by.as_deref() {
                    None | Some("") => Owner::Nobody,
                    manager if manager == us => Owner::Us,
                    Some(_) => Owner::Other,
                },
                version: service.resource_version.clone(),
                wrote: wrote.version(Kind::Service, name),
                refused: refused == Some(&format!("Service/{name}")),
                selects: selects.filter(|hash| !hash.is_empty()),
            };
            (name.clone(), service)
        })
        .collect()
}

/// What a write does to the world; `None` when it does nothing that a rule is about.
fn translate(rollout: &Rollout, write: &Write) -> Option<Move> {
    match write {
        Write::CheckTemplate { .. } | Write::PatchRollout { .. } => None,
        Write::CreateReplicaSet { object } => {
            let text = |pointer: &str| {
                let text = object.pointer(pointer).and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let label = format!("/metadata/labels/{}", names::POD_TEMPLATE_HASH);
            let owners = object.pointer("/metadata/ownerReferences");
            let owners = owners.and_then(Value::as_array);
            let controls =
                |owner: &&Value| owner.get("controller").and_then(Value::as_bool) == Some(true);
            let controller = owners.into_iter().flatten().find(controls);
            let uid = controller.map(|owner| owner.get("uid").and_then(Value::as_str));
            let owner = match uid {
                None => Owner::Nobody,
                Some(uid) if uid == rollout.metadata.uid.as_deref() => Owner::Us,
                Some(_) => Owner::Other,
            };
            let replicas = object.pointer("/spec/replicas").and_then(Value::as_i64);
            Some(Move::Create {
                set: text("/metadata/name"),
                revision: text(&label),
                replicas: replicas.unwrap_or(1),
                owner,
            })
        }
        Write::PatchReplicaSet {
            name,
            resource_version,
            change,
            ..
        } => Some(Move::Change {
            set: name.clone(),
            version: resource_version.clone(),
            replicas: change.replicas.map(i64::from),
            adopts: change.adopts,
        }),
        Write::DeleteReplicaSet {
            name,
            uid,
            resource_version,
        } => Some(Move::Delete {
            set: name.clone(),
            uid: uid.clone(),
            version: resource_version.clone(),
        }),
        Write::PatchService {
            name,
            resource_version,
            hash,
            ..
        } => Some(Move::Point {
            service: name.clone(),
            version: resource_version.clone(),
            to: hash.clone(),
        }),
        Write::ReleaseService {
            name,
            resource_version,
            ..
        } => Some(Move::Release {
            service: name.clone(),
            version: resource_version.clone(),
        }),
        Write::WriteStatus { status } => {
            let before = rollout.status.as_ref().and_then(|it| it.stable_rs.as_ref());
            let after = status.stable_rs.as_ref().filter(|it| !it.is_empty())?;
            (before != Some(after)).then(|| Move::Promote {
                revision: after.clone(),
                newest: status.current_pod_hash.as_ref() == Some(after),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use planner::{ReplicaSetChange, Settings};
    use serde_json::json;

    use super::*;

    fn observed() -> Observed {
        let rollout = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "generation": 1},
            "spec": {
                "replicas": 4, "selector": {"matchLabels": {"app": "web"}},
                "strategy": {"canary": {"maxSurge": 1, "maxUnavailable": 1}},
            },
            "status": {"stableRS": "abc", "phase": "Healthy"},
        });
        let set = ReplicaSet {
            name: "web-abc".to_owned(),
            uid: "s1".to_owned(),
            resource_version: "7".to_owned(),
            generation: 1,
            created: crds::Time::from_unix(0),
            deleting: false,
            owner: planner::Owner::Us,
            hash: "abc".to_owned(),
            labels: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
            annotations: BTreeMap::new(),
            replicas: 4,
            min_ready_seconds: 0,
            current_replicas: 4,
            ready_replicas: 4,
            available_replicas: 4,
            observed_generation: 1,
            failure: None,
            images: Vec::new(),
        };
        Observed {
            rollout: Arc::new(serde_json::from_value(rollout).unwrap()),
            replica_sets: vec![Arc::new(set)],
            services: BTreeMap::new(),
            template_check: None,
            taken_name: None,
            failure: None,
            settings: Settings::default(),
        }
    }

    fn resize(to: i32) -> Plan {
        let write = Write::PatchReplicaSet {
            name: "web-abc".to_owned(),
            uid: "s1".to_owned(),
            resource_version: "7".to_owned(),
            change: ReplicaSetChange {
                replicas: Some(to),
                ..ReplicaSetChange::default()
            },
        };
        Plan {
            actions: vec![Action {
                write,
                events: Vec::new(),
            }],
            ..Plan::default()
        }
    }

    const NOW: Now = Now::from_unix_millis(5_000);

    #[test]
    fn a_plan_that_breaks_no_rule_is_carried_out_as_it_is() {
        let checked = check(&observed(), resize(3), NOW, &Wrote::default());
        assert_eq!(checked.plan, resize(3));
        assert_eq!(checked.held, None);
    }

    #[test]
    fn a_plan_that_breaks_a_rule_only_says_so_and_only_once() {
        let mut observed = observed();
        let checked = check(&observed, resize(2), NOW, &Wrote::default());
        assert_eq!(checked.held, Some(Rule::Floor));
        let [action] = checked.plan.actions.as_slice() else {
            panic!("{:?}", checked.plan);
        };
        let Write::WriteStatus { status } = &action.write else {
            panic!("{action:?}");
        };
        let waiting_on = status.waiting_on.clone().unwrap();
        assert_eq!(waiting_on.reason, SAFETY_HOLD);
        assert_eq!(waiting_on.object.as_deref(), Some("ReplicaSet/web-abc"));
        assert_eq!(status.phase.as_deref(), Some("Healthy"), "the rest stays");

        let mut rollout = observed.rollout.as_ref().clone();
        rollout.status = Some(*status.clone());
        observed.rollout = Arc::new(rollout);
        let again = check(
            &observed,
            resize(2),
            Now::from_unix_millis(9_000),
            &Wrote::default(),
        );
        assert_eq!(again.plan.actions, [], "it says so already");
        assert_eq!(again.held, Some(Rule::Floor));
    }
    #[test]
    fn a_plan_on_a_view_older_than_our_own_write_is_held() {
        for (ours, held) in [("6", None), ("7", None), ("8", Some(Rule::View))] {
            let mut wrote = Wrote::default();
            wrote.note(Kind::ReplicaSet, "web-abc", Some(ours.to_owned()));
            let checked = check(&observed(), resize(3), NOW, &wrote);
            assert_eq!(checked.held, held, "we wrote version {ours}, and saw 7");
        }
    }
}
