//! JSON objects in the words of the checkers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::Time;
use invariants::{
    Amount, BlueGreen, Canary, CanaryStep, Change, Changed, Millis, Pair, Pause, PauseReason,
    Phase, Pod, ReplicaSet, Rollout, Service, Spec, Status, Strategy, Template, Text, Uid,
};
use serde_json::Value;

use super::fields::{foreign, strip_defaults};
use crate::history::{self, Commit, Key};
use crate::reading::{
    DEADLINE, HASH, MANAGED_BY, REVISION, annotation, controller_uid, hash, is_true, name,
    namespace, number, replicas, seconds, selected_hash, text, uid,
};

/// Reads each object once per commit, and remembers what a single version does not tell.
#[derive(Default)]
pub(super) struct Reader {
    uids: BTreeMap<String, u64>,
    templates: BTreeMap<String, u64>,
    ready: BTreeMap<Uid, Millis>,
    rollouts: BTreeMap<Key, Arc<Rollout>>,
    sets: BTreeMap<Key, Arc<ReplicaSet>>,
    services: BTreeMap<Key, Arc<Service>>,
    pods: BTreeMap<Key, Arc<Pod>>,
}

/// Puts the new version in its place and returns both.
fn pair<T>(place: &mut BTreeMap<Key, Arc<T>>, key: &Key, after: Option<T>) -> Pair<T> {
    let after = after.map(Arc::new);
    let before = match &after {
        Some(after) => place.insert(key.clone(), Arc::clone(after)),
        None => place.remove(key),
    };
    Pair { before, after }
}

impl Reader {
    /// What a commit changed.
    pub(super) fn change(&mut self, commit: &Commit, at: Millis) -> Change {
        let (key, after) = (&commit.key, commit.after.as_deref());
        let what = match commit.resource() {
            "rollouts" => {
                let after = after.map(|it| self.rollout(it, commit.revision));
                Changed::Rollout(pair(&mut self.rollouts, key, after))
            }
            "replicasets" => {
                let after = after.map(|it| self.set(it, commit.revision));
                Changed::ReplicaSet(pair(&mut self.sets, key, after))
            }
            "services" => {
                let after = after.map(|it| self.service(it, commit.revision));
                Changed::Service(pair(&mut self.services, key, after))
            }
            "pods" => {
                let after = after.map(|it| self.pod(it, at));
                Changed::Pod(pair(&mut self.pods, key, after))
            }
            "events" | "leases" => Changed::Bookkeeping,
            other => Changed::Other {
                resource: Text::from(other),
                name: Text::from(commit.name()),
            },
        };
        Change {
            at,
            revision: commit.revision,
            actor: actor(commit.actor),
            decided_on: None,
            seen: None,
            what,
        }
    }

    fn uid(&mut self, uid: &str) -> Uid {
        let next = u64::try_from(self.uids.len()).unwrap_or(u64::MAX);
        if let Some(known) = self.uids.get(uid) {
            return Uid(*known);
        }
        self.uids.insert(uid.to_owned(), next);
        Uid(next)
    }

    fn owner(&mut self, object: &Value) -> Option<Uid> {
        let owner = controller_uid(object);
        (!owner.is_empty()).then(|| self.uid(owner))
    }

