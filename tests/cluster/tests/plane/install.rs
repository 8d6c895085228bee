use cluster::Cluster;

#[test]
fn every_crd_is_accepted_by_a_real_api_server() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let path = r#"jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Established")].status} {.status.conditions[?(@.type=="NonStructuralSchema")].status}{"\n"}{end}"#;
    let crds = cluster.kubectl(&["get", "crd", "-o", path], "").unwrap();
    let expected = [
        "analysisruns.argoproj.io True ",
        "analysistemplates.argoproj.io True ",
        "clusteranalysistemplates.argoproj.io True ",
        "experiments.argoproj.io True ",
        "rollouts.argoproj.io True ",
    ];
    assert_eq!(crds.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_installed_is_installed_again_without_a_change() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let again = ["apply", "--server-side", "-k", "deploy"];
    let path = "jsonpath={.items[*].metadata.resourceVersion}";
    let see = || {
        cluster
            .kubectl(&["get", "-k", "deploy", "-o", path], "")
            .unwrap()
    };
    let before = see();
    cluster.kubectl(&again, "").unwrap();
    assert_eq!(see(), before);
}
