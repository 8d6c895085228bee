//! What matters of the dashboard's objects.

use chart::Helm;
use serde_json::{Value, json};

use crate::{every_selector_is, helm, only};

const ON: &str = "--set=dashboard.enabled=true";

/// Its objects, with these values.
fn its(helm: &Helm, values: &[&str]) -> Vec<Value> {
    let objects = helm.objects(&[&[ON], values].concat()).unwrap().into_iter();
    let is_its = |it: &Value| {
        it["metadata"]["labels"]["app.kubernetes.io/component"] == "rollouts-dashboard"
    };
    objects.filter(is_its).collect()
}

fn pod(objects: &[Value]) -> &Value {
    &only(objects, "Deployment")["spec"]["template"]
}

fn container(objects: &[Value]) -> &Value {
    &pod(objects)["spec"]["containers"][0]
}

fn arguments(objects: &[Value]) -> Vec<&str> {
    let arguments = container(objects)["args"].as_array().unwrap();
    arguments.iter().map(|it| it.as_str().unwrap()).collect()
}

/// The names that it answers to, beside those of the pod itself.
fn hosts(objects: &[Value]) -> Vec<String> {
    let all = arguments(objects).into_iter();
    let hosts = all.filter_map(|it| it.strip_prefix("--host="));
    hosts.map(str::to_owned).collect()
}

const SERVICE: [&str; 4] = [
    "argo-rollouts-dashboard",
    "argo-rollouts-dashboard.argo-rollouts",
    "argo-rollouts-dashboard.argo-rollouts.svc",
    "argo-rollouts-dashboard.argo-rollouts.svc.cluster.local",
];

#[test]
fn nothing_of_it_is_there_unless_it_is_wanted() {
    let Some(helm) = helm() else { return };
    let text = helm.template("argo-rollouts", &["--set=installCRDs=false"]);
    assert!(!text.unwrap().contains("dashboard"));
}

/// As "restricted" asks for, a file system that nothing can be written to, a short-lived token.
#[test]
fn its_pod_has_no_privileges() {
    let Some(helm) = helm() else { return };
    let objects = its(&helm, &[]);
    let (spec, container) = (&pod(&objects)["spec"], container(&objects));
    let context = json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    assert_eq!(container["securityContext"], context);
    assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
        assert_eq!(spec[field], Value::Null, "{field}");
    }
    for (kind, amounts) in [
        ("requests", ["cpu", "memory"].as_slice()),
        ("limits", &["memory"]),
    ] {
        for amount in amounts {
            assert!(
                container["resources"][kind][amount].is_string(),
                "{kind} {amount}"
            );
        }
    }
    let account = only(&objects, "ServiceAccount");
    assert_eq!(account["automountServiceAccountToken"], false);
    assert_eq!(spec["automountServiceAccountToken"], false);
    let sources = &spec["volumes"][0]["projected"]["sources"];
    assert_eq!(sources[0]["serviceAccountToken"]["expirationSeconds"], 3600);
    let mounts = json!([{"name": "token", "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    assert_eq!(container["volumeMounts"], mounts);
}

#[test]
fn people_log_in_with_a_token_unless_a_proxy_knows_them() {
    let Some(helm) = helm() else { return };
    let objects = its(&helm, &["--set=dashboard.containerPort=3200"]);
    assert_eq!(
        container(&objects)["command"],
        json!(["/bin/rollouts-dashboard"])
    );
    assert_eq!(
        arguments(&objects)[..2],
        ["--login=token", "--listen=0.0.0.0:3200"]
    );
    let ports = json!([{"name": "dashboard", "containerPort": 3200}]);
    assert_eq!(container(&objects)["ports"], ports);
    for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        let asked = json!({"path": path, "port": "dashboard"});
        assert_eq!(container(&objects)[probe]["httpGet"], asked);
    }
    let port = &only(&objects, "Service")["spec"]["ports"][0];
    assert_eq!(port["targetPort"], "dashboard");
    let policy = &only(&objects, "NetworkPolicy")["spec"];
    assert_eq!(
        policy["ingress"],
        json!([{"ports": [{"port": "dashboard"}]}])
    );
}

/// Whoever else reached it could name themselves as the proxy does.
#[test]
fn behind_a_proxy_nothing_but_the_proxy_reaches_it() {
    let Some(helm) = helm() else { return };
    let proxy = r#"--set-json=dashboard.extraContainers=[{"name":"proxy","ports":[{"name":"proxy","containerPort":4180}]}]"#;
    let values = "--set=dashboard.login=proxy,dashboard.service.targetPort=proxy";
    let objects = its(&helm, &[values, proxy]);
    assert_eq!(
        arguments(&objects)[..2],
        ["--login=proxy", "--listen=127.0.0.1:3100"]
    );
    assert_eq!(container(&objects)["ports"], Value::Null);
    // A node cannot reach what listens on a pod's loopback.
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(container(&objects)[probe], Value::Null);
    }
    let containers = &pod(&objects)["spec"]["containers"];
    assert_eq!(containers[1]["name"], "proxy");
    let port = &only(&objects, "Service")["spec"]["ports"][0];
    assert_eq!(port["targetPort"], "proxy");
    let policy = &only(&objects, "NetworkPolicy")["spec"];
    assert_eq!(policy["ingress"], json!([{"ports": [{"port": "proxy"}]}]));
}

