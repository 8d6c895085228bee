//! The table itself.

use crate::Rollout;
use crate::rollout::{
    BlueGreenStrategy, CanaryStep, CanaryStrategy, canary::PodMetadata, traffic::TrafficRouting,
};

/// A field that is not honoured.
#[derive(Debug, Clone, Copy)]
pub struct Unsupported {
    /// Its path; `[]` stands for any index.
    pub path: &'static str,
    /// Why not, and what to do instead; half a sentence.
    pub why: &'static str,
    /// A `spec` that sets it, as JSON.
    pub example: &'static str,
    /// Its path with indices where a Rollout sets it in a way that would matter.
    pub find: fn(&Rollout) -> Option<String>,
}

/// A field that is accepted although this version does nothing with it.
#[derive(Debug, Clone, Copy)]
pub struct Accepted {
    /// Its path.
    pub path: &'static str,
    /// Why that changes nothing.
    pub why: &'static str,
}

const NEEDS_ROUTER: &str = "it acts on a traffic router, and none is supported yet";
const ANALYSIS: &str = "analysis runs are not made yet, and a release without the check it asks \
for would be unsafe; pause for a person instead";
const METADATA: &str = "labels and annotations of running pods are not changed yet";

/// Every field that is not honoured. Later versions shrink this list.
pub const UNSUPPORTED: &[Unsupported] = &[
    Unsupported {
        path: "spec.workloadRef",
        why: "pod templates of other objects are not read yet; put the template into spec.template",
        example: r#"{"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}"#,
        find: |rollout| set("spec.workloadRef", rollout.spec.workload_ref.is_some()),
    },
    Unsupported {
        path: "spec.restartAt",
        why: "pods are not restarted yet; change an annotation of the template to replace them",
        example: r#"{"restartAt": "2026-01-01T00:00:00Z"}"#,
        // A restart that another controller finished is over and changes nothing.
        find: |rollout| {
            let done = rollout
                .status
                .as_ref()
                .and_then(|status| status.restarted_at);
            let wanted = rollout.spec.restart_at;
            set("spec.restartAt", wanted.is_some() && wanted != done)
        },
    },
    Unsupported {
        path: "spec.rollbackWindow",
        why: "a rollback to an older revision runs all steps; promote it in full to skip them",
        example: r#"{"rollbackWindow": {"revisions": 3}}"#,
        // No revisions, or none above zero, means that the window is off.
        find: |rollout| {
            let window = rollout.spec.rollback_window.as_ref();
            let revisions = window.and_then(|window| window.revisions);
            set(
                "spec.rollbackWindow",
                revisions.is_some_and(|number| number > 0),
            )
        },
    },
    Unsupported {
        path: "spec.strategy.canary.trafficRouting",
        why: "traffic is split by the number of pods only",
        example: r#"{"strategy": {"canary": {"stableService": "s", "canaryService": "c", "trafficRouting": {"nginx": {"stableIngress": "web"}}}}}"#,
        find: |rollout| canary(rollout, "trafficRouting", |it| it.traffic_routing.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.trafficRouting.maxTrafficWeight",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"stableService": "s", "canaryService": "c", "trafficRouting": {"nginx": {"stableIngress": "web"}, "maxTrafficWeight": 1000}}}}"#,
        find: |rollout| {
            canary(rollout, "trafficRouting.maxTrafficWeight", |it| {
                routing(it).is_some_and(|it| it.max_traffic_weight.is_some())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.trafficRouting.managedRoutes",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"trafficRouting": {"managedRoutes": [{"name": "r"}]}}}}"#,
        find: |rollout| {
            canary(rollout, "trafficRouting.managedRoutes", |it| {
                routing(it).is_some_and(|it| it.managed_routes.is_some())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.canaryService",
        why: "Services of a canary are not switched yet; users reach all pods through one Service \
              that selects the pods of spec.selector",
        example: r#"{"strategy": {"canary": {"canaryService": "web-canary"}}}"#,
        find: |rollout| {
            canary(rollout, "canaryService", |it| {
                named(it.canary_service.as_deref())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.stableService",
        why: "Services of a canary are not switched yet; users reach all pods through one Service \
              that selects the pods of spec.selector",
        example: r#"{"strategy": {"canary": {"stableService": "web-stable"}}}"#,
        find: |rollout| {
            canary(rollout, "stableService", |it| {
                named(it.stable_service.as_deref())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.dynamicStableScale",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"dynamicStableScale": true, "trafficRouting": {"plugins": {"p": {}}}}}}"#,
        find: |rollout| canary(rollout, "dynamicStableScale", |it| it.dynamic_stable_scale),
    },
    Unsupported {
        path: "spec.strategy.canary.pingPong",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"pingPong": {"pingService": "a", "pongService": "b"}}}}"#,
        find: |rollout| canary(rollout, "pingPong", |it| it.ping_pong.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.analysis",
        why: ANALYSIS,
        example: r#"{"strategy": {"canary": {"analysis": {"templates": [{"templateName": "t"}]}}}}"#,
        find: |rollout| canary(rollout, "analysis", |it| it.analysis.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.antiAffinity",
        why: "it is not added to the pods yet; write it into spec.template.spec.affinity",
        example: r#"{"strategy": {"canary": {"antiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}}}"#,
        find: |rollout| canary(rollout, "antiAffinity", |it| it.anti_affinity.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.canaryMetadata",
        why: METADATA,
        example: r#"{"strategy": {"canary": {"canaryMetadata": {"labels": {"role": "canary"}}}}}"#,
        find: |rollout| {
            canary(rollout, "canaryMetadata", |it| {
                any(it.canary_metadata.as_ref())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.stableMetadata",
        why: METADATA,
        example: r#"{"strategy": {"canary": {"stableMetadata": {"annotations": {"role": "stable"}}}}}"#,
        find: |rollout| {
            canary(rollout, "stableMetadata", |it| {
                any(it.stable_metadata.as_ref())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].experiment",
        why: "Experiments are not run yet",
        example: r#"{"strategy": {"canary": {"steps": [{"setWeight": 5}, {"experiment": {"templates": [{"name": "a", "specRef": "canary"}]}}]}}}"#,
        find: |rollout| step(rollout, "experiment", |it| it.experiment.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].analysis",
        why: ANALYSIS,
        example: r#"{"strategy": {"canary": {"steps": [{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "t"}]}}]}}}"#,
        find: |rollout| step(rollout, "analysis", |it| it.analysis.is_some()),
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].setCanaryScale",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"steps": [{"setCanaryScale": {"replicas": 2}}], "trafficRouting": {"plugins": {"p": {}}}}}}"#,
        find: |rollout| {
            step(rollout, "setCanaryScale", |it| {
                it.set_canary_scale.is_some()
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].setHeaderRoute",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"steps": [{"setHeaderRoute": {"name": "r"}}], "trafficRouting": {"plugins": {"p": {}}, "managedRoutes": [{"name": "r"}]}}}}"#,
        find: |rollout| {
            step(rollout, "setHeaderRoute", |it| {
                it.set_header_route.is_some()
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].setMirrorRoute",
        why: NEEDS_ROUTER,
        example: r#"{"strategy": {"canary": {"steps": [{"setMirrorRoute": {"name": "r"}}], "trafficRouting": {"plugins": {"p": {}}, "managedRoutes": [{"name": "r"}]}}}}"#,
        find: |rollout| {
            step(rollout, "setMirrorRoute", |it| {
                it.set_mirror_route.is_some()
            })
        },
    },
    Unsupported {
        path: "spec.strategy.canary.steps[].plugin",
        why: "step plugins are not run yet",
        example: r#"{"strategy": {"canary": {"steps": [{"setWeight": 5}, {"plugin": {"name": "p"}}]}}}"#,
        find: |rollout| step(rollout, "plugin", |it| it.plugin.is_some()),
    },
    Unsupported {
        path: "spec.strategy.blueGreen.prePromotionAnalysis",
        why: ANALYSIS,
        example: r#"{"strategy": {"blueGreen": {"activeService": "a", "prePromotionAnalysis": {"templates": [{"templateName": "t"}]}}}}"#,
        find: |rollout| {
            blue_green(rollout, "prePromotionAnalysis", |it| {
                it.pre_promotion_analysis.is_some()
            })
        },
    },
    Unsupported {
        path: "spec.strategy.blueGreen.postPromotionAnalysis",
        why: ANALYSIS,
        example: r#"{"strategy": {"blueGreen": {"activeService": "a", "postPromotionAnalysis": {"templates": [{"templateName": "t"}]}}}}"#,
        find: |rollout| {
            blue_green(rollout, "postPromotionAnalysis", |it| {
                it.post_promotion_analysis.is_some()
            })
        },
    },
    Unsupported {
        path: "spec.strategy.blueGreen.antiAffinity",
        why: "it is not added to the pods yet; write it into spec.template.spec.affinity",
        example: r#"{"strategy": {"blueGreen": {"activeService": "a", "antiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": {"weight": 1}}}}}"#,
        find: |rollout| blue_green(rollout, "antiAffinity", |it| it.anti_affinity.is_some()),
    },
    Unsupported {
        path: "spec.strategy.blueGreen.previewMetadata",
        why: METADATA,
        example: r#"{"strategy": {"blueGreen": {"activeService": "a", "previewMetadata": {"labels": {"role": "preview"}}}}}"#,
        find: |rollout| {
            blue_green(rollout, "previewMetadata", |it| {
                any(it.preview_metadata.as_ref())
            })
        },
    },
    Unsupported {
        path: "spec.strategy.blueGreen.activeMetadata",
        why: METADATA,
        example: r#"{"strategy": {"blueGreen": {"activeService": "a", "activeMetadata": {"labels": {"role": "active"}}}}}"#,
        find: |rollout| {
            blue_green(rollout, "activeMetadata", |it| {
                any(it.active_metadata.as_ref())
            })
        },
    },
];

/// Every field that is accepted although nothing is done with it.
pub const ACCEPTED: &[Accepted] = &[
    Accepted {
        path: "spec.analysis.successfulRunHistoryLimit",
        why: "limits analysis runs and experiments, of which this version makes none",
    },
    Accepted {
        path: "spec.analysis.unsuccessfulRunHistoryLimit",
        why: "limits analysis runs and experiments, of which this version makes none",
    },
    Accepted {
        path: "spec.strategy.canary.abortScaleDownDelaySeconds",
        why: "counts only with a traffic router; without one the canary's pods go at once",
    },
    Accepted {
        path: "spec.strategy.canary.scaleDownDelayRevisionLimit",
        why: "counts only with a traffic router; without one old pods have no delay",
    },
    Accepted {
        path: "spec.strategy.canary.minPodsPerReplicaSet",
        why: "counts only with a traffic router; without one pods are the traffic",
    },
    Accepted {
        path: "spec.strategy.blueGreen.maxUnavailable",
        why: "counts only while pods are restarted by spec.restartAt, which is refused",
    },
];

fn set(path: &str, is_set: bool) -> Option<String> {
    is_set.then(|| path.to_owned())
}

fn canary(
    rollout: &Rollout,
    field: &str,
    test: impl Fn(&CanaryStrategy) -> bool,
) -> Option<String> {
    let canary = rollout.spec.strategy.canary.as_ref()?;
    test(canary).then(|| format!("spec.strategy.canary.{field}"))
}

fn blue_green(
    rollout: &Rollout,
    field: &str,
    test: impl Fn(&BlueGreenStrategy) -> bool,
) -> Option<String> {
    let blue_green = rollout.spec.strategy.blue_green.as_ref()?;
    test(blue_green).then(|| format!("spec.strategy.blueGreen.{field}"))
}

fn step(rollout: &Rollout, field: &str, test: impl Fn(&CanaryStep) -> bool) -> Option<String> {
    let steps = &rollout.spec.strategy.canary.as_ref()?.steps;
    let index = steps.iter().position(test)?;
    Some(format!("spec.strategy.canary.steps[{index}].{field}"))
}

fn routing(canary: &CanaryStrategy) -> Option<&TrafficRouting> {
    canary.traffic_routing.as_ref()
}

fn named(service: Option<&str>) -> bool {
    service.is_some_and(|name| !name.is_empty())
}

/// Whether there is a label or an annotation to set.
fn any(metadata: Option<&PodMetadata>) -> bool {
    metadata.is_some_and(|it| !it.labels.is_empty() || !it.annotations.is_empty())
}
