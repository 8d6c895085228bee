//! Our programs know every argument that the chart gives them.

use std::process::Command;

use chart::Helm;
use serde_json::Value;

use crate::kubelet::program;

/// What a program says about these arguments before it looks for a cluster.
fn said_about(program: &str, arguments: &[String]) -> String {
    let output = Command::new(cluster::shipped(program).unwrap())
        .args(arguments)
        .args(["--kubeconfig", "/nonexistent"])
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

/// The program of a Deployment, and its arguments.
fn run_by(deployment: &Value) -> (&str, Vec<String>) {
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let arguments = serde_json::from_value(container["args"].clone()).unwrap();
    (program(container), arguments)
}

#[test]
fn no_argument_of_the_chart_is_unknown_or_without_effect() {
    let Ok(helm) = Helm::find() else {
        assert!(std::env::var_os("CI").is_none(), "no Helm");
        return;
    };
    let argos = "--values=tests/chart/fixtures/argo-rollouts-values.yaml";
    let proxy = r#"--set-json=dashboard={"login":"proxy","service":{"targetPort":4180},"extraContainers":[{"name":"proxy"}],"extraArgs":["--user-header=X-User","--groups-header=X-Groups"]}"#;
    let on = "--set=dashboard.enabled=true";
    for values in [
        ["--set=gitops=", on],
        [
            "--set=gitops=flux,clusterInstall=false,controller.logging.format=json,dashboard.logging.format=json",
            on,
        ],
        [on, proxy],
        [on, argos],
    ] {
        let objects = helm.objects(&values).unwrap();
        let deployments = objects.iter().filter(|it| it["kind"] == "Deployment");
        let all: Vec<_> = deployments.map(run_by).collect();
        let mut programs: Vec<&str> = all.iter().map(|it| it.0).collect();
        programs.sort_unstable();
        assert_eq!(programs, ["rollouts-controller", "rollouts-dashboard"]);
        for (program, arguments) in all {
            let said = said_about(program, &arguments);
            assert!(said.contains("failed to read /nonexistent"), "{said}");
            for complaint in ["unknown flag", "no effect"] {
                assert!(!said.contains(complaint), "{arguments:?}: {said}");
            }
        }
    }
    // The test would notice one.
    let unknown = ["--no-such-flag=1".to_owned()];
    assert!(said_about("rollouts-controller", &unknown).contains("unknown flag"));
    let said = said_about("rollouts-dashboard", &unknown);
    assert!(!said.contains("failed to read"), "{said}");
}
