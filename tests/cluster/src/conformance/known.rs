//! What may differ, and why.
//!
//! This is the whole list: what is not in it is a bug of the embedded cluster.

use serde_json::Value;

use super::canon::Seen;
use super::program::Request;

/// One known difference.
pub struct Known {
    /// What differs, in a sentence.
    pub what: &'static str,
    /// Why it stays so.
    pub why: &'static str,
    /// Takes it out of both answers to a request, where it is there; real first.
    pub(super) forgive: fn(&Request, &mut Seen, &mut Seen),
}

/// All of them.
pub const KNOWN: &[Known] = &[Known {
    what: "who owns `internalTrafficPolicy` of a Service, and its value in an ExternalName",
    why: "of a Service that becomes an ExternalName the real server keeps it, and shows it in some answers only; a name has no traffic",
    forgive: |_, real, embedded| {
        without_policy(&mut real.body);
        without_policy(&mut embedded.body);
    },
}];

/// Takes the owners of the policy out of every Service in an answer, and its value out of a name.
fn without_policy(value: &mut Value) {
    let kind = value.pointer("/spec/type").and_then(Value::as_str);
    let kinds = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
    if let Some(kind) = kind.filter(|kind| kinds.contains(kind)) {
        if kind == "ExternalName" {
            remove(&mut value["spec"], "internalTrafficPolicy");
        }
        let owners = value
            .pointer_mut("/metadata/managedFields")
            .and_then(Value::as_array_mut);
        for owner in owners.into_iter().flatten() {
            if let Some(spec) = owner.pointer_mut("/fieldsV1/f:spec") {
                remove(spec, "f:internalTrafficPolicy");
            }
        }
        return;
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(without_policy),
        Value::Array(items) => items.iter_mut().for_each(without_policy),
        _ => {}
    }
}

fn remove(from: &mut Value, key: &str) {
    if let Some(map) = from.as_object_mut() {
        map.remove(key);
    }
}

/// What no program asks for, and why.
pub const NOT_DRAWN: &[(&str, &str)] = &[
    (
        "pods whose ServiceAccount mounts a token",
        "nothing runs in the pods of the embedded cluster, and each would carry a volume for it",
    ),
    (
        "empty lists in the metadata of a custom resource that is applied",
        "the real server stores them, shows nothing of them, and counts up the resourceVersion for it",
    ),
    (
        "Services made by an apply of their status",
        "the real server stores them without an address, and breaks down over what follows",
    ),
    (
        "node ports by a dry run",
        "the real server gives some that it refuses when they are sent back",
    ),
];

/// Takes out of both answers what is known to differ.
pub(super) fn forgive(request: &Request, real: &Seen, embedded: &Seen) -> (Seen, Seen) {
    let (mut real, mut embedded) = (real.clone(), embedded.clone());
    for known in KNOWN {
        if real == embedded {
            break;
        }
        (known.forgive)(request, &mut real, &mut embedded);
    }
    (real, embedded)
}
