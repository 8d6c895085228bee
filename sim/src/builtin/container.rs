//! Containers of a pod spec.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{at, members, names, quantity, text};
use crate::field_error::FieldError;

/// What is wrong with a container; `volumes` are the names that the pod has.
pub(super) fn container(
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
    for handler in ["httpGet", "tcpSocket"] {
        let port = at(probe, &format!("{handler}.port"));
        let path = format!("{path}.{handler}.port");
        match port.as_str() {
            Some(name) => {
                for detail in names::port_name(name) {
                    errors.push(FieldError::invalid(path.as_str(), port, &detail));
                }
            }
            None if port.is_null() => {}
            None => port_number(port, &path, errors),
        }
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
