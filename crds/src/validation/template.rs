//! The checks of `spec.template` that need no API server.
//!
//! Only what a ReplicaSet demands of any template. Whether the pods themselves are valid is asked
//! of the API server (a dry-run create), whose words are better than a copy of its rules.

use std::collections::BTreeMap;

use super::{FieldError, path::Path};
use crate::label_selector::Selector;
use crate::rollout::PodTemplate;

/// Whether a template has neither labels nor annotations; its pod spec does not count.
pub(super) fn is_empty(template: &PodTemplate) -> bool {
    !template.facts().has_metadata
}

pub(super) fn check(
    template: &PodTemplate,
    selector: &Selector,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let facts = template.facts();
    let labels = facts.labels.iter();
    let labels: BTreeMap<String, String> = labels
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
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
    if !facts.has_containers {
        errors.push(
            spec.child("containers")
                .required("", "list at least one container"),
        );
    }
    let policy = facts.restart_policy.as_deref();
    if let Some(policy) = policy.filter(|policy| !matches!(*policy, "" | "Always")) {
        errors.push(spec.child("restartPolicy").not_supported(
            policy,
            &["Always"],
            "set restartPolicy to Always, or remove it",
        ));
    }
    if facts.has_deadline {
        errors.push(spec.child("activeDeadlineSeconds").forbidden(
            "activeDeadlineSeconds in ReplicaSet is not Supported",
            "remove activeDeadlineSeconds; it is for pods that end, such as those of a Job",
        ));
    }
}
