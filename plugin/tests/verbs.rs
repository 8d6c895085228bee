//! Each verb over an API server: what it sends, what it says, how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "helpers of tests, outside the functions that clippy knows as tests"
)]

use std::time::Duration;

use plugin::name::Name;
use serde_json::{Value, json};

mod bench;

use bench::{Bench, Done};

fn paused() -> Value {
    json!({
        "observedGeneration": "1", "phase": "Paused", "message": "CanaryPauseStep",
        "currentStepIndex": 1, "controllerPause": true, "stableRS": "a", "currentPodHash": "b",
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}],
    })
}

fn done(out: &str) -> Done {
    Done {
        exit: 0,
        out: out.to_owned(),
        err: String::new(),
    }
}

fn failed(err: &str) -> Done {
    Done {
        exit: 1,
        out: String::new(),
        err: err.to_owned(),
    }
}

#[tokio::test]
async fn every_write_is_the_request_that_controllers_of_this_api_know() {
    for (line, sent, out) in [
        (
            "abort web",
            vec![r#"PATCH rollouts/web/status merge-patch+json {"status":{"abort":true}}"#],
            "rollout 'web' aborted\n",
        ),
        (
            "retry rollout web",
            vec![r#"PATCH rollouts/web/status merge-patch+json {"status":{"abort":false}}"#],
            "rollout 'web' retried\n",
        ),
        (
            "pause web",
            vec![r#"PATCH rollouts/web merge-patch+json {"spec":{"paused":true}}"#],
            "rollout 'web' paused\n",
        ),
        (
            "promote web",
            vec![
                r#"PATCH rollouts/web/status merge-patch+json {"status":{"pauseConditions":null}}"#,
            ],
            "rollout 'web' promoted\n",
        ),
        (
            "promote --full web",
            vec![r#"PATCH rollouts/web/status merge-patch+json {"status":{"promoteFull":true}}"#],
            "rollout 'web' fully promoted\n",
        ),
        (
            "abort web --dry-run=server",
            vec![
                r#"PATCH rollouts/web/status?dryRun=All merge-patch+json {"status":{"abort":true}}"#,
            ],
            "rollout 'web' aborted (server dry run)\n",
        ),
    ] {
        let bench = Bench::new(Name::ArgoRollouts);
        bench.rollout("web", json!({}), paused()).await;
        assert_eq!(bench.run(line).await, done(out), "{line}");
        assert_eq!(bench.sent(), sent, "{line}");
    }
}

#[tokio::test]
async fn a_user_pause_and_a_step_are_released_by_two_patches_status_first() {
    let bench = Bench::new(Name::Rollouts);
    bench
        .rollout("web", json!({"paused": true}), paused())
        .await;
    assert_eq!(
        bench.run("promote web").await,
        done("rollout 'web' promoted\n")
    );
    assert_eq!(
        bench.sent(),
        [
            r#"PATCH rollouts/web/status merge-patch+json {"status":{"pauseConditions":null}}"#,
            r#"PATCH rollouts/web merge-patch+json {"spec":{"paused":false}}"#,
        ]
    );
}

#[tokio::test]
async fn without_a_status_subresource_the_object_takes_the_patch() {
    use sim::{ApiError, GroupResource, Intercept, Phase, RequestInfo};
    let bench = Bench::new(Name::ArgoRollouts);
    bench
        .rollout("web", json!({"paused": true}), paused())
        .await;
    bench.cluster.intercept(|request: &RequestInfo| {
        let refuse = request.phase == Phase::Before && request.subresource == "status";
        refuse.then(|| {
            Intercept::Answer(ApiError::not_found(
                &GroupResource::new("argoproj.io", "rollouts"),
                &request.name,
            ))
        })
    });
    assert_eq!(bench.run("abort web").await.exit, 0);
    assert_eq!(bench.run("promote web").await.exit, 0);
    assert_eq!(
        bench.sent(),
        [
            r#"PATCH rollouts/web/status merge-patch+json {"status":{"abort":true}}"#,
            r#"PATCH rollouts/web merge-patch+json {"status":{"abort":true}}"#,
            r#"PATCH rollouts/web/status merge-patch+json {"status":{"pauseConditions":null}}"#,
            r#"PATCH rollouts/web merge-patch+json {"spec":{"paused":false},"status":{"pauseConditions":null}}"#,
        ]
    );
}

#[tokio::test]
async fn a_client_dry_run_sends_nothing_and_shows_the_request() {
    let bench = Bench::new(Name::Rollouts);
    bench.rollout("web", json!({}), paused()).await;
    let seen = bench.run("abort web --dry-run").await;
    assert_eq!(seen.out, "rollout 'web' aborted (client dry run)\n");
    assert!(
        seen.err
            .ends_with("/rollouts/web/status {\"status\":{\"abort\":true}}\n")
    );
    assert!(bench.sent().is_empty());
}

#[tokio::test]
async fn an_image_is_set_by_an_update_of_the_whole_object_again_after_a_conflict() {
    use sim::{ApiError, GroupResource, Intercept, Phase, RequestInfo};
    use std::sync::atomic::{AtomicUsize, Ordering};
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let conflicts = AtomicUsize::new(2);
    bench.cluster.intercept(move |request: &RequestInfo| {
        let update = request.phase == Phase::Before && request.verb == "update";
        let left = conflicts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            update.then(|| left.checked_sub(1)).flatten()
        });
        left.ok().map(|_| {
            Intercept::Answer(ApiError::conflict(
                &GroupResource::new("argoproj.io", "rollouts"),
                &request.name,
                "changed",
            ))
        })
    });
    let seen = bench.run("set image web main=web:v2").await;
    assert_eq!(seen, done("rollout \"web\" image updated\n"));
    let sent = bench.sent();
    assert_eq!(sent.len(), 3);
    assert!(
        sent[2].starts_with("PUT rollouts/web json {"),
        "{}",
        sent[2]
    );
    let stored = bench
        .session
        .get(&bench.session.rollout_path("web"))
        .await
        .unwrap();
    let image = stored.pointer("/spec/template/spec/containers/0/image");
    assert_eq!(image, Some(&json!("web:v2")));
    let missing = bench.run("set image web other=web:v2").await;
    assert_eq!(
        missing,
        failed("Error: unable to find container named \"other\"\n")
    );
}

#[tokio::test]
async fn an_undo_puts_an_earlier_template_back_by_a_json_patch() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let rollout = bench
        .session
        .get(&bench.session.rollout_path("web"))
        .await
        .unwrap();
    for (revision, image) in [("1", "web:v0"), ("2", "web:v1")] {
        let labels = json!({"app": "web", "rollouts-pod-template-hash": revision});
        let set = json!({
            "metadata": {
                "name": format!("web-{revision}"), "labels": labels.clone(),
                "annotations": {"rollout.argoproj.io/revision": revision},
                "ownerReferences": [{
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web",
                    "controller": true, "uid": rollout["metadata"]["uid"]}],
            },
            "spec": {
                "replicas": 0, "selector": {"matchLabels": labels.clone()},
                "template": {"metadata": {"labels": labels},
                             "spec": {"containers": [{"name": "main", "image": image}]}},
            },
        });
        bench
            .session
            .create(&bench.session.replica_sets_path(), &set)
            .await
            .unwrap();
    }
    bench.sent();
    assert_eq!(bench.run("undo web").await, done("rollout 'web' undo\n"));
    let sent = bench.sent();
    let start =
        r#"PATCH rollouts/web json-patch+json [{"op":"replace","path":"/spec/template","value":{"#;
    assert!(sent[0].starts_with(start), "{}", sent[0]);
    assert!(
        !sent[0].contains("rollouts-pod-template-hash"),
        "{}",
        sent[0]
    );
    assert!(sent[0].contains("web:v0"), "{}", sent[0]);
    let again = bench.run("undo web --to-revision=1").await;
    let skipped = "skipped rollback (current template already matches revision 1)";
    assert_eq!(again, done(skipped));
    let missing = bench.run("undo web --to-revision=7").await;
    assert_eq!(
        missing,
        failed("Error: unable to find specified revision 7 in history\n")
    );
    assert!(bench.sent().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_named_by_every_verb() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    for line in ["get rollout x", "get rollout x -w", "status x", "explain x"] {
        let seen = bench.run(line).await;
        assert_eq!(
            seen,
            failed("Error: rollout.argoproj.io \"x\" not found\n"),
            "{line}"
        );
    }
    for line in [
        "promote x",
        "abort x",
        "undo x",
        "set image x a=b",
        "pause x",
    ] {
        let seen = bench.run(line).await;
        assert_eq!(
            seen,
            failed("Error: rollouts.argoproj.io \"x\" not found\n"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn status_looks_once_with_the_exit_status_of_the_phase() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let once = "status web --watch=false";
    assert_eq!(bench.run(once).await, done("Paused - CanaryPauseStep\n"));
    bench
        .set_status("web", json!({"phase": "Progressing", "message": null}))
        .await;
    assert_eq!(bench.run(once).await, done("Progressing - \n"));
    bench.set_status("web", json!({"phase": "Healthy"})).await;
    assert_eq!(bench.run(once).await, done("Healthy\n"));
    bench
        .set_status("web", json!({"phase": "Degraded", "message": "why"}))
        .await;
    let seen = bench.run(once).await;
    let text = "Error: The rollout is in a degraded state with message: why\n";
    assert_eq!(
        (seen.exit, seen.out.as_str(), seen.err.as_str()),
        (1, "Degraded\n", text)
    );
}

#[tokio::test(start_paused = true)]
async fn status_waits_for_the_end_and_prints_each_change_once() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let story = async {
        for (phase, message) in [("Progressing", "m"), ("Progressing", "m"), ("Healthy", "")] {
            tokio::time::sleep(Duration::from_secs(5)).await;
            bench
                .set_status(
                    "web",
                    json!({"phase": phase, "message": message, "replicas": 1}),
                )
                .await;
        }
    };
    let (seen, ()) = tokio::join!(bench.run("status web --timeout 1m"), story);
    assert_eq!(
        seen,
        done("Paused - CanaryPauseStep\nProgressing - m\nHealthy\n")
    );
}

#[tokio::test(start_paused = true)]
async fn status_gives_up_after_its_timeout() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let begun = tokio::time::Instant::now();
    let seen = bench.run("status web --timeout 90s").await;
    assert_eq!(seen.out, "Paused - CanaryPauseStep\n");
    assert_eq!(seen.err, "Error: Rollout status watch exceeded timeout\n");
    assert_eq!((seen.exit, begun.elapsed().as_secs()), (1, 90));
}

#[tokio::test(start_paused = true)]
async fn status_can_end_at_a_gate_or_at_a_step() {
    for (line, timed, exit) in [
        ("status web --success-on-pause -t 5s", false, 0),
        ("status web --success-on-pause -t 5s", true, 1),
        ("status web --until=paused -t 5s", true, 0),
        ("status web --until=step:1 -t 5s", false, 0),
        ("status web --until=step:2 -t 5s", false, 1),
    ] {
        let bench = Bench::new(Name::Rollouts);
        let pause = if timed {
            json!({"duration": "1h"})
        } else {
            json!({})
        };
        let steps = json!([{"setWeight": 34}, {"pause": pause}, {"setWeight": 50}]);
        let spec = json!({"strategy": {"canary": {"steps": steps}}});
        bench.rollout("web", spec, paused()).await;
        assert_eq!(bench.run(line).await.exit, exit, "{line} {timed}");
    }
}

#[tokio::test(start_paused = true)]
async fn status_right_after_a_retry_waits_for_the_controller_under_our_own_name() {
    for (name, exit) in [(Name::ArgoRollouts, 1), (Name::Rollouts, 0)] {
        let bench = Bench::new(name);
        let aborted = json!({"observedGeneration": "1", "phase": "Degraded", "abort": false,
                             "abortedAt": "2026-01-01T00:00:00Z", "message": "RolloutAborted: m"});
        bench.rollout("web", json!({}), aborted).await;
        let story = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let healthy = json!({"phase": "Healthy", "abortedAt": null, "message": null});
            bench.set_status("web", healthy).await;
        };
        let (seen, ()) = tokio::join!(bench.run("status web -t 9s"), story);
        assert_eq!(seen.exit, exit, "{name:?} {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_step_of_the_last_update_does_not_end_the_wait_for_a_step_of_this_one() {
    let bench = Bench::new(Name::Rollouts);
    let status = json!({"observedGeneration": "0", "phase": "Healthy", "currentStepIndex": 2});
    bench.rollout("web", json!({}), status).await;
    assert_eq!(bench.run("status web --until=step:1 -t 5s").await.exit, 1);
}

#[tokio::test(start_paused = true)]
async fn a_watched_rollout_prints_a_line_for_each_change_into_a_pipe() {
    let bench = Bench::new(Name::Rollouts);
    bench.rollout("web", json!({}), paused()).await;
    let story = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        bench
            .set_status(
                "web",
                json!({"phase": "Healthy", "message": null, "currentStepIndex": 2,
                                       "controllerPause": null, "pauseConditions": null}),
            )
            .await;
    };
    let (seen, ()) = tokio::join!(bench.run("get rollout web -w --timeout-seconds 9"), story);
    assert_eq!(
        seen.out,
        "web: ॥ Paused (CanaryPauseStep), step 1/2, weight 34\n\
         web: ✔ Healthy, step 2/2, weight 100\n"
    );
    assert_eq!(seen.exit, 0);
}

#[tokio::test(start_paused = true)]
async fn a_watched_list_has_a_row_for_each_change_of_what_it_shows() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let story = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        // The message is not among the columns.
        bench.set_status("web", json!({"message": "another"})).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        bench
            .set_status("web", json!({"readyReplicas": 2, "replicas": 3}))
            .await;
    };
    let watch = tokio::time::timeout(Duration::from_secs(9), bench.run("list ro -w"));
    let (seen, ()) = tokio::join!(watch, story);
    assert!(seen.is_err(), "a watch goes on for ever");
    let printed = bench.printed();
    let cells: Vec<Vec<&str>> = printed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let row = |ready| vec!["web", "Canary", "Paused", "1/2", "34", ready, "3", "0", "0"];
    assert_eq!(cells, [row("0/0"), row("2/3")], "{printed}");
}

#[tokio::test]
async fn the_same_rollout_reads_as_text_json_yaml_or_name() {
    let bench = Bench::new(Name::Rollouts);
    bench.rollout("web", json!({}), paused()).await;
    let text = bench.run("get rollout web").await.out;
    assert!(
        text.contains("\nWaiting on:      Promotion of Rollout/web\n"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&bench.run("get ro web -o json").await.out).unwrap();
    let yaml: Value =
        serde_saphyr::from_str(&bench.run("get rollouts web -o yaml").await.out).unwrap();
    assert_eq!(
        json["waitingOn"]["command"],
        "kubectl rollouts promote web -n shop"
    );
    assert_eq!(json, yaml);
    assert_eq!(
        bench.run("get rollout web -o name").await.out,
        "rollout.argoproj.io/web\n"
    );
    let list: Value = serde_json::from_str(&bench.run("list ro -o json").await.out).unwrap();
    assert_eq!(list["items"][0]["status"], "Paused");
    let explained = bench.run("explain web").await.out;
    assert!(
        explained.contains("kubectl rollouts promote web -n shop"),
        "{explained}"
    );
}

#[tokio::test]
async fn under_the_known_name_the_text_is_the_known_one() {
    let bench = Bench::new(Name::ArgoRollouts);
    bench.rollout("web", json!({}), paused()).await;
    let text = bench.run("get rollout web").await.out;
    assert!(!text.contains("Waiting on"), "{text}");
    let list = bench.run("list rollouts").await;
    assert_eq!(
        list,
        done(
            "NAME  STRATEGY  STATUS  STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE\n\
             web   Canary    Paused  1/2   34          0/0    3        0           0\n"
        )
    );
    let none = bench.run("list rollouts --name other").await;
    assert_eq!((none.exit, none.err.as_str()), (0, "No resources found.\n"));
}
