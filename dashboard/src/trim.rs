//! What is not kept of an object: everything that nobody is shown, environments first of all.

use serde_json::{Map, Value};

/// Takes out of `object` what may be secret or large and is never shown: environments, commands,
/// volumes, managed fields and the manifest that kubectl leaves in an annotation.
pub(crate) fn trim(object: &mut Value) {
    if let Some(metadata) = fields(object, "/metadata") {
        metadata.remove("managedFields");
    }
    if let Some(annotations) = fields(object, "/metadata/annotations") {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    for spec in ["/spec", "/spec/template/spec"] {
        let Some(spec) = fields(object, spec) else {
            continue;
        };
        let is_pod = spec.contains_key("containers");
        if is_pod {
            spec.retain(|name, _| POD.contains(&name.as_str()));
        }
        for list in ["containers", "initContainers"] {
            let containers = spec.get_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                if let Some(container) = container.as_object_mut() {
                    container.retain(|name, _| CONTAINER.contains(&name.as_str()));
                }
            }
        }
    }
}

/// What is kept of the spec of a pod.
const POD: [&str; 5] = [
    "containers",
    "initContainers",
    "readinessGates",
    "nodeName",
    "restartPolicy",
];

/// What is kept of a container.
const CONTAINER: [&str; 3] = ["name", "image", "restartPolicy"];

fn fields<'a>(object: &'a mut Value, place: &str) -> Option<&'a mut Map<String, Value>> {
    object.pointer_mut(place)?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn environments_and_last_applied_manifests_are_not_kept() {
        let pod = || {
            json!({
                "containers": [{"name": "a", "image": "b", "env": [{"name": "P", "value": "secret"}],
                                "command": ["secret"]}],
                "initContainers": [{"name": "i", "args": ["secret"]}],
                "volumes": [{"secret": {"secretName": "secret"}}],
            })
        };
        for spec in [pod(), json!({"replicas": 3, "template": {"spec": pod()}})] {
            let mut object = json!({
                "metadata": {"name": "web", "managedFields": ["secret"], "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": "secret", "other": "kept",
                }},
                "spec": spec,
            });
            trim(&mut object);
            let text = object.to_string();
            assert!(!text.contains("secret"), "{text}");
            assert!(text.contains(r#""image":"b""#), "{text}");
            assert!(text.contains("kept"), "{text}");
        }
    }
}
