//! A ValidatingAdmissionPolicy that refuses what the controller does: people read its words, nothing
//! else moves, and the rollout goes on once it is gone.

use cluster::{Cluster, World};

use crate::canary::{WEB, sizes};

/// Denies the controller some writes of ReplicaSets in one namespace, while it lives.
struct Policy<'a> {
    world: &'a World,
}

impl<'a> Policy<'a> {
    /// `allowed` is what is not denied, in CEL; `probe` is a write that is denied as soon as the
    /// policy is known.
    fn new(world: &'a World, operation: &str, allowed: &str, words: &str, probe: &str) -> Self {
        let (name, user) = (world.namespace(), Cluster::controller_user());
        let manifests = format!(
            r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  matchConstraints:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}
    resourceRules:
    - {{apiGroups: [apps], apiVersions: [v1], resources: [replicasets], operations: [{operation}]}}
  matchConditions: [{{name: controller, expression: 'request.userInfo.username == "{user}"'}}]
  validations: [{{expression: '{allowed}', message: {words}}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}, validationActions: [Deny]}}
"#
        );
        let policy = Self { world };
        let apply = world.cluster().kubectl(&["apply", "-f", "-"], &manifests);
        apply.unwrap();
        let probe = format!("{probe} --dry-run=server --as={user}");
        for _ in 0..300 {
            match world.try_kubectl(&probe) {
                Err(error) if error.to_string().contains(words) => return policy,
                _ => std::thread::sleep(std::time::Duration::from_millis(200)),
            }
        }
        panic!("the policy is not known in a minute");
    }
}

impl Drop for Policy<'_> {
    fn drop(&mut self) {
        let name = self.world.namespace();
        let kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy";
        let delete = ["delete", kinds, name];
        if let Err(error) = self.world.cluster().kubectl(&delete, "") {
            eprintln!("{error:#}");
        }
    }
}

/// Waits until a part of the Rollout's status has the words.
fn until_told(world: &World, part: &str, words: &str) {
    world.until(&format!("{part} says {words:?}"), |objects| {
        let web = objects.get("rollouts", "default", "web")?;
        let told = web.pointer("/status")?.get(part)?.to_string();
        told.contains(words).then_some(())
    });
}

#[test]
fn a_policy_that_denies_new_replica_sets_is_told_of_and_waited_for() {
    let Some(world) = World::open("policy-create") else {
        return;
    };
    const WORDS: &str = "no-new-revisions-on-a-friday";
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    let stable = world.list("replicasets");
    let probe = "create -f tests/cluster/tests/plane/policy-probe.yaml";
    let policy = Policy::new(&world, "CREATE", "false", WORDS, probe);
    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    // The template is rehearsed before anything is made of it.
    until_told(&world, "conditions", WORDS);
    assert_eq!(sizes(&world), [("v1".to_owned(), 4)]);
    assert_eq!(world.list("replicasets").len(), stable.len());
    drop(policy);
    world.until_phase("web", "Paused");
    assert_eq!(sizes(&world), [("v1".to_owned(), 3), ("v2".to_owned(), 1)]);
    world.check();
}

#[test]
fn a_policy_that_denies_scaling_is_told_of_and_waited_for() {
    let Some(world) = World::open("policy-scale") else {
        return;
    };
    const WORDS: &str = "nothing-is-scaled-on-a-friday";
    world.apply(WEB);
    world.until_phase("web", "Healthy");
    world.kubectl("rollouts set image web server=registry.test/shop:v2");
    world.until_phase("web", "Paused");
    let stable = world
        .list("replicasets")
        .iter()
        .find(|set| tests::reading::replicas(set) == 3)
        .map(|set| tests::reading::name(set).to_owned())
        .unwrap();
    let probe =
        format!("patch replicaset {stable} --type=merge -p {{\"spec\":{{\"replicas\":9}}}}");
    let same = "object.spec.replicas == oldObject.spec.replicas";
    let policy = Policy::new(&world, "UPDATE", same, WORDS, &probe);
    world.kubectl("rollouts promote web --full");
    until_told(&world, "waitingOn", WORDS);
    assert_eq!(sizes(&world), [("v1".to_owned(), 3), ("v2".to_owned(), 1)]);
    drop(policy);
    world.until_phase("web", "Healthy");
    assert_eq!(sizes(&world), [("v2".to_owned(), 4)]);
    world.check();
}
