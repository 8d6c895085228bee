//! Pods and pod specs.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{at, members, names, quantity, text};
use crate::field_error::FieldError;

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// What is wrong with a Pod.
pub(super) fn validate(object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let pod_spec = at(object, "spec");
    if let Some(old) = old {
        if frozen(pod_spec) != frozen(at(old, "spec")) {
            errors.push(FieldError::forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
            ));
        }
        return;
    }
    spec(pod_spec, "spec", errors);
}

/// The spec without what may change in a running pod.
///
/// The node is left out, since binding, which sets it, is not a call of its own here.
fn frozen(pod_spec: &Value) -> Value {
    let mut rest = pod_spec.clone();
    if let Some(map) = rest.as_object_mut() {
        for name in [
            "activeDeadlineSeconds",
            "tolerations",
            "nodeName",
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
            self::container(container, &path, &volumes, errors);
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
    let grace = at(spec, "terminationGracePeriodSeconds");
    if grace.as_i64().is_some_and(|seconds| seconds < 0) {
        let detail = "must be greater than or equal to 0";
        let path = format!("{path}.terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(path, grace, detail));
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

fn container(
    container: &Value,
    path: &str,
    volumes: &BTreeSet<String>,
    errors: &mut Vec<FieldError>,
) {
    let name = text(container, "name");
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    } else {
        for detail in names::dns_label(name) {
            errors.push(FieldError::invalid(
                format!("{path}.name"),
                &name.into(),
                &detail,
            ));
        }
    }
    let image = text(container, "image");
    if image.is_empty() {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    } else if image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(
            format!("{path}.image"),
            &image.into(),
            detail,
        ));
    }
    let closed: [(&str, &[&str]); 2] = [
        ("imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
        (
            "terminationMessagePolicy",
            &["FallbackToLogsOnError", "File"],
        ),
    ];
    for (name, allowed) in closed {
        let value = at(container, name);
        if !allowed.contains(&value.as_str().unwrap_or_default()) {
            errors.push(FieldError::not_supported(
                format!("{path}.{name}"),
                value,
                allowed,
            ));
        }
    }
    ports(container, path, errors);
    for (index, variable) in members(container, "env") {
        let path = format!("{path}.env[{index}]");
        let name = text(variable, "name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else {
            for detail in names::variable(name) {
                errors.push(FieldError::invalid(
                    format!("{path}.name"),
                    &name.into(),
                    &detail,
                ));
            }
        }
        let both = !text(variable, "value").is_empty() && !at(variable, "valueFrom").is_null();
        if both {
            let detail = "may not be specified when `value` is not empty";
            let value = Value::from("");
            errors.push(FieldError::invalid(
                format!("{path}.valueFrom"),
                &value,
                detail,
            ));
        }
    }
    mounts(container, path, volumes, errors);
    resources(
        at(container, "resources"),
        &format!("{path}.resources"),
        errors,
    );
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        self::probe(at(container, probe), &format!("{path}.{probe}"), errors);
    }
}

fn ports(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, port) in members(container, "ports") {
        let path = format!("{path}.ports[{index}]");
        let name = text(port, "name");
        if !name.is_empty() {
            for detail in names::port_name(name) {
                errors.push(FieldError::invalid(
                    format!("{path}.name"),
                    &name.into(),
                    &detail,
                ));
            }
            if !seen.insert(name) {
                errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
            }
        }
        let number = at(port, "containerPort");
        if number.as_i64().unwrap_or_default() == 0 {
            errors.push(FieldError::required(format!("{path}.containerPort"), ""));
        } else {
            port_number(number, &format!("{path}.containerPort"), errors);
        }
        let host = at(port, "hostPort");
        if host.as_i64().is_some_and(|port| port != 0) {
            port_number(host, &format!("{path}.hostPort"), errors);
        }
        protocol(at(port, "protocol"), &format!("{path}.protocol"), errors);
    }
}

fn mounts(container: &Value, path: &str, volumes: &BTreeSet<String>, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, mount) in members(container, "volumeMounts") {
        let path = format!("{path}.volumeMounts[{index}]");
        let name = text(mount, "name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        if !volumes.contains(name) {
            errors.push(FieldError::not_found(format!("{path}.name"), &name.into()));
        }
        let place = text(mount, "mountPath");
        if place.is_empty() {
            errors.push(FieldError::required(format!("{path}.mountPath"), ""));
        }
        if !seen.insert(place) {
            let detail = "must be unique";
            errors.push(FieldError::invalid(
                format!("{path}.mountPath"),
                &place.into(),
                detail,
            ));
        }
    }
}

/// Amounts are not negative, and requests do not exceed limits.
fn resources(resources: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let amount = |value: &Value| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        quantity::parse(&text)
    };
    for list in ["limits", "requests"] {
        for (name, value) in at(resources, list).as_object().into_iter().flatten() {
            if amount(value).is_some_and(|amount| amount < 0) {
                let detail = "must be greater than or equal to 0";
                errors.push(FieldError::invalid(
                    format!("{path}.{list}[{name}]"),
                    value,
                    detail,
                ));
            }
        }
    }
    for (name, request) in at(resources, "requests").as_object().into_iter().flatten() {
        let Some(limit) = at(resources, "limits").get(name) else {
            continue;
        };
        if amount(request) > amount(limit) {
            let limit = limit
                .as_str()
                .map_or_else(|| limit.to_string(), str::to_owned);
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            errors.push(FieldError::invalid(
                format!("{path}.requests"),
                request,
                &detail,
            ));
        }
    }
}

fn probe(probe: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if probe.is_null() {
        return;
    }
    let handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    let mut present = handlers.iter().filter(|name| !at(probe, name).is_null());
    if present.next().is_none() {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
    for extra in present {
        let detail = "may not specify more than 1 handler type";
        errors.push(FieldError::forbidden(format!("{path}.{extra}"), detail));
    }
    for name in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        let value = at(probe, name);
        if value.as_i64().is_some_and(|n| n < 0) {
            let detail = "must be greater than or equal to 0";
            errors.push(FieldError::invalid(format!("{path}.{name}"), value, detail));
        }
    }
}

/// A port from 1 to 65535.
pub(super) fn port_number(value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let number = value.as_i64().unwrap_or_default();
    if !(1..=65535).contains(&number) {
        let detail = "must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(path, &number.into(), detail));
    }
}

/// One of the three protocols.
pub(super) fn protocol(value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let allowed = ["SCTP", "TCP", "UDP"];
    if !allowed.contains(&value.as_str().unwrap_or_default()) {
        errors.push(FieldError::not_supported(path, value, &allowed));
    }
}
