//! The operations of a resource.

use serde_json::{Map, Value, json};

use crate::api_schema::PREFIX;
use crate::resources::Resource;

/// Adds the paths of one resource; `schema` and `list` are the names of its schemas.
pub(super) fn add(resource: &Resource, schema: &str, list: &str, paths: &mut Map<String, Value>) {
    let gvk = &resource.gvk;
    let prefix = if gvk.group.is_empty() {
        format!("/api/{}", gvk.version)
    } else {
        format!("/apis/{}/{}", gvk.group, gvk.version)
    };
    let plural = &resource.id.resource;
    let collection = if resource.namespaced {
        paths.insert(
            format!("{prefix}/{plural}"),
            json!({"get": operation(resource, "list", READ, list)}),
        );
        format!("{prefix}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{prefix}/{plural}")
    };
    paths.insert(
        collection.clone(),
        json!({
            "get": operation(resource, "list", READ, list),
            "post": operation(resource, "post", WRITE, schema),
            "delete": operation(resource, "deletecollection", READ, schema),
        }),
    );
    let one = format!("{collection}/{{name}}");
    paths.insert(
        one.clone(),
        json!({
            "get": operation(resource, "get", &[], schema),
            "put": operation(resource, "put", WRITE, schema),
            "patch": operation(resource, "patch", WRITE, schema),
            "delete": operation(resource, "delete", DELETE, schema),
        }),
    );
    let mut sub = |name: &str, schema: &str| {
        paths.insert(
            format!("{one}/{name}"),
            json!({
                "get": operation(resource, "get", &[], schema),
                "put": operation(resource, "put", WRITE, schema),
                "patch": operation(resource, "patch", WRITE, schema),
            }),
        );
    };
    if resource.status {
        sub("status", schema);
    }
    if resource.scale.is_some() {
        sub("scale", "io.k8s.api.autoscaling.v1.Scale");
    }
}

/// Query parameters with their types.
const READ: &[(&str, &str)] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];
const WRITE: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
];
const DELETE: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("propagationPolicy", "string"),
];

fn operation(resource: &Resource, action: &str, query: &[(&str, &str)], schema: &str) -> Value {
    let parameters: Vec<Value> = query
        .iter()
        .map(|(name, kind)| {
            json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}})
        })
        .collect();
    let gvk = &resource.gvk;
    json!({
        "tags": [gvk.api_version()],
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {
            "group": gvk.group, "version": gvk.version, "kind": gvk.kind,
        },
        "parameters": parameters,
        "responses": {"200": {
            "description": "OK",
            "content": {"application/json": {"schema": {"$ref": format!("{PREFIX}{schema}")}}},
        }},
    })
}
