//! One row for each kind: names, columns, subresources, schemas.

use serde_json::{Map, Value, json};

use crate::analysis::{
    AnalysisRunSpec, AnalysisRunStatus, AnalysisTemplateSpec, ClusterAnalysisTemplateSpec,
};
use crate::experiment::{ExperimentSpec, ExperimentStatus};
use crate::rollout::{RolloutSpec, RolloutStatus};
use crate::schema;

/// A kind of the API group.
pub(super) struct Kind {
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) short_name: &'static str,
    pub(super) namespaced: bool,
    pub(super) file: &'static str,
    pub(super) description: &'static str,
    pub(super) columns: &'static [Column],
    pub(super) subresources: fn() -> Value,
    pub(super) spec: fn() -> Value,
    pub(super) status: Option<fn() -> Value>,
}

/// A column of `kubectl get`.
pub(super) struct Column {
    name: &'static str,
    kind: &'static str,
    path: &'static str,
    /// What it shows; may be empty.
    description: &'static str,
    /// Whether it is shown only with `-o wide`.
    wide: bool,
}

impl Column {
    pub(super) fn to_json(&self) -> Value {
        let mut column = Map::new();
        let mut set = |key: &str, value: Value| column.insert(key.to_owned(), value);
        set("name", json!(self.name));
        set("type", json!(self.kind));
        set("jsonPath", json!(self.path));
        if !self.description.is_empty() {
            set("description", json!(self.description));
        }
        if self.wide {
            set("priority", json!(1));
        }
        Value::Object(column)
    }
}

const fn column(
    name: &'static str,
    kind: &'static str,
    path: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        path,
        description,
        wide: false,
    }
}

const fn wide(
    name: &'static str,
    kind: &'static str,
    path: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        path,
        description,
        wide: true,
    }
}

const AGE: Column = column("Age", "date", ".metadata.creationTimestamp", "");
const STATUS: Column = column("Status", "string", ".status.phase", "How it is doing");

// Scripts cut columns by position, so those of today come first and unchanged; ours follow and
// are shown only with `-o wide`.
const ROLLOUT_COLUMNS: &[Column] = &[
    column(
        "Desired",
        "integer",
        ".spec.replicas",
        "Number of pods wanted",
    ),
    column(
        "Current",
        "integer",
        ".status.replicas",
        "Number of pods of all versions",
    ),
    column(
        "Up-to-date",
        "integer",
        ".status.updatedReplicas",
        "Number of pods of the newest version",
    ),
    column(
        "Available",
        "integer",
        ".status.availableReplicas",
        "Number of available pods",
    ),
    AGE,
    wide(
        "Phase",
        "string",
        ".status.phase",
        "Healthy, Progressing, Paused or Degraded",
    ),
    wide(
        "Step",
        "integer",
        ".status.currentStepIndex",
        "Canary steps that are done",
    ),
    wide(
        "Weight",
        "integer",
        ".status.canary.weights.canary.weight",
        "Share of the traffic that the router gives to the canary",
    ),
    wide(
        "Message",
        "string",
        ".status.message",
        "Why it is in this phase",
    ),
];

/// Every kind, in the order of its plural name.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "AnalysisRun",
        plural: "analysisruns",
        short_name: "ar",
        namespaced: true,
        file: "analysis-run-crd.yaml",
        description: "One run of some metrics, and its result.",
        columns: &[STATUS, AGE],
        subresources: none,
        spec: schema::of::<AnalysisRunSpec>,
        status: Some(schema::of::<AnalysisRunStatus>),
    },
    Kind {
        kind: "AnalysisTemplate",
        plural: "analysistemplates",
        short_name: "at",
        namespaced: true,
        file: "analysis-template-crd.yaml",
        description: "Metrics to measure, and what makes them good or bad.",
        columns: &[AGE],
        subresources: none,
        spec: schema::of::<AnalysisTemplateSpec>,
        status: None,
    },
    Kind {
        kind: "ClusterAnalysisTemplate",
        plural: "clusteranalysistemplates",
        short_name: "cat",
        namespaced: false,
        file: "cluster-analysis-template-crd.yaml",
        description: "Metrics to measure, and what makes them good or bad; for all namespaces.",
        columns: &[AGE],
        subresources: none,
        spec: schema::of::<ClusterAnalysisTemplateSpec>,
        status: None,
    },
    Kind {
        kind: "Experiment",
        plural: "experiments",
        short_name: "exp",
        namespaced: true,
        file: "experiment-crd.yaml",
        description: "Some versions side by side for a time.",
        columns: &[STATUS, AGE],
        subresources: none,
        spec: schema::of::<ExperimentSpec>,
        status: Some(schema::of::<ExperimentStatus>),
    },
    Kind {
        kind: "Rollout",
        plural: "rollouts",
        short_name: "ro",
        namespaced: true,
        file: "rollout-crd.yaml",
        description: "A workload whose new versions take over step by step or after a check.",
        columns: ROLLOUT_COLUMNS,
        subresources: status_and_scale,
        spec: rollout_spec,
        status: Some(rollout_status),
    },
];

// The other kinds have no status subresource: programs of today patch their status through the
// main resource, which would do nothing if there were one.
fn none() -> Value {
    json!({})
}

fn status_and_scale() -> Value {
    json!({
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.HPAReplicas",
            "labelSelectorPath": ".status.selector",
        },
    })
}

fn rollout_spec() -> Value {
    let mut spec = schema::of::<RolloutSpec>();
    // An autoscaler needs a number to start from, and the controller never writes it.
    if let Some(replicas) = spec.pointer_mut("/properties/replicas") {
        schema::set(replicas, "default", json!(1));
    }
    spec
}

fn rollout_status() -> Value {
    let mut status = schema::of::<RolloutStatus>();
    // A rollout that no controller has seen yet is thereby "behind" for every reader of health,
    // never "current".
    schema::set(&mut status, "default", json!({"observedGeneration": "-1"}));
    status
}
