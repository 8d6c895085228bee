//! The rights that are installed: enough, and not one too many.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use controller::rights::{LEASE, Place, RIGHTS, Right};
use controller::{Config, LeaderElection};
use serde_json::json;
use sim::Intercept;

use crate::world::{World, canary, rollout, service};

/// A right that no request needs, but an admission plugin of some clusters.
const NEVER_ASKED_FOR: &str = "rollouts/finalizers";

/// Makes, updates and removes a canary and a blue-green Rollout, with exactly these rights. Returns
/// what was refused.
async fn refused(rights: Vec<Right>) -> Vec<String> {
    let world = World::new();
    let refusals: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = refusals.clone();
    world.fail(move |request| {
        let refusal = tests::rights::hold_to(rights.iter().copied(), request);
        if let Some(Intercept::Answer(error)) = &refusal {
            noted.lock().unwrap().push(format!("{error:?}"));
        }
        refusal
    });
    let election = LeaderElection {
        namespace: "default".to_owned(),
        name: LEASE.to_owned(),
        identity: "only".to_owned(),
        lease_duration: Duration::from_secs(15),
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    };
    let _controller = world.run_with(Config {
        leader_election: Some(election),
        ..Config::default()
    });
    let minutes = async |count: u64| tokio::time::sleep(Duration::from_secs(60 * count)).await;
    let blue_green = json!({"blueGreen": {"activeService": "active", "scaleDownDelaySeconds": 4}});
    let mut web = rollout("web", 4, canary());
    web["spec"]["revisionHistoryLimit"] = json!(0);
    world.create(service("active", "shop")).await;
    world.create(web).await;
    world.create(rollout("shop", 2, blue_green)).await;
    minutes(3).await;
    // The same pause twice: the second time its Event is counted up.
    for image in ["app:v2", "app:v3"] {
        world.set_image("web", image).await;
        world.set_image("shop", image).await;
        minutes(3).await;
    }
    if refusals.lock().unwrap().is_empty() {
        assert_eq!(world.pods().await, ["app:v3=2", "app:v3=4"]);
    }
    world.delete("Rollout", "shop").await;
    minutes(3).await;
    let refusals = refusals.lock().unwrap();
    refusals.clone()
}

#[tokio::test(start_paused = true)]
async fn the_rights_are_enough() {
    assert_eq!(refused(RIGHTS.to_vec()).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_any_one_of_them_something_is_refused() {
    for (index, right) in RIGHTS.iter().enumerate() {
        if right.resource == NEVER_ASKED_FOR {
            continue;
        }
        for verb in right.verbs {
            let mut rights = RIGHTS.to_vec();
            let rest = right.verbs.iter().copied().filter(|it| it != verb);
            rights[index].verbs = rest.collect::<Vec<_>>().leak();
            let refused = refused(rights).await;
            assert!(
                !refused.is_empty(),
                "nobody needs {verb} {}",
                right.resource
            );
        }
    }
}

/// Whoever changes only the image of an existing installation keeps its ClusterRole.
///
/// Source: `compat/controller.md` §7, of the resources that we use.
#[test]
fn all_of_them_are_in_the_role_of_existing_installations() {
    let existing = [
        ("rollouts", "get list watch update patch"),
        ("rollouts/status", "get list watch update patch"),
        ("rollouts/finalizers", "get list watch update patch"),
        ("replicasets", "create get list watch update patch delete"),
        ("services", "get list watch patch create delete"),
        ("leases", "create get update"),
        ("events", "create update patch"),
    ];
    for right in RIGHTS {
        let (_, verbs) = existing.iter().find(|it| it.0 == right.resource).unwrap();
        for verb in right.verbs {
            assert!(
                verbs.split(' ').any(|it| it == *verb),
                "{verb} {}",
                right.resource
            );
        }
    }
}

#[test]
fn nothing_of_secrets_of_roles_or_of_everything_is_among_them() {
    for Right {
        group,
        resource,
        verbs,
        place,
        ..
    } in RIGHTS
    {
        assert!(
            !["secrets", "configmaps", "pods"].contains(resource),
            "{resource}"
        );
        assert_ne!(*group, "rbac.authorization.k8s.io");
        for word in verbs.iter().chain([group, resource]) {
            assert!(!word.contains('*') && !["bind", "escalate", "impersonate"].contains(word));
        }
        assert_eq!(*resource == "leases", *place != Place::Watched);
    }
}
