//! A Rollout with everything that belongs to it, as people see it.

use crds::reading::{self, Phase};
use crds::rollout::status::RolloutStatus;
use crds::{Rollout, Time, defaults};
use schemars::JsonSchema;
use serde::Serialize;

use crate::icons;
use crate::images::{ImageView, images};
use crate::objects::{Objects, is_owned_by};
use crate::replica_set::ReplicaSetView;
use crate::steps::{StepView, steps};
use crate::waiting::{WaitingView, waiting};

/// A Rollout with its ReplicaSets and pods: what `get rollout -o json` prints.
///
/// Field names are stable; new ones may be added. Times are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutView {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// When it was created.
    pub created: Option<Time>,
    /// When this was read, by the API server's clock.
    pub now: Time,
    /// `Healthy`, `Progressing`, `Paused` or `Degraded`.
    pub status: String,
    /// Why; may be empty.
    pub message: String,
    /// The sign of `status`.
    pub icon: &'static str,
    /// `Canary`, `BlueGreen` or empty.
    pub strategy: &'static str,
    /// `1/4` while steps are configured and the controller counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The share of traffic that the steps ask for; canary only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_weight: Option<i64>,
    /// The share of traffic that the new version gets; canary only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_weight: Option<i64>,
    /// Images of ReplicaSets with pods.
    pub images: Vec<ImageView>,
    /// Pods.
    pub replicas: Counts,
    /// The canary steps.
    pub steps: Vec<StepView>,
    /// What it waits on; absent when it is at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<WaitingView>,
    /// Revisions, newest first.
    pub revisions: Vec<RevisionView>,
}

/// Pods of a Rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Wanted.
    pub desired: i64,
    /// There.
    pub current: i64,
    /// There, of the newest version.
    pub updated: i64,
    /// Ready.
    pub ready: i64,
    /// Available.
    pub available: i64,
}

/// A revision and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    /// Its number; 0 collects children that carry none.
    pub revision: i64,
    /// Its ReplicaSets, by name.
    pub replica_sets: Vec<ReplicaSetView>,
}

impl RolloutView {
    /// Derives the view of `objects.rollout` at `now`.
    #[must_use]
    pub fn new(objects: Objects<'_>, now: Time) -> Self {
        let Objects {
            rollout,
            replica_sets,
            pods,
        } = objects;
        let nothing = RolloutStatus::default();
        let status = rollout.status.as_ref().unwrap_or(&nothing);
        let uid = rollout.metadata.uid.as_deref().unwrap_or_default();
        let mut own: Vec<ReplicaSetView> = replica_sets
            .iter()
            .filter(|set| is_owned_by(set, uid))
            .map(|set| ReplicaSetView::new(set, &rollout.spec, status, pods))
            .collect();
        own.sort_by(|a, b| (b.revision, &a.name).cmp(&(a.revision, &b.name)));
        let (phase, message) = reading::phase_of(rollout);
        let steps = steps(rollout);
        let summary = Summary::of(rollout);
        let actual_weight = rollout
            .spec
            .strategy
            .canary
            .as_ref()
            .map(|_| actual_weight(rollout, status, &own));
        Self {
            name: rollout.metadata.name.clone().unwrap_or_default(),
            namespace: rollout.metadata.namespace.clone().unwrap_or_default(),
            created: created(rollout),
            now,
            icon: icons::of_status(phase.as_str()),
            waiting_on: waiting(rollout, (phase, &message), &steps),
            status: phase.to_string(),
            message,
            strategy: summary.strategy,
            step: summary.step,
            set_weight: summary.set_weight,
            actual_weight,
            images: images(own.iter()),
            replicas: summary.replicas,
            steps,
            revisions: by_revision(own),
        }
    }

    /// Every ReplicaSet, newest revision first.
    pub fn replica_sets(&self) -> impl Iterator<Item = &ReplicaSetView> {
        self.revisions
            .iter()
            .flat_map(|revision| revision.replica_sets.iter())
    }
}

/// What a Rollout says without its children: a row of `list rollouts`.
pub(crate) struct Summary {
    pub(crate) phase: Phase,
    pub(crate) message: String,
    pub(crate) strategy: &'static str,
    pub(crate) step: Option<String>,
    pub(crate) set_weight: Option<i64>,
    pub(crate) replicas: Counts,
}

impl Summary {
    pub(crate) fn of(rollout: &Rollout) -> Self {
        let nothing = RolloutStatus::default();
        let status = rollout.status.as_ref().unwrap_or(&nothing);
        let spec = &rollout.spec;
        let steps = reading::steps(spec).len();
        let (phase, message) = reading::phase_of(rollout);
        let count = |field: Option<i32>| field.map_or(0, i64::from);
        let strategy = reading::strategy_name(spec);
        let canary = spec.strategy.canary.as_ref();
        Self {
            phase,
            message,
            strategy,
            step: status
                .current_step_index
                .filter(|_| steps > 0)
                .map(|index| format!("{index}/{steps}")),
            set_weight: canary.filter(|_| strategy == "Canary").map(|canary| {
                reading::current_set_weight(canary, status.current_step_index, status.abort)
            }),
            replicas: Counts {
                desired: defaults::replicas(spec),
                current: count(status.replicas),
                updated: count(status.updated_replicas),
                ready: count(status.ready_replicas),
                available: count(status.available_replicas),
            },
        }
    }
}

pub(crate) fn created(rollout: &Rollout) -> Option<Time> {
    let created = rollout.metadata.creation_timestamp.as_ref()?;
    Some(Time::from_unix(created.0.as_second()))
}

/// The share of the traffic that reaches the new version.
///
/// - No step to do: everything. No available pod: nothing.
/// - Without a router, the canary's part of the available pods, rounded down.
/// - With one, what it was last told.
///
/// Source: `compat/cli.md` §2.
fn actual_weight(rollout: &Rollout, status: &RolloutStatus, sets: &[ReplicaSetView]) -> i64 {
    let Some(canary) = &rollout.spec.strategy.canary else {
        return 0;
    };
    let max = defaults::max_weight(canary);
    let available = status.available_replicas.map_or(0, i64::from);
    if reading::current_step(rollout).is_none() {
        return max;
    }
    if available == 0 {
        return 0;
    }
    if canary.traffic_routing.is_some() {
        return status.canary.weights.as_ref().map_or_else(
            || reading::current_set_weight(canary, status.current_step_index, status.abort),
            |weights| i64::from(weights.canary.weight),
        );
    }
    sets.iter()
        .find(|set| set.is("canary"))
        .map_or(0, |set| set.available.saturating_mul(max) / available)
}

fn by_revision(sets: Vec<ReplicaSetView>) -> Vec<RevisionView> {
    let mut revisions: Vec<RevisionView> = Vec::new();
    for set in sets {
        match revisions.last_mut() {
            Some(last) if last.revision == set.revision => last.replica_sets.push(set),
            _ => revisions.push(RevisionView {
                revision: set.revision,
                replica_sets: vec![set],
            }),
        }
    }
    revisions
}
