//! The roles hold the rights of our programs, and nothing else.

use std::collections::BTreeSet;

use chart::Helm;
use controller::rights::{LEASE, RIGHTS};
use crds::rights::{Place, Right};
use serde_json::Value;

use crate::{helm, only};

const ACCOUNT: &str = "argo-rollouts";
const DASHBOARD: &str = "argo-rollouts-dashboard";

/// `verb group/resource` or, where the right is bound to a name, `verb group/resource name`.
fn allowed(role: &Value) -> BTreeSet<String> {
    let words = |rule: &Value, field: &str| -> Vec<String> {
        let words = rule[field].as_array().into_iter().flatten();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        let mut names = words(rule, "resourceNames");
        names.iter_mut().for_each(|name| name.insert(0, ' '));
        if names.is_empty() {
            names.push(String::new());
        }
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    let line = |name| format!("{verb} {group}/{resource}{name}");
                    all.extend(names.iter().map(line));
                }
            }
        }
    }
    all
}

fn needed(rights: &[Right], place: impl Fn(Place) -> bool, lease: &str) -> BTreeSet<String> {
    let rights = rights.iter().filter(|it| place(it.place));
    rights
        .flat_map(|right| {
            let name = if right.place == Place::OwnLease {
                format!(" {lease}")
            } else {
                String::new()
            };
            let (group, resource) = (right.group, right.resource);
            let line = move |verb| format!("{verb} {group}/{resource}{name}");
            right.verbs.iter().map(line)
        })
        .collect()
}

fn assert_bound(binding: &Value, role: &Value, account: &str) {
    assert_eq!(binding["roleRef"]["kind"], role["kind"]);
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    let subjects = serde_json::json!([
        {"kind": "ServiceAccount", "name": account, "namespace": "argo-rollouts"}
    ]);
    assert_eq!(binding["subjects"], subjects);
}

#[test]
fn for_all_namespaces_they_are_in_a_cluster_role_and_the_lease_is_in_a_role() {
    let Some(helm) = helm() else { return };
    let objects = helm
        .objects(&["--set=createClusterAggregateRoles=false"])
        .unwrap();
    let watched = needed(RIGHTS, |place| place == Place::Watched, LEASE);
    let (cluster, role) = (only(&objects, "ClusterRole"), only(&objects, "Role"));
    assert_eq!(allowed(cluster), watched);
    assert_bound(only(&objects, "ClusterRoleBinding"), cluster, ACCOUNT);
    let own = needed(RIGHTS, |place| place != Place::Watched, LEASE);
    assert_eq!(allowed(role), own);
    assert_bound(only(&objects, "RoleBinding"), role, ACCOUNT);
}

#[test]
fn for_one_namespace_all_of_them_are_in_a_role() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&["--set=clusterInstall=false"]).unwrap();
    let role = only(&objects, "Role");
    assert_eq!(allowed(role), needed(RIGHTS, |_| true, LEASE));
    assert_bound(only(&objects, "RoleBinding"), role, ACCOUNT);
    let kinds = objects.iter().map(|it| it["kind"].as_str().unwrap());
    assert_eq!(kinds.filter(|kind| kind.starts_with("Cluster")).count(), 0);
}

#[test]
fn the_lease_is_that_of_the_instance() {
    let Some(helm) = helm() else { return };
    for arguments in [r#"["--instance-id=blue"]"#, r#"["--instance-id", "blue"]"#] {
        let arguments = format!("--set-json=controller.extraArgs={arguments}");
        let objects = helm.objects(&[&arguments]).unwrap();
        let lease = format!("{LEASE}-blue");
        let own = needed(RIGHTS, |place| place != Place::Watched, &lease);
        assert_eq!(allowed(only(&objects, "Role")), own);
    }
}

