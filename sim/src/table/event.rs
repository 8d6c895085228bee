//! The row of an Event.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::age;
use super::builtin::{name, number, text};

/// Last seen, type, reason, object, field, source, message, first seen, count, name.
pub(super) fn row(event: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let given = |field: &str| event.get(field).filter(|stamp| !stamp.is_null());
    let first = age::since(given("firstTimestamp").or_else(|| given("eventTime")), now);
    let last = match given("lastTimestamp") {
        Some(stamp) => age::since(Some(stamp), now),
        None => first.clone(),
    };
    let series = given("series");
    let (last, count) = match series {
        Some(series) => (
            age::since(series.get("lastObservedTime"), now),
            number(series, "/count"),
        ),
        None => (last, number(event, "/count").max(1)),
    };
    let kind = text(event, "/involvedObject/kind").to_lowercase();
    let target = match text(event, "/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let either = |a: &str, b: &str| match text(event, a) {
        "" => text(event, b).to_owned(),
        found => found.to_owned(),
    };
    let component = either("/source/component", "/reportingComponent");
    let source = match either("/source/host", "/reportingInstance") {
        instance if instance.is_empty() => component,
        instance => format!("{component}, {instance}"),
    };
    vec![
        json!(last),
        json!(text(event, "/type")),
        json!(text(event, "/reason")),
        json!(target),
        json!(text(event, "/involvedObject/fieldPath")),
        json!(source),
        json!(text(event, "/message").trim()),
        json!(first),
        json!(count),
        name(event),
    ]
}
