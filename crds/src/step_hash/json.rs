//! Canary steps and what they consist of, in Go's JSON.
//!
//! Each function writes one Go struct, fields in its order. They take the structs apart without
//! `..`, so that a new field cannot be forgotten here.

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

pub(super) fn step(step: &CanaryStep) -> String {
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
