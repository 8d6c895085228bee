//! The checks of `spec.template` that need no API server.
//!
//! Only what a ReplicaSet demands of any template. Whether the pods themselves are valid is asked
//! of the API server (a dry-run create), whose words are better than a copy of its rules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{FieldError, path::Path};
use crate::label_selector::Selector;

/// Whether a template has neither labels nor annotations; its pod spec does not count.
pub(super) fn is_empty(template: &Value) -> bool {
    ["labels", "annotations"].iter().all(|field| {
        template
            .pointer(&format!("/metadata/{field}"))
            .and_then(Value::as_object)
            .is_none_or(serde_json::Map::is_empty)
    })
}

pub(super) fn check(
    template: &Value,
    selector: &Selector,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let labels = labels(template);
    if !selector.is_empty() && !selector.matches(&labels) {
        let value = if labels.is_empty() {
            "null".to_owned()
        } else {
            crate::go_json::map(&labels, |text: &String| crate::go_json::string(text))
        };
        errors.push(path.child("metadata").child("labels").invalid_json(
            value,
            "`selector` does not match template `labels`",
            &format!("add the labels {selector} to spec.template.metadata.labels"),
        ));
    }
    let spec = path.child("spec");
    if template
        .pointer("/spec/containers")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        errors.push(
            spec.child("containers")
                .required("", "list at least one container"),
        );
    }
    let restart_policy = template
        .pointer("/spec/restartPolicy")
        .and_then(Value::as_str);
    if let Some(policy) = restart_policy.filter(|policy| !matches!(*policy, "" | "Always")) {
        errors.push(spec.child("restartPolicy").not_supported(
            policy,
            &["Always"],
            "set restartPolicy to Always, or remove it",
        ));
    }
    if template
        .pointer("/spec/activeDeadlineSeconds")
        .is_some_and(|seconds| !seconds.is_null())
    {
        errors.push(spec.child("activeDeadlineSeconds").forbidden(
            "activeDeadlineSeconds in ReplicaSet is not Supported",
            "remove activeDeadlineSeconds; it is for pods that end, such as those of a Job",
        ));
    }
}

fn labels(template: &Value) -> BTreeMap<String, String> {
    template
        .pointer("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
