//! The CustomResourceDefinitions of the five kinds, as JSON and as the files in `crds/manifests`.
//!
//! The schemas come from the Rust types and their doc comments; what no type can say (defaults,
//! printer columns, subresources) is in `kinds.rs`. Source: `compat/api.md` §1.

use serde_json::{Value, json};

mod kinds;
mod yaml;

use crate::names::{GROUP, VERSION};
use crate::schema;
use kinds::{KINDS, Kind};

const HEADER: &str = "# Generated from the types in crds/src; do not edit.\n\
                      # After a change there: cargo run -p crds --bin crds-generate\n";

/// A generated file: its name within `crds/manifests`, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Name, such as `rollout-crd.yaml`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The five CustomResourceDefinitions, in the order of their names.
#[must_use]
pub fn definitions() -> Vec<Value> {
    KINDS.iter().map(definition).collect()
}

/// Every file in `crds/manifests`.
#[must_use]
pub fn files() -> Vec<File> {
    let mut files: Vec<File> = KINDS
        .iter()
        .map(|kind| File {
            name: kind.file.to_owned(),
            text: format!("{HEADER}{}", yaml::document(&definition(kind))),
        })
        .collect();
    let resources: Vec<&str> = KINDS.iter().map(|kind| kind.file).collect();
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    });
    files.push(File {
        name: "kustomization.yaml".to_owned(),
        text: format!("{HEADER}{}", yaml::document(&kustomization)),
    });
    files
}

fn definition(kind: &Kind) -> Value {
    let names = json!({
        "kind": kind.kind,
        "listKind": format!("{}List", kind.kind),
        "plural": kind.plural,
        "shortNames": [kind.short_name],
        "singular": kind.kind.to_lowercase(),
    });
    let columns: Vec<Value> = kind.columns.iter().map(kinds::Column::to_json).collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{GROUP}", kind.plural)},
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "additionalPrinterColumns": columns,
                "subresources": (kind.subresources)(),
                "schema": {"openAPIV3Schema": whole_schema(kind)},
            }],
        },
    })
}

fn whole_schema(kind: &Kind) -> Value {
    let mut properties = json!({
        "apiVersion": {
            "type": "string",
            "description": format!("Always `{GROUP}/{VERSION}`."),
        },
        "kind": {"type": "string", "description": format!("Always `{}`.", kind.kind)},
        "metadata": {"type": "object"},
        "spec": (kind.spec)(),
    });
    if let Some(status) = kind.status {
        schema::set(&mut properties, "status", status());
    }
    json!({
        "type": "object",
        "description": kind.description,
        "required": ["spec"],
        "properties": properties,
    })
}
