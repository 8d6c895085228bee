//! A served kind from a CustomResourceDefinition.

use serde_json::Value;
use std::sync::Arc;

use super::{Custom, Generation, GroupResource, Resource, ScalePaths};
use crate::Gvk;
use crate::field_error::FieldError;
use crate::object::{list, text};
use crate::schema::Structural;
use crate::table::Columns;

/// The kind that a CRD defines.
///
/// # Errors
/// What is wrong with the CRD, or what it asks for that is not modelled: more than one served
/// version, conversion webhooks, or a schema that [`Structural`] cannot enforce.
pub fn from_crd(crd: &Value) -> Result<Resource, Vec<FieldError>> {
    let mut errors = Vec::new();
    for field in [
        "/spec/group",
        "/spec/names/plural",
        "/spec/names/kind",
        "/spec/scope",
    ] {
        if text(crd, field).is_empty() {
            let path = field.trim_start_matches('/').replace('/', ".");
            errors.push(FieldError::required(path, ""));
        }
    }
    if text(crd, "/spec/conversion/strategy") == "Webhook" {
        errors.push(FieldError::forbidden(
            "spec.conversion.strategy",
            "conversion webhooks are not modelled by this embedded cluster",
        ));
    }
    let group = text(crd, "/spec/group");
    let plural = text(crd, "/spec/names/plural");
    let kind = text(crd, "/spec/names/kind");
    let name = crate::object::name(crd);
    if errors.is_empty() && name != format!("{plural}.{group}") {
        errors.push(FieldError::invalid(
            "metadata.name",
            &Value::from(name),
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    let served: Vec<(usize, &Value)> = list(crd, "/spec/versions")
        .iter()
        .enumerate()
        .filter(|(_, v)| v.get("served").and_then(Value::as_bool) == Some(true))
        .collect();
    let (index, version) = match served.as_slice() {
        [(index, version)] => (*index, *version),
        [] => {
            errors.push(FieldError::required(
                "spec.versions",
                "must have at least one served version",
            ));
            return Err(errors);
        }
        _ => {
            errors.push(FieldError::forbidden(
                "spec.versions",
                "more than one served version is not modelled by this embedded cluster",
            ));
            return Err(errors);
        }
    };
    let schema = match Structural::from_crd_version(version) {
        Ok(schema) => schema,
        Err(why) => {
            let path = format!("spec.versions[{index}]");
            errors.push(FieldError::invalid_without_value(path, &why));
            return Err(errors);
        }
    };
    if let Err(why) = Columns::custom(version) {
        let path = format!("spec.versions[{index}].additionalPrinterColumns");
        errors.push(FieldError::invalid_without_value(path, &why));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let texts = |pointer: &str| {
        list(crd, pointer)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let or = |pointer: &str, other: String| match text(crd, pointer) {
        "" => other,
        given => given.to_owned(),
    };
    let status = version.pointer("/subresources/status").is_some();
    Ok(Resource {
        id: GroupResource::new(group, plural),
        gvk: Gvk::new(group, text(version, "/name"), kind),
        singular: or("/spec/names/singular", kind.to_lowercase()),
        list_kind: or("/spec/names/listKind", format!("{kind}List")),
        namespaced: text(crd, "/spec/scope") == "Namespaced",
        short_names: texts("/spec/names/shortNames"),
        categories: texts("/spec/names/categories"),
        status,
        scale: version.pointer("/subresources/scale").map(scale_paths),
        generation: Generation::AllButMetadata,
        custom: Some(Arc::new(Custom {
            crd: crd.clone(),
            version: version.clone(),
            schema,
        })),
    })
}

/// `.spec.replicas` as `/spec/replicas`. Paths of CRDs are simple field chains.
fn scale_paths(scale: &Value) -> ScalePaths {
    let pointer = |key: &str| text(scale, key).replace('.', "/");
    let selector = pointer("/labelSelectorPath");
    ScalePaths {
        spec: pointer("/specReplicasPath"),
        status: pointer("/statusReplicasPath"),
        selector: (!selector.is_empty()).then_some(selector),
    }
}