    fn template(&mut self, object: &Value) -> Template {
        let mut template = object
            .pointer("/spec/template")
            .cloned()
            .unwrap_or_default();
        if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
            labels.remove(HASH);
        }
        strip_defaults(&mut template);
        let next = u64::try_from(self.templates.len()).unwrap_or(u64::MAX);
        let key = template.to_string();
        Template(*self.templates.entry(key).or_insert(next))
    }

    fn rollout(&mut self, object: &Value, version: u64) -> Rollout {
        let spec = Spec {
            replicas: replicas(object),
            paused: is_true(object, "/spec/paused"),
            template: self.template(object),
            progress_deadline_seconds: optional(object, "/spec/progressDeadlineSeconds")
                .unwrap_or(600),
            progress_deadline_abort: is_true(object, "/spec/progressDeadlineAbort"),
            strategy: strategy(object),
        };
        Rollout {
            uid: self.uid(uid(object)),
            namespace: Text::from(namespace(object)),
            name: Text::from(name(object)),
            version,
            generation: number(object, "/metadata/generation"),
            deleting: is_deleting(object),
            spec: Arc::new(spec),
            status: Arc::new(status(object)),
            foreign: foreign(object, &["spec"], &[REVISION], &STATUS),
        }
    }

    fn set(&mut self, object: &Value, version: u64) -> ReplicaSet {
        ReplicaSet {
            uid: self.uid(uid(object)),
            namespace: Text::from(namespace(object)),
            name: Text::from(name(object)),
            version,
            owner: self.owner(object),
            hash: Text::from(hash(object)),
            template: self.template(object),
            replicas: replicas(object),
            min_ready_seconds: number(object, "/spec/minReadySeconds"),
            generation: number(object, "/metadata/generation"),
            observed_generation: number(object, "/status/observedGeneration"),
            pods: number(object, "/status/replicas"),
            ready: number(object, "/status/readyReplicas"),
            available: number(object, "/status/availableReplicas"),
            deadline: time(annotation(object, DEADLINE)),
            deleting: is_deleting(object),
            foreign: foreign(
                object,
                &["spec/template", "spec/selector"],
                &OURS_ON_SETS,
                &[],
            ),
        }
    }

    fn service(&mut self, object: &Value, version: u64) -> Service {
        Service {
            uid: self.uid(uid(object)),
            namespace: Text::from(namespace(object)),
            name: Text::from(name(object)),
            version,
            selects: Text::from(selected_hash(object)),
            managed_by: Text::from(annotation(object, MANAGED_BY)),
            foreign: foreign(object, &["spec"], &[MANAGED_BY], &[]),
        }
    }

    fn pod(&mut self, object: &Value, at: Millis) -> Pod {
        let uid = self.uid(uid(object));
        let terminating = is_deleting(object);
        let ready_since = is_ready(object).then(|| {
            // Pods say since when they are ready in whole seconds, cut.
            *self.ready.entry(uid).or_insert(at - at.rem_euclid(1000))
        });
        if ready_since.is_none() {
            self.ready.remove(&uid);
        }
        Pod {
            uid,
            set: self.owner(object),
            ready_since,
            terminating,
        }
    }
}

pub(super) fn actor(actor: history::Actor) -> invariants::Actor {
    match actor {
        history::Actor::Controller => invariants::Actor::Controller(0),
        history::Actor::User => invariants::Actor::User,
        history::Actor::Environment => invariants::Actor::Environment,
    }
}

/// Annotations of ReplicaSets that a controller writes.
const OURS_ON_SETS: [&str; 6] = [
    REVISION,
    "rollout.argoproj.io/revision-history",
    "rollout.argoproj.io/desired-replicas",
    DEADLINE,
    "rollouts.argoproj.io/template-digest",
    "rollout.argoproj.io/ephemeral-metadata",
];

/// Fields of a Rollout's status that a controller writes; any other must survive its writes.
const STATUS: [&str; 30] = [
    "abort",
    "abortedAt",
    "pauseConditions",
    "controllerPause",
    "currentPodHash",
    "currentStepHash",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "currentStepIndex",
    "collisionCount",
    "observedGeneration",
    "conditions",
    "canary",
    "blueGreen",
    "HPAReplicas",
    "selector",
    "stableRS",
    "restartedAt",
    "promoteFull",
    "phase",
    "mostUpdatedAvailable",
    "pausedStepIndex",
    "message",
    "workloadObservedGeneration",
    "alb",
    "albs",
    "duration",
    "waitingOn",
];

