//! ReplicaSets: ours, orphans, strangers; whole, halfway and damaged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::names;
use planner::{Owner, ReplicaSet, ReplicaSetFailure};
use serde_json::Value;

use super::{NOW, moment, revision, template};
use crate::draw::Draw;

/// Up to five ReplicaSets, and their pod templates by uid.
pub(super) fn replica_sets(draw: &mut Draw<'_>) -> (Vec<Arc<ReplicaSet>>, BTreeMap<String, Value>) {
    let mut sets = Vec::new();
    let mut templates = BTreeMap::new();
    for index in 0..draw.below(6) {
        let (set, template) = replica_set(draw, index);
        templates.insert(set.uid.clone(), template);
        sets.push(Arc::new(set));
    }
    (sets, templates)
}

fn replica_set(draw: &mut Draw<'_>, index: usize) -> (ReplicaSet, Value) {
    let version = draw.below(4);
    let hash = revision(draw);
    let wanted = size(draw);
    let (current, available) = match draw.below(5) {
        0 => (wanted, wanted),
        1 => (wanted, 0),
        2 => (0, 0),
        3 => (wanted, wanted.saturating_sub(1)),
        _ => (size(draw), size(draw)),
    };
    let generation = draw.pick(&[1, 2, i64::MAX]);
    let set = ReplicaSet {
        name: format!("web-{index}"),
        uid: format!("set-{index}"),
        resource_version: "1".to_owned(),
        generation,
        created: if draw.once_in(4) {
            moment(draw)
        } else {
            crds::Time::from_unix(NOW - 1000 + i64::try_from(index).unwrap())
        },
        deleting: draw.once_in(8),
        owner: match draw.below(8) {
            7 => Owner::Other("stranger".to_owned()),
            6 => Owner::Nobody,
            _ => Owner::Us,
        },
        labels: BTreeMap::from([
            (
                "app".to_owned(),
                draw.pick(&["web", "web", "web", "other"]).to_owned(),
            ),
            (names::POD_TEMPLATE_HASH.to_owned(), hash.clone()),
        ]),
        hash,
        annotations: annotations(draw, version),
        replicas: wanted,
        min_ready_seconds: draw.pick(&[0, 5, 30, i32::MAX, -1]),
        current_replicas: current,
        ready_replicas: available,
        available_replicas: available,
        observed_generation: if draw.once_in(4) { 0 } else { generation },
        failure: draw.once_in(8).then(|| ReplicaSetFailure {
            reason: "FailedCreate".to_owned(),
            message: draw.text(),
            since: moment(draw),
        }),
        images: vec![format!("app:v{version}")],
    };
    (set, template(version))
}

fn size(draw: &mut Draw<'_>) -> i32 {
    draw.pick(&[3, 0, 1, 2, 5, 10, 1000, i32::MAX, -1, i32::MIN])
}

fn annotations(draw: &mut Draw<'_>, version: usize) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let mut put = |key: &str, value: Option<String>| {
        annotations.extend(value.map(|value| (key.to_owned(), value)));
    };
    let digest = match draw.below(4) {
        0..=2 => Some(
            crds::rollout::PodTemplate::from(template(version))
                .digest()
                .to_owned(),
        ),
        _ => draw.pick(&[None, Some("not a digest".to_owned())]),
    };
    put(names::TEMPLATE_DIGEST, digest);
    let text = |value: Option<&str>| value.map(str::to_owned);
    let revisions = [
        Some("1"),
        Some("2"),
        Some("3"),
        None,
        Some("x"),
        Some("9223372036854775807"),
    ];
    put(names::REVISION, text(draw.pick(&revisions)));
    let desired = [
        None,
        Some("3"),
        Some("0"),
        Some("x"),
        Some("-9223372036854775808"),
    ];
    put(names::DESIRED_REPLICAS, text(draw.pick(&desired)));
    if draw.once_in(3) {
        let deadline = if draw.once_in(5) {
            draw.text()
        } else {
            moment(draw).to_string()
        };
        put(names::SCALE_DOWN_DEADLINE, Some(deadline));
    }
    if draw.once_in(8) {
        let texts = [
            "{}",
            "{\"labels\":{\"role\":\"canary\"}}",
            "not json",
            "[1]",
            "null",
        ];
        put(names::EPHEMERAL_METADATA, text(Some(draw.pick(&texts))));
    }
    annotations
}
