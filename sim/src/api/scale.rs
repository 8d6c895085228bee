//! The scale subresource: a small object in place of the whole one.

use serde_json::{Value, json};
use std::sync::Arc;

use super::call::Call;
use super::patch::PatchKind;
use super::write::check_name;
use crate::Gvk;
use crate::apply::{self, FieldSet, Managers, Place, Way};
use crate::clock::stamp;
use crate::error::ApiError;
use crate::object::At as _;
use crate::object::{self, text};
use crate::resources::{Resource, ScalePaths};

/// How a scale is changed.
pub(crate) enum ScaleChange<'a> {
    Put(&'a Value),
    Patch(PatchKind, &'a Value),
    /// Server-side; whether by force.
    Apply(&'a Value, bool),
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
        let (version, path) = (resource.gvk.api_version(), dotted(&paths.spec));
        let known = self.managers(resource, &old);
        let known_owners = known.of_scale(&version, &path);
        let before = scale_to_change(resource, paths, &old);
        let kind = scale_kind(resource);
        let (ignored, now) = (FieldSet::default(), stamp(self.now));
        let way = Way {
            place: Place::of(&kind),
            ignored: &ignored,
            now: &now,
        };
        let applies = matches!(change, ScaleChange::Apply(..));
        let who = self.who(&kind, "scale", applies);
        let (scale, owners) = match change {
            ScaleChange::Put(scale) => (Value::clone(scale), None),
            ScaleChange::Patch(patch_kind, patch) => {
                (patch_kind.apply(&kind, &before, patch)?, None)
            }
            ScaleChange::Apply(config, force) => {
                self.check_configuration(&kind, (namespace, name), config)?;
                if resource.custom.is_some() && known_owners.is_empty() {
                    let what = "failed to create manager for existing fields";
                    return Err(not_converted(what));
                }
                let objects = (&apply::blank(&kind), &before);
                let applied = apply::apply(&known_owners, way, objects, config, &who, *force)
                    .map_err(|conflicts| apply::refusal(&conflicts))?;
                // Of a custom resource the real server takes an apply that changes nothing but owners,
                // and breaks down over any other.
                if resource.custom.is_some() && applied.object.is_some() {
                    return Err(not_converted("failed to convert new object"));
                }
                let scale = applied.object.unwrap_or_else(|| before.clone());
                (scale, Some(applied.managers))
            }
        };
        let replicas = replicas_of(change, &scale)?;
        let owners = match owners {
            Some(owners) => owners,
            // Of what nobody owns, nobody becomes the owner.
            None if known_owners.is_empty() => known_owners,
            None => {
                let mut after = before.clone();
                object::as_map(&mut after).insert("spec".into(), spec_of(replicas.into()));
                known_owners.updated(way, &before, &after, &who)
            }
        };
        let managers = known.with_scale(&owners, &version, &path);
        self.store_scale(resource, &old, (&scale, replicas), managers)
    }

    /// Writes what a changed scale says into its object.
    fn store_scale(
        &mut self,
        resource: &Arc<Resource>,
        old: &Arc<Value>,
        (scale, replicas): (&Value, i32),
        managers: Managers,
    ) -> Result<Value, ApiError> {
        let paths = resource.scale.as_ref().ok_or_else(ApiError::unknown_path)?;
        let name = object::name(old);
        self.place(resource, object::namespace(old), &mut scale.clone())?;
        check_name(scale, name)?;
        if replicas == UNSET && resource.custom.is_some() {
            return Err(ApiError::bad_request(format!(
                "the spec replicas field {:?} cannot be empty",
                format!(".{}", dotted(&paths.spec))
            )));
        }
        if replicas < 0 && resource.custom.is_none() {
            let error = crate::FieldError::invalid(
                "spec.replicas",
                &replicas.into(),
                "must be greater than or equal to 0",
            );
            return Err(ApiError::invalid("autoscaling", "Scale", name, &[error]));
        }
        let sent = object::version(scale);
        if !matches!(sent, "" | "0") && sent != object::version(old) {
            return Err(ApiError::modified(&resource.id, name));
        }
        let mut new = Value::clone(old);
        set_pointer(&mut new, &paths.spec, replicas.into());
        let stored = self.replace(resource, old, "", new, true, Some(Arc::new(managers)))?;
        Ok(scale_of(paths, &stored))
    }
}

/// Stands for the replicas of a custom resource that has none, while its scale is changed.
const UNSET: i32 = i32::MIN;

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn replicas_of(change: &ScaleChange<'_>, scale: &Value) -> Result<i32, ApiError> {
    match scale.at("/spec/replicas").unwrap_or(&Value::Null) {
        Value::Null => Ok(0),
        other => other
            .as_i64()
            .and_then(|n| i32::try_from(n).ok())
            .ok_or_else(|| no_scale(change, scale)),
    }
}

fn not_converted(what: &str) -> ApiError {
    let why = "request to convert CR to an invalid group/version: autoscaling/v1";
    ApiError::new(500, "", format!("{what}: {why}"))
}

fn no_scale(change: &ScaleChange<'_>, scale: &Value) -> ApiError {
    let why = "spec.replicas is no int32";
    match change {
        ScaleChange::Put(_) | ScaleChange::Apply(..) => ApiError::bad_request(format!(
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
    let spec = spec_of(object::int(of, &paths.spec));
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

/// Zero is left out, as the server does.
fn spec_of(replicas: i64) -> Value {
    match replicas {
        0 => json!({}),
        replicas => json!({"replicas": replicas}),
    }
}

/// The scale that a change begins with.
fn scale_to_change(resource: &Resource, paths: &ScalePaths, of: &Value) -> Value {
    let mut scale = scale_of(paths, of);
    if resource.custom.is_some() && of.at(&paths.spec).is_none() {
        object::as_map(&mut scale).insert("spec".into(), spec_of(UNSET.into()));
    }
    scale
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

/// A scale is of a built-in kind, whatever it is the scale of.
fn scale_kind(resource: &Resource) -> Resource {
    Resource {
        gvk: Gvk::new("autoscaling", "v1", "Scale"),
        custom: None,
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
