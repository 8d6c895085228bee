//! `spec.strategy.canary.trafficRouting`: what splits the traffic between stable and canary.
//!
//! Source: `compat/api.md` §2.4.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub mod alb;
pub mod istio;
pub mod others;

pub use alb::AlbTrafficRouting;
pub use istio::IstioTrafficRouting;
pub use others::{
    AmbassadorTrafficRouting, ApisixTrafficRouting, AppMeshTrafficRouting, NginxTrafficRouting,
    SmiTrafficRouting, TraefikTrafficRouting,
};

/// What splits the traffic between the stable and the canary Service. As a rule one router is
/// set. Without this object traffic is split by the number of pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrafficRouting {
    /// Istio: weights of a VirtualService, and optionally subsets of a DestinationRule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub istio: Option<IstioTrafficRouting>,
    /// NGINX Ingress controller: a canary Ingress beside the stable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nginx: Option<NginxTrafficRouting>,
    /// AWS Load Balancer controller: a forward action in the annotations of an Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alb: Option<AlbTrafficRouting>,
    /// Service Mesh Interface: a TrafficSplit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smi: Option<SmiTrafficRouting>,
    /// Ambassador (Emissary): a canary Mapping beside each stable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambassador: Option<AmbassadorTrafficRouting>,
    /// AWS App Mesh: weights of a VirtualRouter's routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_mesh: Option<AppMeshTrafficRouting>,
    /// Traefik: weights of a TraefikService.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traefik: Option<TraefikTrafficRouting>,
    /// Routes that steps may create and remove; their order is their precedence in the router.
    /// Each name used by a `setHeaderRoute` or `setMirrorRoute` step must be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_routes: Option<Vec<ManagedRoute>>,
    /// Apache APISIX: weights of an ApisixRoute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apisix: Option<ApisixTrafficRouting>,
    /// Configuration of router plugins by the plugin's name, such as `argoproj-labs/gatewayAPI`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::any_object")]
    pub plugins: BTreeMap<String, Value>,
    /// The weight that means all traffic; 100 when absent. Only with nginx and plugins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_traffic_weight: Option<i32>,
}

/// A route that the controller owns in the router's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct ManagedRoute {
    /// Name of the route, as used in `setHeaderRoute.name` or `setMirrorRoute.name`.
    #[serde(default)]
    pub name: String,
}
