//! `spec.strategy.blueGreen`.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    RolloutAnalysis,
    canary::{AntiAffinity, PodMetadata},
};

/// Two Services: active for users, preview for a look at the new version before the switch.
///
/// Source: `compat/api.md` §2.1, `compat/bluegreen.md`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["activeService"]))]
pub struct BlueGreenStrategy {
    /// Name of the Service that users reach; it is switched to the new version when that is
    /// promoted. Must exist.
    #[serde(default)]
    pub active_service: String,
    /// Name of a Service that selects the new version before it is promoted. Must exist, and
    /// differ from `activeService`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_service: Option<String>,
    /// Pods of the new version until it is promoted; it then grows to `replicas` before the
    /// switch. As many as `replicas` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_replica_count: Option<i32>,
    /// Whether the new version is promoted by itself once it is available; true when absent. With
    /// false a person promotes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_promotion_enabled: Option<bool>,
    /// Seconds between an available new version and its promotion by itself; at once when 0 or
    /// absent.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub auto_promotion_seconds: i32,
    /// Pods that may be missing while pods are restarted by `restartAt`: a number or a
    /// percentage, rounded down; `25%` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Seconds the old pods stay after the switch, so that every node learns of it; 30 when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
    /// How many old ReplicaSets may wait for `scaleDownDelaySeconds` at once; any number when
    /// absent. At most `revisionHistoryLimit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_revision_limit: Option<i32>,
    /// Seconds the new version's pods stay after an abort; 30 when absent, 0 means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_scale_down_delay_seconds: Option<i32>,
    /// Analysis that must succeed before the switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_promotion_analysis: Option<RolloutAnalysis>,
    /// Analysis that must succeed after the switch; when it fails the Service is switched back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_promotion_analysis: Option<RolloutAnalysis>,
    /// Keeps pods of the new version off the nodes of the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anti_affinity: Option<AntiAffinity>,
    /// Labels and annotations of pods until they are active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_metadata: Option<PodMetadata>,
    /// Labels and annotations of pods while they are active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_metadata: Option<PodMetadata>,
}
