//! The routers with few fields: NGINX, SMI, Ambassador, App Mesh, Traefik, APISIX.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// NGINX Ingress controller: either `stableIngress` or `stableIngresses`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NginxTrafficRouting {
    /// Prefix of the canary Ingress' annotations; `nginx.ingress.kubernetes.io` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation_prefix: Option<String>,
    /// The Ingress of the stable Service; the canary's Ingress is made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_ingress: Option<String>,
    /// Annotations added to the canary's Ingress; a key without a prefix gets
    /// `annotationPrefix`, e.g. `canary-by-header: X-Canary`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub additional_ingress_annotations: BTreeMap<String, String>,
    /// Several stable Ingresses that are handled together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stable_ingresses: Vec<String>,
    /// Annotations added to the canary's Ingress exactly as written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub canary_ingress_annotations: BTreeMap<String, String>,
}

/// Service Mesh Interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SmiTrafficRouting {
    /// Service that clients use; the stable Service when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_service: Option<String>,
    /// Name of the TrafficSplit to make; the Rollout's name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_split_name: Option<String>,
}

/// Ambassador (Emissary).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["mappings"]))]
pub struct AmbassadorTrafficRouting {
    /// Mappings of the stable Service; a canary Mapping is made from each. At least one.
    #[serde(default)]
    pub mappings: Vec<String>,
}

/// AWS App Mesh.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppMeshTrafficRouting {
    /// The VirtualService whose router's routes are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_service: Option<AppMeshVirtualService>,
    /// The VirtualNodes of stable and canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_node_group: Option<AppMeshVirtualNodeGroup>,
}

/// An App Mesh VirtualService and the routes in its router.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct AppMeshVirtualService {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Names of the routes to change; may be left out when there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
}

/// The two VirtualNodes that weights refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["canaryVirtualNodeRef", "stableVirtualNodeRef"]))]
pub struct AppMeshVirtualNodeGroup {
    /// VirtualNode of the canary's pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_virtual_node_ref: Option<AppMeshVirtualNodeRef>,
    /// VirtualNode of the stable pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_virtual_node_ref: Option<AppMeshVirtualNodeRef>,
}

/// A VirtualNode by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct AppMeshVirtualNodeRef {
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// Traefik.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["weightedTraefikServiceName"]))]
pub struct TraefikTrafficRouting {
    /// The TraefikService whose weights are changed.
    #[serde(default)]
    pub weighted_traefik_service_name: String,
}

/// Apache APISIX.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ApisixTrafficRouting {
    /// The ApisixRoute whose weights are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<ApisixRoute>,
}

/// An ApisixRoute and the rules in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name"]))]
pub struct ApisixRoute {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Names of its HTTP rules to change; all when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}
