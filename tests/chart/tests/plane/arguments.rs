//! The program knows every argument that the chart gives it.

use std::process::Command;

use chart::Helm;

/// What the program says about these arguments before it looks for a cluster.
fn said_about(arguments: &[String]) -> String {
    let program = cluster::shipped("rollouts-controller").unwrap();
    let output = Command::new(program)
        .args(arguments)
        .args(["--kubeconfig", "/nonexistent"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("failed to read /nonexistent"), "{said}");
    said
}

#[test]
fn no_argument_of_the_chart_is_unknown_or_without_effect() {
    let Ok(helm) = Helm::find() else {
        assert!(std::env::var_os("CI").is_none(), "no Helm");
        return;
    };
    let argos = "--values=tests/chart/fixtures/argo-rollouts-values.yaml";
    for values in [
        "--set=gitops=",
        "--set=gitops=flux,clusterInstall=false,controller.logging.format=json",
        argos,
    ] {
        let objects = helm.objects(&[values]).unwrap();
        let deployment = objects.iter().find(|it| it["kind"] == "Deployment");
        let arguments = &deployment.unwrap()["spec"]["template"]["spec"]["containers"][0]["args"];
        let arguments: Vec<String> = serde_json::from_value(arguments.clone()).unwrap();
        let said = said_about(&arguments);
        for complaint in ["unknown flag", "no effect"] {
            assert!(!said.contains(complaint), "{arguments:?}: {said}");
        }
    }
    // The test would notice one.
    assert!(said_about(&["--no-such-flag=1".to_owned()]).contains("unknown flag"));
}