#[test]
fn it_answers_to_the_names_that_it_is_reached_by() {
    let Some(helm) = helm() else { return };
    assert_eq!(hosts(&its(&helm, &[])), SERVICE);
    let values = "--set=dashboard.hosts={wall.test},dashboard.ingress.enabled=true,\
        dashboard.ingress.hosts={a.test,*.b.test},dashboard.httproute.enabled=true,\
        dashboard.httproute.hostnames={a.test,c.test},dashboard.httproute.parentRefs[0].name=public";
    let expected = [&SERVICE[..], &["wall.test", "a.test", "c.test"]].concat();
    let objects = its(&helm, &[values]);
    assert_eq!(hosts(&objects), expected);
    let rules = only(&objects, "Ingress")["spec"]["rules"]
        .as_array()
        .unwrap();
    let named: Vec<&Value> = rules.iter().map(|rule| &rule["host"]).collect();
    assert_eq!(named, ["a.test", "*.b.test"]);
    // What is off is not asked for its names.
    let off = "--set=dashboard.ingress.hosts={a.test},dashboard.httproute.hostnames={c.test}";
    assert_eq!(hosts(&its(&helm, &[off])), SERVICE);
}

#[test]
fn an_ingress_and_a_route_lead_to_its_service() {
    let Some(helm) = helm() else { return };
    let values = "--set=dashboard.ingress.enabled=true,dashboard.ingress.hosts={a.test},\
        dashboard.httproute.enabled=true,dashboard.httproute.parentRefs[0].name=public,\
        dashboard.service.port=80,dashboard.service.portName=web";
    let objects = its(&helm, &[values]);
    let service = only(&objects, "Service");
    assert_eq!(service["metadata"]["name"], SERVICE[0]);
    let ports = json!([{"name": "web", "port": 80, "protocol": "TCP", "targetPort": "dashboard"}]);
    assert_eq!(service["spec"]["ports"], ports);
    let paths = &only(&objects, "Ingress")["spec"]["rules"][0]["http"]["paths"];
    let backend = json!({"service": {"name": SERVICE[0], "port": {"name": "web"}}});
    assert_eq!(
        *paths,
        json!([{"path": "/", "pathType": "Prefix", "backend": backend}])
    );
    let rule = &only(&objects, "HTTPRoute")["spec"]["rules"][0];
    assert_eq!(
        rule["backendRefs"],
        json!([{"name": SERVICE[0], "port": 80}])
    );
    let matches = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
    assert_eq!(rule["matches"], matches);
}

#[test]
fn every_selector_finds_its_pods_and_not_those_of_the_controller() {
    let Some(helm) = helm() else { return };
    let objects = its(&helm, &[]);
    let labels = &pod(&objects)["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/component"], "rollouts-dashboard");
    every_selector_is(&objects, labels);
    let spread = &pod(&objects)["spec"]["topologySpreadConstraints"][0];
    assert_eq!(&spread["labelSelector"]["matchLabels"], labels);
}

