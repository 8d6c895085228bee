//! The OpenAPI v3 documents: an index, and one document for each group and version.
//!
//! `kubectl explain` reads the schemas, `kubectl apply` the parameters of the patch operations
//! (whether the server validates fields itself). Strategic merge is not described in them; kubectl
//! then uses what it knows of the built-in kinds, which is the same.

mod paths;

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use crate::api_schema;
use crate::resources::{Registry, Resource};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// `/openapi/v3`: where the documents are.
pub fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for resource in registry.iter() {
        let place = place(&resource.gvk.group, &resource.gvk.version);
        let url = format!("/openapi/v3/{place}");
        paths.insert(place, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// `/openapi/v3/api/v1` and `/openapi/v3/apis/GROUP/VERSION`; `None` for one that is not served.
pub fn document(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let resources: Vec<&Resource> = registry
        .iter()
        .map(AsRef::as_ref)
        .filter(|r| r.gvk.group == group && r.gvk.version == version)
        .collect();
    if resources.is_empty() {
        return None;
    }
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for resource in resources {
        let name = schema_name(resource);
        let mut schema = schema(resource);
        mark(&mut schema, resource, &resource.gvk.kind);
        schemas.insert(name.clone(), schema);
        let list = format!("{name}List");
        schemas.insert(list.clone(), list_schema(resource, &name));
        paths::add(resource, &name, &list, &mut paths);
    }
    complete(&mut schemas);
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": crate::discovery::VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

fn place(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

/// `io.k8s.api.apps.v1.ReplicaSet`, `io.argoproj.v1alpha1.Rollout`.
fn schema_name(resource: &Resource) -> String {
    let gvk = &resource.gvk;
    api_schema::name_of(gvk).unwrap_or_else(|| {
        let mut parts: Vec<&str> = gvk.group.split('.').rev().collect();
        parts.extend([gvk.version.as_str(), gvk.kind.as_str()]);
        parts.join(".")
    })
}

fn schema(resource: &Resource) -> Value {
    let Some(custom) = &resource.custom else {
        let name = schema_name(resource);
        return api_schema::schemas()
            .get(&name)
            .cloned()
            .unwrap_or_default();
    };
    let given = custom.version.pointer("/schema/openAPIV3Schema");
    let mut schema = given.cloned().unwrap_or_else(|| json!({"type": "object"}));
    if let Some(map) = schema.as_object_mut() {
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.insert(
                "apiVersion".into(),
                json!({
                    "type": "string",
                    "description": "The group and version of the schema that this object has.",
                }),
            );
            properties.insert(
                "kind".into(),
                json!({
                    "type": "string", "description": "What this object is.",
                }),
            );
            properties.insert("metadata".into(), json!({
                "description": "Name, labels, annotations and what the server keeps about the object.",
                "allOf": [reference(OBJECT_META)],
            }));
        }
    }
    schema
}

fn list_schema(resource: &Resource, of: &str) -> Value {
    let mut schema = json!({
        "type": "object",
        "description": format!("A list of {} objects.", resource.gvk.kind),
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": reference("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"),
            "items": {"type": "array", "items": reference(of)},
        },
    });
    mark(&mut schema, resource, &resource.list_kind);
    schema
}

/// Says which kind a schema is of.
fn mark(schema: &mut Value, resource: &Resource, kind: &str) {
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "x-kubernetes-group-version-kind".into(),
            json!([{"group": resource.gvk.group, "version": resource.gvk.version, "kind": kind}]),
        );
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("{}{name}", api_schema::PREFIX)})
}

/// Adds every schema that another one refers to.
fn complete(schemas: &mut Map<String, Value>) {
    let mut open: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for schema in schemas.values() {
        references(schema, &mut open);
    }
    open.push("io.k8s.api.autoscaling.v1.Scale".into());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) || schemas.contains_key(&name) {
            continue;
        }
        if let Some(schema) = api_schema::schemas().get(&name) {
            references(schema, &mut open);
            schemas.insert(name, schema.clone());
        } else if name.ends_with(".ListMeta") {
            // Lists are not among the generated kinds.
            schemas.insert(name, list_meta());
        }
    }
}

fn list_meta() -> Value {
    json!({
        "type": "object",
        "description": "What the server says about a list.",
        "properties": {
            "continue": {"type": "string", "description": "Where the next part of the list begins."},
            "remainingItemCount": {"type": "integer", "format": "int64", "description": "How many objects are left."},
            "resourceVersion": {"type": "string", "description": "The version of the list, to watch from."},
            "selfLink": {"type": "string", "description": "Not set by the server any more."},
        },
    })
}

fn references(node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(|name| name.strip_prefix(api_schema::PREFIX)) {
                found.push(name.to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_of_the_index_exists_and_holds_what_it_refers_to() {
        let registry = Registry::builtin();
        for (place, _) in index(&registry)["paths"].as_object().unwrap() {
            let parts: Vec<&str> = place.split('/').collect();
            let (group, version) = match parts.as_slice() {
                ["api", version] => ("", *version),
                ["apis", group, version] => (*group, *version),
                other => panic!("{other:?}"),
            };
            let document = document(&registry, group, version).unwrap();
            let mut names = Vec::new();
            references(&document, &mut names);
            for name in names {
                assert!(
                    document["components"]["schemas"].get(&name).is_some(),
                    "{place}: {name}"
                );
            }
        }
        assert!(document(&registry, "none", "v1").is_none());
    }

    #[test]
    fn a_kind_is_found_by_the_path_of_its_resource() {
        let document = document(&Registry::builtin(), "apps", "v1").unwrap();
        let get = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/replicasets"]["get"];
        assert_eq!(get["x-kubernetes-group-version-kind"]["kind"], "ReplicaSet");
        let patch =
            &document["paths"]["/apis/apps/v1/namespaces/{namespace}/replicasets/{name}"]["patch"];
        let parameters = patch["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|p| p["name"] == "fieldValidation"));
    }
}
