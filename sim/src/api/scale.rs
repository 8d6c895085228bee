//! The scale subresource: a small object in place of the whole one.

use serde_json::{Value, json};
use std::sync::Arc;

use super::call::Call;
use super::patch::PatchKind;
use crate::Gvk;
use crate::error::ApiError;
use crate::object::At as _;
use crate::object::{self, text};
use crate::resources::{Resource, ScalePaths};

/// How a scale is changed.
pub(crate) enum ScaleChange<'a> {
    Put(&'a Value),
    Patch(PatchKind, &'a Value),
}

impl Call<'_> {
    /// The scale of an object.
    pub(crate) fn scale(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Value, ApiError> {
        let paths = resource.scale.as_ref().ok_or_else(ApiError::unknown_path)?;
        Ok(scale_of(paths, &*self.get(resource, namespace, name)?))
    }

    /// Sets the wanted replicas through the scale.
    pub(crate) fn rescale(
        &mut self,
        resource: &Arc<Resource>,
        namespace: &str,
        name: &str,
        change: &ScaleChange<'_>,
    ) -> Result<Value, ApiError> {
        let paths = resource.scale.as_ref().ok_or_else(ApiError::unknown_path)?;
        let old = self.get(resource, namespace, name)?;
        let scale = match change {
            ScaleChange::Put(scale) => Value::clone(scale),
            ScaleChange::Patch(kind, patch) => {
                kind.apply(&scale_kind(resource), &scale_of(paths, &old), patch)?
            }
        };
        let replicas = scale.at("/spec/replicas").unwrap_or(&Value::Null);
        let replicas = match replicas {
            Value::Null => 0,
            other => other
                .as_i64()
                .and_then(|n| i32::try_from(n).ok())
                .ok_or_else(|| no_scale(change, &scale))?,
        };
        if replicas < 0 && resource.custom.is_none() {
            let error = crate::FieldError::invalid(
                "spec.replicas",
                &replicas.into(),
                "must be greater than or equal to 0",
            );
            return Err(ApiError::invalid("autoscaling", "Scale", name, &[error]));
        }
        let sent = object::version(&scale);
        if !sent.is_empty() && sent != object::version(&old) {
            return Err(ApiError::modified(&resource.id, name));
        }
        let mut new = Value::clone(&old);
        set_pointer(&mut new, &paths.spec, replicas.into());
        let known = self.managers(resource, &old);
        let path = paths.spec.trim_start_matches('/').replace('/', ".");
        let change = (object::int(&old, &paths.spec), i64::from(replicas));
        let who = self.who(resource, "scale", false);
        let managers = Arc::new(known.rescaled(&path, change, &who));
        let stored = self.replace(resource, &old, "", new, true, Some(managers))?;
        Ok(scale_of(paths, &stored))
    }
}

fn no_scale(change: &ScaleChange<'_>, scale: &Value) -> ApiError {
    let why = "spec.replicas is no int32";
    match change {
        ScaleChange::Put(_) => ApiError::bad_request(format!(
            "Scale in version \"v1\" cannot be handled as a Scale: {why}"
        )),
        ScaleChange::Patch(..) => {
            let whole = Value::from(scale.to_string());
            let error = crate::FieldError::invalid("patch", &whole, why);
            ApiError::invalid("", "", "", &[error])
        }
    }
}

fn scale_of(paths: &ScalePaths, of: &Value) -> Value {
    let mut status = json!({"replicas": object::int(of, &paths.status)});
    let selector = paths.selector.as_ref().and_then(|pointer| of.at(pointer));
    let selector = match selector {
        Some(Value::String(text)) => text.clone(),
        Some(labels) => selector_text(labels),
        None => String::new(),
    };
    if !selector.is_empty() {
        object::as_map(&mut status).insert("selector".into(), selector.into());
    }
    // Zero is left out, as the server does.
    let spec = match object::int(of, &paths.spec) {
        0 => json!({}),
        replicas => json!({"replicas": replicas}),
    };
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object::name(of),
            "namespace": object::namespace(of),
            "uid": object::uid(of),
            "resourceVersion": object::version(of),
            "creationTimestamp": text(of, "/metadata/creationTimestamp"),
        },
        "spec": spec,
        "status": status,
    })
}

/// A label selector in its text form, as the server prints it: keys sorted.
fn selector_text(selector: &Value) -> String {
    let mut terms: Vec<(String, String)> = Vec::new();
    if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
        for (key, value) in labels {
            let value = value.as_str().unwrap_or_default();
            terms.push((key.clone(), format!("{key}={value}")));
        }
    }
    for expression in object::list(selector, "/matchExpressions") {
        let key = text(expression, "/key").to_owned();
        let mut values: Vec<&str> = object::list(expression, "/values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        let term = match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        terms.push((key, term));
    }
    terms.sort();
    let terms: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    terms.join(",")
}

/// Patches of a scale merge like those of a built-in kind without lists.
fn scale_kind(resource: &Resource) -> Resource {
    Resource {
        gvk: Gvk::new("autoscaling", "v1", "Scale"),
        ..resource.clone()
    }
}

fn set_pointer(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for name in pointer.split('/').skip(1) {
        place = object::as_map(place).entry(name).or_insert(Value::Null);
    }
    *place = value;
}
