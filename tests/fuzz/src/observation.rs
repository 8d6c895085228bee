//! Any observation: what the planner may be handed, sensible or not.

mod schema;
mod sets;
mod status;

pub use schema::{overlay, rollout_schema};

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::{Rollout, Time};
use planner::{
    GenerationFormat, Observed, Service, ServiceState, Settings, TakenName, TemplateCheck,
    TemplateOutcome, WriteFailure,
};
use serde_json::{Value, json};

use crate::draw::Draw;

/// Now, in all generated worlds, in seconds since 1970.
pub const NOW: i64 = 1_700_000_000;

/// Moments around [`NOW`], and such as no clock ever shows.
const MOMENTS: [i64; 9] = [
    NOW - 100,
    NOW - 1,
    NOW,
    NOW + 1,
    NOW + 60,
    NOW - 86_400,
    0,
    -62_135_596_800,
    253_402_300_799,
];

/// Revision labels that ReplicaSets, status and Services speak of.
const REVISIONS: [&str; 5] = ["aaa", "bbb", "ccc", "", "nobody-has-it"];

/// The pod template with one of four images; the last has no labels at all.
#[must_use]
pub fn template(version: usize) -> Value {
    let image = format!("app:v{version}");
    let spec = json!({"containers": [{"name": "main", "image": image}]});
    if version == 3 {
        return json!({"spec": spec});
    }
    json!({"metadata": {"labels": {"app": "web"}}, "spec": spec})
}

fn moment(draw: &mut Draw<'_>) -> Time {
    Time::from_unix(draw.pick(&MOMENTS))
}

fn revision(draw: &mut Draw<'_>) -> String {
    draw.pick(&REVISIONS).to_owned()
}

/// A Rollout, and what was seen around it; all of it may be nonsense.
///
/// What the API server grants is kept to: names and uids are unique, versions are not empty, and
/// what the CRD does not admit is not there.
#[must_use]
pub fn observed(draw: &mut Draw<'_>) -> (Observed, BTreeMap<String, Value>) {
    let rollout = rollout(draw);
    let (replica_sets, templates) = sets::replica_sets(draw);
    let services = services(draw, &rollout);
    let digest = rollout.spec.template.digest().to_owned();
    let observed = Observed {
        template_check: template_check(draw, digest, &rollout, &templates),
        taken_name: draw.once_in(8).then(|| taken_name(draw, &rollout)),
        failure: draw.once_in(8).then(|| failure(draw)),
        settings: Settings {
            kstatus_conditions: !draw.once_in(4),
            observed_generation: if draw.once_in(4) {
                GenerationFormat::Number
            } else {
                GenerationFormat::Text
            },
        },
        rollout: Arc::new(rollout),
        replica_sets,
        services,
    };
    (observed, templates)
}

fn rollout(draw: &mut Draw<'_>) -> Rollout {
    let mut rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "shop", "uid": "r1", "resourceVersion": "1",
            "generation": draw.pick(&[1_i64, 2, 3, i64::MAX])},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(draw.below(4)),
            "strategy": strategy(draw),
        },
    });
    if !draw.once_in(6) {
        rollout["spec"]["replicas"] = json!(draw.pick(&[3, 1, 0, 2, 5, 10, 1000, -1, i32::MAX]));
    }
    for (key, values) in [
        ("progressDeadlineSeconds", [600, 1, 0, i32::MAX]),
        ("minReadySeconds", [0, 5, 30, i32::MAX]),
        ("revisionHistoryLimit", [10, 0, 1, -1]),
    ] {
        if draw.once_in(4) {
            rollout["spec"][key] = json!(draw.pick(&values));
        }
    }
    if draw.once_in(8) {
        rollout["spec"]["paused"] = json!(true);
    }
    if draw.once_in(8) {
        rollout["spec"]["progressDeadlineAbort"] = json!(true);
    }
    if draw.once_in(10) {
        rollout["metadata"]["deletionTimestamp"] = json!("2023-11-14T22:13:20Z");
    }
    if draw.once_in(3) {
        rollout["metadata"]["annotations"] = json!({"rollout.argoproj.io/revision": draw.pick(&["1", "2", "x", "9223372036854775807"])});
    }
    if !draw.once_in(5) {
        rollout["status"] = status::status(draw);
    }
    for _ in 0..draw.below(4) {
        let part = draw.pick(&["status", "spec"]);
        overlay(
            &rollout_schema()["properties"][part],
            &mut rollout[part],
            draw,
        );
    }
    serde_json::from_value(rollout.clone())
        .unwrap_or_else(|error| panic!("the CRD admits what the type refuses: {error}: {rollout}"))
}

fn strategy(draw: &mut Draw<'_>) -> Value {
    if draw.once_in(3) {
        return blue_green(draw);
    }
    let mut canary = json!({});
    for key in ["maxSurge", "maxUnavailable"] {
        if draw.once_in(2) {
            let amounts = [
                json!(1),
                json!(0),
                json!("25%"),
                json!("100%"),
                json!(i32::MAX),
                json!("0"),
                json!("9223372036854775807%"),
            ];
            canary[key] = draw.pick(&amounts);
        }
    }
    let steps: Vec<Value> = (0..draw.below(5)).map(|_| step(draw)).collect();
    if !steps.is_empty() {
        canary["steps"] = json!(steps);
    }
    for (key, values) in [
        ("scaleDownDelaySeconds", [30, 0, i32::MAX]),
        ("abortScaleDownDelaySeconds", [30, 0, i32::MAX]),
        ("scaleDownDelayRevisionLimit", [1, 0, -1]),
        ("minPodsPerReplicaSet", [1, 2, i32::MAX]),
    ] {
        if draw.once_in(12) {
            canary[key] = json!(draw.pick(&values));
        }
    }
    if draw.once_in(12) {
        canary["replicaProgressThreshold"] =
            json!({"type": draw.pick(&["Percent", "Pods"]), "value": draw.pick(&[50, 1, 100])});
    }
    json!({"canary": canary})
}

