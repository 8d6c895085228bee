//! What a person sees of each verb.

use std::io::{BufRead, BufReader};

use crate::fixtures::{REPLICA_SET, ROLLOUT, SERVICE};
use crate::world::World;

/// Skips the test where kubectl cannot be had.
macro_rules! world {
    () => {
        match World::start() {
            Some(world) => world,
            None => return,
        }
    };
}

#[test]
fn apply_creates_then_changes_then_leaves_alone() {
    let world = world!();
    assert_eq!(world.apply(ROLLOUT), "rollout.argoproj.io/shop created\n");
    assert_eq!(world.apply(ROLLOUT), "rollout.argoproj.io/shop unchanged\n");
    let changed = ROLLOUT.replace("web:v1", "web:v2");
    assert_eq!(
        world.apply(&changed),
        "rollout.argoproj.io/shop configured\n"
    );
    let image = "-o 'jsonpath={.spec.template.spec.containers[0].image}'";
    assert_eq!(world.ok(&format!("get rollout shop {image}")), "web:v2");
    assert_eq!(world.apply(REPLICA_SET), "replicaset.apps/web created\n");
    assert_eq!(world.apply(REPLICA_SET), "replicaset.apps/web unchanged\n");
    let changed = REPLICA_SET.replace("replicas: 3", "replicas: 4");
    assert_eq!(world.apply(&changed), "replicaset.apps/web configured\n");
}

#[test]
fn a_misspelt_field_is_refused_by_its_name() {
    let world = world!();
    let cases = [
        (
            ROLLOUT.replace("setWeight", "setWeigth"),
            "spec.strategy.canary.steps[0].setWeigth",
        ),
        (
            ROLLOUT.replace("image:", "imag:"),
            "spec.template.spec.containers[0].imag",
        ),
        (REPLICA_SET.replace("replicas:", "replica:"), "spec.replica"),
    ];
    for (manifest, path) in cases {
        let run = world.kubectl_with("apply -f -", &manifest);
        let words = format!("strict decoding error: unknown field \"{path}\"");
        assert!(!run.ok && run.err.contains(&words), "{path}\n{}", run.err);
    }
    let misspelt = ROLLOUT.replace("setWeight", "setWeigth");
    let run = world.kubectl_with("apply --validate=warn -f -", &misspelt);
    let words = "Warning: unknown field \"spec.strategy.canary.steps[0].setWeigth\"";
    assert!(run.ok && run.err.contains(words), "{}", run.err);
}

