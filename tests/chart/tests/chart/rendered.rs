//! What matters of the objects that are rendered.

use serde_json::{Value, json};

use crate::{every_selector_is, helm, only};

fn pod(objects: &[Value]) -> &Value {
    &only(objects, "Deployment")["spec"]["template"]
}

fn container(objects: &[Value]) -> &Value {
    let containers = pod(objects)["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    &containers[0]
}

fn arguments(objects: &[Value]) -> Vec<&str> {
    let arguments = container(objects)["args"].as_array().unwrap();
    arguments.iter().map(|it| it.as_str().unwrap()).collect()
}

/// As "restricted" asks for, and a file system that nothing can be written to.
#[test]
fn the_pod_has_no_privileges() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&[]).unwrap();
    let context = &container(&objects)["securityContext"];
    assert_eq!(context["allowPrivilegeEscalation"], false);
    assert_eq!(context["readOnlyRootFilesystem"], true);
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert_eq!(context["seccompProfile"]["type"], "RuntimeDefault");
    let spec = &pod(&objects)["spec"];
    assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
        assert_eq!(spec[field], Value::Null, "{field}");
    }
}

#[test]
fn the_only_token_is_short_lived() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&[]).unwrap();
    assert_eq!(
        only(&objects, "ServiceAccount")["automountServiceAccountToken"],
        false
    );
    let spec = &pod(&objects)["spec"];
    assert_eq!(spec["automountServiceAccountToken"], false);
    let volumes = spec["volumes"].as_array().unwrap();
    assert_eq!(volumes.len(), 1);
    let sources = volumes[0]["projected"]["sources"].as_array().unwrap();
    assert_eq!(sources[0]["serviceAccountToken"]["expirationSeconds"], 3600);
    // Where every client looks for it.
    let mounts = json!([{"name": "token", "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    assert_eq!(container(&objects)["volumeMounts"], mounts);
}

#[test]
fn every_selector_finds_the_pods() {
    let Some(helm) = helm() else { return };
    let all = ["--set=controller.metrics.serviceMonitor.enabled=true"];
    let objects = helm.objects(&all).unwrap();
    let labels = &pod(&objects)["metadata"]["labels"];
    every_selector_is(&objects, labels);
    let monitor = &only(&objects, "ServiceMonitor")["spec"];
    let service = only(&objects, "Service");
    for (label, value) in monitor["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(&service["metadata"]["labels"][label], value, "{label}");
    }
    assert_eq!(
        monitor["endpoints"][0]["port"],
        service["spec"]["ports"][0]["name"]
    );
    let spread = &pod(&objects)["spec"]["topologySpreadConstraints"][0];
    assert_eq!(&spread["labelSelector"]["matchLabels"], labels);
}

/// A release of the argo-rollouts chart can be upgraded: what cannot be changed is the same.
///
/// Source: `field/ecosystem.md` 2c, `compat/controller.md` §8.
#[test]
fn names_and_selectors_are_those_of_existing_releases() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&[]).unwrap();
    let deployment = only(&objects, "Deployment");
    assert_eq!(deployment["metadata"]["name"], "argo-rollouts");
    let selector = json!({
        "app.kubernetes.io/component": "rollouts-controller",
        "app.kubernetes.io/instance": "argo-rollouts",
        "app.kubernetes.io/name": "argo-rollouts",
    });
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], selector);
    assert_eq!(container(&objects)["name"], "argo-rollouts");
    assert_eq!(
        only(&objects, "Service")["metadata"]["name"],
        "argo-rollouts-metrics"
    );
    let rendered = helm.template("cd", &["--set=installCRDs=false"]).unwrap();
    assert!(rendered.contains("name: cd-argo-rollouts\n"));
}

#[test]
fn ports_are_the_same_everywhere() {
    let Some(helm) = helm() else { return };
    let ports =
        "--set=controller.containerPorts.metrics=9090,controller.containerPorts.healthz=9091";
    let objects = helm.objects(&[ports]).unwrap();
    let arguments = arguments(&objects);
    assert!(arguments.contains(&"--metricsPort=9090") && arguments.contains(&"--healthzPort=9091"));
    let ports = json!([
        {"name": "metrics", "containerPort": 9090}, {"name": "healthz", "containerPort": 9091},
    ]);
    assert_eq!(container(&objects)["ports"], ports);
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(container(&objects)[probe]["httpGet"]["port"], "healthz");
    }
    assert_eq!(
        only(&objects, "Service")["spec"]["ports"][0]["targetPort"],
        "metrics"
    );
    let policy = &only(&objects, "NetworkPolicy")["spec"];
    assert_eq!(
        policy["ingress"],
        json!([
            {"ports": [{"port": "metrics"}]}, {"ports": [{"port": "healthz"}]},
        ])
    );
}

#[test]
fn two_pods_stand_in_for_each_other() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&[]).unwrap();
    assert_eq!(only(&objects, "Deployment")["spec"]["replicas"], 2);
    assert_eq!(
        only(&objects, "PodDisruptionBudget")["spec"]["maxUnavailable"],
        1
    );
    assert!(!arguments(&objects).iter().any(|it| it.contains("leader")));
    // The plans in hand may take 30 seconds, Events 5 more.
    assert_eq!(pod(&objects)["spec"]["terminationGracePeriodSeconds"], 45);
    let environment = json!([{"name": "POD_NAMESPACE",
        "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]);
    assert_eq!(container(&objects)["env"], environment);
}

#[test]
fn an_image_is_named_by_digest_or_by_tag() {
    let Some(helm) = helm() else { return };
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let by_digest = format!("controller.image.digest={digest}");
    for (values, image) in [
        ("controller.image.registry=", "rollouts-controller:0.1.0"),
        ("controller.image.tag=next", "rollouts-controller:next"),
        (
            "controller.image.registry=registry.test:5000,controller.image.repository=a/b",
            "registry.test:5000/a/b:0.1.0",
        ),
        (&by_digest, &format!("rollouts-controller@{digest}")),
        // As users of the argo-rollouts chart write it.
        (
            &format!("controller.image.tag=v1@{digest}"),
            &format!("rollouts-controller:v1@{digest}"),
        ),
    ] {
        let objects = helm.objects(&["--set", values]).unwrap();
        assert_eq!(container(&objects)["image"], image);
    }
}

#[test]
fn crds_stay_unless_that_is_not_wanted() {
    let Some(helm) = helm() else { return };
    let only_crds = |values: &str| {
        let arguments = ["--show-only=templates/crds.yaml", "--set", values];
        helm.template("argo-rollouts", &arguments).unwrap()
    };
    let kept = only_crds("crdAnnotations.team=delivery");
    assert_eq!(
        kept.matches("\nkind: CustomResourceDefinition\n").count(),
        5
    );
    assert_eq!(kept.matches("helm.sh/resource-policy: keep\n").count(), 5);
    assert_eq!(kept.matches("    team: delivery\n").count(), 5);
    assert_eq!(
        only_crds("keepCRDs=false")
            .matches("resource-policy")
            .count(),
        0
    );
    let crds: Vec<Value> = kept
        .split("\n---\n")
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect();
    for crd in crds::manifests::definitions() {
        let mut ours = crds
            .iter()
            .filter(|it| it["metadata"]["name"] == crd["metadata"]["name"]);
        assert_eq!(ours.next().unwrap()["spec"], crd["spec"]);
    }
}
