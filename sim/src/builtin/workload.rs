//! ReplicaSets and Deployments.

use serde_json::Value;

use super::{at, members, metadata, pod, text};
use crate::field_error::FieldError;
use crate::selector::LabelSelector;

/// What is wrong with a ReplicaSet.
pub(super) fn replica_set(object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = at(object, "spec");
    common(spec, errors);
    immutable_selector(spec, old, errors);
    let status = at(object, "status");
    let count = |name: &str| at(status, name).as_i64().unwrap_or_default();
    for name in [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
    ] {
        if count(name) < 0 {
            let detail = "must be greater than or equal to 0";
            let field = format!("status.{name}");
            errors.push(FieldError::invalid(field, at(status, name), detail));
        }
    }
    for (part, whole) in [
        ("fullyLabeledReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ] {
        if count(part) > count(whole) {
            let detail = format!("cannot be greater than status.{whole}");
            let field = format!("status.{part}");
            errors.push(FieldError::invalid(field, &count(part).into(), &detail));
        }
    }
}

/// What is wrong with a Deployment. No controller acts on it here; it is stored as it is.
pub(super) fn deployment(object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = at(object, "spec");
    common(spec, errors);
    immutable_selector(spec, old, errors);
    not_negative(spec, "revisionHistoryLimit", errors);
    not_negative(spec, "progressDeadlineSeconds", errors);
    let deadline = at(spec, "progressDeadlineSeconds");
    let ready = at(spec, "minReadySeconds").as_i64().unwrap_or_default();
    if deadline.as_i64().is_some_and(|deadline| deadline <= ready) {
        errors.push(FieldError::invalid(
            "spec.progressDeadlineSeconds",
            deadline,
            "must be greater than minReadySeconds",
        ));
    }
    let kind = text(spec, "strategy.type");
    match kind {
        "RollingUpdate" => {}
        "Recreate" if at(spec, "strategy.rollingUpdate").is_null() => {}
        "Recreate" => errors.push(FieldError::forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        )),
        _ => errors.push(FieldError::not_supported(
            "spec.strategy.type",
            &kind.into(),
            &["Recreate", "RollingUpdate"],
        )),
    }
}

fn common(spec: &Value, errors: &mut Vec<FieldError>) {
    not_negative(spec, "replicas", errors);
    not_negative(spec, "minReadySeconds", errors);
    let selector = at(spec, "selector");
    if selector.is_null() {
        errors.push(FieldError::required("spec.selector", ""));
    } else {
        label_selector(selector, "spec.selector", errors);
        let is_empty = |name: &str| match at(selector, name) {
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => true,
        };
        if is_empty("matchLabels") && is_empty("matchExpressions") {
            let detail = "empty selector is invalid for deployment";
            errors.push(FieldError::invalid("spec.selector", selector, detail));
        }
    }
    template(spec, selector, errors);
}

fn template(spec: &Value, selector: &Value, errors: &mut Vec<FieldError>) {
    let template = at(spec, "template");
    let labels = at(template, "metadata.labels");
    match LabelSelector::from_object(selector) {
        // No selector selects nothing.
        Ok(found) if selector.is_null() || !found.matches_labels(labels) => {
            let detail = "`selector` does not match template `labels`";
            errors.push(FieldError::invalid(
                "spec.template.metadata.labels",
                labels,
                detail,
            ));
        }
        Ok(_) => {}
        Err(_) => errors.push(FieldError::invalid(
            "spec.selector",
            selector,
            "invalid label selector",
        )),
    }
    let annotations = at(template, "metadata.annotations");
    metadata::labels(labels, "spec.template.metadata.labels", errors);
    metadata::annotations(annotations, "spec.template.metadata.annotations", errors);
    let pod_spec = at(template, "spec");
    pod::spec(pod_spec, "spec.template.spec", errors);
    let restart = at(pod_spec, "restartPolicy");
    if restart != "Always" {
        let path = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(path, restart, &["Always"]));
    }
    if !at(pod_spec, "activeDeadlineSeconds").is_null() {
        errors.push(FieldError::forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        ));
    }
}

fn immutable_selector(spec: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let selector = at(spec, "selector");
    if old.is_some_and(|old| at(old, "spec.selector") != selector) {
        errors.push(FieldError::invalid(
            "spec.selector",
            selector,
            "field is immutable",
        ));
    }
}

fn label_selector(selector: &Value, path: &str, errors: &mut Vec<FieldError>) {
    metadata::labels(
        at(selector, "matchLabels"),
        &format!("{path}.matchLabels"),
        errors,
    );
    for (index, expression) in members(selector, "matchExpressions") {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = at(expression, "values").as_array().map_or(0, Vec::len);
        match text(expression, "operator") {
            "In" | "NotIn" if values == 0 => errors.push(FieldError::required(
                format!("{path}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            )),
            "Exists" | "DoesNotExist" if values > 0 => errors.push(FieldError::forbidden(
                format!("{path}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.push(FieldError::invalid(
                format!("{path}.operator"),
                &other.into(),
                "not a valid selector operator",
            )),
        }
    }
}

fn not_negative(spec: &Value, name: &str, errors: &mut Vec<FieldError>) {
    let value = at(spec, name);
    if value.as_i64().is_some_and(|n| n < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(format!("spec.{name}"), value, detail));
    }
}
