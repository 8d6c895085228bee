//! The `Rollout` kind: what a user writes, field by field.
//!
//! Source: `compat/api.md` §2.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod analysis;
pub mod blue_green;
pub mod canary;
mod pod_template;
pub mod status;
pub mod step;
pub mod traffic;

pub use analysis::{AnalysisRunArgument, RolloutAnalysis};
pub use blue_green::BlueGreenStrategy;
pub use canary::CanaryStrategy;
pub use pod_template::PodTemplate;
pub use status::RolloutStatus;
pub use step::CanaryStep;

use crate::Time;

/// What should run, and how a new version of it takes over.
#[derive(CustomResource, Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "argoproj.io",
    version = "v1alpha1",
    kind = "Rollout",
    plural = "rollouts",
    shortname = "ro",
    namespaced,
    status = "RolloutStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct RolloutSpec {
    /// Number of pods wanted, 0 or more; 1 when absent. An autoscaler may own it through the
    /// scale subresource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Selects the pods of this Rollout, e.g. `matchLabels: {app: web}`; must match the labels of
    /// `template` and cannot change later. Required unless `workloadRef` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [
        {"rule": "self == oldSelf", "message": ".spec.selector is immutable"}
    ]))]
    pub selector: Option<LabelSelector>,
    /// The pods to run. Every change of it is a new version, which takes over as `strategy` says.
    #[serde(default, skip_serializing_if = "PodTemplate::is_null")]
    #[schemars(schema_with = "crate::schema::pod_template")]
    pub template: PodTemplate,
    /// An object whose pod template is used in place of `template` and `selector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_ref: Option<WorkloadRef>,
    /// Seconds a pod must be ready before it counts as available; 0 when absent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_ready_seconds: i32,
    /// Within how many revisions a rollback skips all steps; off when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_window: Option<RollbackWindow>,
    /// How a new version takes over: exactly one of `canary` and `blueGreen`.
    #[serde(default)]
    pub strategy: Strategy,
    /// Old ReplicaSets without pods that are kept so that one can go back to them; 10 when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    /// Set to true to hold an update where it is; pods are still kept running and scaled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Seconds without any progress after which an update counts as stuck (phase `Degraded`,
    /// reason `ProgressDeadlineExceeded`); 600 when absent. Must be above `minReadySeconds`.
    /// Pauses do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_deadline_seconds: Option<i32>,
    /// Whether an update that is stuck is aborted, so that the stable version takes over again;
    /// false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub progress_deadline_abort: bool,
    /// Restarts every pod that was created before this moment (RFC 3339), a few at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_at: Option<Time>,
    /// How many finished AnalysisRuns and Experiments are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisHistory>,
}

/// Whether an integer is 0 and may be left out.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) fn is_zero(value: &i32) -> bool {
    *value == 0
}

/// A workload whose pod template this Rollout takes over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRef {
    /// `apps/v1` for a Deployment or ReplicaSet, `v1` for a PodTemplate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// `Deployment`, `ReplicaSet` or `PodTemplate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name of the object, in the namespace of the Rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What becomes of a Deployment's own pods: `never` (stays as it is; the default),
    /// `onsuccess` (to 0 after the first success) or `progressively` (as the Rollout grows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<String>,
}

/// Rolling back within this window skips all steps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RollbackWindow {
    /// A rollback to one of this many latest revisions skips all steps; 0 or absent turns this
    /// off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisions: Option<i32>,
}

/// Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// The new version runs beside the old one, and one Service is switched at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreenStrategy>,
    /// The new version takes over step by step; `canary: {}` is a plain rolling update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryStrategy>,
}

/// How many finished analysis runs are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisHistory {
    /// Successful ones that are kept; 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successful_run_history_limit: Option<i32>,
    /// Failed, errored and inconclusive ones that are kept; 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsuccessful_run_history_limit: Option<i32>,
}
