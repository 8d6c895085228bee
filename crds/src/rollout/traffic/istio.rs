//! `trafficRouting.istio`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Istio: either `virtualService` or `virtualServices`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IstioTrafficRouting {
    /// The VirtualService whose weights are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_service: Option<IstioVirtualService>,
    /// A DestinationRule whose subsets select stable and canary pods; with it no canary and
    /// stable Service is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<IstioDestinationRule>,
    /// Several VirtualServices whose weights are changed together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_services: Vec<IstioVirtualService>,
}

/// A VirtualService and the routes in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["name"]))]
pub struct IstioVirtualService {
    /// Its name, or `name.namespace` when it is in another namespace.
    #[serde(default)]
    pub name: String,
    /// Names of its HTTP routes to change; may be left out when there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Its TLS routes to change; may be left out when there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls_routes: Vec<TlsRoute>,
    /// Its TCP routes to change; may be left out when there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tcp_routes: Vec<TcpRoute>,
}

/// Tells a TLS route by its port, its hosts, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsRoute {
    /// Port of the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
    /// SNI hosts of the route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sni_hosts: Vec<String>,
}

/// Tells a TCP route by its port.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TcpRoute {
    /// Port of the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
}

/// A DestinationRule and its subsets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["canarySubsetName", "name", "stableSubsetName"]))]
pub struct IstioDestinationRule {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Subset whose labels select the canary's pods.
    #[serde(default)]
    pub canary_subset_name: String,
    /// Subset whose labels select the stable pods.
    #[serde(default)]
    pub stable_subset_name: String,
    /// More subsets that may exist in the rule and are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_subset_names: Vec<String>,
}
