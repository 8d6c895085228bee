//! The objects of a world, cut down to what an invariant speaks of.
//!
//! Plain data, filled by whoever runs a world: from JSON, or from the types of a typed world. The
//! words are those of the planner and the kernel; the code is not, so that all of them cannot be
//! wrong in the same way.

use std::sync::Arc;

/// A name, label or message; shared, so that a copy costs nothing. Empty means that there is none.
pub type Text = Arc<str>;

/// A point in time, or a span of it: milliseconds, since 1970 when it is a point.
pub type Millis = i64;

/// An object's uid, as a number: equal numbers, same object. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u64);

/// What a pod template means, as a number: equal numbers, same meaning, on Rollouts and
/// ReplicaSets alike. The label that names the revision is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Template(pub u64);

/// A Rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.namespace`.
    pub namespace: Text,
    /// `metadata.name`.
    pub name: Text,
    /// `metadata.resourceVersion`.
    pub version: u64,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// What the user wants.
    pub spec: Arc<Spec>,
    /// What the controller (and clients, by the pause protocol) wrote.
    pub status: Arc<Status>,
    /// Digest of every field that a controller has no business with; 0 where a world has none.
    pub foreign: u64,
}

/// `spec` of a Rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// `replicas`, 1 when absent.
    pub replicas: i64,
    /// `paused`.
    pub paused: bool,
    /// `template`.
    pub template: Template,
    /// `progressDeadlineSeconds`, 600 when absent.
    pub progress_deadline_seconds: i64,
    /// `progressDeadlineAbort`.
    pub progress_deadline_abort: bool,
    /// How a new version takes over.
    pub strategy: Strategy,
}

/// How a new version takes over.
#[derive(Debug, Clone, PartialEq)]
pub enum Strategy {
    /// The number of pods splits the traffic.
    Canary(Canary),
    /// A Service is switched.
    BlueGreen(BlueGreen),
    /// Neither is written, or both.
    Invalid,
}

/// `spec.strategy.canary`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Canary {
    /// `maxSurge`, 25 % when absent.
    pub surge: Option<Amount>,
    /// `maxUnavailable`, 25 % when absent.
    pub unavailable: Option<Amount>,
    /// `steps`.
    pub steps: Vec<CanaryStep>,
    /// `replicaProgressThreshold`.
    pub threshold: Option<Amount>,
    /// `stableService`, maybe empty.
    pub stable_service: Text,
    /// `canaryService`, maybe empty.
    pub canary_service: Text,
}

/// A number of pods, or a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Pods(i64),
    /// So many of a hundred.
    Percent(i64),
}

/// A step of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanaryStep {
    /// `setWeight`.
    SetWeight(i64),
    /// `pause: {}`.
    Pause,
    /// `pause` with a duration.
    PauseFor(Millis),
    /// A step that has no checker yet.
    Other,
}

/// `spec.strategy.blueGreen`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BlueGreen {
    /// `activeService`.
    pub active_service: Text,
    /// `previewService`, maybe empty.
    pub preview_service: Text,
    /// Whether `autoPromotionEnabled` is false.
    pub waits_for_promotion: bool,
    /// `autoPromotionSeconds`, 0 when absent.
    pub auto_promotion_seconds: i64,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<i64>,
    /// `scaleDownDelaySeconds`; 30 holds when absent.
    pub scale_down_delay_seconds: Option<i64>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_revision_limit: Option<i64>,
    /// `abortScaleDownDelaySeconds`; 30 holds when absent, and 0 keeps the pods for good.
    pub abort_scale_down_delay_seconds: Option<i64>,
}

/// What a client reads first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Nothing is written yet, or something else.
    #[default]
    Unknown,
    /// All is as the user wants it.
    Healthy,
    /// On the way.
    Progressing,
    /// It waits for somebody.
    Paused,
    /// Something is wrong.
    Degraded,
}

/// `status` of a Rollout.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// `phase`.
    pub phase: Phase,
    /// `message`.
    pub message: Text,
    /// `observedGeneration`, whichever type it is written in; `None` before the first.
    pub observed_generation: Option<i64>,
    /// `currentPodHash`.
    pub current: Text,
    /// `stableRS`, empty before the first promotion.
    pub stable: Text,
    /// `currentStepIndex`.
    pub step: Option<i64>,
    /// `currentStepHash`.
    pub steps_hash: Text,
    /// `abort`.
    pub abort: bool,
    /// `abortedAt`.
    pub aborted_at: Option<Millis>,
    /// `promoteFull`.
    pub promote_full: bool,
    /// `controllerPause`.
    pub controller_pause: bool,
    /// `pauseConditions`.
    pub pauses: Vec<Pause>,
    /// `blueGreen.activeSelector`.
    pub active_selector: Text,
    /// `blueGreen.previewSelector`.
    pub preview_selector: Text,
    /// `waitingOn.reason`.
    pub waiting_on: Text,
    /// Bytes of the whole status as compact JSON; 0 where a world has no JSON.
    pub bytes: u64,
}

/// An entry of `pauseConditions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// What for.
    pub reason: PauseReason,
    /// `startTime`.
    pub start: Millis,
}

/// What a pause is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseReason {
    /// `CanaryPauseStep`.
    CanaryStep,
    /// `BlueGreenPause`.
    BlueGreen,
    /// Another one.
    Other,
}

/// A ReplicaSet.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaSet {
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.namespace`.
    pub namespace: Text,
    /// `metadata.name`.
    pub name: Text,
    /// `metadata.resourceVersion`.
    pub version: u64,
    /// The uid of its controller.
    pub owner: Option<Uid>,
    /// The label that names the revision.
    pub hash: Text,
    /// `spec.template`.
    pub template: Template,
    /// `spec.replicas`, 1 when absent.
    pub replicas: i64,
    /// `spec.minReadySeconds`.
    pub min_ready_seconds: i64,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// `status.replicas`.
    pub pods: i64,
    /// `status.readyReplicas`.
    pub ready: i64,
    /// `status.availableReplicas`.
    pub available: i64,
    /// The annotation `scale-down-deadline`.
    pub deadline: Option<Millis>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// Digest of every field that a controller has no business with; 0 where a world has none.
    pub foreign: u64,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.namespace`.
    pub namespace: Text,
    /// `metadata.name`.
    pub name: Text,
    /// `metadata.resourceVersion`.
    pub version: u64,
    /// The revision in its selector, maybe empty.
    pub selects: Text,
    /// The Rollout that switches it, by its annotation; maybe empty.
    pub managed_by: Text,
    /// Digest of every field that a controller has no business with, the rest of the selector
    /// among them; 0 where a world has none.
    pub foreign: u64,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.uid`.
    pub uid: Uid,
    /// The ReplicaSet that controls it.
    pub set: Option<Uid>,
    /// Since when it is Ready; whole seconds, cut, as pods say it.
    pub ready_since: Option<Millis>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub terminating: bool,
}
