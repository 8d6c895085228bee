//! What a pod template's schema needs beyond Kubernetes' own: keys of lists, and the places that
//! stay as permissive as in the CRDs that users have today.
//!
//! Source: `compat/api.md` §1; the keys are those of the built-in kinds.

use serde_json::{Value, json};

/// Lists of a pod's `spec` whose members have a key, so that server-side apply merges them one by
/// one. `*` stands for the three lists of containers.
const KEYED_LISTS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("initContainers", &["name"]),
    ("*/env", &["name"]),
    ("*/ports", &["containerPort", "protocol"]),
    ("*/resources.claims", &["name"]),
    ("*/volumeDevices", &["devicePath"]),
    ("*/volumeMounts", &["mountPath"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("resourceClaims", &["name"]),
    ("resources.claims", &["name"]),
    ("schedulingGates", &["name"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
];

/// References whose `name` newer schemas require and the CRDs of today do not.
const OPTIONAL_NAMES: &[&str] = &[
    "*/env[].valueFrom.configMapKeyRef",
    "*/env[].valueFrom.secretKeyRef",
    "*/envFrom[].configMapRef",
    "*/envFrom[].secretRef",
    "imagePullSecrets[]",
];

const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// Changes the schema of a pod template in place.
pub(super) fn adapt_template(template: &mut Value) {
    if let Some(metadata) = template.pointer_mut("/properties/metadata") {
        let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
        *metadata = json!({
            "type": "object",
            "properties": {"labels": texts, "annotations": texts},
        });
    }
    let Some(spec) = template.pointer_mut("/properties/spec") else {
        return;
    };
    for containers in CONTAINERS {
        for amounts in ["limits", "requests"] {
            let path = format!("{containers}[].resources.{amounts}");
            if let Some(node) = at(spec, &path) {
                *node = json!({"x-kubernetes-preserve-unknown-fields": true});
            }
        }
    }
    if let Some(volume) = at(spec, "volumes[]") {
        *volume = json!({"x-kubernetes-preserve-unknown-fields": true});
    }
    for path in OPTIONAL_NAMES.iter().flat_map(|pattern| expand(pattern)) {
        if let Some(Value::Object(node)) = at(spec, &path)
            && let Some(Value::Array(required)) = node.get_mut("required")
        {
            required.retain(|field| field != "name");
            if required.is_empty() {
                node.remove("required");
            }
        }
    }
    for (pattern, keys) in KEYED_LISTS {
        for path in expand(pattern) {
            if let Some(list) = at(spec, &path) {
                super::set(list, "x-kubernetes-list-type", json!("map"));
                super::set(list, "x-kubernetes-list-map-keys", json!(keys));
            }
        }
    }
}

fn expand(pattern: &str) -> Vec<String> {
    match pattern.strip_prefix("*/") {
        Some(field) => CONTAINERS
            .iter()
            .map(|containers| format!("{containers}[].{field}"))
            .collect(),
        None => vec![pattern.to_owned()],
    }
}

/// The schema at a path such as `containers[].resources.limits`.
pub(crate) fn at<'a>(schema: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(schema, |node, part| {
        let (name, is_list) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        let node = node.get_mut("properties")?.get_mut(name)?;
        if is_list {
            node.get_mut("items")
        } else {
            Some(node)
        }
    })
}
