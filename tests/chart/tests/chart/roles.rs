//! The roles hold the controller's rights, and nothing else.

use std::collections::BTreeSet;

use controller::rights::{LEASE, Place, RIGHTS};
use serde_json::Value;

use crate::{helm, only};

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

fn needed(place: impl Fn(Place) -> bool, lease: &str) -> BTreeSet<String> {
    let rights = RIGHTS.iter().filter(|it| place(it.place));
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

fn assert_bound(binding: &Value, role: &str) {
    assert_eq!(binding["roleRef"]["kind"], role);
    assert_eq!(binding["roleRef"]["name"], "argo-rollouts");
    let subjects = serde_json::json!([
        {"kind": "ServiceAccount", "name": "argo-rollouts", "namespace": "argo-rollouts"}
    ]);
    assert_eq!(binding["subjects"], subjects);
}

#[test]
fn for_all_namespaces_they_are_in_a_cluster_role_and_the_lease_is_in_a_role() {
    let Some(helm) = helm() else { return };
    let objects = helm
        .objects(&["--set=createClusterAggregateRoles=false"])
        .unwrap();
    let watched = needed(|place| place == Place::Watched, LEASE);
    assert_eq!(allowed(only(&objects, "ClusterRole")), watched);
    assert_bound(only(&objects, "ClusterRoleBinding"), "ClusterRole");
    let own = needed(|place| place != Place::Watched, LEASE);
    assert_eq!(allowed(only(&objects, "Role")), own);
    assert_bound(only(&objects, "RoleBinding"), "Role");
}

#[test]
fn for_one_namespace_all_of_them_are_in_a_role() {
    let Some(helm) = helm() else { return };
    let objects = helm.objects(&["--set=clusterInstall=false"]).unwrap();
    assert_eq!(allowed(only(&objects, "Role")), needed(|_| true, LEASE));
    assert_bound(only(&objects, "RoleBinding"), "Role");
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
        let own = needed(|place| place != Place::Watched, &lease);
        assert_eq!(allowed(only(&objects, "Role")), own);
    }
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
