//! The checks of the steps that make routes. Source: `compat/api.md` §7.3, row 6 f to h.

use super::{FieldError, path::Path};
use crate::rollout::{
    CanaryStep,
    step::{SetHeaderRoute, SetMirrorRoute, StringMatch},
    traffic::TrafficRouting,
};
use crate::step_hash;

const ONE_MATCH: &str =
    "StringMatch match value must have exactly one of the following: exact, regex, prefix";
const NO_MATCH: &str = "StringMatch value missed, match value must have one of the following: \
exact, regex, prefix";

pub(super) fn header_route(
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

pub(super) fn mirror_route(
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
        errors.push(path.invalid_json("null".to_owned(), NO_MATCH, "set exact, regex or prefix"));
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

pub(super) fn managed_routes(
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