/// The objects of the dashboard.
fn dashboard(helm: &Helm, values: &str) -> Vec<Value> {
    let values = format!("--set=dashboard.enabled=true,createClusterAggregateRoles=false,{values}");
    let objects = helm.objects(&[&values]).unwrap().into_iter();
    let is_its = |it: &Value| {
        it["metadata"]["labels"]["app.kubernetes.io/component"] == "rollouts-dashboard"
    };
    objects.filter(is_its).collect()
}

#[test]
fn the_dashboard_has_its_rights_in_a_cluster_role_and_no_other_role() {
    let Some(helm) = helm() else { return };
    let objects = dashboard(&helm, "clusterInstall=true");
    let role = only(&objects, "ClusterRole");
    let all = needed(dashboard::rights::RIGHTS, |_| true, LEASE);
    assert_eq!(allowed(role), all);
    assert_bound(only(&objects, "ClusterRoleBinding"), role, DASHBOARD);
    assert!(objects.iter().all(|it| it["kind"] != "Role"));
}

/// Who somebody is, and what they may see, is a question to the cluster.
#[test]
fn the_dashboard_of_one_namespace_asks_the_cluster_and_reads_by_a_role() {
    let Some(helm) = helm() else { return };
    let objects = dashboard(&helm, "clusterInstall=false");
    let (cluster, role) = (only(&objects, "ClusterRole"), only(&objects, "Role"));
    let rights = dashboard::rights::RIGHTS;
    let asked = needed(rights, |place| place == Place::Cluster, LEASE);
    assert_eq!(allowed(cluster), asked);
    assert_bound(only(&objects, "ClusterRoleBinding"), cluster, DASHBOARD);
    let read = needed(rights, |place| place == Place::Watched, LEASE);
    assert_eq!(allowed(role), read);
    assert_bound(only(&objects, "RoleBinding"), role, DASHBOARD);
    // Another release in another namespace has another one.
    assert_eq!(
        cluster["metadata"]["name"],
        "argo-rollouts-argo-rollouts-dashboard"
    );
}

#[test]
fn no_role_of_the_dashboard_can_write_or_has_a_wildcard() {
    let Some(helm) = helm() else { return };
    for values in ["clusterInstall=true", "clusterInstall=false"] {
        let objects = dashboard(&helm, values);
        let roles = objects.iter().filter(|it| !it["rules"].is_null());
        let rights: Vec<String> = roles.flat_map(allowed).collect();
        assert_eq!(rights.len(), 16);
        for right in rights {
            let is_review = [
                "create authentication.k8s.io/tokenreviews",
                "create authorization.k8s.io/subjectaccessreviews",
            ]
            .contains(&right.as_str());
            let verb = right.split(' ').next().unwrap();
            assert!(
                is_review || ["get", "list", "watch"].contains(&verb),
                "{right}"
            );
            assert!(
                !right.contains('*') && !right.contains("secrets"),
                "{right}"
            );
        }
    }
}

#[test]
fn a_cluster_role_of_somebody_else_can_take_the_place_of_the_dashboards() {
    let Some(helm) = helm() else { return };
    let objects = dashboard(&helm, "dashboard.createClusterRole=false");
    assert!(
        objects
            .iter()
            .all(|it| !it["kind"].as_str().unwrap().contains("Role"))
    );
}

/// `get` and `list` on all of `rollouts`, and what promoting and aborting needs.
#[test]
fn the_roles_of_people_cover_rollouts() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&[]).unwrap();
    let role = |to: &str| {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{to}");
        let mut roles = objects
            .iter()
            .filter(|it| it["metadata"]["labels"][&label] == "true");
        allowed(roles.next().unwrap())
    };
    assert_eq!(role("view").len(), 18);
    assert!(role("view").iter().all(|it| !it.starts_with("patch")));
    assert_eq!(role("edit"), role("admin"));
    assert!(role("edit").is_superset(&role("view")));
    assert!(role("edit").contains("patch argoproj.io/rollouts/status"));
}
