//! `status.currentStepHash`: tells whether the canary steps changed since they were last seen.
//!
//! Bit for bit the peer's: a Rollout taken over in the middle of its steps stays there, because
//! the stored hash and ours agree. Source: `compat/api.md` §9, with its vectors as tests.

use k8s_openapi::apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString};

use crate::go_json::{Struct, list, map, string, value};
use crate::rollout::{
    AnalysisRunArgument, CanaryStep, RolloutAnalysis,
    analysis::{DryRun, MeasurementRetention},
    canary::PodMetadata,
    step::{
        ExperimentStep, ExperimentStepAnalysis, ExperimentStepTemplate, HeaderRoutingMatch,
        RouteMatch, SetCanaryScale, SetHeaderRoute, SetMirrorRoute, StringMatch,
    },
};

/// Name of a list of canary steps; equal lists have equal names.
///
/// FNV-1a (32 bits) over the steps in Go's JSON, in [`safe_encode`]'s letters. No steps and an
/// empty list have the same name.
#[must_use]
pub fn step_hash(steps: &[CanaryStep]) -> String {
    let json = if steps.is_empty() {
        "null".to_owned()
    } else {
        list(steps, step)
    };
    safe_encode(fnv_1a(json.as_bytes()))
}

/// Writes the decimal digits of a number with letters that form no words.
#[must_use]
pub fn safe_encode(number: u32) -> String {
    // Each ASCII digit (48 to 57) is an index modulo 27 into the peer's alphabet, which begins
    // at 48 % 27 = 21 for `0`: 4 5 6 7 8 9, then b c d f.
    number
        .to_string()
        .bytes()
        .map(|digit| match digit {
            b'0' => '4',
            b'1' => '5',
            b'2' => '6',
            b'3' => '7',
            b'4' => '8',
            b'5' => '9',
            b'6' => 'b',
            b'7' => 'c',
            b'8' => 'd',
            _ => 'f',
        })
        .collect()
}

fn fnv_1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

// The functions below write one Go struct each, fields in its order. They take the structs apart
// without `..`, so that a new field cannot be forgotten here.

fn step(step: &CanaryStep) -> String {
    let CanaryStep {
        set_weight,
        pause,
        experiment,
        analysis,
        set_canary_scale,
        set_header_route,
        set_mirror_route,
        plugin,
    } = step;
    Struct::new()
        .optional("setWeight", set_weight.map(|weight| weight.to_string()))
        .optional(
            "pause",
            pause.as_ref().map(|pause| {
                Struct::new()
                    .optional("duration", pause.duration.as_ref().map(int_or_string))
                    .finish()
            }),
        )
        .optional("experiment", experiment.as_ref().map(experiment_step))
        .optional("analysis", analysis.as_ref().map(rollout_analysis))
        .optional(
            "setCanaryScale",
            set_canary_scale.as_ref().map(canary_scale),
        )
        .optional(
            "setHeaderRoute",
            set_header_route.as_ref().map(header_route),
        )
        .optional(
            "setMirrorRoute",
            set_mirror_route.as_ref().map(mirror_route),
        )
        .optional(
            "plugin",
            plugin.as_ref().map(|plugin| {
                let object = Struct::new().field("name", &string(&plugin.name));
                if plugin.config.is_null() {
                    object.finish()
                } else {
                    object.field("config", &value(&plugin.config)).finish()
                }
            }),
        )
        .finish()
}

pub(crate) fn int_or_string(field: &IntOrString) -> String {
    match field {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => string(text),
    }
}

fn experiment_step(experiment: &ExperimentStep) -> String {
    let ExperimentStep {
        templates,
        duration,
        analyses,
        dry_run,
        analysis_run_metadata,
        scale_down_delay_seconds,
    } = experiment;
    Struct::new()
        .field("templates", &list(templates, experiment_template))
        .text("duration", duration.as_deref().unwrap_or_default())
        .list("analyses", analyses, experiment_analysis)
        .list("dryRun", dry_run, dry_run_metric)
        .field("analysisRunMetadata", &metadata(analysis_run_metadata))
        .optional(
            "scaleDownDelaySeconds",
            scale_down_delay_seconds.map(|seconds| seconds.to_string()),
        )
        .finish()
}

