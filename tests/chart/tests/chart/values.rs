//! Every documented value does what it says, and nothing else is a value.

use chart::values::{Entry, entries};
use chart::{Helm, files::root};
use serde_json::{Value, json};

use crate::helm;

fn documented() -> Vec<Entry> {
    let text = std::fs::read_to_string(root().join("charts/rollouts/values.yaml")).unwrap();
    entries(&text).unwrap()
}

/// Another value than the default, or than what is switched on in `rendered`.
fn another(entry: &Entry) -> Value {
    let name = entry.path.rsplit('.').next().unwrap();
    match (entry.path.as_str(), name, &entry.default) {
        ("gitops", ..) => json!("flux"),
        ("dashboard.login", ..) => json!("proxy"),
        ("dashboard.service.type", ..) => json!("NodePort"),
        ("dashboard.ingress.pathType", ..) => json!("Exact"),
        ("networkPolicy.apiServerPorts", ..) => json!([7443]),
        ("networkPolicy.apiServerCIDRs", ..) => json!(["10.0.0.0/16"]),
        ("extraObjects", ..) => {
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}"}}])
        }
        (_, "pullPolicy", _) => json!("Always"),
        (_, "digest", _) => json!(format!("sha256:{}", "a".repeat(64))),
        (_, "level", _) => json!("debug"),
        (_, "format", _) => json!("json"),
        (_, "minAvailable", _) => json!("50%"),
        (_, "extraArgs", _) => json!(["--another=3"]),
        (_, "hosts" | "hostnames" | "paths" | "externalIPs" | "loadBalancerSourceRanges", _) => {
            json!(["another"])
        }
        (
            "controller.metrics.serviceMonitor.enabled"
            | "controller.metrics.prometheusRule.enabled"
            | "dashboard.enabled"
            | "dashboard.ingress.enabled"
            | "dashboard.httproute.enabled",
            ..,
        ) => json!(false),
        (.., Value::Null) => json!(7),
        (.., Value::Bool(value)) => json!(!value),
        (.., Value::Number(value)) => json!(value.as_i64().unwrap() + 1),
        (.., Value::String(_)) => json!("another"),
        (.., Value::Array(_)) => json!([{"name": "another"}]),
        (.., Value::Object(_)) => json!({"another": "thing"}),
    }
}

/// What the chart renders with everything switched on that is not by itself.
fn rendered(helm: &Helm, values: &[&str]) -> String {
    // Not `--set`: that one goes before `--set-json`, wherever it stands.
    let optional = [
        r#"--set-json=controller.metrics={"serviceMonitor":{"enabled":true},"prometheusRule":{"enabled":true}}"#,
        r#"--set-json=dashboard={"enabled":true,"extraContainers":[{"name":"beside"}],"hosts":["known.test"]}"#,
        r#"--set-json=dashboard.ingress.enabled=true"#,
        r#"--set-json=dashboard.httproute={"enabled":true,"parentRefs":[{"name":"gateway"}]}"#,
        r#"--set-json=dashboard.service={"type":"LoadBalancer","targetPort":"beside"}"#,
    ];
    helm.template("argo-rollouts", &[&optional[..], values].concat())
        .unwrap()
}

#[test]
fn every_documented_value_changes_something_unless_it_says_that_it_does_not() {
    let Some(helm) = helm() else { return };
    let documented = documented();
    assert!(documented.len() > 160);
    // The CRDs are most of what is rendered.
    let without = "--set=installCRDs=false";
    let (all, rest) = (rendered(&helm, &[]), rendered(&helm, &[without]));
    for entry in documented {
        let Entry { path, meaning, .. } = &entry;
        // See `dashboard`.
        if meaning.starts_with("Refused") {
            continue;
        }
        let value = format!("--set-json={path}={}", another(&entry));
        let differs = if path.to_lowercase().contains("crd") {
            rendered(&helm, &[&value]) != all
        } else {
            rendered(&helm, &[without, &value]) != rest
        };
        let none = ["No effect", "Read by a parent"];
        let promised = !none.iter().any(|it| meaning.starts_with(it));
        // This one has an effect in one place.
        let promised = promised && path != "providerRBAC";
        assert_eq!(differs, promised, "{path}");
    }
}

#[test]
fn rules_for_other_providers_are_added_to_the_role() {
    let Some(helm) = helm() else { return };
    let rules = r#"--set-json=providerRBAC.additionalRules=[{"apiGroups":["routers.test"],"resources":["routes"],"verbs":["get"]}]"#;
    for values in ["clusterInstall=true", "clusterInstall=false"] {
        let text = rendered(&helm, &["--set", values, rules]);
        assert_eq!(text.matches("- routers.test\n").count(), 1, "{values}");
    }
}

