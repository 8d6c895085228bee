//! Server-side apply, with what it does for those who have applied with kubectl on their own side.

use serde_json::Value;

use super::compare::compare;
use super::fields::fields;
use super::managers::{Applied, Conflict, Managers, Way, Who};
use super::set::FieldSet;
use crate::object::annotation;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Whose word counts for the annotation.
const KUBECTL: &str = "kubectl";

/// Applies a configuration. What kubectl has applied on its own side it takes over without a conflict,
/// and the annotation that says so follows what it applies.
///
/// # Errors
/// The conflicts.
pub(crate) fn apply(
    managers: &Managers,
    way: Way<'_>,
    (blank, live): (&Value, &Value),
    config: &Value,
    who: &Who,
    force: bool,
) -> Result<Applied, Vec<Conflict>> {
    let apply = |force: bool| managers.applied(way, (blank, live), config, who, force);
    let mut applied = match apply(force) {
        Err(conflicts) if who.name == KUBECTL => match taken_over(way, live) {
            Some(allowed) => {
                let left = conflicts.iter().map(|it| Conflict {
                    who: it.who.clone(),
                    fields: it.fields.without(&allowed),
                });
                let left: Vec<_> = left.filter(|it| !it.fields.is_empty()).collect();
                if left.is_empty() {
                    apply(true)?
                } else {
                    return Err(left);
                }
            }
            None => return Err(conflicts),
        },
        done => done?,
    };
    let now = applied.object.as_ref().unwrap_or(live);
    if who.name == KUBECTL && annotation(now, LAST_APPLIED).is_some_and(|it| !it.is_empty()) {
        let mut now = now.clone();
        let text = format!("{}\n", without_annotation(config));
        let annotations = crate::object::metadata(&mut now)
            .get_mut("annotations")
            .and_then(Value::as_object_mut);
        if let Some(annotations) = annotations {
            annotations.insert(LAST_APPLIED.into(), text.into());
        }
        if applied.object.is_some() || now != *live {
            applied.object = Some(now);
        }
    }
    Ok(applied)
}

/// Fields that are as kubectl last applied them; `None` where it never has.
fn taken_over(way: Way<'_>, live: &Value) -> Option<FieldSet> {
    let last: Value = serde_json::from_str(annotation(live, LAST_APPLIED)?).ok()?;
    if last.get("apiVersion") != live.get("apiVersion") {
        return None;
    }
    let difference = compare(way.place, &last, live);
    let own = fields(way.place, &last).without(&difference.gained());
    Some(own.without(&difference.removed))
}

fn without_annotation(config: &Value) -> Value {
    let mut config = config.clone();
    let annotations = crate::object::metadata(&mut config)
        .get_mut("annotations")
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.remove(LAST_APPLIED);
    }
    config
}
