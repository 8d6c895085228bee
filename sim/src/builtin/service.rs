//! Services, ConfigMaps and Secrets.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{at, container, members, names, text};
use crate::field_error::FieldError;

/// What is wrong with a Service.
pub(super) fn validate(object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = at(object, "spec");
    let kind = text(spec, "type");
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !kinds.contains(&kind) {
        errors.push(FieldError::not_supported("spec.type", &kind.into(), &kinds));
    }
    let ports: Vec<(usize, &Value)> = members(spec, "ports").collect();
    let headless = text(spec, "clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    let mut named = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for (index, port) in &ports {
        let path = format!("spec.ports[{index}]");
        self::port(port, &path, ports.len() > 1, &mut named, errors);
        let number = (text(port, "protocol").to_owned(), at(port, "port").as_i64());
        if !numbers.insert(number) {
            let value =
                serde_json::json!({"protocol": at(port, "protocol"), "port": at(port, "port")});
            errors.push(FieldError::duplicate(path, &value));
        }
    }
    super::metadata::labels(at(spec, "selector"), "spec.selector", errors);
    let affinity = at(spec, "sessionAffinity");
    if affinity != "None" && affinity != "ClientIP" {
        let allowed = ["ClientIP", "None"];
        errors.push(FieldError::not_supported(
            "spec.sessionAffinity",
            affinity,
            &allowed,
        ));
    }
    if kind == "ExternalName" && text(spec, "externalName").is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    if text(spec, "clusterIP") == "None" && matches!(kind, "NodePort" | "LoadBalancer") {
        let detail = format!("may not be set to 'None' for {kind} services");
        errors.push(FieldError::invalid(
            "spec.clusterIPs[0]",
            &"None".into(),
            &detail,
        ));
    }
    if !text(spec, "clusterIP").is_empty() && at(spec, "clusterIPs").is_null() {
        errors.push(FieldError::required("spec.clusterIPs", ""));
    }
    let ingress = at(object, "status.loadBalancer.ingress");
    if kind != "LoadBalancer" && ingress.as_array().is_some_and(|list| !list.is_empty()) {
        let detail = "may only be used when `spec.type` is LoadBalancer";
        errors.push(FieldError::forbidden("status.loadBalancer.ingress", detail));
    }
    if let Some(old) = old {
        let before = at(old, "spec.clusterIP");
        let after = at(spec, "clusterIP");
        let external = text(old, "spec.type") == "ExternalName" || kind == "ExternalName";
        if !before.is_null() && !external && before != after {
            let value = serde_json::json!([after]);
            let detail = "may not change once set";
            errors.push(FieldError::invalid("spec.clusterIPs[0]", &value, detail));
        }
    }
}

fn port(
    port: &Value,
    path: &str,
    needs_name: bool,
    named: &mut BTreeSet<String>,
    errors: &mut Vec<FieldError>,
) {
    let name = text(port, "name");
    let at_name = format!("{path}.name");
    if name.is_empty() {
        if needs_name {
            errors.push(FieldError::required(at_name, ""));
        }
    } else {
        for detail in names::dns_label(name) {
            errors.push(FieldError::invalid(at_name.clone(), &name.into(), &detail));
        }
        if !named.insert(name.to_owned()) {
            errors.push(FieldError::duplicate(at_name, &name.into()));
        }
    }
    container::port_number(at(port, "port"), &format!("{path}.port"), errors);
    container::protocol(at(port, "protocol"), &format!("{path}.protocol"), errors);
    let target = at(port, "targetPort");
    let path = format!("{path}.targetPort");
    match target.as_str() {
        Some(name) => {
            for detail in names::port_name(name) {
                errors.push(FieldError::invalid(path.clone(), target, &detail));
            }
        }
        None => container::port_number(target, &path, errors),
    }
}

/// What is wrong with the keys of a ConfigMap or Secret, and with changing an immutable one.
pub(super) fn config(
    object: &Value,
    old: Option<&Value>,
    maps: &[&str],
    errors: &mut Vec<FieldError>,
) {
    for map in maps {
        for key in at(object, map)
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            for detail in names::config_key(key) {
                let path = format!("{map}[{key}]");
                errors.push(FieldError::invalid(path, &key.as_str().into(), &detail));
            }
        }
    }
    let Some(old) = old.filter(|old| at(old, "immutable") == true) else {
        return;
    };
    let detail = "field is immutable when `immutable` is set";
    for name in maps.iter().chain(&["immutable"]) {
        if at(object, name) != at(old, name) {
            errors.push(FieldError::forbidden(*name, detail));
        }
    }
}
