//! What happens here, told in the words of the invariants.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::{Rollout, Time, names};
use invariants::{
    Actor, Amount, BlueGreen, Canary, CanaryStep, Change, Changed, Pair, Pause, PauseReason, Phase,
    Spec, Status, Strategy, Template, Text, Uid,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use planner::Owner;

use crate::store::{By, Commit, Object, Pod, version_in, version_of};

/// Translates commits. Keeps what it has translated, so that every object is translated once.
#[derive(Debug, Clone, Default)]
pub struct Teller {
    rollout: Option<Arc<invariants::Rollout>>,
    sets: BTreeMap<Arc<str>, Arc<invariants::ReplicaSet>>,
    services: BTreeMap<Arc<str>, Arc<invariants::Service>>,
}

/// The uid of the one Rollout.
const ROLLOUT: Uid = Uid(0);

impl Teller {
    /// A commit as a change.
    pub fn tell(&mut self, commit: &Commit, now: i64) -> Change {
        let what = match (&commit.before, &commit.after) {
            (_, Some(Object::Rollout(after))) => {
                let after = Arc::new(rollout(after, self.rollout.as_deref()));
                let before = self.rollout.replace(after.clone());
                Changed::Rollout(Pair {
                    before,
                    after: Some(after),
                })
            }
            (Some(Object::Rollout(_)), _) => Changed::Rollout(Pair {
                before: self.rollout.take(),
                after: None,
            }),
            (_, Some(Object::Set(after))) => {
                let after = Arc::new(replica_set(after));
                let before = self.sets.insert(commit.name.clone(), after.clone());
                Changed::ReplicaSet(Pair {
                    before,
                    after: Some(after),
                })
            }
            (Some(Object::Set(_)), _) => Changed::ReplicaSet(Pair {
                before: self.sets.remove(&commit.name),
                after: None,
            }),
            (_, Some(Object::Service(after))) => {
                let after = Arc::new(service(after));
                let before = self.services.insert(commit.name.clone(), after.clone());
                Changed::Service(Pair {
                    before,
                    after: Some(after),
                })
            }
            (Some(Object::Service(_)), _) => Changed::Service(Pair {
                before: self.services.remove(&commit.name),
                after: None,
            }),
            (before, after) => Changed::Pod(Pair {
                before: before.as_ref().and_then(pod),
                after: after.as_ref().and_then(pod),
            }),
        };
        Change {
            at: now,
            revision: commit.revision,
            actor: actor(commit.by),
            decided_on: commit.decided_on,
            seen: commit.seen,
            what,
        }
    }
}

/// Who, in the words of the invariants.
#[must_use]
pub fn actor(by: By) -> Actor {
    match by {
        By::Controller(number) => Actor::Controller(u32::try_from(number).unwrap_or(u32::MAX)),
        By::User => Actor::User,
        By::Cluster => Actor::Environment,
    }
}

/// The number at the end of a uid.
#[must_use]
pub fn uid(text: &str) -> Uid {
    let number = text.rsplit('-').next().and_then(|it| it.parse().ok());
    Uid(number.unwrap_or(0))
}

fn text(text: Option<&String>) -> Text {
    text.map_or_else(|| "".into(), |it| it.as_str().into())
}

fn version(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

fn millis(time: Time) -> i64 {
    time.unix().saturating_mul(1000)
}

fn rollout(rollout: &Rollout, before: Option<&invariants::Rollout>) -> invariants::Rollout {
    let metadata = &rollout.metadata;
    let generation = metadata.generation.unwrap_or(0);
    let unchanged = before.filter(|it| it.generation == generation);
    invariants::Rollout {
        uid: ROLLOUT,
        namespace: text(metadata.namespace.as_ref()),
        name: text(metadata.name.as_ref()),
        version: version(metadata.resource_version.as_deref().unwrap_or_default()),
        generation,
        deleting: metadata.deletion_timestamp.is_some(),
        spec: unchanged.map_or_else(|| Arc::new(spec(&rollout.spec)), |it| it.spec.clone()),
        status: Arc::new(rollout.status.as_ref().map(status).unwrap_or_default()),
        foreign: 0,
    }
}

fn spec(spec: &crds::RolloutSpec) -> Spec {
    Spec {
        replicas: spec.replicas.map_or(1, i64::from),
        paused: spec.paused,
        template: Template(u64::from(version_in(&spec.template))),
        progress_deadline_seconds: spec.progress_deadline_seconds.map_or(600, i64::from),
        progress_deadline_abort: spec.progress_deadline_abort,
        strategy: strategy(&spec.strategy),
    }
}

fn strategy(strategy: &crds::rollout::Strategy) -> Strategy {
    match (&strategy.canary, &strategy.blue_green) {
        (Some(canary), None) => Strategy::Canary(Canary {
            surge: canary.max_surge.as_ref().map(amount),
            unavailable: canary.max_unavailable.as_ref().map(amount),
            steps: canary.steps.iter().map(step).collect(),
            threshold: None,
            stable_service: "".into(),
            canary_service: "".into(),
        }),
        (None, Some(it)) => Strategy::BlueGreen(BlueGreen {
            active_service: it.active_service.as_str().into(),
            preview_service: crds::defaults::preview_service(it)
                .unwrap_or_default()
                .into(),
            waits_for_promotion: it.auto_promotion_enabled == Some(false),
            auto_promotion_seconds: i64::from(it.auto_promotion_seconds),
            preview_replicas: it.preview_replica_count.map(i64::from),
            scale_down_delay_seconds: it.scale_down_delay_seconds.map(i64::from),
            scale_down_revision_limit: it.scale_down_delay_revision_limit.map(i64::from),
            abort_scale_down_delay_seconds: it.abort_scale_down_delay_seconds.map(i64::from),
        }),
        _ => Strategy::Invalid,
    }
}

fn amount(value: &IntOrString) -> Amount {
    match value {
        IntOrString::Int(pods) => Amount::Pods(i64::from(*pods)),
        IntOrString::String(percent) => {
            Amount::Percent(percent.trim_end_matches('%').parse().unwrap_or(0))
        }
    }
}

fn step(step: &crds::rollout::CanaryStep) -> CanaryStep {
    if let Some(weight) = step.set_weight {
        return CanaryStep::SetWeight(i64::from(weight));
    }
    match step.pause.as_ref().map(|it| &it.duration) {
        Some(Some(IntOrString::Int(seconds))) => CanaryStep::PauseFor(i64::from(*seconds) * 1000),
        Some(Some(IntOrString::String(text))) => {
            let seconds: i64 = text.trim_end_matches('s').parse().unwrap_or(0);
            CanaryStep::PauseFor(seconds * 1000)
        }
        Some(None) => CanaryStep::Pause,
        None => CanaryStep::Other,
    }
}

fn status(status: &crds::RolloutStatus) -> Status {
    Status {
        phase: match status.phase.as_deref() {
            Some("Healthy") => Phase::Healthy,
            Some("Progressing") => Phase::Progressing,
            Some("Paused") => Phase::Paused,
            Some("Degraded") => Phase::Degraded,
            _ => Phase::Unknown,
        },
        message: text(status.message.as_ref()),
        observed_generation: status
            .observed_generation
            .as_ref()
            .and_then(|it| it.number()),
        current: text(status.current_pod_hash.as_ref()),
        stable: text(status.stable_rs.as_ref()),
        step: status.current_step_index.map(i64::from),
        steps_hash: text(status.current_step_hash.as_ref()),
        abort: status.abort,
        aborted_at: status.aborted_at.map(millis),
        promote_full: status.promote_full,
        controller_pause: status.controller_pause,
        pauses: status
            .pause_conditions
            .iter()
            .map(|pause| Pause {
                reason: match pause.reason.as_str() {
                    "CanaryPauseStep" => PauseReason::CanaryStep,
                    "BlueGreenPause" => PauseReason::BlueGreen,
                    _ => PauseReason::Other,
                },
                start: millis(pause.start_time),
            })
            .collect(),
        active_selector: text(status.blue_green.active_selector.as_ref()),
        preview_selector: text(status.blue_green.preview_selector.as_ref()),
        waiting_on: text(status.waiting_on.as_ref().map(|it| &it.reason)),
        bytes: 0,
    }
}

fn replica_set(set: &planner::ReplicaSet) -> invariants::ReplicaSet {
    let deadline = set.annotations.get(names::SCALE_DOWN_DEADLINE);
    let image = set.images.first().map_or("", String::as_str);
    invariants::ReplicaSet {
        uid: uid(&set.uid),
        namespace: "shop".into(),
        name: set.name.as_str().into(),
        version: version(&set.resource_version),
        owner: match &set.owner {
            Owner::Us => Some(ROLLOUT),
            Owner::Nobody => None,
            Owner::Other(other) => Some(uid(other)),
        },
        hash: set.hash.as_str().into(),
        template: Template(u64::from(version_of(image))),
        replicas: i64::from(set.replicas),
        min_ready_seconds: i64::from(set.min_ready_seconds),
        generation: set.generation,
        observed_generation: set.observed_generation,
        pods: i64::from(set.current_replicas),
        ready: i64::from(set.ready_replicas),
        available: i64::from(set.available_replicas),
        deadline: deadline.and_then(|it| Time::parse(it).ok()).map(millis),
        deleting: set.deleting,
        foreign: 0,
    }
}

fn service(service: &planner::Service) -> invariants::Service {
    invariants::Service {
        uid: uid(&service.uid),
        namespace: "shop".into(),
        name: service.name.as_str().into(),
        version: version(&service.resource_version),
        selects: text(service.selector.get(names::POD_TEMPLATE_HASH)),
        managed_by: text(service.managed_by.as_ref()),
        foreign: 0,
    }
}

fn pod(object: &Object) -> Option<Arc<invariants::Pod>> {
    let Object::Pod(Pod { id, ready }, set) = object else {
        return None;
    };
    Some(Arc::new(invariants::Pod {
        uid: Uid(u64::from(*id)),
        set: Some(uid(set)),
        ready_since: *ready,
        terminating: false,
    }))
}
