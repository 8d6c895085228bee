//! Providers that are monitoring services with their own query languages.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A canary judgement of Kayenta.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KayentaMetric {
    /// URL of Kayenta.
    #[serde(default)]
    pub address: String,
    /// The application.
    #[serde(default)]
    pub application: String,
    /// Name of the canary configuration.
    #[serde(default)]
    pub canary_config_name: String,
    /// Account for metrics.
    #[serde(default)]
    pub metrics_account_name: String,
    /// Account for configurations.
    #[serde(default)]
    pub configuration_account_name: String,
    /// Account for storage.
    #[serde(default)]
    pub storage_account_name: String,
    /// Scores that are good and bad.
    #[serde(default)]
    pub threshold: KayentaThreshold,
    /// What is compared with what.
    #[serde(default)]
    pub scopes: Vec<KayentaScope>,
    /// Whether the time range moves with each measurement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lookback: bool,
}

/// Scores, 0 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct KayentaThreshold {
    /// From this on good.
    #[serde(default)]
    pub pass: i64,
    /// From this on neither good nor bad.
    #[serde(default)]
    pub marginal: i64,
}

/// What is compared with what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KayentaScope {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The old version.
    #[serde(default)]
    pub control_scope: ScopeDetail,
    /// The new version.
    #[serde(default)]
    pub experiment_scope: ScopeDetail,
}

/// One side of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ScopeDetail {
    /// What tells the pods, e.g. their hash.
    #[serde(default)]
    pub scope: String,
    /// Region.
    #[serde(default)]
    pub region: String,
    /// Seconds between two points.
    #[serde(default)]
    pub step: i64,
    /// Beginning, RFC 3339.
    #[serde(default)]
    pub start: String,
    /// End, RFC 3339.
    #[serde(default)]
    pub end: String,
}

/// A Datadog query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatadogMetric {
    /// How far back the query looks; `5m` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The query; or else `queries` with `formula`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Queries by the name that the formula uses; with `apiVersion: v2`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, String>,
    /// Makes one result of several queries; with `apiVersion: v2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// `v1` or `v2`; `v1` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["v1", "v2"]))]
    pub api_version: Option<String>,
    /// How points become one number; `last` when absent. With `apiVersion: v2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "avg", "min", "max", "sum", "last", "percentile", "mean", "l2norm", "area"
    ]))]
    pub aggregator: Option<String>,
    /// The Secret with the keys; the controller's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<DatadogSecretRef>,
    /// Time after which the request is given up; `10s` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<String>,
}

/// The Secret with the keys of Datadog.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DatadogSecretRef {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is in the namespace of the analysis instead of the controller's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub namespaced: bool,
}

/// A Wavefront query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WavefrontMetric {
    /// URL of Wavefront.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// A New Relic query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct NewRelicMetric {
    /// Name of the Secret with the account; `newrelic` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The query, in NRQL.
    #[serde(default)]
    pub query: String,
    /// Seconds after which the query is given up; 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// AWS CloudWatch metric data queries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudWatchMetric {
    /// How far back the queries look; `5m` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The queries.
    #[serde(default)]
    pub metric_data_queries: Vec<CloudWatchQuery>,
}

/// One query: either an expression or a statistic.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudWatchQuery {
    /// Name of its result, for other expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A metric math expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Label of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A statistic of a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<CloudWatchStat>,
    /// Seconds of each point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<IntOrString>,
    /// Whether its result counts, or only serves other expressions; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
}

/// A statistic of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CloudWatchStat {
    /// The metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<CloudWatchStatMetric>,
    /// Seconds of each point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<IntOrString>,
    /// The statistic, e.g. `Average`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// The unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A CloudWatch metric.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudWatchStatMetric {
    /// What narrows it down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<CloudWatchDimension>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// A dimension of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CloudWatchDimension {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A Graphite query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GraphiteMetric {
    /// URL of Graphite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// An InfluxDB query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct InfluxdbMetric {
    /// Name of the Secret with address, token and organisation; `influxdb` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The query, in Flux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// A SkyWalking query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SkyWalkingMetric {
    /// URL of SkyWalking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The query, in GraphQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// How far back the query looks; `5m` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
}
