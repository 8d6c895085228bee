//! The OpenAPI schemas of the built-in kinds, from the typed API library.
//!
//! One place serves the OpenAPI documents, the search for misspelt fields and the type checks, so
//! that what `kubectl explain` shows is what is enforced.

mod lists;

use k8s_openapi::schemars::generate::SchemaSettings;
use k8s_openapi::{api, apiextensions_apiserver::pkg::apis::apiextensions::v1 as crd};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::Gvk;

/// Where the documents keep schemas.
pub const PREFIX: &str = "#/components/schemas/";

/// All schemas by name, e.g. `io.k8s.api.apps.v1.ReplicaSet`; references begin with [`PREFIX`].
pub fn schemas() -> &'static BTreeMap<String, Value> {
    static SCHEMAS: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    SCHEMAS.get_or_init(generate)
}

/// Name of the schema of a built-in kind; `None` for kinds that are not modelled.
pub fn name_of(gvk: &Gvk) -> Option<String> {
    let group = match (gvk.group.as_str(), gvk.version.as_str()) {
        ("", "v1") => "io.k8s.api.core.v1",
        ("apps", "v1") => "io.k8s.api.apps.v1",
        ("autoscaling", "v1") => "io.k8s.api.autoscaling.v1",
        ("policy", "v1") => "io.k8s.api.policy.v1",
        ("coordination.k8s.io", "v1") => "io.k8s.api.coordination.v1",
        ("discovery.k8s.io", "v1") => "io.k8s.api.discovery.v1",
        ("apiextensions.k8s.io", "v1") => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
        }
        _ => return None,
    };
    let name = format!("{group}.{}", gvk.kind);
    schemas().contains_key(&name).then_some(name)
}

/// The schema that a node refers to, or the node itself, with the name where it has one.
pub fn resolve(node: &Value) -> (Option<&str>, &Value) {
    let inner = node.get("allOf").and_then(|all| all.get(0)).unwrap_or(node);
    let name = inner
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix(PREFIX));
    match name.and_then(|name| schemas().get_key_value(name)) {
        Some((name, schema)) => (Some(name), schema),
        None => (None, node),
    }
}

fn generate() -> BTreeMap<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();

    macro_rules! include {
        ($($kind:ty),* $(,)?) => { $( generator.subschema_for::<$kind>(); )* };
    }
    include!(
        api::core::v1::Namespace,
        api::core::v1::Pod,
        api::core::v1::Service,
        api::core::v1::Endpoints,
        api::core::v1::Event,
        api::core::v1::ConfigMap,
        api::core::v1::Secret,
        api::core::v1::ServiceAccount,
        api::core::v1::Node,
        api::apps::v1::ReplicaSet,
        api::apps::v1::Deployment,
        api::autoscaling::v1::Scale,
        api::policy::v1::Eviction,
        api::coordination::v1::Lease,
        api::discovery::v1::EndpointSlice,
        crd::CustomResourceDefinition,
    );
    let mut schemas = BTreeMap::new();
    for (name, mut schema) in generator.take_definitions(false) {
        tidy(&mut schema);
        // The typed library asks for metadata in every object; the API does not.
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|name| name != "metadata");
        }
        schemas.insert(name, schema);
    }
    lists::annotate(&mut schemas);
    schemas
}

/// Brings a schema into the shape that the API server publishes: a reference with siblings
/// becomes an `allOf` of one, since OpenAPI 3.0 ignores what stands beside a reference.
fn tidy(node: &mut Value) {
    match node {
        Value::Object(map) => {
            for value in map.values_mut() {
                tidy(value);
            }
            if map.len() > 1
                && map.get("$ref").is_some_and(Value::is_string)
                && let Some(reference) = map.remove("$ref")
            {
                let mut inner = Map::new();
                inner.insert("$ref".into(), reference);
                map.insert("allOf".into(), Value::Array(vec![Value::Object(inner)]));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_leads_through_its_reference_to_its_own_schema() {
        let name = name_of(&Gvk::new("apps", "v1", "ReplicaSet")).unwrap();
        let spec = &schemas()[&name]["properties"]["spec"];
        let (name, spec) = resolve(spec);
        assert_eq!(name, Some("io.k8s.api.apps.v1.ReplicaSetSpec"));
        assert_eq!(spec["properties"]["replicas"]["format"], "int32");
    }

    #[test]
    fn every_reference_has_its_schema() {
        fn walk(node: &Value) {
            if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
                let name = reference.strip_prefix(PREFIX).unwrap();
                assert!(schemas().contains_key(name), "{name}");
            }
            match node {
                Value::Object(map) => map.values().for_each(walk),
                Value::Array(list) => list.iter().for_each(walk),
                _ => {}
            }
        }
        schemas().values().for_each(walk);
    }
}
