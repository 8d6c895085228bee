//! `spec.strategy.canary.trafficRouting`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What splits the traffic.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrafficRouting {
    /// The weight that means all traffic; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_traffic_weight: Option<i32>,
}
