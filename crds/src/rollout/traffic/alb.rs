//! `trafficRouting.alb`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// AWS Load Balancer controller: either `ingress` or `ingresses`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["servicePort"]))]
pub struct AlbTrafficRouting {
    /// The Ingress whose action annotation is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<String>,
    /// Port of the Services that the action forwards to.
    #[serde(default)]
    pub service_port: i32,
    /// Service that the Ingress names as the action; the stable Service when absent.
    /// Required together with `pingPong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_service: Option<String>,
    /// Prefix of the Ingress annotations; `alb.ingress.kubernetes.io` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation_prefix: Option<String>,
    /// Keeps a client on the version it reached first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stickiness_config: Option<StickinessConfig>,
    /// Several Ingresses whose action annotations are changed together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingresses: Vec<String>,
}

/// Stickiness of the target groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["durationSeconds", "enabled"]))]
pub struct StickinessConfig {
    /// Whether a client stays on the version it reached first.
    #[serde(default)]
    pub enabled: bool,
    /// For how many seconds; 1 to 604800.
    #[serde(default)]
    pub duration_seconds: i64,
}
