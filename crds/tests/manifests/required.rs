//! Which fields the CRDs of today require: kind, path, fields.

const CONDITION: &[&str] = &[
    "lastTransitionTime",
    "lastUpdateTime",
    "message",
    "reason",
    "status",
    "type",
];

pub(crate) const REQUIRED: &[(&str, &str, &[&str])] = &[
    ("Rollout", "spec.strategy.blueGreen", &["activeService"]),
    (
        "Rollout",
        "spec.strategy.canary.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution",
        &["weight"],
    ),
    ("Rollout", "spec.strategy.canary.analysis.args[]", &["name"]),
    (
        "Rollout",
        "spec.strategy.canary.analysis.args[].valueFrom.fieldRef",
        &["fieldPath"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.analysis.dryRun[]",
        &["metricName"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.analysis.measurementRetention[]",
        &["limit", "metricName"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.pingPong",
        &["pingService", "pongService"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.replicaProgressThreshold",
        &["type", "value"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.steps[].experiment",
        &["templates"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.steps[].experiment.templates[]",
        &["name", "specRef"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.steps[].experiment.analyses[]",
        &["name", "templateName"],
    ),
    ("Rollout", "spec.strategy.canary.steps[].plugin", &["name"]),
    (
        "Rollout",
        "spec.strategy.canary.steps[].setHeaderRoute.match[]",
        &["headerName", "headerValue"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.steps[].setMirrorRoute",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.alb",
        &["servicePort"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.alb.stickinessConfig",
        &["durationSeconds", "enabled"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.ambassador",
        &["mappings"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.apisix.route",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.appMesh.virtualNodeGroup",
        &["canaryVirtualNodeRef", "stableVirtualNodeRef"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.appMesh.virtualNodeGroup.canaryVirtualNodeRef",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.appMesh.virtualService",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.istio.destinationRule",
        &["canarySubsetName", "name", "stableSubsetName"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.istio.virtualService",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.istio.virtualServices[]",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.managedRoutes[]",
        &["name"],
    ),
    (
        "Rollout",
        "spec.strategy.canary.trafficRouting.traefik",
        &["weightedTraefikServiceName"],
    ),
    ("Rollout", "spec.template.spec", &["containers"]),
    ("Rollout", "status.conditions[]", CONDITION),
    (
        "Rollout",
        "status.pauseConditions[]",
        &["reason", "startTime"],
    ),
    ("Rollout", "status.canary.weights", &["canary", "stable"]),
    ("Rollout", "status.canary.weights.canary", &["weight"]),
    ("Rollout", "status.canary.weights.additional[]", &["weight"]),
    (
        "Rollout",
        "status.canary.stepPluginStatuses[]",
        &["index", "name", "operation"],
    ),
    (
        "Rollout",
        "status.canary.currentStepAnalysisRunStatus",
        &["name", "status"],
    ),
    (
        "Rollout",
        "status.blueGreen.prePromotionAnalysisRunStatus",
        &["name", "status"],
    ),
    ("Rollout", "status.alb.loadBalancer", &["arn", "name"]),
    (
        "Rollout",
        "status.albs[].canaryTargetGroup",
        &["arn", "name"],
    ),
    ("AnalysisRun", "spec", &["metrics"]),
    ("AnalysisRun", "spec.metrics[]", &["name", "provider"]),
    (
        "AnalysisRun",
        "spec.args[].valueFrom.secretKeyRef",
        &["key", "name"],
    ),
    ("AnalysisRun", "status", &["phase"]),
    ("AnalysisRun", "status.metricResults[]", &["name", "phase"]),
    (
        "AnalysisRun",
        "status.metricResults[].measurements[]",
        &["phase"],
    ),
    ("AnalysisTemplate", "spec.args[]", &["name"]),
    ("Experiment", "spec", &["templates"]),
    (
        "Experiment",
        "spec.templates[]",
        &["name", "selector", "template"],
    ),
    ("Experiment", "spec.analyses[]", &["name", "templateName"]),
    (
        "Experiment",
        "status.analysisRuns[]",
        &["analysisRun", "name", "phase"],
    ),
    (
        "Experiment",
        "status.templateStatuses[]",
        &[
            "availableReplicas",
            "name",
            "readyReplicas",
            "replicas",
            "updatedReplicas",
        ],
    ),
];
