//! What the peer accepts although it cannot work; checked after all of its own rules.
//!
//! Each row here would end in a rollout that stands still, or in a field that is silently not
//! honoured. They have texts of their own.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{FieldError, path::Path, spec::NOT_NEGATIVE};
use crate::percent::Amount;
use crate::rollout::{BlueGreenStrategy, CanaryStrategy, RolloutSpec};
use crate::step_hash::int_or_string;

pub(super) fn check(spec: &RolloutSpec, errors: &mut Vec<FieldError>) {
    if let Some(canary) = &spec.strategy.canary {
        check_canary(canary, errors);
    }
    if let Some(blue_green) = &spec.strategy.blue_green {
        check_blue_green(blue_green, errors);
    }
}

fn check_canary(canary: &CanaryStrategy, errors: &mut Vec<FieldError>) {
    let path = real(Path::canary(), "canary");
    amount("maxSurge", canary.max_surge.as_ref(), &path, errors);
    amount(
        "maxUnavailable",
        canary.max_unavailable.as_ref(),
        &path,
        errors,
    );
    let Some(threshold) = &canary.replica_progress_threshold else {
        return;
    };
    let path = path.child("replicaProgressThreshold");
    let most = match threshold.kind.as_str() {
        "Percent" => 100,
        "Pods" => i32::MAX,
        kind => {
            errors.push(path.child("type").not_supported(
                kind,
                &["Percent", "Pods"],
                "set type to Percent or Pods",
            ));
            return;
        }
    };
    if !(0..=most).contains(&threshold.value) {
        let detail = match most {
            100 => "must be between 0 and 100",
            _ => NOT_NEGATIVE,
        };
        errors.push(path.child("value").invalid(
            threshold.value,
            detail,
            "no number of pods could ever meet this value; correct it",
        ));
    }
}

fn check_blue_green(blue_green: &BlueGreenStrategy, errors: &mut Vec<FieldError>) {
    let path = real(Path::blue_green(), "blueGreen");
    if blue_green.active_service.is_empty() {
        errors.push(path.child("activeService").required(
            "",
            "set spec.strategy.blueGreen.activeService to the Service that users reach",
        ));
    }
    if let Some(count) = blue_green.preview_replica_count.filter(|count| *count < 0) {
        errors.push(path.child("previewReplicaCount").invalid(
            count,
            NOT_NEGATIVE,
            "set previewReplicaCount to 0 or more, or remove it",
        ));
    }
    amount(
        "maxUnavailable",
        blue_green.max_unavailable.as_ref(),
        &path,
        errors,
    );
}

/// These texts are ours, so both paths are the true one.
fn real(path: Path, strategy: &str) -> Path {
    path.compat_child(strategy)
}

fn amount(name: &str, field: Option<&IntOrString>, path: &Path, errors: &mut Vec<FieldError>) {
    let Some(value) = field else { return };
    let readable = match Amount::read(value) {
        Some(Amount::Pods(number) | Amount::Percent(number)) => number >= 0,
        None => false,
    };
    if !readable {
        errors.push(path.child(name).invalid_json(
            int_or_string(value),
            "must be a number of pods or a percentage, not below zero",
            "write a number of pods such as 1, or a percentage such as 25%",
        ));
    }
}
