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
