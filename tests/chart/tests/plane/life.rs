//! The life of an installation: everything that docs/install.md tells people to type.

use std::collections::BTreeMap;

use chart::files::root;
use serde_json::Value;

use crate::bed::Bed;
use crate::kubelet::NEVER_READY;
use crate::tools::Tools;

const CHART: &str = "argo-rollouts charts/rollouts --namespace argo-rollouts";

/// The pods of a Deployment are those that it asks for now, and ready.
fn installed(tools: &Tools, namespace: &str, pods: u64) -> Result<(), String> {
    let path = "jsonpath={.status.observedGeneration}/{.metadata.generation} {.status.replicas} {.status.updatedReplicas} {.status.availableReplicas}";
    let words = [
        "get",
        "deployment",
        "-n",
        namespace,
        "-l",
        "app.kubernetes.io/part-of=argo-rollouts",
        "-o",
    ];
    let path = path.replace("{.", "{.items[0].");
    let seen = tools.try_kubectl(&[&words[..], &[&path]].concat());
    let seen = seen.map_err(|error| error.to_string())?;
    let (generations, counts) = seen.split_once(' ').unwrap_or_default();
    let (observed, wanted) = generations.split_once('/').unwrap_or_default();
    if observed == wanted && counts == format!("{pods} {pods} {pods}") {
        return Ok(());
    }
    Err(format!("the Deployment has {seen}"))
}

fn uninstalled(tools: &Tools) -> Result<(), String> {
    let left = tools.list("pods -l app.kubernetes.io/name=argo-rollouts");
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("{} pods are left", left.len()))
    }
}

fn phase(tools: &Tools, rollout: &str, phase: &str) -> Result<Value, String> {
    let (namespace, name) = rollout.split_once('/').unwrap();
    let rollout = tools.kubectl(&format!("get rollout {name} -n {namespace} -o json"));
    let rollout: Value = serde_json::from_str(&rollout).unwrap();
    let status = &rollout["status"];
    let generation = rollout["metadata"]["generation"].to_string();
    // As a text, or as a number.
    let observed = status["observedGeneration"].to_string();
    let is_new = observed.trim_matches('"') == generation;
    if is_new && status["phase"] == phase {
        return Ok(rollout);
    }
    Err(format!("{status:#}"))
}

/// Names and uids of the pods of the examples, in namespace `default`.
fn pods(tools: &Tools) -> BTreeMap<String, String> {
    let pods = tools.list("pods -l app").into_iter();
    let pods = pods.filter(|pod| pod["metadata"]["namespace"] == "default");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    pods.map(|pod| {
        (
            text(&pod["metadata"]["name"]),
            text(&pod["metadata"]["uid"]),
        )
    })
    .collect()
}

/// The pod that holds the Lease; empty when nobody does.
fn leader(tools: &Tools) -> String {
    let holder = tools.kubectl(
        "get lease argo-rollouts-controller-lock -n argo-rollouts -o jsonpath={.spec.holderIdentity}",
    );
    holder.split('_').next().unwrap_or_default().to_owned()
}

#[test]
fn an_installation_comes_changes_goes_and_comes_again_and_no_pod_of_a_user_moves() {
    let Some(mut bed) = Bed::start() else { return };
    from_the_plain_install_to_the_chart(&mut bed);
    bed.tools.kubectl("apply -n default -f examples");
    for rollout in ["default/myapp", "default/myapp-bluegreen"] {
        let made = bed.until(rollout, |tools| phase(tools, rollout, "Healthy"));
        assert!(made["status"]["observedGeneration"].is_string());
    }
    let before = pods(&bed.tools);
    assert_eq!(before.len(), 13);
    // For half a minute the API server's own plugin for owners does not know that there are Rollouts.
    let refused = bed.tools.refused();
    let is_rehearsal =
        |request: &String| request.contains("/replicasets?") && request.contains("dryRun=All");
    assert!(refused.iter().all(is_rehearsal), "{refused:?}");
    upgrade(&mut bed);
    assert_eq!(pods(&bed.tools), before);
    assert_eq!(bed.tools.refused(), refused);

    // All that is the users' stays, and stands still.
    bed.tools
        .helm("uninstall argo-rollouts --namespace argo-rollouts");
    bed.until("the end", uninstalled);
    assert_eq!(bed.tools.list("crd").len(), 5);
    let image = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"myuser/myapp:v3"}]"#;
    bed.tools.kubectl(&format!(
        "patch rollout myapp-bluegreen -n default --type=json -p {image}"
    ));
    one_namespace_only(&mut bed);
    assert_eq!(pods(&bed.tools), before);

    // It goes on where it stopped, with the pods that are there.
    let refused = bed.tools.refused();
    bed.tools.helm(&format!("install {CHART} {NEVER_READY}"));
    bed.until("the chart again", |tools| {
        installed(tools, "argo-rollouts", 2)
    });
    bed.until("the update that waited", |tools| {
        phase(tools, "default/myapp-bluegreen", "Paused")
    });
    let after = pods(&bed.tools);
    assert_eq!(after.len(), 16);
    let stays = |(name, uid): (&String, &String)| after.get(name) == Some(uid);
    assert!(before.iter().all(stays));

    assert_eq!(bed.tools.refused(), refused);
    let logs = bed.logs();
    for complaint in ["unknown flag", "no effect", "ERROR"] {
        assert!(!logs.contains(complaint), "{complaint}: {logs}");
    }
}

