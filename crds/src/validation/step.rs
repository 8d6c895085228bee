//! The checks of one canary step. Source: `compat/api.md` §7.3, row 6.

use super::{FieldError, path::Path};
use crate::durations::pause_length;
use crate::label_selector::syntax;
use crate::rollout::{
    AnalysisRunArgument, CanaryStep, CanaryStrategy,
    step::{ExperimentStep, SetHeaderRoute, SetMirrorRoute, StringMatch},
    traffic::TrafficRouting,
};
use crate::{defaults, go_json, step_hash};

const ONE_OF: &str = "Step must have one of the following set: experiment, setWeight, \
setCanaryScale, plugin or pause";
const ONE_MATCH: &str =
    "StringMatch match value must have exactly one of the following: exact, regex, prefix";
const NO_MATCH: &str = "StringMatch value missed, match value must have one of the following: \
exact, regex, prefix";

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
            format!("use 0 to {max}, or raise trafficRouting.maxTrafficWeight")
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
        header_route(route, routing, &path.child("setHeaderRoute"), errors);
    }
    if let Some(route) = &step.set_mirror_route {
        mirror_route(route, routing, &path.child("setMirrorRoute"), errors);
    }
    if let Some(routing) = routing {
        managed_routes(step, routing, path, errors);
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

fn header_route(
    route: &SetHeaderRoute,
    routing: Option<&TrafficRouting>,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let router = routing.filter(|routing| {
        routing.istio.is_some()
            || routing.alb.is_some()
            || routing.apisix.is_some()
            || !routing.plugins.is_empty()
    });
    let Some(router) = router else {
        errors.push(path.invalid_json(
            step_hash::header_route(route),
            "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix",
            "remove the step, or configure one of these routers",
        ));
        return;
    };
    for (index, header) in route.matches.iter().enumerate() {
        let path = path.child("match").index(index).real_child("headerValue");
        match &header.header_value {
            Some(value) if router.alb.is_some() => {
                let [exact, regex, prefix] = set_kinds(value);
                if !exact || regex || prefix {
                    errors.push(path.invalid_json(
                        step_hash::string_match(value),
                        "SetHeaderRoute match value invalid. ALB supports 'exact' value only",
                        "use exact, and neither regex nor prefix",
                    ));
                }
            }
            value => string_match(value.as_ref(), &path, errors),
        }
    }
}

fn mirror_route(
    route: &SetMirrorRoute,
    routing: Option<&TrafficRouting>,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    if routing.is_none_or(|routing| routing.istio.is_none() && routing.plugins.is_empty()) {
        errors.push(path.invalid_json(
            step_hash::mirror_route(route),
            "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins",
            "remove the step, or configure one of these routers",
        ));
    }
    for (index, rule) in route.matches.iter().enumerate() {
        let path = path.child("match").index(index);
        // The peer looks at method and path, and never at headers.
        for (name, value) in [("method", &rule.method), ("path", &rule.path)] {
            if value.is_some() {
                string_match(value.as_ref(), &path.real_child(name), errors);
            }
        }
    }
}

fn string_match(value: Option<&StringMatch>, path: &Path, errors: &mut Vec<FieldError>) {
    let Some(value) = value else {
        // The peer prints its missing object as a text.
        errors.push(path.invalid("null", NO_MATCH, "set exact, regex or prefix"));
        return;
    };
    let json = || step_hash::string_match(value);
    match set_kinds(value).iter().filter(|set| **set).count() {
        0 => errors.push(path.invalid_json(json(), NO_MATCH, "set exact, regex or prefix")),
        1 => {}
        _ => {
            errors.push(path.invalid_json(json(), ONE_MATCH, "keep one of exact, regex and prefix"))
        }
    }
}

/// Whether exact, regex and prefix are set.
fn set_kinds(value: &StringMatch) -> [bool; 3] {
    [&value.exact, &value.regex, &value.prefix]
        .map(|text| !text.as_deref().unwrap_or_default().is_empty())
}

fn managed_routes(
    step: &CanaryStep,
    routing: &TrafficRouting,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let header = step
        .set_header_route
        .as_ref()
        .map(|route| ("setHeaderRoute", route.name.as_deref().unwrap_or_default()));
    let mirror = step
        .set_mirror_route
        .as_ref()
        .map(|route| ("setMirrorRoute", route.name.as_str()));
    let routes: Vec<_> = header.into_iter().chain(mirror).collect();
    let Some(managed) = &routing.managed_routes else {
        if !routes.is_empty() {
            errors.push(
                Path::canary()
                    .child("trafficRouting")
                    .child("managedRoutes")
                    .required(
                        "Rollout has missing field \
                         'spec.strategy.canary.trafficRouting.managedRoutes'",
                        "list the names of all routes that steps use in managedRoutes",
                    ),
            );
        }
        return;
    };
    for (kind, name) in routes {
        if managed.iter().all(|route| route.name != name) {
            errors.push(path.child(kind).real_child("name").invalid(
                name,
                "Steps define a route that does not exist in \
                 spec.strategy.canary.trafficRouting.managedRoutes",
                &format!("add {{name: {name}}} to trafficRouting.managedRoutes"),
            ));
        }
    }
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
