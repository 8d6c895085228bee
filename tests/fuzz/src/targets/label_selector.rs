//! Label selectors: ours against the API server's.

use std::collections::BTreeMap;

use crds::label_selector::Selector;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

/// Reads `{"selector": {...}, "labels": {...}}`.
///
/// # Panics
/// When the embedded cluster, which shares no code with ours, reads the selector or its text form
/// in another way.
pub fn run(data: &[u8]) -> String {
    let Some(document) = super::document(data) else {
        return "no document".to_owned();
    };
    let Ok(selector) = serde_json::from_value::<LabelSelector>(document["selector"].clone()) else {
        return "no selector".to_owned();
    };
    let labels: BTreeMap<String, String> =
        serde_json::from_value(document["labels"].clone()).unwrap_or_default();
    let Some(ours) = Selector::new(&selector) else {
        return "refused".to_owned();
    };
    let matches = ours.matches(&labels);
    let labels = json!(labels);
    let text = ours.to_string();
    let theirs = sim::selector::LabelSelector::parse(&text)
        .unwrap_or_else(|error| panic!("{text:?} cannot be read: {error}"));
    assert_eq!(
        matches,
        theirs.matches_labels(&labels),
        "{text} and {labels}"
    );
    let theirs = sim::selector::LabelSelector::from_object(&json!(selector))
        .unwrap_or_else(|error| panic!("{selector:?} is refused: {error}"));
    assert_eq!(
        matches,
        theirs.matches_labels(&labels),
        "{selector:?} and {labels}"
    );
    assert_eq!(ours.is_empty(), text.is_empty(), "{text:?}");
    let kinds: String = text
        .chars()
        .filter(|letter| "=!(,".contains(*letter))
        .take(6)
        .collect();
    format!("{matches} {kinds} notin {}", text.contains(" notin "))
}