fn strategy(object: &Value) -> Strategy {
    let at = |name: &str| object.pointer(&format!("/spec/strategy/{name}"));
    match (at("canary"), at("blueGreen")) {
        (Some(canary), None) => Strategy::Canary(Canary {
            surge: amount(canary.get("maxSurge")),
            unavailable: amount(canary.get("maxUnavailable")),
            steps: canary
                .get("steps")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(canary_step)
                .collect(),
            threshold: canary.get("replicaProgressThreshold").map(|threshold| {
                let value = number(threshold, "/value");
                match text(threshold, "/type") {
                    "Pods" => Amount::Pods(value),
                    _ => Amount::Percent(value),
                }
            }),
            stable_service: Text::from(text(canary, "/stableService")),
            canary_service: Text::from(text(canary, "/canaryService")),
        }),
        (None, Some(it)) => Strategy::BlueGreen(BlueGreen {
            active_service: Text::from(text(it, "/activeService")),
            preview_service: Text::from(text(it, "/previewService")),
            waits_for_promotion: it.get("autoPromotionEnabled") == Some(&Value::Bool(false)),
            auto_promotion_seconds: number(it, "/autoPromotionSeconds"),
            preview_replicas: optional(it, "/previewReplicaCount"),
            scale_down_delay_seconds: optional(it, "/scaleDownDelaySeconds"),
            scale_down_revision_limit: optional(it, "/scaleDownDelayRevisionLimit"),
            abort_scale_down_delay_seconds: optional(it, "/abortScaleDownDelaySeconds"),
        }),
        _ => Strategy::Invalid,
    }
}

/// A number is pods; a string is a percentage, with or without `%` (`compat/api.md` §6).
fn amount(value: Option<&Value>) -> Option<Amount> {
    let value = value?;
    if let Some(pods) = value.as_i64() {
        return Some(Amount::Pods(pods));
    }
    let percent = value.as_str()?.trim_end_matches('%').parse();
    Some(Amount::Percent(percent.unwrap_or(0)))
}

fn canary_step(step: &Value) -> CanaryStep {
    if let Some(weight) = step.get("setWeight").and_then(Value::as_i64) {
        return CanaryStep::SetWeight(weight);
    }
    match step.get("pause") {
        Some(pause) => match pause.get("duration").and_then(seconds) {
            Some(seconds) => CanaryStep::PauseFor(seconds.saturating_mul(1000)),
            None => CanaryStep::Pause,
        },
        None => CanaryStep::Other,
    }
}

fn status(object: &Value) -> Status {
    let at = |field: &str| text(object, &format!("/status/{field}"));
    let observed = object.pointer("/status/observedGeneration");
    let pauses = object
        .pointer("/status/pauseConditions")
        .and_then(Value::as_array);
    Status {
        phase: match at("phase") {
            "Healthy" => Phase::Healthy,
            "Progressing" => Phase::Progressing,
            "Paused" => Phase::Paused,
            "Degraded" => Phase::Degraded,
            _ => Phase::Unknown,
        },
        message: Text::from(at("message")),
        observed_generation: observed
            .and_then(Value::as_i64)
            .or_else(|| observed?.as_str()?.parse().ok())
            .filter(|generation| *generation >= 0),
        current: Text::from(at("currentPodHash")),
        stable: Text::from(at("stableRS")),
        step: optional(object, "/status/currentStepIndex"),
        steps_hash: Text::from(at("currentStepHash")),
        abort: is_true(object, "/status/abort"),
        aborted_at: time(at("abortedAt")),
        promote_full: is_true(object, "/status/promoteFull"),
        controller_pause: is_true(object, "/status/controllerPause"),
        pauses: pauses.into_iter().flatten().map(pause).collect(),
        active_selector: Text::from(at("blueGreen/activeSelector")),
        preview_selector: Text::from(at("blueGreen/previewSelector")),
        waiting_on: Text::from(at("waitingOn/reason")),
        bytes: object.get("status").map_or(0, |status| {
            u64::try_from(status.to_string().len()).unwrap_or(u64::MAX)
        }),
    }
}

fn pause(pause: &Value) -> Pause {
    Pause {
        reason: match text(pause, "/reason") {
            "CanaryPauseStep" => PauseReason::CanaryStep,
            "BlueGreenPause" => PauseReason::BlueGreen,
            _ => PauseReason::Other,
        },
        start: time(text(pause, "/startTime")).unwrap_or(0),
    }
}

fn optional(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn time(text: &str) -> Option<Millis> {
    Some(Time::parse(text).ok()?.unix().saturating_mul(1000))
}

fn is_deleting(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| text(it, "/type") == "Ready" && text(it, "/status") == "True")
}
