//! `undo`: an earlier pod template put back.
//!
//! Source: `compat/cli.md` §3.2.

use crds::names;
use serde_json::{Value, json};

use super::{Body, Write};

/// What an undo does.
#[derive(Debug, Clone, PartialEq)]
pub enum UndoPlan {
    /// The rollout already has that template: nothing is written.
    AlreadyThere,
    /// The template is written.
    Restore(Write),
}

/// Puts the template of revision `to_revision` back, or with 0 that of the revision before the
/// newest.
///
/// `rollout` and `replica_sets` are as the API server has them; the latter are those that the
/// Rollout's selector selects, in any order; only those that it controls count. `path` is where
/// the template lives: of the Rollout, or of the workload that it refers to.
///
/// # Errors
/// With the text for the user when there is no such revision.
pub fn undo(
    rollout: &Value,
    replica_sets: &[Value],
    to_revision: i64,
    path: &str,
) -> Result<UndoPlan, String> {
    let text = |pointer| rollout.pointer(pointer).and_then(Value::as_str);
    let uid = text("/metadata/uid").unwrap_or_default();
    let mut numbered: Vec<(i64, &Value)> = replica_sets
        .iter()
        .filter(|set| is_controlled_by(set, uid))
        .filter_map(|set| Some((revision(set)?, set)))
        .collect();
    // Newest first; equal revisions stay in the order of the list.
    numbered.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
    let target = if to_revision == 0 {
        numbered.get(1).ok_or_else(|| {
            let name = text("/metadata/name").unwrap_or_default();
            format!("no revision found for rollout \"{name}\"")
        })?
    } else {
        numbered
            .iter()
            .find(|(revision, _)| *revision == to_revision)
            .ok_or_else(|| format!("unable to find specified revision {to_revision} in history"))?
    };
    let wanted = without_hash(target.1.pointer("/spec/template"));
    let present = without_hash(rollout.pointer("/spec/template"));
    if derives_from(&present, &wanted) {
        return Ok(UndoPlan::AlreadyThere);
    }
    let patch = json!([{"op": "replace", "path": "/spec/template", "value": wanted}]);
    Ok(UndoPlan::Restore(Write {
        path: path.to_owned(),
        body: Body::JsonPatch(patch),
    }))
}

/// 0 without the annotation; `None` for one that is no number.
fn revision(replica_set: &Value) -> Option<i64> {
    let annotations = replica_set.pointer("/metadata/annotations");
    match annotations.and_then(|all| all.get(names::REVISION)) {
        None => Some(0),
        Some(revision) => revision.as_str()?.parse().ok(),
    }
}

fn is_controlled_by(object: &Value, uid: &str) -> bool {
    let owners = object.pointer("/metadata/ownerReferences");
    let owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners
        .filter(|owner| owner.get("controller") == Some(&Value::Bool(true)))
        .any(|owner| owner.get("uid").and_then(Value::as_str) == Some(uid))
}

fn without_hash(template: Option<&Value>) -> Value {
    let mut template = template.cloned().unwrap_or(Value::Null);
    if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
        labels.remove(names::POD_TEMPLATE_HASH);
    }
    template
}

/// Whether everything that `written` sets is the same in `stored`, which may set more, for
/// instance defaults. Empty values set nothing.
fn derives_from(written: &Value, stored: &Value) -> bool {
    match (written, stored) {
        (Value::Null, _) => true,
        (Value::String(text), _) if text.is_empty() => true,
        (Value::Number(number), _) if number.as_i64() == Some(0) => true,
        (Value::Bool(false), Value::Null) => true,
        (Value::Array(items), _) if items.is_empty() => true,
        (Value::Object(fields), _) if fields.is_empty() => true,
        (Value::Array(written), Value::Array(stored)) => {
            written.len() <= stored.len()
                && written
                    .iter()
                    .zip(stored)
                    .all(|(written, stored)| derives_from(written, stored))
        }
        (Value::Object(written), Value::Object(stored)) => written
            .iter()
            .all(|(key, value)| derives_from(value, stored.get(key).unwrap_or(&Value::Null))),
        (written, stored) => written == stored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica_set(revision: Value, image: &str, uid: &str, controller: bool) -> Value {
        json!({
            "metadata": {
                "annotations": {"rollout.argoproj.io/revision": revision},
                "ownerReferences": [{"uid": uid, "controller": controller}]},
            "spec": {"template": {
                "metadata": {"labels": {"app": "x", "rollouts-pod-template-hash": "h"}},
                "spec": {"restartPolicy": "Always",
                         "containers": [{"name": "c", "image": image, "pullPolicy": "Always"}]}}},
        })
    }

    fn rollout(image: &str) -> Value {
        json!({
            "metadata": {"name": "web", "uid": "u"},
            "spec": {"template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {"containers": [{"name": "c", "image": image, "resources": {}}]}}},
        })
    }

    fn history() -> Vec<Value> {
        vec![
            replica_set(json!("2"), "v2", "u", true),
            replica_set(json!("9"), "other", "stranger", true),
            replica_set(json!("8"), "loose", "u", false),
            replica_set(json!("3"), "v3", "u", true),
            replica_set(json!("odd"), "odd", "u", true),
            replica_set(json!("1"), "v1", "u", true),
        ]
    }

    fn restored(plan: &UndoPlan) -> &str {
        match plan {
            UndoPlan::AlreadyThere => "",
            UndoPlan::Restore(write) => match &write.body {
                Body::JsonPatch(patch) => patch
                    .pointer("/0/value/spec/containers/0/image")
                    .and_then(Value::as_str)
                    .unwrap(),
                _ => "not a JSON patch",
            },
        }
    }

    #[test]
    fn an_undo_restores_the_named_revision_or_the_one_before_the_newest() {
        for (to_revision, now, expected) in [
            (0, "v3", "v2"),
            (1, "v3", "v1"),
            (3, "v1", "v3"),
            (3, "v3", ""),
            (0, "v2", ""),
        ] {
            let plan = undo(&rollout(now), &history(), to_revision, "/r").unwrap();
            assert_eq!(restored(&plan), expected, "{to_revision} {now}");
        }
    }

    #[test]
    fn the_patch_replaces_the_template_without_the_hash_label() {
        let plan = undo(&rollout("v3"), &history(), 1, "/r").unwrap();
        let template = json!({
            "metadata": {"labels": {"app": "x"}},
            "spec": {"restartPolicy": "Always",
                     "containers": [{"name": "c", "image": "v1", "pullPolicy": "Always"}]}});
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        let write = Write {
            path: "/r".to_owned(),
            body: Body::JsonPatch(patch),
        };
        assert_eq!(plan, UndoPlan::Restore(write));
    }

    #[test]
    fn a_revision_that_is_not_there_is_an_error_with_its_number() {
        let error = undo(&rollout("v3"), &history(), 7, "/r").unwrap_err();
        assert_eq!(error, "unable to find specified revision 7 in history");
        let one = [replica_set(json!("1"), "v1", "u", true)];
        let error = undo(&rollout("v1"), &one, 0, "/r").unwrap_err();
        assert_eq!(error, "no revision found for rollout \"web\"");
    }
}
