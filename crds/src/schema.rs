//! Schemas of fields whose Rust type says less than the CRD does.
//!
//! Fields name these functions with `#[schemars(schema_with = "…")]`. The schemas are structural
//! already; [`structural`] makes the rest so.

use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

mod pod;
pub(crate) mod structural;

/// Any object, kept as it is.
pub(crate) fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// An integer or a text.
pub(crate) fn int_or_string(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-int-or-string": true})
}

/// A pod template as Kubernetes knows it, without its descriptions.
pub(crate) fn pod_template(_: &mut SchemaGenerator) -> Schema {
    let mut template = of::<PodTemplateSpec>();
    structural::strip_descriptions(&mut template);
    pod::adapt_template(&mut template);
    Schema::try_from(template).unwrap_or_default()
}

/// The `spec` of a Job as Kubernetes knows it, without its descriptions.
pub(crate) fn job_spec(_: &mut SchemaGenerator) -> Schema {
    let mut spec = of::<JobSpec>();
    structural::strip_descriptions(&mut spec);
    if let Some(template) = spec.pointer_mut("/properties/template") {
        pod::adapt_template(template);
    }
    Schema::try_from(spec).unwrap_or_default()
}

/// The structural schema of a type, everything it refers to written out in place.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    structural::make_structural(&mut schema);
    structural::default_optional_keys(&mut schema);
    schema
}

/// Sets a key of a schema; nothing happens where the schema is no object.
pub(crate) fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(node) = schema.as_object_mut() {
        node.insert(key.to_owned(), value);
    }
}
