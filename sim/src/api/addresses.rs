//! Cluster IPs and node ports of Services.

use serde_json::{Map, Value, json};
use std::net::Ipv4Addr;

use super::call::Call;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object::{self, text};

impl Call<'_> {
    /// Cluster IP and node ports of a Service; kept over updates that do not name them, and dropped
    /// with a type that has none.
    pub(super) fn give_addresses(&mut self, new: &mut Value, old: Option<&Value>) {
        let kind = text(new, "/spec/type").to_owned();
        let known = old.map_or("", |o| text(o, "/spec/clusterIP")).to_owned();
        let spec = object::child(new, "spec");
        if let Some(old) = old {
            drop_unused(spec, &kind, old);
        }
        if kind == "ExternalName" {
            return;
        }
        spec.entry("ipFamilies").or_insert_with(|| json!(["IPv4"]));
        spec.entry("ipFamilyPolicy")
            .or_insert_with(|| json!("SingleStack"));
        let given = spec.get("clusterIP").and_then(Value::as_str).unwrap_or("");
        // One that had to have an address, and was made without, stays so.
        let has_none =
            old.is_some_and(|old| text(old, "/spec/type") != "ExternalName" && known.is_empty());
        if !given.is_empty() {
            let given = given.to_owned();
            if known.is_empty() {
                self.asked_address.clone_from(&given);
            }
            spec.entry("clusterIPs").or_insert_with(|| json!([given]));
        } else if !has_none {
            let ip = if known.is_empty() {
                self.next_address()
            } else {
                known
            };
            spec.insert("clusterIP".into(), ip.clone().into());
            spec.insert("clusterIPs".into(), json!([ip]));
        }
        if has_node_ports(&kind) {
            self.give_node_ports(spec, old);
        }
    }

    /// Refuses an address that was asked for and that no Service can have.
    pub(super) fn check_address(&self, name: &str) -> Result<(), ApiError> {
        let asked = &self.asked_address;
        let range = Ipv4Addr::new(10, 96, 0, 1)..=Ipv4Addr::new(10, 96, 255, 254);
        let asked_ip = asked.parse::<Ipv4Addr>();
        if asked_ip.is_err() || asked_ip.is_ok_and(|ip| range.contains(&ip)) {
            return Ok(());
        }
        let why = format!("failed to allocate IP {asked}: it is not in the range of addresses");
        let error = FieldError::invalid("spec.clusterIPs", &json!([asked]), &why);
        Err(ApiError::invalid("", "Service", name, &[error]))
    }

    /// A dry run looks for none: it shows that of the whole network, which nobody gets.
    fn next_address(&mut self) -> String {
        if self.dry_run {
            return "10.96.0.0".into();
        }
        self.state.service_ips = self.state.service_ips.saturating_add(1);
        let n = self.state.service_ips;
        format!("10.96.{}.{}", (n / 250) % 250, n % 250 + 2)
    }

    fn give_node_ports(&mut self, spec: &mut Map<String, Value>, old: Option<&Value>) {
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for (index, port) in ports.into_iter().flatten().enumerate() {
            if port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) != 0 {
                continue;
            }
            let pointer = format!("/spec/ports/{index}/nodePort");
            let number = old.and_then(|o| o.pointer(&pointer)).cloned();
            let number = number.unwrap_or_else(|| {
                self.state.node_ports = self.state.node_ports.saturating_add(1);
                Value::from(30_000 + self.state.node_ports % 2_768)
            });
            object::as_map(port).insert("nodePort".into(), number);
        }
    }
}

fn has_node_ports(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}

/// Takes out what the old type had and the new one does not, where the update left it as it was.
fn drop_unused(spec: &mut Map<String, Value>, kind: &str, old: &Value) {
    let before = text(old, "/spec/type");
    let old_spec = old.get("spec");
    let mut drop_same = |names: &[&str]| {
        let was = |name: &str| old_spec.and_then(|spec| spec.get(name));
        for name in names {
            if spec.contains_key(*name) && spec.get(*name) == was(name) {
                spec.remove(*name);
            }
        }
    };
    if kind == "ExternalName" && before != "ExternalName" {
        drop_same(&[
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ]);
    }
    if has_node_ports(before) && !has_node_ports(kind) {
        drop_same(&["externalTrafficPolicy", "allocateLoadBalancerNodePorts"]);
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            object::as_map(port).remove("nodePort");
        }
    }
}
