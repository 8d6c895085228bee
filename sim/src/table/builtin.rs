//! The columns and rows of the built-in kinds.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{age, column, event, name_column, pod};
use crate::Gvk;

/// Cells of one object, in the order of the columns.
pub(super) type Print = fn(&Value, DateTime<Utc>) -> Vec<Value>;

/// Columns and row of a kind.
pub(super) fn of(gvk: &Gvk) -> (Vec<Value>, Print) {
    // (name, priority); `#` marks whole numbers.
    let (columns, print): (&[(&str, u8)], Print) = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => (
            &[
                ("Ready", 0),
                ("Status", 0),
                ("Restarts", 0),
                ("Age", 0),
                ("IP", 1),
                ("Node", 1),
                ("Nominated Node", 1),
                ("Readiness Gates", 1),
            ],
            pod::row,
        ),
        ("apps", "ReplicaSet") => (
            &[
                ("Desired#", 0),
                ("Current#", 0),
                ("Ready#", 0),
                ("Age", 0),
                ("Containers", 1),
                ("Images", 1),
                ("Selector", 1),
            ],
            replica_set,
        ),
        ("apps", "Deployment") => (
            &[
                ("Ready", 0),
                ("Up-to-date", 0),
                ("Available", 0),
                ("Age", 0),
                ("Containers", 1),
                ("Images", 1),
                ("Selector", 1),
            ],
            deployment,
        ),
        ("", "Service") => (
            &[
                ("Type", 0),
                ("Cluster-IP", 0),
                ("External-IP", 0),
                ("Port(s)", 0),
                ("Age", 0),
                ("Selector", 1),
            ],
            service,
        ),
        ("", "Endpoints") => (&[("Endpoints", 0), ("Age", 0)], endpoints),
        ("discovery.k8s.io", "EndpointSlice") => (
            &[
                ("AddressType", 0),
                ("Ports", 0),
                ("Endpoints", 0),
                ("Age", 0),
            ],
            endpoint_slice,
        ),
        ("", "Event") => return (event_columns(), event::row),
        ("", "Namespace") => (&[("Status", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/status/phase")),
                json!(age_of(o, now)),
            ]
        }),
        ("", "ConfigMap") => (&[("Data", 0), ("Age", 0)], |o, now| {
            let data = size(o, "/data").saturating_add(size(o, "/binaryData"));
            vec![name(o), json!(data), json!(age_of(o, now))]
        }),
        ("", "Secret") => (&[("Type", 0), ("Data", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/type")),
                json!(size(o, "/data")),
                json!(age_of(o, now)),
            ]
        }),
        ("", "Node") => (
            &[
                ("Status", 0),
                ("Roles", 0),
                ("Age", 0),
                ("Version", 0),
                ("Internal-IP", 1),
                ("External-IP", 1),
                ("OS-Image", 1),
                ("Kernel-Version", 1),
                ("Container-Runtime", 1),
            ],
            node,
        ),
        ("coordination.k8s.io", "Lease") => (&[("Holder", 0), ("Age", 0)], |o, now| {
            vec![
                name(o),
                json!(text(o, "/spec/holderIdentity")),
                json!(age_of(o, now)),
            ]
        }),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => (&[("Created At", 0)], |o, _| {
            vec![name(o), json!(text(o, "/metadata/creationTimestamp"))]
        }),
        _ => (&[("Age", 0)], |o, now| vec![name(o), json!(age_of(o, now))]),
    };
    let mut definitions = vec![name_column()];
    for (title, priority) in columns {
        let (title, kind) = match title.strip_suffix('#') {
            Some(title) => (title, "integer"),
            None => (*title, "string"),
        };
        definitions.push(column(title, kind, "", *priority, ""));
    }
    (definitions, print)
}

/// Events show their name last.
fn event_columns() -> Vec<Value> {
    let first = [
        ("Last Seen", 0),
        ("Type", 0),
        ("Reason", 0),
        ("Object", 0),
        ("Subobject", 1),
        ("Source", 1),
        ("Message", 0),
        ("First Seen", 1),
        ("Count", 1),
    ];
    let mut columns: Vec<Value> = first
        .iter()
        .map(|(name, priority)| column(name, "string", "", *priority, ""))
        .collect();
    columns.push(column("Name", "string", "name", 1, ""));
    columns
}

