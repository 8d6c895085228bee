//! Every row of the peer's validation tables: its text, our true path, a fix.
//!
//! Source: `compat/api.md` §7.1 to §7.3.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

#[path = "validation/rows.rs"]
mod rows;

use crds::Rollout;
use crds::unsupported::{ACCEPTED, UNSUPPORTED, all_unsupported, page, unsupported};
use crds::validation::{first_error, validate};
use serde_json::{Value, json};

/// A valid Rollout named `web` with `spec` laid over it; `null` removes a field.
fn rollout(spec: &Value) -> Rollout {
    let mut json = json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "main", "image": "shop:v1"}]},
            },
        },
    });
    lay_over(&mut json["spec"], spec);
    serde_json::from_value(json).unwrap()
}

fn lay_over(base: &mut Value, patch: &Value) {
    let (Some(base), Some(patch)) = (base.as_object_mut(), patch.as_object()) else {
        *base = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            base.remove(key);
        } else {
            lay_over(base.entry(key.clone()).or_insert(json!({})), value);
        }
    }
}

fn with_example(example: &str) -> Rollout {
    let mut spec: Value = serde_json::from_str(example).unwrap();
    if spec.get("strategy").is_none() {
        spec["strategy"] = json!({"canary": {}});
    }
    if spec.get("workloadRef").is_some() {
        spec["template"] = Value::Null;
    }
    rollout(&spec)
}

#[test]
fn every_row_of_the_validation_table_has_its_text_its_true_path_and_a_fix() {
    for (spec, message, path) in rows::rows() {
        let first = validate(&rollout(&spec)).into_iter().next();
        let first = first.unwrap_or_else(|| panic!("accepted: {spec}"));
        assert_eq!(
            first.compat_message("web"),
            format!("The Rollout \"web\" is invalid: {message}"),
            "{spec}"
        );
        assert_eq!(first.path, path, "{spec}");
        assert!(!first.fix.is_empty() && !first.fix.ends_with('.'), "{spec}");
    }
}

#[test]
fn valid_rollouts_are_accepted() {
    for strategy in [
        json!({"canary": {}}),
        json!({"canary": {"maxSurge": 0, "maxUnavailable": 1}}),
        json!({"canary": {"maxSurge": "0", "maxUnavailable": "1%"}}),
        json!({"canary": {"steps": [{"setWeight": 0}, {"pause": {}}, {"setWeight": 100}]}}),
        json!({"canary": {"steps": [{"pause": {"duration": 0}}, {"pause": {"duration": "1h30m"}}]}}),
        json!({"canary": {"replicaProgressThreshold": {"type": "Percent", "value": 90}}}),
        json!({"canary": {"minPodsPerReplicaSet": 2, "abortScaleDownDelaySeconds": 0}}),
        json!({"blueGreen": {"activeService": "a"}}),
        json!({"blueGreen": {"activeService": "a", "previewService": "b", "previewReplicaCount": 1,
            "autoPromotionEnabled": false, "autoPromotionSeconds": 5, "scaleDownDelaySeconds": 1,
            "scaleDownDelayRevisionLimit": 10, "abortScaleDownDelaySeconds": 0, "maxUnavailable": 1}}),
    ] {
        assert_eq!(
            first_error(&rollout(&json!({"strategy": strategy}))),
            None,
            "{strategy}"
        );
    }
    let selector =
        json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]});
    let spec = json!({"selector": selector, "strategy": {"canary": {}}});
    assert_eq!(first_error(&rollout(&spec)), None);
}

#[test]
fn the_order_of_errors_is_that_of_the_peer() {
    let errors = validate(&rollout(&json!({
        "replicas": -1,
        "selector": null,
        "minReadySeconds": -2,
        "revisionHistoryLimit": -3,
        "progressDeadlineSeconds": -4,
        "strategy": {"canary": {
            "maxSurge": 0, "maxUnavailable": 0,
            "canaryService": "a", "stableService": "a",
            "scaleDownDelaySeconds": 1,
            "dynamicStableScale": true,
            "steps": [{}, {"setWeight": 101}],
            "antiAffinity": {},
        }},
    })));
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "spec.replicas",
            "spec.selector",
            "spec.minReadySeconds",
            "spec.revisionHistoryLimit",
            "spec.progressDeadlineSeconds",
            "spec.progressDeadlineSeconds",
            "spec.strategy.canary.maxSurge",
            "spec.strategy.canary.stableService",
            "spec.strategy.canary.scaleDownDelaySeconds",
            "spec.strategy.canary.dynamicStableScale",
            "spec.strategy.canary.steps[0]",
            "spec.strategy.canary.steps[1].setWeight",
            "spec.strategy.canary.antiAffinity",
        ]
    );
}

#[test]
fn each_unsupported_field_is_refused_with_its_true_path() {
    for row in UNSUPPORTED {
        let rollout = with_example(row.example);
        assert_eq!(
            validate(&rollout),
            [],
            "{}: the example must be valid",
            row.path
        );
        let found = all_unsupported(&rollout)
            .into_iter()
            .find(|error| without_indices(&error.path) == row.path)
            .unwrap_or_else(|| panic!("not found: {}", row.path));
        assert_eq!(
            found.compat_message("web"),
            format!(
                "The Rollout \"web\" is invalid: {}: Forbidden: not supported by this version",
                found.path
            )
        );
        assert!(found.fix.contains(row.why), "{}", row.path);
        assert!(first_error(&rollout).is_some(), "{}", row.path);
    }
}

fn without_indices(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn the_path_of_an_unsupported_step_has_its_index() {
    let spec =
        json!({"strategy": {"canary": {"steps": [{"pause": {}}, {"plugin": {"name": "p"}}]}}});
    let error = unsupported(&rollout(&spec)).unwrap();
    assert_eq!(error.path, "spec.strategy.canary.steps[1].plugin");
}

#[test]
fn a_rule_of_the_peer_comes_before_what_is_not_supported() {
    let spec = json!({"strategy": {"canary": {"steps": [{"setCanaryScale": {"weight": 5}}]}}});
    let error = first_error(&rollout(&spec)).unwrap();
    assert_eq!(
        error.detail,
        "SetCanaryScale requires TrafficRouting to be set"
    );
}

#[test]
fn what_is_off_or_over_is_not_refused() {
    for spec in [
        json!({"rollbackWindow": {}}),
        json!({"rollbackWindow": {"revisions": 0}}),
        json!({"strategy": {"canary": {"canaryMetadata": {}, "stableMetadata": {"labels": {}}}}}),
        json!({"strategy": {"canary": {"canaryService": "", "stableService": ""}}}),
        json!({"analysis": {"successfulRunHistoryLimit": 3}}),
    ] {
        let mut spec = spec;
        lay_over(&mut spec, &json!({"strategy": {"canary": {}}}));
        assert_eq!(first_error(&rollout(&spec)), None, "{spec}");
    }
    let mut restarted =
        rollout(&json!({"strategy": {"canary": {}}, "restartAt": "2026-01-01T00:00:00Z"}));
    assert_eq!(unsupported(&restarted).unwrap().path, "spec.restartAt");
    restarted.status =
        serde_json::from_value(json!({"restartedAt": "2026-01-01T00:00:00Z"})).unwrap();
    assert_eq!(unsupported(&restarted), None);
}

#[test]
fn the_page_of_unsupported_fields_is_up_to_date() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/unsupported.md");
    assert_eq!(
        std::fs::read_to_string(file).unwrap_or_default(),
        page(),
        "run: cargo run -p crds --bin crds-generate"
    );
    assert!(!ACCEPTED.is_empty());
}