/// Every key of the argo-rollouts chart, with values as people have them.
///
/// Source: `field/ecosystem.md` 2c.
#[test]
fn values_of_the_argo_rollouts_chart_are_accepted() {
    let Some(helm) = helm() else { return };
    let values = "--values=tests/chart/fixtures/argo-rollouts-values.yaml";
    let arguments = ["--namespace=argo-rollouts", "--dry-run=client", values];
    let install = [
        "install",
        "argo-rollouts",
        "charts/rollouts",
        "--set=installCRDs=false",
    ];
    let said = helm.run(&[&install[..], &arguments].concat(), &[]).unwrap();
    let (_, notes) = said.split_once("NOTES:").unwrap();
    let (_, asked) = notes.split_once("have no effect:\n").unwrap();
    let asked: Vec<&str> = asked.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(
        asked,
        [
            "  controller.awsVerifyTargetGroup",
            "  controller.albTagKeyResourceID",
            "  controller.selfServiceNotification",
            "  controller.trafficRouterPlugins",
            "  notifications",
        ]
    );
    for honoured in [
        "image: \"registry.test/argoproj/argo-rollouts:v1.8.3\"",
        "- \"--instance-id=blue\"",
        "argo-rollouts-controller-lock-blue",
        "minAvailable: 1",
        "release: monitoring",
        "eks.amazonaws.com/role-arn: arn",
        "kind: Secret",
        "image: \"registry.test/argoproj/kubectl-argo-rollouts:v1.8.3\"",
        "--host=rollouts.test",
        "--host=gateway.test",
        "ingressClassName: nginx",
        "secretName: rollouts-tls",
    ] {
        assert!(said.contains(honoured), "{honoured}");
    }
}

#[test]
fn what_is_misspelt_is_refused_with_what_was_meant() {
    let Some(helm) = helm() else { return };
    let refusal = |value: &str| {
        let error = helm
            .template("x", &["--set", value])
            .unwrap_err()
            .to_string();
        let line = error.lines().find(|line| line.contains("not a value"));
        line.unwrap_or_else(|| panic!("{error}")).to_owned()
    };
    for (given, meant) in [
        ("controller.replica=3", "controller.replicas"),
        ("controller.Image.tag=x", "controller.image"),
        ("contoller.replicas=3", "controller"),
        ("replicas=3", "controller.replicas"),
        ("installCrds=false", "installCRDs"),
        (
            "controller.metrics.serviceMonitor.enable=true",
            "controller.metrics.serviceMonitor.enabled",
        ),
        (
            "controller.service.portName=x",
            "controller.metrics.service",
        ),
        ("serviceaccount.create=false", "serviceAccount"),
        ("dashboard.ingres.enabled=true", "dashboard.ingress"),
        ("dashboard.httpRoute.enabled=true", "dashboard.httproute"),
    ] {
        let refusal = refusal(given);
        assert!(
            refusal.ends_with(&format!("; did you mean {meant}?")),
            "{refusal}"
        );
        let key = given.split('=').next().unwrap();
        assert!(
            key.starts_with(refusal.split(' ').next().unwrap()),
            "{refusal}"
        );
    }
    assert!(refusal("foo=1").ends_with("see the table of values in the chart's README.md"));
}

#[test]
fn values_of_another_kind_are_refused_by_name() {
    let Some(helm) = helm() else { return };
    for (value, said) in [
        ("controller.replicas=many", "at '/controller/replicas'"),
        (
            "controller.logging.level=loud",
            "at '/controller/logging/level'",
        ),
        (
            "controller.image.digest=latest",
            "at '/controller/image/digest'",
        ),
        ("installCRDs=nope", "at '/installCRDs'"),
        ("dashboard.login=none", "at '/dashboard/login'"),
        (
            "dashboard.hosts={https://x.test}",
            "at '/dashboard/hosts/0'",
        ),
        ("gitops=fluxcd", "at '/gitops'"),
    ] {
        let error = helm
            .template("x", &["--set", value])
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// As part of another chart: whether it is wanted, and what all charts share.
#[test]
fn what_a_parent_chart_says_is_accepted() {
    let Some(helm) = helm() else { return };
    let values = "enabled=true,global.imageRegistry=registry.test";
    helm.template("x", &["--set", values]).unwrap();
}