fn replica_set(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let mut cells = vec![
        name(o),
        json!(number(o, "/spec/replicas")),
        json!(number(o, "/status/replicas")),
        json!(number(o, "/status/readyReplicas")),
        json!(age_of(o, now)),
    ];
    cells.extend(template(o));
    cells
}

fn deployment(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let ready = number(o, "/status/readyReplicas");
    let wanted = number(o, "/spec/replicas");
    let mut cells = vec![
        name(o),
        json!(format!("{ready}/{wanted}")),
        json!(number(o, "/status/updatedReplicas")),
        json!(number(o, "/status/availableReplicas")),
        json!(age_of(o, now)),
    ];
    cells.extend(template(o));
    cells
}

/// Container names, images and selector.
fn template(o: &Value) -> [Value; 3] {
    let containers = list(o, "/spec/template/spec/containers");
    let join = |field: &str| {
        let texts: Vec<&str> = containers.iter().map(|c| text(c, field)).collect();
        json!(texts.join(","))
    };
    let mut parts = Vec::new();
    for expression in list(o, "/spec/selector/matchExpressions") {
        let key = text(expression, "/key");
        let mut values: Vec<&str> = list(expression, "/values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.extend(pairs(o.pointer("/spec/selector/matchLabels")));
    parts.sort();
    [join("/name"), join("/image"), json!(parts.join(","))]
}

fn service(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
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

fn endpoints(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
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

fn endpoint_slice(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
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

fn node(o: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let ready = list(o, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == "Ready");
    let mut status = match ready.map(|c| text(c, "/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if o.pointer("/spec/unschedulable").is_some_and(|u| u == true) {
        status.push_str(",SchedulingDisabled");
    }
    let labels = o.pointer("/metadata/labels").and_then(Value::as_object);
    let roles: Vec<&str> = labels
        .into_iter()
        .flat_map(|labels| labels.keys())
        .filter_map(|key| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let address = |kind: &str| {
        let found = list(o, "/status/addresses")
            .iter()
            .find(|a| text(a, "/type") == kind);
        or_none(found.map(|a| text(a, "/address")).unwrap_or_default())
    };
    let info = |field: &str| match text(o, &format!("/status/nodeInfo/{field}")) {
        "" => "<unknown>".to_owned(),
        text => text.to_owned(),
    };
    let mut kernel = info("kernelVersion");
    let architecture = text(o, "/status/nodeInfo/architecture");
    if !architecture.is_empty() {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        name(o),
        json!(status),
        json!(or_none(&roles.join(","))),
        json!(age_of(o, now)),
        json!(text(o, "/status/nodeInfo/kubeletVersion")),
        json!(address("InternalIP")),
        json!(address("ExternalIP")),
        json!(info("osImage")),
        json!(kernel),
        json!(info("containerRuntimeVersion")),
    ]
}

/// The object's name as a cell.
pub(super) fn name(o: &Value) -> Value {
    json!(text(o, "/metadata/name"))
}

/// The text at a JSON pointer; empty where there is none.
pub(super) fn text<'a>(o: &'a Value, pointer: &str) -> &'a str {
    o.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number at a JSON pointer; 0 where there is none.
pub(super) fn number(o: &Value, pointer: &str) -> i64 {
    o.pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// The list at a JSON pointer; empty where there is none.
pub(super) fn list<'a>(o: &'a Value, pointer: &str) -> &'a [Value] {
    o.pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Time since the object was made.
pub(super) fn age_of(o: &Value, now: DateTime<Utc>) -> String {
    age::since(o.pointer("/metadata/creationTimestamp"), now)
}

fn size(o: &Value, pointer: &str) -> usize {
    o.pointer(pointer)
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len)
}

fn pairs(labels: Option<&Value>) -> Vec<String> {
    let map = labels.and_then(Value::as_object).into_iter().flatten();
    let mut pairs: Vec<String> = map
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    pairs
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>" } else { text }.to_owned()
}

fn first_three(all: &[String], nothing: &str) -> String {
    let shown: Vec<&str> = all.iter().take(3).map(String::as_str).collect();
    match all.len().saturating_sub(3) {
        _ if all.is_empty() => nothing.to_owned(),
        0 => shown.join(","),
        more => format!("{} + {more} more...", shown.join(",")),
    }
}
