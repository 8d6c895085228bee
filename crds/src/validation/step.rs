//! The checks of one canary step. Source: `compat/api.md` §7.3, row 6.

use super::{FieldError, path::Path, routes};
use crate::durations::pause_length;
use crate::label_selector::syntax;
use crate::rollout::{
    AnalysisRunArgument, CanaryStep, CanaryStrategy, step::ExperimentStep, traffic::TrafficRouting,
};
use crate::{defaults, go_json, step_hash};

const ONE_OF: &str = "Step must have one of the following set: experiment, setWeight, \
setCanaryScale, plugin or pause";
pub(super) fn check(
    canary: &CanaryStrategy,
    step: &CanaryStep,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    kinds(step, path, errors);
    let max = defaults::max_weight(canary);
    if let Some(weight) = step
        .set_weight
        .filter(|weight| !(0..=max).contains(&i64::from(*weight)))
    {
        let fix = if max == 100 {
            format!("use 0 to {max}")
        } else {
            format!("use 0 to {max}, the value of trafficRouting.maxTrafficWeight")
        };
        errors.push(path.child("setWeight").invalid(
            weight,
            &format!("SetWeight needs to be between 0 and {max}"),
            &fix,
        ));
    }
    pause(step, path, errors);
    let routing = canary.traffic_routing.as_ref();
    if step.set_canary_scale.is_some() && routing.is_none() {
        errors.push(Path::canary().child("trafficRouting").required(
            "SetCanaryScale requires TrafficRouting to be set",
            "replace setCanaryScale by setWeight, or configure trafficRouting",
        ));
    }
    if let Some(route) = &step.set_header_route {
        routes::header_route(route, routing, &path.child("setHeaderRoute"), errors);
    }
    if let Some(route) = &step.set_mirror_route {
        routes::mirror_route(route, routing, &path.child("setMirrorRoute"), errors);
    }
    if let Some(routing) = routing {
        routes::managed_routes(step, routing, path, errors);
    }
    if let Some(experiment) = &step.experiment {
        experiment_weights(experiment, routing, &path.child("experiment"), errors);
    }
    arguments(step, path, errors);
}

fn kinds(step: &CanaryStep, path: &Path, errors: &mut Vec<FieldError>) {
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
    let exclusive = [
        ("Experiment", experiment.is_some()),
        ("Pause", pause.is_some()),
        ("SetWeight", set_weight.is_some()),
        ("Analysis", analysis.is_some()),
    ];
    if exclusive.iter().filter(|(_, set)| *set).count() > 1 {
        let value: Vec<String> = exclusive
            .iter()
            .map(|(kind, set)| format!("step.{kind}: {set}"))
            .collect();
        errors.push(path.invalid(value.join(" "), ONE_OF, "make two steps of it, in order"));
    }
    let free = [
        ("SetCanaryScale", set_canary_scale.is_some()),
        ("SetHeaderRoute", set_header_route.is_some()),
        ("SetMirrorRoutes", set_mirror_route.is_some()),
        ("Plugin", plugin.is_some()),
    ];
    if exclusive.iter().chain(&free).all(|(_, set)| !set) {
        // The peer prints here whether each is missing, not whether it is set.
        let value: Vec<String> = exclusive
            .iter()
            .chain(&free)
            .map(|(kind, _)| format!("step.{kind}: true"))
            .collect();
        errors.push(path.invalid(
            value.join(" "),
            ONE_OF,
            "write what the step does, e.g. `setWeight: 20` or `pause: {}`, or remove it",
        ));
    }
}

fn pause(step: &CanaryStep, path: &Path, errors: &mut Vec<FieldError>) {
    let Some(pause) = &step.pause else { return };
    if let Err(problem) = pause_length(pause) {
        // The peer prints the seconds it read, and -1 for what it could not read.
        let seconds = match &pause.duration {
            Some(duration) => negative_seconds(&step_hash::int_or_string(duration)),
            None => -1,
        };
        errors.push(path.child("pause").child("duration").invalid(
            seconds,
            "Duration needs to be greater than 0",
            &problem.to_string(),
        ));
    }
}

fn negative_seconds(json: &str) -> i64 {
    let text = json.trim_matches('"');
    let seconds = text.parse::<i32>().map(i64::from).ok().or_else(|| {
        crate::durations::GoDuration::parse(text)
            .ok()
            .map(crate::durations::GoDuration::seconds)
    });
    seconds.filter(|seconds| *seconds < 0).unwrap_or(-1)
}

fn experiment_weights(
    experiment: &ExperimentStep,
    routing: Option<&TrafficRouting>,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let detail = match routing {
        None => "Experiment template weight cannot be set unless TrafficRouting is enabled",
        Some(routing)
            if routing.alb.is_none()
                && routing.smi.is_none()
                && routing.istio.is_none()
                && routing.plugins.is_empty() =>
        {
            "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio \
             and Plugins at this time"
        }
        Some(_) => return,
    };
    for (index, template) in experiment.templates.iter().enumerate() {
        if let Some(weight) = template.weight {
            let path = path.child("templates").index(index).child("weight");
            errors.push(path.invalid(
                weight,
                detail,
                "remove the weight, or use a router that can split traffic three ways",
            ));
        }
    }
}

fn arguments(step: &CanaryStep, path: &Path, errors: &mut Vec<FieldError>) {
    let mut arguments: Vec<(Path, &AnalysisRunArgument)> = Vec::new();
    let analyses = path.compat_child("analyses");
    if let Some(experiment) = &step.experiment {
        for (index, analysis) in experiment.analyses.iter().enumerate() {
            let analysis_path = format!("experiment.analyses[{index}]");
            for (index, argument) in analysis.args.iter().enumerate() {
                let name = format!("{analysis_path}.args[{index}]");
                arguments.push((analyses.real_child(&name), argument));
            }
        }
    }
    for (index, argument) in step.analysis.iter().flat_map(|it| &it.args).enumerate() {
        let name = format!("analysis.args[{index}]");
        arguments.push((analyses.real_child(&name), argument));
    }
    for (path, argument) in &arguments {
        let field_path = argument
            .value_from
            .as_ref()
            .and_then(|from| from.field_ref.as_ref())
            .map(|field| field.field_path.as_str())
            .filter(|field| field.starts_with("metadata") && !is_downward_path(field));
        if field_path.is_some() {
            let all: Vec<&AnalysisRunArgument> = arguments.iter().map(|(_, it)| *it).collect();
            errors.push(path.real_child("valueFrom.fieldRef.fieldPath").invalid_json(
                go_json::list(&all, |it| step_hash::argument(it)),
                "Analyses arguments must refer to valid object metadata supported by downwardAPI",
                "use metadata.name, metadata.namespace, metadata.uid, metadata.labels['key'] or \
                 metadata.annotations['key']",
            ));
        }
    }
}

/// Whether the downward API knows such a path of an object's metadata.
fn is_downward_path(path: &str) -> bool {
    let Some((field, key)) = path
        .strip_suffix("']")
        .and_then(|path| path.split_once("['"))
    else {
        return matches!(
            path,
            "metadata.annotations"
                | "metadata.labels"
                | "metadata.name"
                | "metadata.namespace"
                | "metadata.uid"
        );
    };
    match field {
        "metadata.annotations" => syntax::name_problem(&key.to_ascii_lowercase()).is_none(),
        "metadata.labels" => syntax::name_problem(key).is_none(),
        _ => false,
    }
}
