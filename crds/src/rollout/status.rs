//! `status` of a Rollout.
//!
//! Source: `compat/api.md` §3; `waitingOn` is ours.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Time;

pub mod alb;
pub mod canary;
mod parts;

pub use alb::{AlbStatus, AwsResource};
pub use canary::{CanaryStatus, StepPluginStatus, TrafficWeights, WeightDestination};
pub use parts::{
    BlueGreenStatus, Condition, ObservedGeneration, PauseCondition, RolloutDuration,
    WaitingOnStatus,
};

/// How the rollout is doing. Written by the controller; `abort`, `promoteFull`, `pauseConditions`
/// and `currentStepIndex` are also how commands reach it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// Whether the update is aborted; set by a person or the controller, cleared by a retry.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub abort: bool,
    /// When the abort was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted_at: Option<Time>,
    /// Why and since when the rollout is paused by the controller. Removing them resumes it.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub pause_conditions: Vec<PauseCondition>,
    /// Whether the controller paused it; true without pause conditions means that a person
    /// resumed it.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub controller_pause: bool,
    /// Revision label of the newest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_pod_hash: Option<String>,
    /// Tells whether the canary steps changed since; empty for blue-green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step_hash: Option<String>,
    /// Pods of all versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Pods of the newest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_replicas: Option<i32>,
    /// Ready pods of all versions; of the active one for blue-green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,
    /// Available pods of all versions; of the active one for blue-green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_replicas: Option<i32>,
    /// Number of canary steps that are done, which is the index from 0 of the current one; absent
    /// without steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step_index: Option<i32>,
    /// How often the name of a new ReplicaSet was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collision_count: Option<i32>,
    /// Generation of the Rollout that this status describes, as text or as a number; `-1` until a
    /// controller has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::int_or_string")]
    pub observed_generation: Option<ObservedGeneration>,
    /// What holds now.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<Condition>,
    /// State of the canary strategy.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "is_default"
    )]
    pub canary: CanaryStatus,
    /// State of the blue-green strategy.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "is_default"
    )]
    pub blue_green: BlueGreenStatus,
    /// Pods that an autoscaler counts: all of a canary, the active ones of blue-green.
    #[serde(
        rename = "HPAReplicas",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub hpa_replicas: Option<i32>,
    /// Selector, as text, of the pods that an autoscaler counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Revision label of the stable version, to which an abort returns.
    #[serde(rename = "stableRS", default, skip_serializing_if = "Option::is_none")]
    pub stable_rs: Option<String>,
    /// The last `spec.restartAt` that was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<Time>,
    /// Set to true to skip the rest of the steps, pauses and analyses.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub promote_full: bool,
    /// `Healthy`, `Progressing`, `Paused` or `Degraded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Most available pods of the newest version since template, step or promotion last changed:
    /// pods that come and go do not put off the progress deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_updated_available: Option<i32>,
    /// Index of the step whose pause `pauseConditions` tells of: a client that skips to another
    /// pause does not shorten that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_step_index: Option<i32>,
    /// Why it is in this phase; empty when healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Generation of the object in `spec.workloadRef` that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_observed_generation: Option<String>,
    /// The AWS load balancer, when one Ingress is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alb: Option<AlbStatus>,
    /// The AWS load balancers, when several Ingresses are used.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub albs: Vec<AlbStatus>,
    /// When the current or last update began and ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<RolloutDuration>,
    /// The one thing this rollout waits on now; absent when it waits on nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<WaitingOnStatus>,
}

/// An AnalysisRun as its Rollout sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name", "status"]))]
pub struct RolloutAnalysisRunStatus {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its phase: `Pending`, `Running`, `Successful`, `Failed`, `Error` or `Inconclusive`.
    #[serde(default)]
    pub status: String,
    /// Why it is in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Reads `null` as the default, as Go clients write it.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
