//! Patches of Services: the selector key, and the mark that says whose it is.

use crds::names::{MANAGED_BY, POD_TEMPLATE_HASH};
use serde_json::{Value, json};

/// Selects the pods of one revision, and marks the Service where that is asked for.
pub(super) fn switch(version: &str, hash: &str, managed_by: Option<&str>) -> Value {
    let metadata = match managed_by {
        Some(manager) => json!({"resourceVersion": version, "annotations": {MANAGED_BY: manager}}),
        None => json!({"resourceVersion": version}),
    };
    json!({"metadata": metadata, "spec": {"selector": {POD_TEMPLATE_HASH: hash}}})
}

/// Removes selector key and mark: the Service selects all pods again.
pub(crate) fn give_back(version: &str) -> Value {
    json!({
        "metadata": {"resourceVersion": version, "annotations": {MANAGED_BY: null}},
        "spec": {"selector": {POD_TEMPLATE_HASH: null}},
    })
}
