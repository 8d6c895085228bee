//! The table: a spec, the message after `The Rollout "web" is invalid: `, the true path.

use serde_json::{Value, json};

type Row = (Value, String, &'static str);

fn row(spec: Value, message: &str, path: &'static str) -> Row {
    (spec, message.to_owned(), path)
}

fn canary(fields: Value, message: &str, path: &'static str) -> Row {
    row(json!({"strategy": {"canary": fields}}), message, path)
}

fn blue_green(fields: Value, message: &str, path: &'static str) -> Row {
    row(json!({"strategy": {"blueGreen": fields}}), message, path)
}

/// One step behind a valid one, beside other fields of the canary.
fn step(step: Value, mut fields: Value, message: &str, path: &'static str) -> Row {
    fields["steps"] = json!([{"pause": {}}, step]);
    canary(fields, message, path)
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = spec_rows();
    rows.extend(blue_green_rows());
    rows.extend(canary_rows());
    rows.extend(routing_rows());
    rows.extend(step_rows());
    rows.extend(route_rows());
    rows.extend(argument_rows());
    rows.extend(anti_affinity_rows());
    rows.extend(our_rows());
    rows
}

// §7.1
fn spec_rows() -> Vec<Row> {
    let valid = json!({"canary": {}});
    let with = |fields: Value| {
        let mut spec = fields;
        if spec.get("strategy").is_none() {
            spec["strategy"] = valid.clone();
        }
        spec
    };
    vec![
        row(
            with(json!({"replicas": -1})),
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.replicas",
        ),
        row(
            with(json!({"selector": null})),
            "spec.selector: Required value: Rollout has missing field '.spec.selector'",
            "spec.selector",
        ),
        row(
            with(json!({"selector": {"matchLabels": null}})),
            "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
            "spec.selector",
        ),
        row(
            with(json!({"selector": {"matchLabels": {"app": "a b"}}})),
            "spec.selector.matchLabels: Invalid value: \"a b\": a valid label must be an empty \
             string or consist of alphanumeric characters, '-', '_' or '.', and must start and end \
             with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
             used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            "spec.selector.matchLabels",
        ),
        row(
            with(json!({"selector": {"matchLabels": {"-app": "a"}}})),
            "spec.selector.matchLabels: Invalid value: \"-app\": name part must consist of \
             alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
             character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
             '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            "spec.selector.matchLabels",
        ),
        row(
            with(json!({"selector": {"matchExpressions": [{"key": "app", "operator": "Like"}]}})),
            "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid \
             selector operator",
            "spec.selector.matchExpressions[0].operator",
        ),
        row(
            with(json!({"selector": {"matchExpressions": [{"key": "app", "operator": "In"}]}})),
            "spec.selector.matchExpressions[0].values: Required value: must be specified when \
             `operator` is 'In' or 'NotIn'",
            "spec.selector.matchExpressions[0].values",
        ),
        row(
            with(json!({"selector": {"matchExpressions": [
                {"key": "app", "operator": "Exists", "values": ["a"]}]}})),
            "spec.selector.matchExpressions[0].values: Forbidden: may not be specified when \
             `operator` is 'Exists' or 'DoesNotExist'",
            "spec.selector.matchExpressions[0].values",
        ),
        row(
            with(json!({"workloadRef": {"kind": "Deployment", "name": "d"}})),
            "spec.template: Internal error: template must be empty for workload reference rollout",
            "spec.template",
        ),
        row(
            with(json!({"template": {"metadata": {"labels": {"app": "other"}}}})),
            "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does \
             not match template `labels`",
            "spec.template.metadata.labels",
        ),
        row(
            with(json!({"template": {"metadata": null}})),
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match \
             template `labels`",
            "spec.template.metadata.labels",
        ),
        row(
            with(json!({"template": {"spec": {"containers": []}}})),
            "spec.template.spec.containers: Required value",
            "spec.template.spec.containers",
        ),
        row(
            with(json!({"template": {"spec": {"restartPolicy": "Never"}}})),
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \
             \"Always\"",
            "spec.template.spec.restartPolicy",
        ),
        row(
            with(json!({"template": {"spec": {"activeDeadlineSeconds": 9}}})),
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in \
             ReplicaSet is not Supported",
            "spec.template.spec.activeDeadlineSeconds",
        ),
        row(
            with(json!({"minReadySeconds": -1})),
            "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.minReadySeconds",
        ),
        row(
            with(json!({"revisionHistoryLimit": -1})),
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
            "spec.revisionHistoryLimit",
        ),
        row(
            with(json!({"progressDeadlineSeconds": -1})),
            "spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.progressDeadlineSeconds",
        ),
        row(
            with(json!({"progressDeadlineSeconds": 30, "minReadySeconds": 30})),
            "spec.progressDeadlineSeconds: Invalid value: 30: must be greater than \
             minReadySeconds",
            "spec.progressDeadlineSeconds",
        ),
        row(
            with(json!({"minReadySeconds": 600})),
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than \
             minReadySeconds",
            "spec.progressDeadlineSeconds",
        ),
        row(
            json!({}),
            "spec.strategy.strategy: Required value: Rollout has missing field \
             '.spec.strategy.canary or .spec.strategy.blueGreen'",
            "spec.strategy",
        ),
        row(
            json!({"strategy": {"canary": {}, "blueGreen": {"activeService": "a"}}}),
            "spec.strategy.strategy: Invalid value: \"blueGreen: true canary: true\": Multiple \
             Strategies can not be listed",
            "spec.strategy",
        ),
    ]
}

// §7.2
fn blue_green_rows() -> Vec<Row> {
    let same = "This rollout uses the same service for the active and preview services, but two \
                different services are required.";
    vec![
        blue_green(
            json!({"activeService": "a", "previewService": "a"}),
            &format!("spec.strategy.activeService: Invalid value: \"a\": {same}"),
            "spec.strategy.blueGreen.activeService",
        ),
        blue_green(
            json!({"activeService": ""}),
            &format!("spec.strategy.activeService: Invalid value: \"\": {same}"),
            "spec.strategy.blueGreen.activeService",
        ),
        blue_green(
            json!({"activeService": "a", "scaleDownDelayRevisionLimit": 11}),
            "spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 11: This rollout's revision \
             history limit can not be smaller than the rollout's scale down limit",
            "spec.strategy.blueGreen.scaleDownDelayRevisionLimit",
        ),
    ]
}

// §7.3, rows 1, 2, 5 without a router
fn canary_rows() -> Vec<Row> {
    vec![
        canary(
            json!({"maxSurge": 0, "maxUnavailable": 0}),
            "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be \
             zero",
            "spec.strategy.canary.maxSurge",
        ),
        canary(
            json!({"maxSurge": "0%", "maxUnavailable": "0"}),
            "spec.strategy.maxSurge: Invalid value: \"0%\": MaxSurge and MaxUnavailable both can \
             not be zero",
            "spec.strategy.canary.maxSurge",
        ),
        canary(
            json!({"canaryService": "s", "stableService": "s"}),
            "spec.strategy.stableService: Invalid value: \"s\": This rollout uses the same service \
             for the stable and canary services, but two different services are required.",
            "spec.strategy.canary.stableService",
        ),
        canary(
            json!({"scaleDownDelaySeconds": 5}),
            "spec.strategy.scaleDownDelaySeconds: Invalid value: 5: Canary scaleDownDelaySeconds \
             can only be used with traffic routing",
            "spec.strategy.canary.scaleDownDelaySeconds",
        ),
        canary(
            json!({"dynamicStableScale": true}),
            "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale can \
             only be used with traffic routing",
            "spec.strategy.canary.dynamicStableScale",
        ),
    ]
}

// §7.3, rows 3 to 5
fn routing_rows() -> Vec<Row> {
    let services = "Canary service and Stable service must to be set to use Traffic Routing";
    let mut rows = vec![
        canary(
            json!({"pingPong": {"pingService": "a", "pongService": "b"}, "trafficRouting": {}}),
            "spec.strategy.trafficRouting.alb: Invalid value: null: Ping-pong feature works \
             with the ALB, Istio, and plugin-based traffic routers only",
            "spec.strategy.canary.trafficRouting.alb",
        ),
        canary(
            json!({"pingPong": {"pingService": "", "pongService": "b"}}),
            "spec.strategy.pingPong.pingService: Invalid value: \"\": Ping service and Pong \
             service must to be set to use Ping-Pong feature",
            "spec.strategy.canary.pingPong.pingService",
        ),
        canary(
            json!({"pingPong": {"pingService": "a", "pongService": ""}}),
            "spec.strategy.pingPong.pongService: Invalid value: \"\": Ping service and Pong \
             service must to be set to use Ping-Pong feature",
            "spec.strategy.canary.pingPong.pongService",
        ),
        canary(
            json!({"pingPong": {"pingService": "a", "pongService": "a"}}),
            "spec.strategy.pingPong.pingService: Invalid value: \"a\": This rollout uses the same \
             service for the ping and pong services, but two different services are required.",
            "spec.strategy.canary.pingPong.pingService",
        ),
        canary(
            json!({"pingPong": {"pingService": "a", "pongService": "b"},
                "trafficRouting": {"alb": {"ingress": "i", "servicePort": 80}}}),
            "spec.strategy.trafficRouting.alb.rootService: Invalid value: \"\": Root service field \
             is required for the configuration with ALB and ping-pong feature enabled",
            "spec.strategy.canary.trafficRouting.alb.rootService",
        ),
        canary(
            json!({"stableService": "s", "trafficRouting": {"smi": {}}}),
            &format!("spec.strategy.canaryService: Invalid value: \"\": {services}"),
            "spec.strategy.canary.canaryService",
        ),
        canary(
            json!({"trafficRouting": {"plugins": {"p": {}}}, "dynamicStableScale": true,
                "scaleDownDelaySeconds": 5}),
            "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale \
             cannot be used with scaleDownDelaySeconds",
            "spec.strategy.canary.dynamicStableScale",
        ),
        canary(
            json!({"trafficRouting": {"maxTrafficWeight": 200}}),
            "spec.strategy.trafficRouting.maxTrafficWeight: Invalid value: 200: Canary \
             maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
            "spec.strategy.canary.trafficRouting.maxTrafficWeight",
        ),
    ];
    for router in [
        json!({"alb": {"servicePort": 80}}),
        json!({"istio": {"virtualService": {"name": "v"}}}),
        json!({"smi": {}}),
        json!({"apisix": {}}),
        json!({"ambassador": {"mappings": ["m"]}}),
        json!({"nginx": {}}),
        json!({"appMesh": {}}),
        json!({"traefik": {"weightedTraefikServiceName": "t"}}),
    ] {
        rows.push(canary(
            json!({"canaryService": "c", "trafficRouting": router}),
            &format!("spec.strategy.stableService: Invalid value: \"\": {services}"),
            "spec.strategy.canary.stableService",
        ));
    }
    rows
}

// §7.3, row 6 a to e, i
fn step_rows() -> Vec<Row> {
    let one_of = "Step must have one of the following set: experiment, setWeight, setCanaryScale, \
                  plugin or pause";
    let duration = |seconds: i64| {
        format!(
            "spec.strategy.steps[1].pause.duration: Invalid value: {seconds}: Duration needs to be \
             greater than 0"
        )
    };
    let path = "spec.strategy.canary.steps[1].pause.duration";
    let weight = "spec.strategy.canary.steps[1].setWeight";
    let template = json!({"experiment": {"templates": [
        {"name": "a", "specRef": "canary"}, {"name": "b", "specRef": "stable", "weight": 5}]}});
    vec![
        step(
            json!({"setWeight": 5, "pause": {}}),
            json!({}),
            &format!(
                "spec.strategy.steps[1]: Invalid value: \"step.Experiment: false step.Pause: true \
                 step.SetWeight: true step.Analysis: false\": {one_of}"
            ),
            "spec.strategy.canary.steps[1]",
        ),
        step(
            json!({}),
            json!({}),
            &format!(
                "spec.strategy.steps[1]: Invalid value: \"step.Experiment: true step.Pause: true \
                 step.SetWeight: true step.Analysis: true step.SetCanaryScale: true \
                 step.SetHeaderRoute: true step.SetMirrorRoutes: true step.Plugin: true\": {one_of}"
            ),
            "spec.strategy.canary.steps[1]",
        ),
        step(
            json!({"setWeight": 101}),
            json!({}),
            "spec.strategy.steps[1].setWeight: Invalid value: 101: SetWeight needs to be between 0 \
             and 100",
            weight,
        ),
        step(
            json!({"setWeight": -1}),
            json!({}),
            "spec.strategy.steps[1].setWeight: Invalid value: -1: SetWeight needs to be between 0 \
             and 100",
            weight,
        ),
        step(
            json!({"setWeight": 1001}),
            json!({"trafficRouting": {"plugins": {"p": {}}, "maxTrafficWeight": 1000}}),
            "spec.strategy.steps[1].setWeight: Invalid value: 1001: SetWeight needs to be between \
             0 and 1000",
            weight,
        ),
        step(
            json!({"pause": {"duration": -5}}),
            json!({}),
            &duration(-5),
            path,
        ),
        step(
            json!({"pause": {"duration": "-5"}}),
            json!({}),
            &duration(-5),
            path,
        ),
        step(
            json!({"pause": {"duration": "-5s"}}),
            json!({}),
            &duration(-5),
            path,
        ),
        step(
            json!({"pause": {"duration": "5 minutes"}}),
            json!({}),
            &duration(-1),
            path,
        ),
        step(
            json!({"setCanaryScale": {"weight": 5}}),
            json!({}),
            "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting \
             to be set",
            "spec.strategy.canary.trafficRouting",
        ),
        step(
            template.clone(),
            json!({}),
            "spec.strategy.steps[1].experiment.templates[1].weight: Invalid value: 5: Experiment \
             template weight cannot be set unless TrafficRouting is enabled",
            "spec.strategy.canary.steps[1].experiment.templates[1].weight",
        ),
        step(
            template,
            json!({"stableService": "s", "canaryService": "c", "trafficRouting": {"nginx": {}}}),
            "spec.strategy.steps[1].experiment.templates[1].weight: Invalid value: 5: Experiment \
             template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins \
             at this time",
            "spec.strategy.canary.steps[1].experiment.templates[1].weight",
        ),
    ]
}

// §7.3, row 6 f to h
fn route_rows() -> Vec<Row> {
    let plugins =
        json!({"trafficRouting": {"plugins": {"p": {}}, "managedRoutes": [{"name": "r"}]}});
    let alb = json!({"stableService": "s", "canaryService": "c", "trafficRouting": {
        "alb": {"ingress": "i", "servicePort": 80}, "managedRoutes": [{"name": "r"}]}});
    let header = |value: Value| json!({"setHeaderRoute": {"name": "r", "match": [{"headerName": "X", "headerValue": value}]}});
    let mirror = |rule: Value| json!({"setMirrorRoute": {"name": "r", "match": [rule]}});
    let one =
        "StringMatch match value must have exactly one of the following: exact, regex, prefix";
    let none = "StringMatch value missed, match value must have one of the following: exact, regex, \
                prefix";
    let header_path = "spec.strategy.canary.steps[1].setHeaderRoute.match[0].headerValue";
    vec![
        step(
            json!({"setHeaderRoute": {"name": "r"}}),
            json!({}),
            "spec.strategy.steps[1].setHeaderRoute: Invalid value: {\"name\":\"r\"}: \
             SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix",
            "spec.strategy.canary.steps[1].setHeaderRoute",
        ),
        step(
            header(json!({"prefix": "a"})),
            alb.clone(),
            "spec.strategy.steps[1].setHeaderRoute.match[0]: Invalid value: {\"prefix\":\"a\"}: \
             SetHeaderRoute match value invalid. ALB supports 'exact' value only",
            header_path,
        ),
        step(
            header(Value::Null),
            alb,
            &format!("spec.strategy.steps[1].setHeaderRoute.match[0]: Invalid value: null: {none}"),
            header_path,
        ),
        step(
            header(json!({"exact": "a", "regex": "b"})),
            plugins.clone(),
            &format!(
                "spec.strategy.steps[1].setHeaderRoute.match[0]: Invalid value: \
                 {{\"exact\":\"a\",\"regex\":\"b\"}}: {one}"
            ),
            header_path,
        ),
        step(
            header(json!({})),
            plugins.clone(),
            &format!("spec.strategy.steps[1].setHeaderRoute.match[0]: Invalid value: {{}}: {none}"),
            header_path,
        ),
        step(
            json!({"setMirrorRoute": {"name": "r", "percentage": 5}}),
            json!({}),
            "spec.strategy.steps[1].setMirrorRoute: Invalid value: \
             {\"name\":\"r\",\"percentage\":5}: SetMirrorRoute requires TrafficRouting, supports \
             Istio and Plugins",
            "spec.strategy.canary.steps[1].setMirrorRoute",
        ),
        step(
            mirror(json!({"method": {"exact": "GET", "prefix": "G"}})),
            plugins.clone(),
            &format!(
                "spec.strategy.steps[1].setMirrorRoute.match[0]: Invalid value: \
                 {{\"exact\":\"GET\",\"prefix\":\"G\"}}: {one}"
            ),
            "spec.strategy.canary.steps[1].setMirrorRoute.match[0].method",
        ),
        step(
            mirror(json!({"path": {}, "headers": {"X": {}}})),
            plugins.clone(),
            &format!("spec.strategy.steps[1].setMirrorRoute.match[0]: Invalid value: {{}}: {none}"),
            "spec.strategy.canary.steps[1].setMirrorRoute.match[0].path",
        ),
        step(
            header(json!({"exact": "a"})),
            json!({"trafficRouting": {"plugins": {"p": {}}}}),
            "spec.strategy.trafficRouting.managedRoutes: Required value: Rollout has missing field \
             'spec.strategy.canary.trafficRouting.managedRoutes'",
            "spec.strategy.canary.trafficRouting.managedRoutes",
        ),
        step(
            json!({"setHeaderRoute": {"name": "other"}}),
            plugins.clone(),
            "spec.strategy.steps[1].setHeaderRoute: Invalid value: \"other\": Steps define a route \
             that does not exist in spec.strategy.canary.trafficRouting.managedRoutes",
            "spec.strategy.canary.steps[1].setHeaderRoute.name",
        ),
        step(
            json!({"setMirrorRoute": {"name": "other"}}),
            plugins,
            "spec.strategy.steps[1].setMirrorRoute: Invalid value: \"other\": Steps define a route \
             that does not exist in spec.strategy.canary.trafficRouting.managedRoutes",
            "spec.strategy.canary.steps[1].setMirrorRoute.name",
        ),
    ]
}

// §7.3, row 6 j
fn argument_rows() -> Vec<Row> {
    let argument =
        |path: &str| json!({"name": "a", "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let message = |path: &str| {
        format!(
            "spec.strategy.steps[1].analyses: Invalid value: \
             [{{\"name\":\"a\",\"valueFrom\":{{\"fieldRef\":{{\"fieldPath\":\"{path}\"}}}}}}]: \
             Analyses arguments must refer to valid object metadata supported by downwardAPI"
        )
    };
    vec![
        step(
            json!({"analysis": {"templates": [], "args": [argument("metadata.generation")]}}),
            json!({}),
            &message("metadata.generation"),
            "spec.strategy.canary.steps[1].analysis.args[0].valueFrom.fieldRef.fieldPath",
        ),
        step(
            json!({"experiment": {"templates": [], "analyses": [
                {"name": "x", "templateName": "t", "args": [argument("metadata.name['a']")]}]}}),
            json!({}),
            &message("metadata.name['a']"),
            "spec.strategy.canary.steps[1].experiment.analyses[0].args[0].valueFrom.fieldRef.fieldPath",
        ),
    ]
}

// §7.3, row 7, and its use in §7.2
fn anti_affinity_rows() -> Vec<Row> {
    let one = |set: bool| {
        format!(
            "spec.strategy.antiAffinity: Invalid value: \
             \"antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {set} \
             antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {set}\": AntiAffinity \
             must have exactly one strategy listed"
        )
    };
    let preferred = |weight: i32| {
        json!({"antiAffinity":
            {"preferredDuringSchedulingIgnoredDuringExecution": {"weight": weight}}})
    };
    let mut both = preferred(5);
    both["antiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({});
    let weight = |weight: i32| {
        format!(
            "spec.strategy.antiAffinity.weight: Invalid value: {weight}: AntiAffinity weight must \
             be between 1-100"
        )
    };
    let path = "spec.strategy.canary.antiAffinity.\
                preferredDuringSchedulingIgnoredDuringExecution.weight";
    vec![
        canary(
            json!({"antiAffinity": {}}),
            &one(false),
            "spec.strategy.canary.antiAffinity",
        ),
        canary(both, &one(true), "spec.strategy.canary.antiAffinity"),
        canary(preferred(0), &weight(0), path),
        canary(preferred(101), &weight(101), path),
        blue_green(
            json!({"activeService": "a", "antiAffinity": {}}),
            &one(false),
            "spec.strategy.blueGreen.antiAffinity",
        ),
    ]
}

// What the peer accepts although it cannot work; the texts are ours.
fn our_rows() -> Vec<Row> {
    let amount = "must be a number of pods or a percentage, not below zero";
    vec![
        canary(
            json!({"maxSurge": "1O%"}),
            &format!("spec.strategy.canary.maxSurge: Invalid value: \"1O%\": {amount}"),
            "spec.strategy.canary.maxSurge",
        ),
        canary(
            json!({"maxUnavailable": -1}),
            &format!("spec.strategy.canary.maxUnavailable: Invalid value: -1: {amount}"),
            "spec.strategy.canary.maxUnavailable",
        ),
        canary(
            json!({"replicaProgressThreshold": {"type": "Share", "value": 5}}),
            "spec.strategy.canary.replicaProgressThreshold.type: Unsupported value: \"Share\": \
             supported values: \"Percent\", \"Pods\"",
            "spec.strategy.canary.replicaProgressThreshold.type",
        ),
        canary(
            json!({"replicaProgressThreshold": {"type": "Percent", "value": 101}}),
            "spec.strategy.canary.replicaProgressThreshold.value: Invalid value: 101: must be \
             between 0 and 100",
            "spec.strategy.canary.replicaProgressThreshold.value",
        ),
        blue_green(
            json!({"activeService": "", "previewService": "p"}),
            "spec.strategy.blueGreen.activeService: Required value",
            "spec.strategy.blueGreen.activeService",
        ),
        blue_green(
            json!({"activeService": "a", "previewReplicaCount": -1}),
            "spec.strategy.blueGreen.previewReplicaCount: Invalid value: -1: must be greater than \
             or equal to 0",
            "spec.strategy.blueGreen.previewReplicaCount",
        ),
    ]
}
