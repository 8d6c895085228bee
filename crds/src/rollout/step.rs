//! `spec.strategy.canary.steps[]`.
//!
//! The order of fields is the order of the step hash (`compat/api.md` §2.3, §9): do not sort it.

use k8s_openapi::apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::{AnalysisRunArgument, RolloutAnalysis, analysis::DryRun, canary::PodMetadata};

/// One step of an update; as a rule exactly one field is set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStep {
    /// Share of the traffic for the new version, 0 to 100 (or to
    /// `trafficRouting.maxTrafficWeight`). Without a router it is a share of the pods. Done when
    /// that many pods are available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_weight: Option<i32>,
    /// Waits: `pause: {}` until a person promotes, `pause: {duration: 10m}` for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// Runs an Experiment; done when it succeeded, and its failure aborts the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<ExperimentStep>,
    /// Runs an analysis; done when it succeeded, and its failure aborts the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<RolloutAnalysis>,
    /// Sizes the new version independently of the traffic. Only with `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_canary_scale: Option<SetCanaryScale>,
    /// Sends requests with certain headers to the new version. Only with some routers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_header_route: Option<SetHeaderRoute>,
    /// Sends a copy of certain requests to the new version. Only with some routers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_mirror_route: Option<SetMirrorRoute>,
    /// Runs a step plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginStep>,
}

/// Wait; without a duration until a person promotes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// How long: seconds as `30` or `"30"`, or a duration such as `30s`, `5m`, `1h30m`. Absent
    /// means until a person promotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<IntOrString>,
}

/// An Experiment as a step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["templates"]))]
pub struct ExperimentStep {
    /// The versions to run side by side.
    #[serde(default)]
    pub templates: Vec<ExperimentStepTemplate>,
    /// How long they run once available, e.g. `10m`; until the analyses end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Analyses that judge the Experiment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub analyses: Vec<ExperimentStepAnalysis>,
    /// Metrics that are measured but do not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dry_run: Vec<DryRun>,
    /// Labels and annotations of the AnalysisRuns.
    #[serde(default)]
    pub analysis_run_metadata: PodMetadata,
    /// Seconds the pods stay after the end; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
}

/// One version of an Experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["name", "specRef"]))]
pub struct ExperimentStepTemplate {
    /// Its name; unique in the step.
    #[serde(default)]
    pub name: String,
    /// Whose pods: `canary` (the new version) or `stable`.
    #[serde(default)]
    pub spec_ref: String,
    /// Pods; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Labels and annotations added to its pods.
    #[serde(default)]
    pub metadata: PodMetadata,
    /// Selects its pods; the Rollout's selector when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Share of the traffic. Only with some routers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Makes a Service for its pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<TemplateService>,
}

/// A Service for the pods of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TemplateService {
    /// Name of the Service; that of the ReplicaSet when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One analysis of an Experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["name", "templateName"]))]
pub struct ExperimentStepAnalysis {
    /// Its name; unique in the step.
    #[serde(default)]
    pub name: String,
    /// Name of the AnalysisTemplate.
    #[serde(default)]
    pub template_name: String,
    /// Whether the template is a ClusterAnalysisTemplate; false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cluster_scope: bool,
    /// Values for the template's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<AnalysisRunArgument>,
    /// Whether the Experiment does not end before this analysis does; false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required_for_completion: bool,
}

/// Size the canary independently of the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetCanaryScale {
    /// Pods as a percentage of `spec.replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Pods as a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Back to the size that the traffic needs; false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_traffic_weight: bool,
}

/// Route requests with certain headers to the canary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SetHeaderRoute {
    /// Name of the route; must be in `trafficRouting.managedRoutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which requests, by their headers. None removes the route.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HeaderRoutingMatch>,
}

/// One header.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["headerName", "headerValue"]))]
pub struct HeaderRoutingMatch {
    /// Name of the header.
    #[serde(default)]
    pub header_name: String,
    /// Its value: exactly one of `exact`, `prefix`, `regex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_value: Option<StringMatch>,
}

/// Exactly one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StringMatch {
    /// The whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A regular expression for the whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

/// Mirror requests to the canary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct SetMirrorRoute {
    /// Name of the route; must be in `trafficRouting.managedRoutes`.
    #[serde(default)]
    pub name: String,
    /// Which requests. None removes the route.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<RouteMatch>,
    /// Share of these requests that is copied, 0 to 100; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<i32>,
}

/// Which requests are mirrored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RouteMatch {
    /// HTTP method, such as `exact: GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<StringMatch>,
    /// Path of the request, such as `prefix: /api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<StringMatch>,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, StringMatch>,
}

/// Run a step plugin.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct PluginStep {
    /// Name of the plugin, such as `org/plugin`.
    #[serde(default)]
    pub name: String,
    /// Configuration of the plugin; any object.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schemars(schema_with = "crate::schema::any_object")]
    pub config: Value,
}
