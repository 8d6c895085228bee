//! The checks of `spec` itself. Source: `compat/api.md` §7.1.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{FieldError, path::Path, template};
use crate::label_selector::{Selector, syntax};
use crate::rollout::RolloutSpec;
use crate::step_hash::label_selector;

/// The API server's words for a number below zero.
pub(super) const NOT_NEGATIVE: &str = "must be greater than or equal to 0";
const NO_STRATEGY: &str =
    "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";

pub(super) fn check(spec: &RolloutSpec, errors: &mut Vec<FieldError>) {
    let path = Path::spec();
    if let Some(replicas) = spec.replicas.filter(|replicas| *replicas < 0) {
        errors.push(path.child("replicas").invalid(
            replicas,
            NOT_NEGATIVE,
            "set spec.replicas to 0 or more",
        ));
    }
    selector_and_template(spec, &path, errors);
    for (name, seconds) in [
        ("minReadySeconds", Some(spec.min_ready_seconds)),
        ("revisionHistoryLimit", spec.revision_history_limit),
        ("progressDeadlineSeconds", spec.progress_deadline_seconds),
    ] {
        if let Some(value) = seconds.filter(|value| *value < 0) {
            let fix = format!("set spec.{name} to 0 or more, or remove it");
            errors.push(path.child(name).invalid(value, NOT_NEGATIVE, &fix));
        }
    }
    let deadline = spec.progress_deadline_seconds.unwrap_or(600);
    if deadline <= spec.min_ready_seconds {
        let fix = format!(
            "set spec.progressDeadlineSeconds above spec.minReadySeconds ({})",
            spec.min_ready_seconds
        );
        errors.push(path.child("progressDeadlineSeconds").invalid(
            deadline,
            "must be greater than minReadySeconds",
            &fix,
        ));
    }
    strategy(spec, &path.child("strategy"), errors);
}

fn selector_and_template(spec: &RolloutSpec, path: &Path, errors: &mut Vec<FieldError>) {
    if spec.workload_ref.is_none() {
        match &spec.selector {
            None => errors.push(path.child("selector").required(
                "Rollout has missing field '.spec.selector'",
                "set spec.selector.matchLabels to labels of spec.template.metadata.labels",
            )),
            Some(selector) => selector_syntax(selector, &path.child("selector"), errors),
        }
    } else if !template::is_empty(&spec.template) {
        errors.push(path.child("template").internal(
            "template must be empty for workload reference rollout",
            "remove spec.template, or remove spec.workloadRef",
        ));
    }
    let Some(selector) = &spec.selector else {
        return;
    };
    match Selector::new(selector) {
        None => errors.push(path.child("selector").invalid_json(
            label_selector(selector),
            "invalid label selector",
            "correct the keys, operators and values of spec.selector",
        )),
        Some(selector) if spec.workload_ref.is_none() => {
            template::check(&spec.template, &selector, &path.child("template"), errors);
        }
        Some(_) => {}
    }
}

fn selector_syntax(selector: &LabelSelector, path: &Path, errors: &mut Vec<FieldError>) {
    const KEY_FIX: &str = "use a label key such as app or example.com/app";
    const VALUE_FIX: &str =
        "use a label value of up to 63 letters, digits, '-', '_' and '.', such as web";
    let labels = path.child("matchLabels");
    for (key, value) in selector.match_labels.iter().flatten() {
        if let Some(problem) = syntax::name_problem(key) {
            errors.push(labels.invalid(key, problem, KEY_FIX));
        }
        if let Some(problem) = syntax::value_problem(value) {
            errors.push(labels.invalid(value, problem, VALUE_FIX));
        }
    }
    let expressions = path.child("matchExpressions");
    for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let path = expressions.index(index);
        let values = expression.values.as_deref().unwrap_or_default();
        match (expression.operator.as_str(), values.is_empty()) {
            ("In" | "NotIn", true) => errors.push(path.child("values").required(
                "must be specified when `operator` is 'In' or 'NotIn'",
                "list at least one value",
            )),
            ("Exists" | "DoesNotExist", false) => errors.push(path.child("values").forbidden(
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                "remove values, or use the operator In or NotIn",
            )),
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            (operator, _) => errors.push(path.child("operator").invalid(
                operator,
                "not a valid selector operator",
                "use In, NotIn, Exists or DoesNotExist",
            )),
        }
        if let Some(problem) = syntax::name_problem(&expression.key) {
            errors.push(path.child("key").invalid(&expression.key, problem, KEY_FIX));
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(problem) = syntax::value_problem(value) {
                let path = path.child("values").index(index);
                errors.push(path.invalid(value, problem, VALUE_FIX));
            }
        }
    }
    if selector.match_labels.iter().flatten().next().is_none()
        && selector.match_expressions.iter().flatten().next().is_none()
    {
        errors.push(path.invalid_json(
            label_selector(selector),
            "empty selector is invalid for deployment",
            "set spec.selector.matchLabels to labels of spec.template.metadata.labels",
        ));
    }
}

fn strategy(spec: &RolloutSpec, path: &Path, errors: &mut Vec<FieldError>) {
    let strategy = &spec.strategy;
    match (&strategy.blue_green, &strategy.canary) {
        (None, None) => errors.push(path.compat_child("strategy").required(
            NO_STRATEGY,
            "set spec.strategy.canary or spec.strategy.blueGreen; `canary: {}` is a plain rolling \
             update",
        )),
        (Some(_), Some(_)) => errors.push(path.compat_child("strategy").invalid(
            "blueGreen: true canary: true",
            "Multiple Strategies can not be listed",
            "remove spec.strategy.canary or spec.strategy.blueGreen",
        )),
        _ => {}
    }
}
