//! Whose pods are whose: by owner reference, and by selector where there is none.

use serde_json::{Value, json};
use std::sync::Arc;

use super::owner_reference;
use crate::api::Call;
use crate::error::ApiError;
use crate::object::{self, controller_of, is_terminating, text};
use crate::selector::LabelSelector;

/// The living pods that belong to a ReplicaSet, after adopting those that match and letting go of
/// those that no longer do. Ordered by name.
pub(super) fn pods(
    call: &mut Call<'_>,
    rs: &Value,
    selector: &LabelSelector,
) -> Result<Vec<Arc<Value>>, ApiError> {
    let pods = call.resource("", "pods")?;
    let ns = object::namespace(rs);
    let alive: Vec<Arc<Value>> = call
        .state
        .store
        .list(&pods.id, Some(ns))
        .filter(|p| is_active(p))
        .cloned()
        .collect();
    let mut mine = Vec::new();
    for pod in alive {
        let matches = selector.matches(&pod);
        match controller_of(&pod) {
            Some(owner) if text(owner, "/uid") == object::uid(rs) => {
                if matches {
                    mine.push(pod);
                } else {
                    let mut freed = Value::clone(&pod);
                    let owners = owners_without(&pod, object::uid(rs));
                    object::set(object::metadata(&mut freed), "ownerReferences", owners);
                    call.update(&pods, ns, object::name(&pod), "", freed)?;
                }
            }
            Some(_) => {}
            None if matches && !is_terminating(rs) => {
                let mut adopted = Value::clone(&pod);
                let meta = object::metadata(&mut adopted);
                let owners = meta.entry("ownerReferences").or_insert_with(|| json!([]));
                if let Some(list) = owners.as_array_mut() {
                    list.push(owner_reference(rs));
                }
                mine.push(call.update(&pods, ns, object::name(&pod), "", adopted)?);
            }
            None => {}
        }
    }
    Ok(mine)
}

/// Not finished and not going away.
fn is_active(pod: &Value) -> bool {
    !is_terminating(pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn owners_without(object: &Value, uid: &str) -> Option<Value> {
    let rest: Vec<Value> = object::list(object, "/metadata/ownerReferences")
        .iter()
        .filter(|o| text(o, "/uid") != uid)
        .cloned()
        .collect();
    (!rest.is_empty()).then_some(Value::Array(rest))
}
