//! What the server says it serves: `/api`, `/apis`, resource lists, aggregated discovery, `/version`.
//!
//! Pure functions of the registry; which of two forms is sent (one by one, or aggregated) is
//! decided by [`wants_aggregated`] from the request's `Accept` header.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::resources::{Registry, Resource, VERBS};

/// Media type of aggregated discovery, as answered.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The version of Kubernetes whose behaviour is modelled.
pub const VERSION: &str = "v1.36.3";

/// Whether a client asks for aggregated discovery in the form known here, before the plain one.
pub fn wants_aggregated(accept: &str) -> bool {
    accept.split(',').any(|media| {
        let mut parts = media.split(';').map(str::trim);
        let json = parts.next() == Some("application/json");
        let rest: Vec<&str> = parts.collect();
        json && ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"]
            .iter()
            .all(|wanted| rest.contains(wanted))
    })
}

/// `/version`.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc",
        "platform": "embedded",
    })
}

/// `/api`: the versions of the core group.
pub fn core_versions() -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}],
    })
}

/// `/apis`: all groups but core.
pub fn groups(registry: &Registry) -> Value {
    let groups: Vec<Value> = by_group(registry)
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, versions)| group_value(group, versions.keys()))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`; `None` for a group that is not served.
pub fn group(registry: &Registry, name: &str) -> Option<Value> {
    let groups = by_group(registry);
    let mut value = group_value(name, groups.get(name).filter(|_| !name.is_empty())?.keys());
    if let Some(map) = value.as_object_mut() {
        map.insert("kind".into(), json!("APIGroup"));
        map.insert("apiVersion".into(), json!("v1"));
    }
    Some(value)
}

/// `/api/v1` and `/apis/GROUP/VERSION`; `None` for one that is not served.
pub fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut list = Vec::new();
    for resource in registry.iter() {
        if resource.gvk.group != group || resource.gvk.version != version {
            continue;
        }
        list.push(without_empty(json!({
            "name": resource.id.resource, "singularName": resource.singular,
            "namespaced": resource.namespaced, "kind": resource.gvk.kind, "verbs": VERBS,
            "shortNames": resource.short_names, "categories": resource.categories,
        })));
        for sub in subresources(resource) {
            let mut entry = json!({
                "name": format!("{}/{}", resource.id.resource, sub.name), "singularName": "",
                "namespaced": resource.namespaced, "kind": sub.kind, "verbs": sub.verbs,
            });
            if sub.group != group
                && let Some(map) = entry.as_object_mut()
            {
                map.insert("group".into(), json!(sub.group));
                map.insert("version".into(), json!(sub.version));
            }
            list.push(entry);
        }
    }
    if list.is_empty() {
        return None;
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list,
    }))
}

/// Aggregated discovery of `/api` (`core`) or `/apis`.
pub fn aggregated(registry: &Registry, core: bool) -> Value {
    let items: Vec<Value> = by_group(registry)
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .into_iter()
                .map(|(version, resources)| {
                    let resources: Vec<Value> = resources.into_iter().map(aggregate).collect();
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            json!({"metadata": {"name": group}, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items,
    })
}

fn aggregate(resource: &Resource) -> Value {
    let kind = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let subresources: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|sub| {
            json!({
                "subresource": sub.name, "verbs": sub.verbs,
                "responseKind": kind(&sub.group, &sub.version, &sub.kind),
            })
        })
        .collect();
    let gvk = &resource.gvk;
    without_empty(json!({
        "resource": resource.id.resource, "singularResource": resource.singular,
        "responseKind": kind(&gvk.group, &gvk.version, &gvk.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "verbs": VERBS, "shortNames": resource.short_names, "categories": resource.categories,
        "subresources": subresources,
    }))
}

struct Subresource {
    name: &'static str,
    group: String,
    version: String,
    kind: String,
    verbs: &'static [&'static str],
}

fn subresources(resource: &Resource) -> Vec<Subresource> {
    let verbs = &["get", "patch", "update"];
    let mut all = Vec::new();
    if resource.scale.is_some() {
        all.push(Subresource {
            name: "scale",
            group: "autoscaling".into(),
            version: "v1".into(),
            kind: "Scale".into(),
            verbs,
        });
    }
    if resource.status {
        all.push(Subresource {
            name: "status",
            group: resource.gvk.group.clone(),
            version: resource.gvk.version.clone(),
            kind: resource.gvk.kind.clone(),
            verbs,
        });
    }
    all
}

type ByVersion<'a> = BTreeMap<&'a str, Vec<&'a Resource>>;

fn by_group(registry: &Registry) -> BTreeMap<&str, ByVersion<'_>> {
    let mut groups: BTreeMap<&str, ByVersion<'_>> = BTreeMap::new();
    for resource in registry.iter() {
        let versions = groups.entry(&resource.gvk.group).or_default();
        versions
            .entry(&resource.gvk.version)
            .or_default()
            .push(resource);
    }
    groups
}

fn group_value<'a>(name: &str, versions: impl Iterator<Item = &'a &'a str>) -> Value {
    let versions: Vec<Value> = versions
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

/// Leaves out empty lists.
fn without_empty(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, v| !v.as_array().is_some_and(Vec::is_empty));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_aggregated_form_known_here_is_recognised() {
        assert!(wants_aggregated(
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        ));
        assert!(!wants_aggregated(
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
        ));
        assert!(!wants_aggregated("application/json"));
    }

    #[test]
    fn both_forms_name_the_same_resources() {
        let registry = Registry::builtin();
        let mut plain = Vec::new();
        let groups = groups(&registry);
        let mut versions = vec![(String::new(), "v1".to_owned())];
        for group in groups["groups"].as_array().unwrap() {
            let version = group["preferredVersion"]["version"].as_str().unwrap();
            versions.push((
                group["name"].as_str().unwrap().to_owned(),
                version.to_owned(),
            ));
        }
        for (group, version) in &versions {
            let list = resources(&registry, group, version).unwrap();
            for resource in list["resources"].as_array().unwrap() {
                plain.push(format!("{group}/{}", resource["name"].as_str().unwrap()));
            }
        }
        let mut joined = Vec::new();
        for core in [true, false] {
            for group in aggregated(&registry, core)["items"].as_array().unwrap() {
                let name = group["metadata"]["name"].as_str().unwrap();
                for version in group["versions"].as_array().unwrap() {
                    for resource in version["resources"].as_array().unwrap() {
                        let plural = resource["resource"].as_str().unwrap();
                        joined.push(format!("{name}/{plural}"));
                        for sub in resource["subresources"].as_array().into_iter().flatten() {
                            joined.push(format!(
                                "{name}/{plural}/{}",
                                sub["subresource"].as_str().unwrap()
                            ));
                        }
                    }
                }
            }
        }
        assert_eq!(plain, joined);
        assert!(joined.contains(&"apps/replicasets/scale".to_owned()));
        assert!(resources(&registry, "none", "v1").is_none());
        assert!(group(&registry, "none").is_none());
    }
}
