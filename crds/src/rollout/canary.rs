//! `spec.strategy.canary`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CanaryStep, RolloutAnalysis, traffic::TrafficRouting};

/// A new version that takes over step by step.
///
/// Source: `compat/api.md` §2.2, `compat/canary.md`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStrategy {
    /// Name of a Service that is made to select only pods of the new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_service: Option<String>,
    /// Name of a Service that is made to select only pods of the stable version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_service: Option<String>,
    /// What happens during an update, in order. None means a plain rolling update.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CanaryStep>,
    /// What splits the traffic. When absent, traffic follows the number of pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_routing: Option<TrafficRouting>,
    /// Pods that may be missing during an update: a number, or a percentage of `replicas` rounded
    /// down; `25%` when absent. Text without a percent sign is a percentage as well. Not 0
    /// together with `maxSurge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Pods that may exist beyond `replicas` during an update: a number, or a percentage of
    /// `replicas` rounded up; `25%` when absent. Text without a percent sign is a percentage as
    /// well. Not 0 together with `maxUnavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrString>,
    /// Analysis that runs beside the steps; when it fails the update is aborted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<BackgroundAnalysis>,
    /// Keeps pods of the new version off the nodes of the stable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anti_affinity: Option<AntiAffinity>,
    /// Labels and annotations of pods while they are the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_metadata: Option<PodMetadata>,
    /// Labels and annotations of pods while they are stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_metadata: Option<PodMetadata>,
    /// Seconds the old pods stay after the new version took over; 30 when absent. Only with
    /// `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
    /// How many old ReplicaSets may wait for `scaleDownDelaySeconds` at once; any number when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_revision_limit: Option<i32>,
    /// Seconds the canary's pods stay after an abort; 30 when absent, 0 means for ever. Only with
    /// `trafficRouting`; without it they go at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_scale_down_delay_seconds: Option<i32>,
    /// Whether the stable version shrinks as traffic moves away from it; false when absent. Only
    /// with `trafficRouting`, and not with `scaleDownDelaySeconds`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dynamic_stable_scale: bool,
    /// Two Services that change roles at every promotion, in place of `canaryService` and
    /// `stableService`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_pong: Option<PingPong>,
    /// Least number of pods of a version that gets traffic; 1 when absent. Only with
    /// `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_pods_per_replica_set: Option<i32>,
    /// How many of a step's new pods must be available before the step counts as done; all when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_progress_threshold: Option<ReplicaProgressThreshold>,
}

/// Analysis in the background, from `startingStep` on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackgroundAnalysis {
    /// The analysis itself.
    #[serde(flatten)]
    pub analysis: RolloutAnalysis,
    /// Index, from 0, of the step with which the analysis begins; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_step: Option<i32>,
}

/// Two Services that change roles at every promotion.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["pingService", "pongService"]))]
pub struct PingPong {
    /// Name of one Service.
    #[serde(default)]
    pub ping_service: String,
    /// Name of the other Service.
    #[serde(default)]
    pub pong_service: String,
}

/// How many new pods must be available before a step is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["type", "value"]))]
pub struct ReplicaProgressThreshold {
    /// `Percent` of the pods that the step wants, or a number of `Pods`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The percentage, 0 to 100, or the number of pods.
    #[serde(default)]
    pub value: i32,
}

/// Labels and annotations of pods while they have a role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PodMetadata {
    /// Labels by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Keeps pods of the new version off the nodes of the old one; exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AntiAffinity {
    /// A wish: the scheduler avoids such nodes when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_during_scheduling_ignored_during_execution: Option<PreferredAntiAffinity>,
    /// A must: pods stay pending when there is no other node. Has no fields, write `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_during_scheduling_ignored_during_execution: Option<RequiredAntiAffinity>,
}

/// The wish's weight.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["weight"]))]
pub struct PreferredAntiAffinity {
    /// How strong the wish is, 1 to 100.
    #[serde(default)]
    pub weight: i32,
}

/// Has no fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RequiredAntiAffinity {}