fn experiment_template(template: &ExperimentStepTemplate) -> String {
    let ExperimentStepTemplate {
        name,
        spec_ref,
        replicas,
        metadata: labels_and_annotations,
        selector,
        weight,
        service,
    } = template;
    Struct::new()
        .field("name", &string(name))
        .field("specRef", &string(spec_ref))
        .optional("replicas", replicas.map(|replicas| replicas.to_string()))
        .field("metadata", &metadata(labels_and_annotations))
        .optional("selector", selector.as_ref().map(label_selector))
        .optional("weight", weight.map(|weight| weight.to_string()))
        .optional(
            "service",
            service.as_ref().map(|service| {
                Struct::new()
                    .text("name", service.name.as_deref().unwrap_or_default())
                    .finish()
            }),
        )
        .finish()
}

fn experiment_analysis(analysis: &ExperimentStepAnalysis) -> String {
    let ExperimentStepAnalysis {
        name,
        template_name,
        cluster_scope,
        args,
        required_for_completion,
    } = analysis;
    Struct::new()
        .field("name", &string(name))
        .field("templateName", &string(template_name))
        .flag("clusterScope", *cluster_scope)
        .list("args", args, argument)
        .flag("requiredForCompletion", *required_for_completion)
        .finish()
}

fn rollout_analysis(analysis: &RolloutAnalysis) -> String {
    let RolloutAnalysis {
        templates,
        args,
        dry_run,
        measurement_retention,
        analysis_run_metadata,
    } = analysis;
    Struct::new()
        .list("templates", templates, |template| {
            Struct::new()
                .field(
                    "templateName",
                    &string(template.template_name.as_deref().unwrap_or_default()),
                )
                .flag("clusterScope", template.cluster_scope)
                .finish()
        })
        .list("args", args, argument)
        .list("dryRun", dry_run, dry_run_metric)
        .list("measurementRetention", measurement_retention, retention)
        .optional(
            "analysisRunMetadata",
            analysis_run_metadata.as_ref().map(metadata),
        )
        .finish()
}

pub(crate) fn argument(argument: &AnalysisRunArgument) -> String {
    let AnalysisRunArgument {
        name,
        value,
        value_from,
    } = argument;
    Struct::new()
        .field("name", &string(name))
        .text("value", value.as_deref().unwrap_or_default())
        .optional(
            "valueFrom",
            value_from.as_ref().map(|from| {
                Struct::new()
                    .optional(
                        "podTemplateHashValue",
                        from.pod_template_hash_value.as_deref().map(string),
                    )
                    .optional(
                        "fieldRef",
                        from.field_ref.as_ref().map(|field| {
                            Struct::new()
                                .field("fieldPath", &string(&field.field_path))
                                .finish()
                        }),
                    )
                    .finish()
            }),
        )
        .finish()
}

fn dry_run_metric(metric: &DryRun) -> String {
    Struct::new()
        .field("metricName", &string(&metric.metric_name))
        .finish()
}

fn retention(retention: &MeasurementRetention) -> String {
    Struct::new()
        .field("metricName", &string(&retention.metric_name))
        .field("limit", &retention.limit.to_string())
        .finish()
}

fn canary_scale(scale: &SetCanaryScale) -> String {
    let SetCanaryScale {
        weight,
        replicas,
        match_traffic_weight,
    } = scale;
    Struct::new()
        .optional("weight", weight.map(|weight| weight.to_string()))
        .optional("replicas", replicas.map(|replicas| replicas.to_string()))
        .flag("matchTrafficWeight", *match_traffic_weight)
        .finish()
}

pub(crate) fn header_route(route: &SetHeaderRoute) -> String {
    let SetHeaderRoute { name, matches } = route;
    Struct::new()
        .text("name", name.as_deref().unwrap_or_default())
        .list(
            "match",
            matches,
            |HeaderRoutingMatch {
                 header_name,
                 header_value,
             }| {
                Struct::new()
                    .field("headerName", &string(header_name))
                    .field(
                        "headerValue",
                        &header_value
                            .as_ref()
                            .map_or_else(|| "null".to_owned(), string_match),
                    )
                    .finish()
            },
        )
        .finish()
}

