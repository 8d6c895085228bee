//! What a view is made from, and how single fields are read out of untyped objects.

use crds::{Rollout, Time};
use serde_json::Value;

/// The objects of one namespace that a [`crate::RolloutView`] is derived from.
///
/// ReplicaSets and pods are those of the whole namespace, in any order: the view picks those that
/// belong to the Rollout by the uid in their owner references.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a> {
    /// The Rollout.
    pub rollout: &'a Rollout,
    /// ReplicaSets as the API server answers them.
    pub replica_sets: &'a [Value],
    /// Pods as the API server answers them.
    pub pods: &'a [Value],
}

/// The text at a JSON pointer; empty when absent or of another type.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The integer at a JSON pointer; 0 when absent or of another type.
pub(crate) fn number(object: &Value, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// The members of the array at a JSON pointer; none when absent.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The value of an annotation.
pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(name)?.as_str()
}

/// The value of a label.
pub(crate) fn label<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(name)?.as_str()
}

/// When an object was created.
pub(crate) fn created(object: &Value) -> Option<Time> {
    Time::parse(text(object, "/metadata/creationTimestamp")).ok()
}

/// Whether any owner reference has this uid; an owner without a uid owns nothing.
pub(crate) fn is_owned_by(object: &Value, uid: &str) -> bool {
    !uid.is_empty()
        && items(object, "/metadata/ownerReferences")
            .iter()
            .any(|owner| text(owner, "/uid") == uid)
}
