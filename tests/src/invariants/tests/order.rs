//! What comes after what: S9 to S14.

use serde_json::json;

use super::{Planted, blue_green, blue_green_paused, canary, paused, selects, sized, status, step};

#[test]
fn s9_finds_a_switch_that_nobody_asked_for() {
    assert_eq!(
        blue_green()
            .controller("services", "active", &selects("new"))
            .broken(),
        ["S9"]
    );
    let mut promoted = blue_green();
    promoted
        .controller("rollouts", "web", &blue_green_paused())
        .user("rollouts", "web", &status(json!({"pauseConditions": null})))
        .controller("services", "active", &selects("new"));
    assert_eq!(promoted.broken(), Vec::<&str>::new());
}

#[test]
fn s9_finds_a_switch_to_pods_that_are_not_available() {
    let mut planted = blue_green();
    planted
        .controller("rollouts", "web", &blue_green_paused())
        .user("rollouts", "web", &status(json!({"pauseConditions": null})))
        .cluster(
            "replicasets",
            "web-new",
            &status(json!({"availableReplicas": 2})),
        )
        .controller("services", "active", &selects("new"));
    assert_eq!(planted.broken(), ["S9"]);
}

#[test]
fn s9_finds_a_switch_to_nothing() {
    assert_eq!(
        blue_green()
            .controller("services", "active", &selects(""))
            .broken(),
        ["S9"]
    );
    assert_eq!(
        blue_green()
            .controller("services", "active", &selects("nobody"))
            .broken(),
        ["S9"]
    );
}

#[test]
fn s9_finds_a_wait_that_was_cut_short() {
    let switched_after = |seconds| {
        let mut planted = blue_green();
        planted
            .user(
                "rollouts",
                "web",
                &json!({"spec": {"strategy": {"blueGreen": {
                    "autoPromotionEnabled": null, "autoPromotionSeconds": 60}}}}),
            )
            .controller("rollouts", "web", &blue_green_paused())
            .after(seconds)
            .controller("services", "active", &selects("new"));
        planted.broken()
    };
    assert_eq!(switched_after(59), ["S9"]);
    assert_eq!(switched_after(60), Vec::<&str>::new());
}

/// Promoted and switched.
fn switched() -> Planted {
    let mut planted = blue_green();
    planted
        .controller("rollouts", "web", &blue_green_paused())
        .user("rollouts", "web", &status(json!({"pauseConditions": null})))
        .controller("services", "active", &selects("new"))
        .controller("rollouts", "web", &status(json!({"stableRS": "new"})));
    planted
}

#[test]
fn s10_finds_old_pods_that_go_before_their_delay_is_over() {
    let dropped_after = |seconds| {
        switched()
            .after(seconds)
            .controller("replicasets", "web-old", &sized(0))
            .broken()
    };
    assert_eq!(dropped_after(29), ["S10"]);
    assert_eq!(dropped_after(30), Vec::<&str>::new());
}

#[test]
fn s10_finds_pods_that_go_while_users_reach_them() {
    assert_eq!(
        blue_green()
            .controller("replicasets", "web-old", &sized(2))
            .broken(),
        ["S10"]
    );
}

#[test]
fn s11_finds_a_step_that_was_jumped_over() {
    assert_eq!(
        canary().controller("rollouts", "web", &step(2)).broken(),
        ["S11"]
    );
    assert_eq!(
        canary().controller("rollouts", "web", &step(1)).broken(),
        Vec::<&str>::new()
    );
}

#[test]
fn s11_finds_a_weight_that_was_left_before_its_pods_were_available() {
    let mut planted = canary();
    planted
        .cluster(
            "replicasets",
            "web-new",
            &status(json!({"availableReplicas": 0})),
        )
        .controller("rollouts", "web", &step(1));
    assert_eq!(planted.broken(), ["S11"]);
}

#[test]
fn s11_does_not_mind_a_person_who_jumps() {
    assert_eq!(
        canary().user("rollouts", "web", &step(3)).broken(),
        Vec::<&str>::new()
    );
}

#[test]
fn s12_finds_a_pause_that_nobody_ended() {
    let mut planted = canary();
    planted
        .controller("rollouts", "web", &step(1))
        .controller("rollouts", "web", &paused())
        .after(3600)
        .controller("rollouts", "web", &step(2));
    assert_eq!(planted.broken(), ["S12"]);
}

#[test]
fn s12_finds_a_timed_pause_that_was_cut_short() {
    let left_after = |seconds| {
        let mut planted = canary();
        planted
            .user("rollouts", "web", &step(2))
            .controller("rollouts", "web", &paused())
            .after(seconds)
            .controller("rollouts", "web", &step(3));
        planted.broken()
    };
    assert_eq!(left_after(299), ["S12"]);
    assert_eq!(left_after(300), Vec::<&str>::new());
}

#[test]
fn s12_finds_a_pause_that_was_never_committed() {
    let mut planted = canary();
    planted
        .controller("rollouts", "web", &step(1))
        .controller("rollouts", "web", &step(2));
    assert_eq!(planted.broken(), ["S12"]);
}

#[test]
fn s13_finds_an_abort_that_the_controller_takes_back() {
    let mut planted = canary();
    planted
        .user("rollouts", "web", &status(json!({"abort": true})))
        .controller("rollouts", "web", &status(json!({"abort": null})));
    assert_eq!(planted.broken(), ["S13"]);
}

#[test]
fn s13_finds_a_canary_that_grows_after_its_abort() {
    let mut planted = canary();
    planted
        .user("rollouts", "web", &status(json!({"abort": true})))
        .controller("replicasets", "web-new", &sized(2));
    assert_eq!(planted.broken(), ["S13"]);
}

#[test]
fn s13_finds_an_aborted_version_that_gets_the_users() {
    let mut planted = blue_green();
    planted
        .controller("rollouts", "web", &blue_green_paused())
        .user("rollouts", "web", &status(json!({"pauseConditions": null})))
        .user("rollouts", "web", &status(json!({"abort": true})))
        .controller("services", "active", &selects("new"));
    assert!(planted.broken().contains(&"S13"), "{:?}", planted.broken());
}

#[test]
fn s14_finds_users_who_are_left_on_an_aborted_version() {
    let mut planted = switched();
    planted
        .controller("rollouts", "web", &status(json!({"stableRS": "old"})))
        .user("rollouts", "web", &status(json!({"abort": true})))
        .after(6)
        .cluster(
            "pods",
            "web-old-0",
            &json!({"status": {"phase": "Running"}}),
        );
    assert!(planted.broken().contains(&"S14"), "{:?}", planted.broken());
}

#[test]
fn s14_finds_a_canary_that_is_left_after_its_abort() {
    let mut planted = canary();
    planted
        .user("rollouts", "web", &status(json!({"abort": true})))
        .set("old", 10)
        .after(60)
        .cluster(
            "pods",
            "web-old-0",
            &json!({"status": {"phase": "Running"}}),
        );
    assert_eq!(planted.broken(), ["S14"]);
}

#[test]
fn s14_finds_an_abort_that_nobody_answers() {
    let mut planted = canary();
    planted
        .user("rollouts", "web", &status(json!({"abort": true})))
        .after(60)
        .cluster(
            "pods",
            "web-old-0",
            &json!({"status": {"phase": "Running"}}),
        );
    assert_eq!(planted.broken(), ["S14"]);
}
