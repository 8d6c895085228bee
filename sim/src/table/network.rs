//! The rows of Services, Endpoints and EndpointSlices.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::builtin::{age_of, list, name, number, or_none, pairs, text};

pub(super) fn service(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let external: Vec<&str> = list(o, "/spec/externalIPs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let balancer: Vec<&str> = list(o, "/status/loadBalancer/ingress")
        .iter()
        .map(|ingress| match text(ingress, "/ip") {
            "" => text(ingress, "/hostname"),
            ip => ip,
        })
        .collect();
    let kind = text(o, "/spec/type");
    let address = match kind {
        "ExternalName" => text(o, "/spec/externalName").to_owned(),
        "LoadBalancer" if balancer.is_empty() && external.is_empty() => "<pending>".to_owned(),
        "LoadBalancer" => [balancer, external].concat().join(","),
        _ if external.is_empty() => "<none>".to_owned(),
        _ => external.join(","),
    };
    let ports: Vec<String> = list(o, "/spec/ports")
        .iter()
        .map(|port| {
            let (number, protocol) = (self::number(port, "/port"), text(port, "/protocol"));
            match self::number(port, "/nodePort") {
                0 => format!("{number}/{protocol}"),
                node => format!("{number}:{node}/{protocol}"),
            }
        })
        .collect();
    vec![
        name(o),
        json!(kind),
        json!(or_none(text(o, "/spec/clusterIP"))),
        json!(address),
        json!(or_none(&ports.join(","))),
        json!(age_of(o, now)),
        json!(or_none(&pairs(o.pointer("/spec/selector")).join(","))),
    ]
}

pub(super) fn endpoints(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in list(o, "/subsets") {
        let ports = list(subset, "/ports");
        let addresses = list(subset, "/addresses").iter().map(|a| text(a, "/ip"));
        if ports.is_empty() {
            all.extend(addresses.map(str::to_owned));
        } else {
            for port in ports {
                let number = number(port, "/port");
                all.extend(addresses.clone().map(|ip| format!("{ip}:{number}")));
            }
        }
    }
    vec![
        name(o),
        json!(first_three(&all, "<none>")),
        json!(age_of(o, now)),
    ]
}

pub(super) fn endpoint_slice(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let ports: Vec<String> = list(o, "/ports")
        .iter()
        .map(|port| match number(port, "/port") {
            0 => "*".to_owned(),
            number => number.to_string(),
        })
        .collect();
    let addresses: Vec<String> = list(o, "/endpoints")
        .iter()
        .flat_map(|endpoint| list(endpoint, "/addresses"))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    vec![
        name(o),
        json!(text(o, "/addressType")),
        json!(first_three(&ports, "<unset>")),
        json!(first_three(&addresses, "<unset>")),
        json!(age_of(o, now)),
    ]
}

fn first_three(all: &[String], nothing: &str) -> String {
    let shown: Vec<&str> = all.iter().take(3).map(String::as_str).collect();
    match all.len().saturating_sub(3) {
        _ if all.is_empty() => nothing.to_owned(),
        0 => shown.join(","),
        more => format!("{} + {more} more...", shown.join(",")),
    }
}
