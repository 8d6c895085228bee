//! The chart, and the plain install that is rendered from it.

mod dashboard;
mod generated;
mod monitoring;
mod rendered;
mod roles;
mod values;

use chart::Helm;
use serde_json::Value;

/// Helm. `None` where it cannot be built and `CI` is not set; says so.
fn helm() -> Option<Helm> {
    match Helm::find() {
        Ok(helm) => Some(helm),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "no Helm: {error:#}");
            eprintln!("NOT RUN: there is no Helm: {error:#}");
            None
        }
    }
}

/// The one object of this kind.
fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|it| it["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}");
    found[0]
}

/// Holds all that selects the pods of a program against the labels of these.
#[track_caller]
fn every_selector_is(objects: &[Value], labels: &Value) {
    for (kind, path) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
    ] {
        let selector = only(objects, kind).pointer(path).unwrap();
        assert_eq!(selector, labels, "{kind}");
    }
}
