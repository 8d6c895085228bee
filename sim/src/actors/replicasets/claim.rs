//! Whose pods are whose: by owner reference, and by selector where there is none.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::owner_reference;
use crate::api::Call;
use crate::error::ApiError;
use crate::object::{self, controller_of, is_terminating, text};
use crate::selector::LabelSelector;

/// Which pods a controller could have, so that a pass does not read every pod of a namespace.
///
/// It knows every commit that this actor made itself, since the actor reads its commits before
/// each pass; of others it may lag, as any cache does.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Names by namespace and uid of the controller, which is empty for pods without one.
    names: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Index {
    /// Takes note of a change of a pod.
    pub(super) fn note(&mut self, before: Option<&Arc<Value>>, after: Option<&Arc<Value>>) {
        if let Some(before) = before {
            let place = place(before);
            if let Some(names) = self.names.get_mut(&place) {
                names.remove(object::name(before));
                if names.is_empty() {
                    self.names.remove(&place);
                }
            }
        }
        if let Some(after) = after {
            let names = self.names.entry(place(after)).or_default();
            names.insert(object::name(after).to_owned());
        }
    }

    /// The pods of a controller, and those without one, ordered by name.
    fn candidates(&self, rs: &Value) -> BTreeSet<&str> {
        [object::uid(rs), ""]
            .into_iter()
            .filter_map(|uid| {
                let place = (object::namespace(rs).to_owned(), uid.to_owned());
                self.names.get(&place)
            })
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

fn place(pod: &Value) -> (String, String) {
    let uid = controller_of(pod).map_or("", |owner| text(owner, "/uid"));
    (object::namespace(pod).to_owned(), uid.to_owned())
}

/// The living pods that belong to a ReplicaSet, after adopting those that match and letting go of
/// those that no longer do. Ordered by name.
pub(super) fn pods(
    call: &mut Call<'_>,
    index: &Index,
    rs: &Value,
    selector: &LabelSelector,
) -> Result<Vec<Arc<Value>>, ApiError> {
    let pods = call.resource("", "pods")?;
    let ns = object::namespace(rs);
    let alive: Vec<Arc<Value>> = index
        .candidates(rs)
        .into_iter()
        .filter_map(|name| call.state.store.get(&pods.id, ns, name))
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
