//! A ReplicaSet for a template that has none.
//!
//! Source: `compat/api.md` §10 "Creation".

use crds::{defaults, names};
use serde_json::{Map, Value, json};

use crate::situation::{Draft, Situation, copied_annotations};
use crate::{Action, Write, abort, events, template};

/// How many names may turn out to be taken, one after the other, before they are tried anew.
const TRIES: i32 = 100;

/// Name, label and collision count for a new ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Naming {
    name: String,
    label: String,
    collision: i32,
}

/// A ReplicaSet that is being created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Creation {
    /// Its name.
    pub(crate) name: String,
    /// Whether status was written for another template: a new update begins. Otherwise somebody
    /// deleted the ReplicaSet of the present update; it is made again and nothing else changes.
    pub(crate) begins_update: bool,
}

/// Plans the new ReplicaSet, without pods, and notes it in the status.
pub(crate) fn new_replica_set(situation: &Situation<'_>, draft: &mut Draft<'_>) -> Creation {
    let naming = naming(situation);
    let revision = situation.revisions.wanted_revision();
    draft.set_rollout_revision(situation, revision);
    let object = Box::new(object(situation, &naming, revision));
    let event = events::replica_set_created(&naming.name, revision);
    draft.last.push(Action {
        write: Write::CreateReplicaSet { object },
        events: vec![event],
    });
    draft.status.current_pod_hash = Some(naming.label);
    if naming.collision > 0 {
        draft.status.collision_count = Some(naming.collision);
    }
    Creation {
        name: naming.name,
        begins_update: !is_label_of(situation, naming.collision)
            && !abort::outlives_its_version(situation),
    }
}

/// Whether the label that status was written for is one of this template's: of the name that is
/// taken now, or of an earlier one that was taken.
fn is_label_of(situation: &Situation<'_>, collision: i32) -> bool {
    let digest = situation.revisions.digest;
    let label = situation.old.current_pod_hash.as_deref();
    // No further back than names are tried: the count is a number in a status that anybody may edit.
    let earliest = collision.saturating_sub(TRIES).max(0);
    (earliest..=collision).any(|it| label == Some(template::revision_label(digest, it).as_str()))
}

/// The question to the API server what it would make of the template.
pub(crate) fn template_check(situation: &Situation<'_>) -> Write {
    let object = object(
        situation,
        &naming(situation),
        situation.revisions.wanted_revision(),
    );
    Write::CheckTemplate {
        digest: situation.revisions.digest.to_owned(),
        object: Box::new(object),
    }
}

/// The first name, counting up from `status.collisionCount`, that nothing else has.
fn naming(situation: &Situation<'_>) -> Naming {
    let first = situation.old.collision_count.unwrap_or(0).max(0);
    let is_free = |naming: &Naming| {
        let mut sets = situation.observed.replica_sets.iter();
        !sets.any(|rs| rs.name == naming.name || rs.hash == naming.label)
    };
    let of = |collision: i32| {
        let label = template::revision_label(situation.revisions.digest, collision);
        Naming {
            name: format!("{}-{label}", situation.name()),
            label,
            collision,
        }
    };
    // A name that was found taken is known alone; those before it were tried before it.
    let taken = situation.observed.taken_name.as_ref();
    let tried = (first..first.saturating_add(TRIES))
        .find(|it| taken.is_some_and(|taken| taken.name == of(*it).name));
    let first = tried.map_or(first, |it| it.saturating_add(1));
    (first..=i32::MAX)
        .map(of)
        .find(is_free)
        .unwrap_or_else(|| of(first))
}

fn object(situation: &Situation<'_>, naming: &Naming, revision: i64) -> Value {
    let rollout = situation.rollout;
    let mut template = situation.spec.template.to_value();
    if let Some(template) = template.as_object_mut() {
        let metadata = template.entry("metadata").or_insert_with(|| json!({}));
        if let Some(labels) = metadata
            .as_object_mut()
            .map(|it| it.entry("labels").or_insert_with(|| json!({})))
        {
            insert(labels, names::POD_TEMPLATE_HASH, &naming.label);
        }
    }
    let mut selector = serde_json::to_value(&situation.spec.selector).unwrap_or_default();
    if let Some(selector) = selector.as_object_mut() {
        let labels = selector.entry("matchLabels").or_insert_with(|| json!({}));
        insert(labels, names::POD_TEMPLATE_HASH, &naming.label);
    }
    let mut annotations: Map<String, Value> = copied_annotations(rollout)
        .map(|(key, value)| (key.clone(), Value::from(value.clone())))
        .collect();
    let replicas = defaults::replicas(situation.spec);
    annotations.insert(names::REVISION.to_owned(), revision.to_string().into());
    annotations.insert(
        names::DESIRED_REPLICAS.to_owned(),
        replicas.to_string().into(),
    );
    annotations.insert(
        names::TEMPLATE_DIGEST.to_owned(),
        situation.revisions.digest.into(),
    );
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": naming.name,
            "namespace": rollout.metadata.namespace,
            "labels": template.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": format!("{}/{}", names::GROUP, names::VERSION),
                "kind": "Rollout",
                "name": rollout.metadata.name,
                "uid": rollout.metadata.uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": situation.spec.min_ready_seconds,
            "selector": selector,
            "template": template,
        },
    })
}

fn insert(map: &mut Value, key: &str, value: &str) {
    if let Some(map) = map.as_object_mut() {
        map.insert(key.to_owned(), Value::from(value));
    }
}
