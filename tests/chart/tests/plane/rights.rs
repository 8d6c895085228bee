//! The rights that the plain install gives to the dashboard: enough, and not one too many.

use std::process::Command;
use std::time::Duration;

use cluster::Process;
use dashboard::rights::{RIGHTS, Right};
use serde_json::json;

use crate::bed::Bed;
use crate::dashboard::{available, within};
use crate::kubelet::{NEVER_READY, free_port};
use crate::tools::Tools;
use crate::viewer::{Stream, Viewer};

/// Longest wait until a program has done what it does first.
const PATIENCE: Duration = Duration::from_secs(60);

/// A dashboard that lacks a right, with somebody who looks at it.
struct Lacking {
    right: String,
    user: String,
    viewer: Viewer,
    stream: Option<Stream>,
    _process: Process,
}

/// All rights but one verb of one of them; all of them without an index.
fn rules(without: Option<(usize, &str)>) -> serde_json::Value {
    let rule = |(index, right): (usize, &Right)| {
        let verbs = right.verbs.iter();
        let verbs = verbs.filter(|verb| without != Some((index, verb)));
        let verbs: Vec<&str> = verbs.copied().collect();
        let rule =
            json!({"apiGroups": [right.group], "resources": [right.resource], "verbs": verbs});
        (!verbs.is_empty()).then_some(rule)
    };
    RIGHTS.iter().enumerate().filter_map(rule).collect()
}

/// Starts a dashboard with the rights of an account that has these alone.
fn start(bed: &Bed, token: &str, name: &str, without: Option<(usize, &str)>) -> Lacking {
    let object = |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}});
    let (mut role, mut binding) = (object("ClusterRole"), object("ClusterRoleBinding"));
    role["rules"] = rules(without);
    binding["roleRef"] =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
    binding["subjects"] =
        json!([{"kind": "ServiceAccount", "name": name, "namespace": "argo-rollouts"}]);
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": "argo-rollouts"}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [account, role, binding]});
    let apply = ["apply", "-f", "-"];
    bed.tools.kubectl_with(&apply, &list.to_string()).unwrap();
    let port = free_port();
    let mut command = Command::new(cluster::shipped("rollouts-dashboard").unwrap());
    command.args(["--login=token", &format!("--listen=127.0.0.1:{port}")]);
    let process = bed.kubelet.start_as(&bed.tools, name, &mut command);
    let right = without.map_or(String::new(), |(index, verb)| {
        format!("{verb} {}/{}", RIGHTS[index].group, RIGHTS[index].resource)
    });
    Lacking {
        right,
        user: format!("system:serviceaccount:argo-rollouts:{name}"),
        viewer: Viewer::new(port, Some(token)),
        stream: None,
        _process: process,
    }
}

/// Looks at the list and, without leaving, at a page.
fn look(lacking: &mut Lacking) {
    let is_there = || lacking.viewer.reaches("/healthz").then_some(());
    within(PATIENCE, is_there).expect("the program does not listen");
    lacking.viewer.get("/api/v1/rollouts");
    lacking.stream = Some(lacking.viewer.stream("?rollout=shop/myapp"));
}

#[test]
fn the_plain_install_gives_the_dashboard_enough_rights_and_not_one_too_many() {
    let Some(mut bed) = Bed::start() else { return };
    bed.tools.kubectl("apply --server-side -k deploy");
    bed.tools.kubectl("apply --server-side -k deploy/dashboard");
    bed.tools.kubectl("create namespace shop");
    bed.tools.kubectl("apply -n shop -f examples/canary.yaml");
    bed.until("the plain install", |tools| {
        available(tools, "argo-rollouts", "argo-rollouts-dashboard")
    });
    let token = wall(&bed.tools);
    let viewer = Viewer::new(bed.kubelet.dashboard("argo-rollouts"), Some(&token));
    bed.until("the Rollout", |_| {
        let seen = viewer.list();
        let is_seen = seen.as_ref().is_ok_and(|it| it.contains("shop/myapp"));
        is_seen.then_some(()).ok_or(format!("{seen:?}"))
    });

    let mut complete = start(&bed, &token, "complete", None);
    let mut all = Vec::new();
    for (index, right) in RIGHTS.iter().enumerate() {
        for verb in right.verbs {
            let name = format!("without-{verb}-{}", right.resource);
            all.push(start(&bed, &token, &name, Some((index, verb))));
        }
    }
    look(&mut complete);
    all.iter_mut().for_each(look);
    for it in &all {
        let is_missed = || {
            bed.tools
                .refused_to(&it.user)
                .contains(&it.right)
                .then_some(())
        };
        within(PATIENCE, is_missed).unwrap_or_else(|| {
            let asked = bed.tools.asked_by(&it.user);
            panic!("nobody needs {}: {asked:?}", it.right)
        });
    }
    assert!(bed.tools.refused_to(&complete.user).is_empty());
    in_one_namespace_it_reads_that_namespace(&mut bed, &token);
}

/// A token of somebody who may see everything.
fn wall(tools: &Tools) -> String {
    tools.kubectl("create serviceaccount wall -n argo-rollouts");
    tools.kubectl(
        "create clusterrolebinding wall --clusterrole=view --serviceaccount=argo-rollouts:wall",
    );
    let token = tools.kubectl("create token wall -n argo-rollouts");
    token.trim().to_owned()
}

/// By a Role, whoever looks.
fn in_one_namespace_it_reads_that_namespace(bed: &mut Bed, token: &str) {
    bed.tools.kubectl("create namespace team");
    bed.tools.helm(&format!(
        "install team charts/rollouts --namespace team --set=clusterInstall=false,installCRDs=false,dashboard.enabled=true,controller.replicas=1 {NEVER_READY}"
    ));
    bed.tools
        .kubectl("apply -n team -f examples/blue-green.yaml");
    bed.until("the dashboard of one namespace", |tools| {
        available(tools, "team", "team-argo-rollouts-dashboard")
    });
    let viewer = Viewer::new(bed.kubelet.dashboard("team"), Some(token));
    bed.until("its Rollout", |_| {
        let seen = viewer.list();
        let expected = Ok(["team/myapp-bluegreen".to_owned()].into());
        (seen == expected).then_some(()).ok_or(format!("{seen:?}"))
    });
    let page = bed.until("a whole page", |_| {
        let page = viewer.page("team", "myapp-bluegreen");
        let is_whole = page["unseen"].as_array().unwrap().is_empty();
        is_whole.then(|| page.clone()).ok_or(page.to_string())
    });
    assert_eq!(page["services"][0]["found"], true, "{page}");
    let its = "system:serviceaccount:team:team-argo-rollouts-dashboard";
    assert!(bed.tools.refused_to(its).is_empty());
}
