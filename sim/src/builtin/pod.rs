//! Pods and pod specs.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{at, container, members, names, text};
use crate::field_error::FieldError;

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// What is wrong with a Pod.
pub(super) fn validate(object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let pod_spec = at(object, "spec");
    if let Some(old) = old {
        let lists = ["containers", "initContainers"];
        let resized = lists.iter().filter(|list| {
            let count = |spec| at(spec, list).as_array().map_or(0, Vec::len);
            count(pod_spec) != count(at(old, "spec"))
        });
        let resized: Vec<&&str> = resized.collect();
        if !resized.is_empty() {
            for list in resized {
                let detail = "pod updates may not add or remove containers";
                errors.push(FieldError::forbidden(format!("spec.{list}"), detail));
            }
            return;
        }
        for list in lists {
            for (index, container) in members(pod_spec, list) {
                if text(container, "image").is_empty() {
                    let path = format!("spec.{list}[{index}].image");
                    errors.push(FieldError::required(path, ""));
                }
            }
        }
        images(pod_spec, &lists, errors);
        let kept = |toleration: &Value| {
            let known = without_seconds(toleration);
            members(pod_spec, "tolerations").any(|(_, new)| without_seconds(new) == known)
        };
        if !members(at(old, "spec"), "tolerations").all(|(_, old)| kept(old)) {
            let detail = "existing toleration can not be modified except its tolerationSeconds";
            errors.push(FieldError::forbidden("spec.tolerations", detail));
        }
        let seconds = |spec| at(spec, "activeDeadlineSeconds").as_i64();
        if let Some(before) = seconds(at(old, "spec"))
            && seconds(pod_spec).is_none_or(|after| after > before)
        {
            let detail = "must be less than or equal to previous value";
            let value = at(pod_spec, "activeDeadlineSeconds");
            errors.push(FieldError::invalid(
                "spec.activeDeadlineSeconds",
                value,
                detail,
            ));
        }
        if frozen(pod_spec) != frozen(at(old, "spec")) {
            errors.push(FieldError::forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
            ));
        }
        return;
    }
    spec(pod_spec, "spec", errors);
    images(pod_spec, &CONTAINERS, errors);
}

/// What is wrong around the images of a pod; of a template the server takes them as they are.
fn images(pod_spec: &Value, lists: &[&str], errors: &mut Vec<FieldError>) {
    for list in lists {
        for (index, container) in members(pod_spec, list) {
            let image = text(container, "image");
            if image.trim() != image {
                let path = format!("spec.{list}[{index}].image");
                let detail = "must not have leading or trailing whitespace";
                errors.push(FieldError::invalid(path, &image.into(), detail));
            }
        }
    }
}

fn without_seconds(toleration: &Value) -> Value {
    let mut rest = toleration.clone();
    if let Some(map) = rest.as_object_mut() {
        map.remove("tolerationSeconds");
    }
    rest
}

/// The spec without what may change in a running pod.
fn frozen(pod_spec: &Value) -> Value {
    let mut rest = pod_spec.clone();
    if let Some(map) = rest.as_object_mut() {
        for name in [
            "activeDeadlineSeconds",
            "tolerations",
            "ephemeralContainers",
        ] {
            map.remove(name);
        }
        for list in ["containers", "initContainers"] {
            let containers = map.get_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                if let Some(container) = container.as_object_mut() {
                    container.remove("image");
                }
            }
        }
    }
    rest
}

/// What is wrong with a pod spec that has its defaults.
pub(super) fn spec(spec: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let volumes = volumes(spec, path, errors);
    if members(spec, "containers").next().is_none() {
        errors.push(FieldError::required(format!("{path}.containers"), ""));
    }
    let mut seen = BTreeSet::new();
    for list in CONTAINERS {
        for (index, container) in members(spec, list) {
            let path = format!("{path}.{list}[{index}]");
            let name = text(container, "name");
            if !name.is_empty() && !seen.insert(name.to_owned()) {
                errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
            }
            container::container(container, &path, &volumes, errors);
        }
    }
    let closed: [(&str, &[&str]); 2] = [
        ("restartPolicy", &["Always", "Never", "OnFailure"]),
        (
            "dnsPolicy",
            &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
        ),
    ];
    for (name, allowed) in closed {
        let value = at(spec, name);
        if value.is_null() {
            errors.push(FieldError::required(format!("{path}.{name}"), ""));
        } else if !allowed.contains(&value.as_str().unwrap_or_default()) {
            errors.push(FieldError::not_supported(
                format!("{path}.{name}"),
                value,
                allowed,
            ));
        }
    }
    for name in ["serviceAccountName", "nodeName"] {
        let value = text(spec, name);
        if !value.is_empty() {
            for detail in names::dns_subdomain(value) {
                errors.push(FieldError::invalid(
                    format!("{path}.{name}"),
                    &value.into(),
                    &detail,
                ));
            }
        }
    }
    super::metadata::labels(
        at(spec, "nodeSelector"),
        &format!("{path}.nodeSelector"),
        errors,
    );
    for (index, gate) in members(spec, "readinessGates") {
        let kind = text(gate, "conditionType");
        for detail in names::qualified(kind) {
            let path = format!("{path}.readinessGates[{index}].conditionType");
            errors.push(FieldError::invalid(path, &kind.into(), &detail));
        }
    }
}

/// Checks the volumes, and gives their names.
fn volumes(spec: &Value, path: &str, errors: &mut Vec<FieldError>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for (index, volume) in members(spec, "volumes") {
        let path = format!("{path}.volumes[{index}]");
        let name = text(volume, "name");
        let at_name = format!("{path}.name");
        if name.is_empty() {
            errors.push(FieldError::required(at_name, ""));
        } else {
            for detail in names::dns_label(name) {
                errors.push(FieldError::invalid(at_name.clone(), &name.into(), &detail));
            }
            if !seen.insert(name.to_owned()) {
                errors.push(FieldError::duplicate(at_name, &name.into()));
            }
        }
        let sources = volume
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "name");
        for (key, _) in sources.skip(1) {
            let detail = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(format!("{path}.{key}"), detail));
        }
    }
    seen
}