fn from_the_plain_install_to_the_chart(bed: &mut Bed) {
    bed.tools.kubectl("apply --server-side -k deploy");
    bed.until("the plain install", |tools| {
        installed(tools, "argo-rollouts", 2)
    });
    bed.tools
        .kubectl("delete deployment argo-rollouts -n argo-rollouts");
    bed.tools.helm(&format!(
        "install {CHART} --take-ownership --force-conflicts {NEVER_READY}"
    ));
    bed.until("the chart", |tools| installed(tools, "argo-rollouts", 2));
}

/// The controller's pods are replaced, and the next leader writes status as Flux reads it.
fn upgrade(bed: &mut Bed) {
    let first = leader(&bed.tools);
    assert!(first.starts_with("argo-rollouts-"), "{first}");
    bed.tools
        .helm(&format!("upgrade {CHART} --set=gitops=flux {NEVER_READY}"));
    bed.until("the upgrade", |tools| installed(tools, "argo-rollouts", 2));
    bed.until("another leader", |tools| {
        let now = leader(tools);
        let is_another = !now.is_empty() && now != first;
        is_another.then_some(()).ok_or(now)
    });
    bed.until("the status as Flux reads it", |tools| {
        let rollout = phase(tools, "default/myapp", "Healthy")?;
        let observed = &rollout["status"]["observedGeneration"];
        let is_number = observed.is_number();
        is_number.then_some(()).ok_or(observed.to_string())
    });
}

/// A controller that looks at its own namespace only, with a Role only.
fn one_namespace_only(bed: &mut Bed) {
    // Helm takes the rights before the pods have stopped: what they ask for last is refused.
    let refused = bed.tools.refused();
    bed.tools.kubectl("create namespace shop");
    bed.tools.helm(&format!(
        "install shop charts/rollouts --namespace shop --set=clusterInstall=false,installCRDs=false,controller.replicas=1 {NEVER_READY}"
    ));
    bed.until("the controller of one namespace", |tools| {
        installed(tools, "shop", 1)
    });
    let ours = "-l app.kubernetes.io/part-of=argo-rollouts";
    let roles = bed.tools.list(&format!("clusterroles {ours}"));
    assert_eq!(roles.len(), 0);
    bed.tools.kubectl("apply -n shop -f examples/canary.yaml");
    bed.until("a Rollout of that namespace", |tools| {
        phase(tools, "shop/myapp", "Healthy")
    });
    // The one of another namespace, whose image was changed, has not been looked at.
    phase(&bed.tools, "default/myapp-bluegreen", "Healthy").unwrap_err();
    bed.tools.kubectl("delete -n shop -f examples/canary.yaml");
    assert_eq!(bed.tools.refused(), refused);
    bed.tools.helm("uninstall shop --namespace shop");
    bed.until("its end", uninstalled);
}

/// What README.md tells people to type.
fn readme() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("## On a cluster\n\n```sh\n").unwrap();
    let (lines, _) = section.split_once("```").unwrap();
    lines.lines().map(str::to_owned).collect()
}

/// Two releases would both own the CRDs; Helm says so before anything is changed.
#[test]
fn after_what_the_readme_says_a_second_release_is_installed_without_crds() {
    let Some(bed) = Bed::start() else { return };
    let tools = &bed.tools;
    let mut said = String::new();
    for line in readme() {
        said = match line.split_once(' ').unwrap() {
            ("helm", rest) => tools.helm(rest),
            ("kubectl", rest) => tools.kubectl(rest),
            _ => panic!("nobody runs {line}"),
        };
    }
    assert!(said.contains("\nmyapp-bluegreen "), "{said}");
    let second = "install blue charts/rollouts --namespace blue --create-namespace";
    let error = tools.try_helm(second).unwrap_err().to_string();
    assert!(error.contains("invalid ownership metadata"), "{error}");
    tools.helm(&format!(
        "{second} --set=installCRDs=false --set-json=controller.extraArgs=[\"--instance-id=blue\"]"
    ));
    let names: Vec<Value> = tools.list("role -l app.kubernetes.io/part-of=argo-rollouts");
    assert_eq!(names.len(), 2);
    // Removed with what it made, for ever.
    tools.helm(&format!(
        "upgrade {CHART} --set=keepCRDs=false,controller.pdb.minAvailable=1"
    ));
    tools.helm("uninstall argo-rollouts --namespace argo-rollouts --wait");
    assert_eq!(tools.list("crd").len(), 0);
    // Everything that a chart of many values renders is what the API server knows, but for what
    // Prometheus' operator and the Gateway API bring.
    let values = "--values=tests/chart/fixtures/argo-rollouts-values.yaml";
    let rest = "--set=controller.metrics.serviceMonitor.enabled=false,dashboard.httproute.enabled=false,networkPolicy.apiServerCIDRs={10.0.0.0/16}";
    let rendered = tools.template(&[values, rest]);
    let apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        "-",
    ];
    let applied = tools.kubectl_with(&apply, &rendered).unwrap();
    assert_eq!(
        applied.lines().count(),
        rendered.matches("\nkind: ").count()
    );
}