fn step(draw: &mut Draw<'_>) -> Value {
    match draw.below(3) {
        0 => json!({"setWeight": draw.pick(&[20, 0, 50, 99, 100])}),
        1 => json!({"pause": {}}),
        _ => {
            let lengths = [
                json!(10),
                json!("1m"),
                json!(0),
                json!("0.5s"),
                json!(i32::MAX),
            ];
            json!({"pause": {"duration": draw.pick(&lengths)}})
        }
    }
}

fn blue_green(draw: &mut Draw<'_>) -> Value {
    let mut blue_green = json!({"activeService": "active"});
    if draw.once_in(2) {
        blue_green["previewService"] = json!("preview");
    }
    if draw.once_in(2) {
        blue_green["autoPromotionEnabled"] = json!(draw.once_in(2));
    }
    for (key, values) in [
        ("autoPromotionSeconds", [0, 10, i32::MAX]),
        ("previewReplicaCount", [1, 0, i32::MAX]),
        ("scaleDownDelaySeconds", [30, 0, i32::MAX]),
        ("abortScaleDownDelaySeconds", [30, 0, i32::MAX]),
        ("scaleDownDelayRevisionLimit", [1, 0, 2]),
    ] {
        if draw.once_in(4) {
            blue_green[key] = json!(draw.pick(&values));
        }
    }
    json!({"blueGreen": blue_green})
}

/// The Services that the spec names, present or not, selecting anything.
fn services(draw: &mut Draw<'_>, rollout: &Rollout) -> BTreeMap<String, ServiceState> {
    let strategy = &rollout.spec.strategy;
    let blue_green = strategy.blue_green.as_ref();
    let canary = strategy.canary.as_ref();
    let names = [
        blue_green.map(|it| it.active_service.clone()),
        blue_green.and_then(|it| it.preview_service.clone()),
        canary.and_then(|it| it.canary_service.clone()),
        canary.and_then(|it| it.stable_service.clone()),
    ];
    // One that the spec does not name is seen only when it carries our mark.
    let left = draw.once_in(6).then(|| left_service(draw));
    let names = names.into_iter().flatten().filter(|name| !name.is_empty());
    names
        .map(|name| {
            let state = service(draw, &name);
            (name, state)
        })
        .chain(left)
        .collect()
}

/// A Service that the spec named once.
fn left_service(draw: &mut Draw<'_>) -> (String, ServiceState) {
    let selector = BTreeMap::from([
        ("app".to_owned(), "web".to_owned()),
        (crds::names::POD_TEMPLATE_HASH.to_owned(), revision(draw)),
    ]);
    let service = Service {
        name: "left".to_owned(),
        uid: "uid-left".to_owned(),
        resource_version: "1".to_owned(),
        selector,
        managed_by: Some("web".to_owned()),
    };
    ("left".to_owned(), ServiceState::Found(Arc::new(service)))
}

fn service(draw: &mut Draw<'_>, name: &str) -> ServiceState {
    if draw.once_in(10) {
        return ServiceState::NotFound;
    }
    let app = draw.pick(&["web", "web", "web", "other"]);
    let mut selector = BTreeMap::from([("app".to_owned(), app.to_owned())]);
    if draw.once_in(2) {
        selector.insert(crds::names::POD_TEMPLATE_HASH.to_owned(), revision(draw));
    }
    let managers = [None, Some("web"), Some(""), Some("web"), Some("somebody")];
    ServiceState::Found(Arc::new(Service {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        resource_version: "1".to_owned(),
        selector,
        managed_by: draw.pick(&managers).map(str::to_owned),
    }))
}

fn template_check(
    draw: &mut Draw<'_>,
    digest: String,
    rollout: &Rollout,
    templates: &BTreeMap<String, Value>,
) -> Option<Arc<TemplateCheck>> {
    let refused = |field: Option<&str>| TemplateOutcome::Refused {
        field: field.map(str::to_owned),
        message: "spec.template.spec.containers: Required value".to_owned(),
    };
    let accepted = || TemplateOutcome::Accepted {
        defaulted: rollout.spec.template.to_value(),
        live: templates.clone(),
    };
    let (digest, outcome) = match draw.below(6) {
        0 | 1 => return None,
        2 | 3 => (digest, accepted()),
        4 => (
            digest,
            refused(draw.pick(&[None, Some("spec.template.spec")])),
        ),
        _ => ("of another template".to_owned(), accepted()),
    };
    Some(Arc::new(TemplateCheck { digest, outcome }))
}

fn taken_name(draw: &mut Draw<'_>, rollout: &Rollout) -> TakenName {
    let digest = rollout.spec.template.digest().to_owned();
    let collision = draw.pick(&[0, 1, i32::MAX]);
    let label = planner::template::revision_label(&digest, collision);
    TakenName {
        name: draw.pick(&[format!("web-{label}"), "else".to_owned()]),
    }
}

fn failure(draw: &mut Draw<'_>) -> WriteFailure {
    let objects = [
        "ReplicaSet/web-0",
        "ReplicaSet/web-1",
        "Service/active",
        "Rollout/web",
        "",
    ];
    WriteFailure {
        object: draw.pick(&objects).to_owned(),
        creating: draw.once_in(2),
        message: draw.text(),
        since: moment(draw),
    }
}
