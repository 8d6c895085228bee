//! `status.alb` and `status.albs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The AWS load balancer behind an Ingress.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlbStatus {
    /// The load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<AwsResource>,
    /// Target group of the canary's pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_target_group: Option<AwsResource>,
    /// Target group of the stable pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_target_group: Option<AwsResource>,
    /// Name of the Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<String>,
}

/// A load balancer or target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["arn", "name"]))]
pub struct AwsResource {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its ARN.
    #[serde(default)]
    pub arn: String,
    /// The last part of its ARN, as metrics name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
}