#[test]
fn an_invalid_object_is_refused_with_the_words_of_the_api_server() {
    let world = world!();
    let run = world.kubectl_with(
        "apply -f -",
        &REPLICA_SET.replace("{app: web}}\n  template", "{app: api}}\n  template"),
    );
    let words = "The ReplicaSet \"web\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`";
    assert!(!run.ok && run.err.contains(words), "{}", run.err);
    let run = world.kubectl_with(
        "apply -f -",
        &ROLLOUT.replace("replicas: 5", "replicas: five"),
    );
    let words = "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"";
    assert!(!run.ok && run.err.contains(words), "{}", run.err);
}

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
fn patch_merges_in_each_of_its_forms() {
    let world = world!();
    world.apply(ROLLOUT);
    world.apply(REPLICA_SET);
    let replicas = |what: &str| world.ok(&format!("get {what} -o jsonpath={{.spec.replicas}}"));
    world.ok(r#"patch rollout shop --type=merge -p '{"spec":{"replicas":2}}'"#);
    assert_eq!(replicas("rollout shop"), "2");
    world.ok(r#"patch rollout shop --type=json -p '[{"op":"replace","path":"/spec/replicas","value":3}]'"#);
    assert_eq!(replicas("rollout shop"), "3");
    world.ok(r#"patch rollout shop --subresource=status --type=merge -p '{"status":{"phase":"Paused"}}'"#);
    assert_eq!(
        world.ok("get rollout shop -o jsonpath={.status.phase}"),
        "Paused"
    );
    // Strategic by default: the container is merged by its name.
    world.ok(r#"patch rs web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","tty":true}]}}}}'"#);
    let image = "get rs web -o jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(world.ok(image), "web:v1");
    let refused =
        world.fails(r#"patch rollout shop --type=strategic -p '{"spec":{"replicas":4}}'"#);
    assert!(
        refused.contains("UnsupportedMediaType") || refused.contains("strategic"),
        "{refused}"
    );
    let same = world.ok(r#"patch rollout shop --type=merge -p '{"spec":{"replicas":3}}'"#);
    assert_eq!(same, "rollout.argoproj.io/shop patched (no change)\n");
    let test = world.fails(
        r#"patch rollout shop --type=json -p '[{"op":"test","path":"/spec/replicas","value":9}]'"#,
    );
    assert!(test.contains("failed at path '/spec/replicas'"), "{test}");
}

#[test]
fn label_and_annotate_add_change_and_remove() {
    let world = world!();
    world.apply(ROLLOUT);
    assert_eq!(
        world.ok("label rollout shop tier=front"),
        "rollout.argoproj.io/shop labeled\n"
    );
    assert_eq!(
        world.ok("get ro -l tier=front -o name"),
        "rollout.argoproj.io/shop\n"
    );
    let refused = world.fails("label rollout shop tier=back");
    assert!(refused.contains("already has a value (front)"), "{refused}");
    world.ok("label rollout shop tier=back --overwrite");
    world.ok("label rollout shop tier-");
    assert_eq!(world.ok("get ro -l tier -o name"), "");
    let done = world.ok("annotate rollout shop 'team=the shop team'");
    assert_eq!(done, "rollout.argoproj.io/shop annotated\n");
    assert_eq!(
        world.ok("get ro shop -o jsonpath={.metadata.annotations.team}"),
        "the shop team"
    );
    let wrong = world.fails("label rollout shop tier=-wrong-");
    assert!(
        wrong.contains("a valid label must be an empty string or consist of"),
        "{wrong}"
    );
}

#[test]
fn scale_changes_the_size_and_respects_the_expected_one() {
    let world = world!();
    world.apply(ROLLOUT);
    world.apply(REPLICA_SET);
    assert_eq!(
        world.ok("scale rollout shop --replicas=8"),
        "rollout.argoproj.io/shop scaled\n"
    );
    assert_eq!(world.ok("get ro shop -o jsonpath={.spec.replicas}"), "8");
    world.ok("scale rs web --current-replicas=3 --replicas=1");
    world.ok("wait --for=jsonpath={.status.replicas}=1 rs/web --timeout=30s");
    let refused = world.fails("scale rs web --current-replicas=3 --replicas=2");
    assert!(
        refused.contains("Expected replicas to be 3, was 1"),
        "{refused}"
    );
}

#[test]
fn delete_waits_until_the_object_and_its_pods_are_gone() {
    let world = world!();
    world.apply(ROLLOUT);
    world.apply(REPLICA_SET);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let done = world.ok("delete rollout shop");
    assert!(
        done.starts_with("rollout.argoproj.io \"shop\" deleted"),
        "{done}"
    );
    world.ok("delete rs web --cascade=foreground --timeout=60s");
    assert_eq!(world.ok("get pods -o name"), "");
    let gone = world.fails("delete rs web");
    assert_eq!(
        gone,
        "Error from server (NotFound): replicasets.apps \"web\" not found\n"
    );
    assert_eq!(world.ok("delete rs web --ignore-not-found"), "");
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
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = world!();
    let run = world.kubectl_with("apply --dry-run=server -f -", ROLLOUT);
    assert_eq!(
        run.out, "rollout.argoproj.io/shop created (server dry run)\n",
        "{}",
        run.err
    );
    world.fails("get rollout shop");
    world.apply(ROLLOUT);
    let out = world.ok("scale rollout shop --replicas=1 --dry-run=server");
    assert!(out.contains("(server dry run)"), "{out}");
    assert_eq!(world.ok("get ro shop -o jsonpath={.spec.replicas}"), "5");
}

#[test]
fn create_makes_objects_without_a_manifest() {
    let world = world!();
    world.ok("create namespace shop");
    world.ok("create configmap config --from-literal=colour=red -n shop");
    let colour = "get configmap config -n shop -o jsonpath={.data.colour}";
    assert_eq!(world.ok(colour), "red");
    world.ok("create secret generic key --from-literal=word=hidden -n shop");
    let word = "get secret key -n shop -o jsonpath={.data.word}";
    assert_eq!(world.ok(word), "aGlkZGVu");
    world.ok("create serviceaccount robot -n shop");
    world.ok("create service clusterip front --tcp=80:8080 -n shop");
    let port = "get svc front -n shop -o jsonpath={.spec.ports[0].targetPort}";
    assert_eq!(world.ok(port), "8080");
    world.ok("create deployment web --image=web:v1 --replicas=0 --port=8080 -n shop");
    let stored = "get deploy web -n shop -o jsonpath={.spec.replicas}/{.spec.template.spec.containers[0].image}";
    assert_eq!(world.ok(stored), "0/web:v1");
    world.ok("delete namespace shop --timeout=60s");
    assert!(world.fails("get namespace shop").contains("NotFound"));
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

#[test]
fn what_is_not_modelled_is_refused_with_a_sentence() {
    let world = world!();
    let run = world.kubectl_with("apply --server-side -f -", ROLLOUT);
    assert!(!run.ok && run.err.contains("not modelled"), "{}", run.err);
    world.apply(REPLICA_SET);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let pod = world.ok("get pods -o name");
    let logs = world.fails(&format!("logs {}", pod.lines().next().unwrap()));
    assert!(logs.contains("not modelled"), "{logs}");
}

#[test]
fn set_image_and_replace_work_on_built_in_kinds() {
    let world = world!();
    world.apply(REPLICA_SET);
    world.ok("set image rs/web main=web:v2");
    let image = "get rs web -o jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(world.ok(image), "web:v2");
    let json = world.ok("get rs web -o json").replace("web:v2", "web:v3");
    let run = world.kubectl_with("replace -f -", &json);
    assert_eq!(run.out, "replicaset.apps/web replaced\n", "{}", run.err);
    assert_eq!(world.ok(image), "web:v3");
}

#[test]
fn the_examples_apply() {
    let world = world!();
    let out = world.ok("apply -f examples");
    for line in [
        "rollout.argoproj.io/myapp created",
        "rollout.argoproj.io/myapp-bluegreen created",
    ] {
        assert!(out.contains(line), "{out}");
    }
}
