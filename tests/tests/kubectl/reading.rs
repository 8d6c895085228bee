//! What a person sees: get, describe, wait, events, explain.

use std::io::{BufRead, BufReader};

use crate::fixtures::{REPLICA_SET, ROLLOUT, SERVICE};
use crate::world::World;

#[test]
fn get_prints_the_columns_of_each_kind() {
    let world = world!();
    world.apply(ROLLOUT);
    world.apply(REPLICA_SET);
    world.apply(SERVICE);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let table = |line: &str| -> Vec<Vec<String>> {
        let out = world.ok(line);
        let rows = out
            .lines()
            .map(|l| l.split_whitespace().map(str::to_owned).collect());
        rows.collect()
    };
    let rollouts = table("get ro");
    assert_eq!(
        rollouts[0],
        [
            "NAME",
            "DESIRED",
            "CURRENT",
            "UP-TO-DATE",
            "AVAILABLE",
            "AGE"
        ]
    );
    assert_eq!(rollouts[1][..2], ["shop", "5"]);
    let sets = table("get rs -o wide");
    assert_eq!(
        sets[0],
        [
            "NAME",
            "DESIRED",
            "CURRENT",
            "READY",
            "AGE",
            "CONTAINERS",
            "IMAGES",
            "SELECTOR"
        ]
    );
    assert_eq!(sets[1][..4], ["web", "3", "3", "3"]);
    assert_eq!(sets[1][5..], ["main", "web:v1", "app=web"]);
    let pods = table("get pods");
    assert_eq!(pods[0], ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert_eq!(pods.len(), 4);
    for pod in &pods[1..] {
        assert!(pod[0].starts_with("web-"));
        assert_eq!(pod[1..4], ["1/1", "Running", "0"]);
    }
    let services = table("get svc front");
    assert_eq!(
        services[0],
        [
            "NAME",
            "TYPE",
            "CLUSTER-IP",
            "EXTERNAL-IP",
            "PORT(S)",
            "AGE"
        ]
    );
    assert_eq!(services[1][1], "ClusterIP");
    assert_eq!(services[1][4], "80/TCP");
    assert_eq!(world.ok("get pods -l app=none"), "");
    let all = world.ok("get all -o name");
    assert!(
        all.contains("replicaset.apps/web") && all.contains("service/front"),
        "{all}"
    );
    let one = world.fails("get rollout none");
    assert_eq!(
        one,
        "Error from server (NotFound): rollouts.argoproj.io \"none\" not found\n"
    );
}

#[test]
fn get_w_prints_a_line_for_each_change() {
    let world = world!();
    world.apply(ROLLOUT);
    let mut child = world.spawn("get rollout shop -w");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Vec<String> {
        let line = lines.next().unwrap().unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(next()[..2], ["NAME", "DESIRED"]);
    assert_eq!(next()[..2], ["shop", "5"]);
    world.ok("scale rollout shop --replicas=7");
    assert_eq!(next()[..2], ["shop", "7"]);
    world.ok("delete rollout shop --wait=false");
    assert_eq!(next()[..2], ["shop", "7"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn get_w_of_a_kind_shows_what_comes_and_how_it_becomes_ready() {
    let world = world!();
    let mut child = world.spawn("get rs -w");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    world.apply(&REPLICA_SET.replace("\"0s\"", "\"5s\""));
    let rows: Vec<Vec<String>> = lines
        .map(|line| {
            line.unwrap()
                .split_whitespace()
                .map(str::to_owned)
                .collect()
        })
        .take_while(|row: &Vec<String>| row[..4] != ["web", "3", "3", "3"])
        .collect();
    assert_eq!(rows[0][..4], ["NAME", "DESIRED", "CURRENT", "READY"]);
    assert_eq!(rows[1][..2], ["web", "3"]);
    assert_eq!(rows[1][3], "0");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn describe_shows_the_object_and_its_events() {
    let world = world!();
    world.apply(ROLLOUT);
    world.apply(REPLICA_SET);
    world.apply(SERVICE);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let rollout = world.ok("describe rollout shop");
    assert!(rollout.contains("Set Weight:  20"), "{rollout}");
    let set = world.ok("describe rs web");
    for words in [
        "3 Running / 0 Waiting",
        "SuccessfulCreate",
        "Created pod: web-",
    ] {
        assert!(set.contains(words), "{words}\n{set}");
    }
    let pods = world.ok("get pods -o name");
    let pod = world.ok(&format!("describe {}", pods.lines().next().unwrap()));
    for words in [
        "Controlled By:  ReplicaSet/web",
        "Image:          web:v1",
        "Ready:          True",
    ] {
        assert!(pod.contains(words), "{words}\n{pod}");
    }
    let service = world.ok("describe svc front");
    assert!(
        service.contains("Selector:                 app=web"),
        "{service}"
    );
    assert_eq!(service.matches(":8080").count(), 3, "{service}");
}

#[test]
fn wait_ends_with_the_condition_or_with_its_time() {
    let world = world!();
    world.apply(REPLICA_SET);
    let met = world.ok("wait --for=condition=Ready pod -l app=web --timeout=30s");
    assert!(met.contains("condition met"), "{met}");
    let late = world.fails("wait --for=jsonpath={.status.readyReplicas}=9 rs/web --timeout=1s");
    assert!(
        late.contains("timed out waiting for the condition"),
        "{late}"
    );
    let child = world.spawn("wait --for=create rollout/shop --timeout=30s");
    world.apply(ROLLOUT);
    assert!(child.wait_with_output().unwrap().status.success());
    let child = world.spawn("wait --for=delete rollout/shop --timeout=30s");
    world.ok("delete rollout shop --wait=false");
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn events_are_listed_and_found_by_what_they_are_about() {
    let world = world!();
    world.apply(REPLICA_SET);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let events = world.ok("get events --field-selector involvedObject.kind=ReplicaSet");
    assert!(events.starts_with("LAST SEEN"), "{events}");
    assert_eq!(events.matches("SuccessfulCreate").count(), 3, "{events}");
    let sorted = world.ok("get events --sort-by=.metadata.creationTimestamp");
    assert!(sorted.contains("replicaset/web"), "{sorted}");
    let own = world.ok("events --for rs/web");
    assert!(own.contains("Created pod: web-"), "{own}");
    let wrong = world.fails("get events --field-selector involvedObject.colour=red");
    assert!(
        wrong.contains("field label not supported: involvedObject.colour"),
        "{wrong}"
    );
}

#[test]
fn api_resources_lists_ours_with_short_names_and_verbs() {
    let world = world!();
    let table = world.ok("api-resources --api-group=argoproj.io -o wide");
    for row in [
        "rollouts",
        "analysisruns",
        "analysistemplates",
        "clusteranalysistemplates",
        "experiments",
    ] {
        assert!(table.contains(row), "{row}\n{table}");
    }
    let rollouts: Vec<&str> = table
        .lines()
        .find(|l| l.starts_with("rollouts"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(
        rollouts[..5],
        ["rollouts", "ro", "argoproj.io/v1alpha1", "true", "Rollout"]
    );
    let versions = world.ok("api-versions");
    assert!(
        versions.contains("apps/v1\n") && versions.contains("argoproj.io/v1alpha1\n"),
        "{versions}"
    );
}

#[test]
fn explain_describes_our_fields_and_those_of_built_in_kinds() {
    let world = world!();
    let steps = world.ok("explain rollout.spec.strategy.canary.steps");
    for words in [
        "KIND:       Rollout",
        "FIELD: steps <[]Object>",
        "setWeight\t<integer>",
        "pause\t<Object>",
    ] {
        assert!(steps.contains(words), "{words}\n{steps}");
    }
    let image = world.ok("explain pod.spec.containers.image");
    assert!(image.contains("FIELD: image <string>"), "{image}");
    let wrong = world.fails("explain rollout.spec.strategi");
    assert!(
        wrong.contains("field \"strategi\" does not exist"),
        "{wrong}"
    );
}

#[test]
fn diff_finds_nothing_right_after_apply() {
    let world = world!();
    world.apply(ROLLOUT);
    let run = world.kubectl_with("diff -f -", ROLLOUT);
    assert!(run.ok && run.out.is_empty(), "{}{}", run.out, run.err);
    let run = world.kubectl_with("diff -f -", &ROLLOUT.replace("web:v1", "web:v2"));
    assert!(
        !run.ok && run.out.contains("+      - image: web:v2"),
        "{}",
        run.out
    );
}