#[test]
fn its_image_is_that_of_the_controller_unless_it_has_one() {
    let Some(helm) = helm() else { return };
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let ours = format!("controller.image.registry=r.test,controller.image.digest={digest}");
    let more = |values: &str| format!("{ours},{values}");
    for (values, image) in [
        (
            "controller.image.tag=next".to_owned(),
            "rollouts-controller:next".to_owned(),
        ),
        (ours.clone(), format!("r.test/rollouts-controller@{digest}")),
        (
            more("dashboard.image.tag=x"),
            "r.test/rollouts-controller:x".to_owned(),
        ),
        // The digest is that of another image.
        (
            more("dashboard.image.repository=web"),
            "r.test/web:0.1.0".to_owned(),
        ),
        (
            more("dashboard.image.registry=s.test"),
            "s.test/rollouts-controller:0.1.0".to_owned(),
        ),
        (
            format!("dashboard.image.repository=web,dashboard.image.digest={digest}"),
            format!("web@{digest}"),
        ),
    ] {
        let objects = its(&helm, &["--set", &values]);
        assert_eq!(container(&objects)["image"], image, "{values}");
    }
    let objects = its(&helm, &["--set=controller.image.pullPolicy=Always"]);
    assert_eq!(container(&objects)["imagePullPolicy"], "Always");
}

#[test]
fn in_one_namespace_it_shows_that_namespace() {
    let Some(helm) = helm() else { return };
    let shown = |values: &str| {
        let objects = its(&helm, &["--set", values]);
        let arguments = arguments(&objects).into_iter();
        let mut named = arguments.filter_map(|it| it.strip_prefix("--namespace="));
        named.next().map(str::to_owned)
    };
    assert_eq!(shown("clusterInstall=true"), None);
    assert_eq!(shown("clusterInstall=false").unwrap(), "argo-rollouts");
    let elsewhere = "clusterInstall=false,namespaceOverride=shop";
    assert_eq!(shown(elsewhere).unwrap(), "shop");
}

#[test]
fn values_that_cannot_be_honoured_are_refused_with_what_to_do() {
    let Some(helm) = helm() else { return };
    for (values, said) in [
        ("dashboard.rootPath=/rollouts", "give it a host of its own"),
        (
            "dashboard.login=proxy,dashboard.service.targetPort=4180",
            "dashboard.extraContainers",
        ),
        (
            "dashboard.login=proxy,dashboard.extraContainers[0].name=proxy",
            "set dashboard.service.targetPort to the port of the proxy",
        ),
        (
            "dashboard.login=proxy,dashboard.extraContainers[0].name=proxy,dashboard.service.targetPort=3100",
            "set dashboard.service.targetPort to the port of the proxy",
        ),
        (
            "dashboard.ingress.enabled=true",
            "name the host in dashboard.ingress.hosts",
        ),
        (
            "dashboard.ingress.enabled=true,dashboard.ingress.hosts={*.test}",
            "what people type in dashboard.hosts",
        ),
        (
            "dashboard.httproute.enabled=true,dashboard.hosts={a.test}",
            "name one in dashboard.httproute.parentRefs",
        ),
    ] {
        let error = helm.template("x", &[ON, "--set", values]).unwrap_err();
        assert!(error.to_string().contains(said), "{values}: {error}");
        // Nobody is bothered who does not have it.
        helm.template("x", &["--set", values]).unwrap();
    }
}

#[test]
fn the_notes_say_how_to_reach_it_and_how_to_log_in() {
    let Some(helm) = helm() else { return };
    let notes = |values: &str| {
        let line = [
            "install",
            "cd",
            "charts/rollouts",
            "--namespace=argo-rollouts",
        ];
        let flags = [
            "--dry-run=client",
            "--set=installCRDs=false",
            ON,
            "--set",
            values,
        ];
        let said = helm.run(&[&line[..], &flags].concat(), &[]).unwrap();
        said.split_once("NOTES:").unwrap().1.to_owned()
    };
    let token = notes("dashboard.service.port=80");
    let forward =
        "kubectl -n argo-rollouts port-forward service/cd-argo-rollouts-dashboard 3100:80";
    assert!(token.contains(forward), "{token}");
    assert!(token.contains("create token viewer"), "{token}");
    assert!(
        !token.contains("no effect") && !token.contains("read on the way"),
        "{token}"
    );
    let open = notes("dashboard.ingress.enabled=true,dashboard.ingress.hosts={a.test}");
    assert!(open.contains("https://a.test/"), "{open}");
    assert!(open.contains("tokens can be read on the way"), "{open}");
    let writes = notes("dashboard.readonly=false");
    assert!(
        writes.contains("no effect:\n  dashboard.readonly: people promote"),
        "{writes}"
    );
    let proxy = notes(
        "dashboard.login=proxy,dashboard.service.targetPort=4180,dashboard.extraContainers[0].name=proxy",
    );
    assert!(
        proxy.contains("port-forward") && !proxy.contains("create token"),
        "{proxy}"
    );
}