pub(crate) fn mirror_route(route: &SetMirrorRoute) -> String {
    let SetMirrorRoute {
        name,
        matches,
        percentage,
    } = route;
    Struct::new()
        .field("name", &string(name))
        .list(
            "match",
            matches,
            |RouteMatch {
                 method,
                 path,
                 headers,
             }| {
                Struct::new()
                    .optional("method", method.as_ref().map(string_match))
                    .optional("path", path.as_ref().map(string_match))
                    .optional(
                        "headers",
                        (!headers.is_empty()).then(|| map(headers, string_match)),
                    )
                    .finish()
            },
        )
        .optional("percentage", percentage.map(|share| share.to_string()))
        .finish()
}

pub(crate) fn string_match(string_match: &StringMatch) -> String {
    let StringMatch {
        exact,
        prefix,
        regex,
    } = string_match;
    Struct::new()
        .text("exact", exact.as_deref().unwrap_or_default())
        .text("prefix", prefix.as_deref().unwrap_or_default())
        .text("regex", regex.as_deref().unwrap_or_default())
        .finish()
}

fn metadata(metadata: &PodMetadata) -> String {
    let PodMetadata {
        labels,
        annotations,
    } = metadata;
    let text = |text: &String| string(text);
    Struct::new()
        .optional("labels", (!labels.is_empty()).then(|| map(labels, text)))
        .optional(
            "annotations",
            (!annotations.is_empty()).then(|| map(annotations, text)),
        )
        .finish()
}

pub(crate) fn label_selector(selector: &LabelSelector) -> String {
    let text = |text: &String| string(text);
    Struct::new()
        .optional(
            "matchLabels",
            selector
                .match_labels
                .as_ref()
                .filter(|labels| !labels.is_empty())
                .map(|labels| map(labels, text)),
        )
        .list(
            "matchExpressions",
            selector.match_expressions.as_deref().unwrap_or_default(),
            |requirement| {
                Struct::new()
                    .field("key", &string(&requirement.key))
                    .field("operator", &string(&requirement.operator))
                    .list(
                        "values",
                        requirement.values.as_deref().unwrap_or_default(),
                        text,
                    )
                    .finish()
            },
        )
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_hashes_are_those_of_the_peer() {
        for (steps, hash) in [
            (r#"[]"#, "5ffbfbbd64"),
            (r#"[{"pause":{}}]"#, "6b9b86fbd5"),
            (r#"[{"pause":{}},{"pause":{}}]"#, "79c9b9f6bf"),
            (r#"[{"setWeight":20},{"pause":{}}]"#, "54649b9f5c"),
            (
                r#"[{"setWeight":20},{"pause":{"duration":10}},{"setWeight":40},{"pause":{"duration":"10s"}}]"#,
                "5fcb946b9d",
            ),
            (
                r#"[{"analysis":{"templates":[{"templateName":"t"}]}}]"#,
                "55865f6c55",
            ),
            (
                r#"[{"experiment":{"templates":[{"name":"a","specRef":"canary","metadata":{}}],"duration":"5m","analysisRunMetadata":{}}}]"#,
                "b7b78b76b",
            ),
            (
                r#"[{"setCanaryScale":{"weight":25}},{"setCanaryScale":{"matchTrafficWeight":true}}]"#,
                "6499cb5d58",
            ),
            (
                r#"[{"setHeaderRoute":{"name":"r","match":[{"headerName":"X-A","headerValue":{"exact":"b\u003cc"}}]}}]"#,
                "5cfb457868",
            ),
            (
                r#"[{"setMirrorRoute":{"name":"r","match":[{"method":{"exact":"GET"},"path":{"prefix":"/"}}],"percentage":35}}]"#,
                "56c95fc5dc",
            ),
            (
                r#"[{"plugin":{"name":"p","config":{"b":1,"a":"x"}}}]"#,
                "db8dc8889",
            ),
        ] {
            let parsed: Vec<CanaryStep> = serde_json::from_str(steps).unwrap();
            assert_eq!(step_hash(&parsed), hash, "{steps}");
        }
    }

    #[test]
    fn every_decimal_digit_has_the_letter_of_the_peers_alphabet() {
        let alphabet = b"bcdfghjklmnpqrstvwxz2456789";
        let wanted: String = "1234567890"
            .bytes()
            .map(|digit| char::from(alphabet[usize::from(digit) % 27]))
            .collect();
        assert_eq!(safe_encode(1_234_567_890), wanted);
        assert_eq!(safe_encode(0), "4");
    }
}
