//! The checks of traffic routing and what needs it. Source: `compat/api.md` §7.3, rows 3 to 5.

use super::{FieldError, path::Path};
use crate::rollout::{
    CanaryStrategy,
    canary::PingPong,
    traffic::{IstioTrafficRouting, TrafficRouting},
};

pub(super) fn check(canary: &CanaryStrategy, path: &Path, errors: &mut Vec<FieldError>) {
    let routing = canary.traffic_routing.as_ref();
    if let Some(ping_pong) = &canary.ping_pong {
        check_ping_pong(ping_pong, routing, path, errors);
    }
    if routing.is_some_and(|routing| needs_services(routing, canary.ping_pong.is_some())) {
        for (name, service) in [
            ("stableService", &canary.stable_service),
            ("canaryService", &canary.canary_service),
        ] {
            if service.as_deref().unwrap_or_default().is_empty() {
                errors.push(path.child(name).invalid(
                    "",
                    "Canary service and Stable service must to be set to use Traffic Routing",
                    &format!("set spec.strategy.canary.{name} to the name of a Service"),
                ));
            }
        }
    }
    match routing {
        None => without_routing(canary, path, errors),
        Some(routing) => with_routing(canary, routing, path, errors),
    }
}

fn check_ping_pong(
    ping_pong: &PingPong,
    routing: Option<&TrafficRouting>,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    let services = path.child("pingPong");
    if routing.is_some_and(|routing| {
        routing.alb.is_none() && routing.istio.is_none() && routing.plugins.is_empty()
    }) {
        errors.push(path.child("trafficRouting").child("alb").invalid_json(
            "null".to_owned(),
            "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only",
            "use one of these routers, or replace pingPong by canaryService and stableService",
        ));
    }
    for (name, service) in [
        ("pingService", &ping_pong.ping_service),
        ("pongService", &ping_pong.pong_service),
    ] {
        if service.is_empty() {
            errors.push(services.child(name).invalid(
                service,
                "Ping service and Pong service must to be set to use Ping-Pong feature",
                &format!("set spec.strategy.canary.pingPong.{name} to the name of a Service"),
            ));
        }
    }
    if ping_pong.ping_service == ping_pong.pong_service {
        errors.push(services.child("pingService").invalid(
            &ping_pong.ping_service,
            "This rollout uses the same service for the ping and pong services, but two different \
             services are required.",
            "name two different Services in pingService and pongService",
        ));
    }
    if let Some(alb) = routing.and_then(|routing| routing.alb.as_ref())
        && alb.root_service.as_deref().unwrap_or_default().is_empty()
    {
        errors.push(
            path.child("trafficRouting")
                .child("alb")
                .child("rootService")
                .invalid(
                    "",
                    "Root service field is required for the configuration with ALB and ping-pong \
                     feature enabled",
                    "set rootService to the Service that the Ingress names",
                ),
        );
    }
}

/// Whether a router works through the canary and the stable Service.
fn needs_services(routing: &TrafficRouting, ping_pong: bool) -> bool {
    let TrafficRouting {
        istio,
        nginx,
        alb,
        smi,
        ambassador,
        app_mesh,
        traefik,
        managed_routes: _,
        apisix,
        plugins: _,
        max_traffic_weight: _,
    } = routing;
    let istio_by_service = |istio: &IstioTrafficRouting| istio.destination_rule.is_none();
    (!ping_pong && (alb.is_some() || istio.as_ref().is_some_and(istio_by_service)))
        || smi.is_some()
        || apisix.is_some()
        || ambassador.is_some()
        || nginx.is_some()
        || app_mesh.is_some()
        || traefik.is_some()
}

fn without_routing(canary: &CanaryStrategy, path: &Path, errors: &mut Vec<FieldError>) {
    if let Some(seconds) = canary.scale_down_delay_seconds {
        errors.push(path.child("scaleDownDelaySeconds").invalid(
            seconds,
            "Canary scaleDownDelaySeconds can only be used with traffic routing",
            "remove scaleDownDelaySeconds; without a router old pods take traffic until they go",
        ));
    }
    if canary.dynamic_stable_scale {
        errors.push(path.child("dynamicStableScale").invalid(
            true,
            "Canary dynamicStableScale can only be used with traffic routing",
            "remove dynamicStableScale; without a router stable pods always make room",
        ));
    }
}

fn with_routing(
    canary: &CanaryStrategy,
    routing: &TrafficRouting,
    path: &Path,
    errors: &mut Vec<FieldError>,
) {
    if canary.scale_down_delay_seconds.is_some() && canary.dynamic_stable_scale {
        errors.push(path.child("dynamicStableScale").invalid(
            true,
            "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds",
            "remove dynamicStableScale or scaleDownDelaySeconds",
        ));
    }
    if let Some(weight) = routing.max_traffic_weight
        && routing.nginx.is_none()
        && routing.plugins.is_empty()
    {
        errors.push(path.child("trafficRouting").child("maxTrafficWeight").invalid(
            weight,
            "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
            "remove maxTrafficWeight; weights of this router are out of 100",
        ));
    }
}
