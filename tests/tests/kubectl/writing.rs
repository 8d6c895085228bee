//! What a person changes: apply, patch, label, annotate, scale, delete, create.

use crate::fixtures::{REPLICA_SET, ROLLOUT};
use crate::world::World;

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
    // The real server says no more of a patch that does not apply.
    assert!(test.starts_with("The request is invalid"), "{test}");
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
fn what_is_not_modelled_is_refused_with_a_sentence() {
    let world = world!();
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

#[test]
fn apply_on_the_servers_side_asks_before_it_takes_what_others_own() {
    let world = world!();
    let apply = |options: &str, manifest: &str| {
        world.kubectl_with(&format!("apply --server-side {options} -f -"), manifest)
    };
    let made = apply("", REPLICA_SET);
    assert_eq!(
        made.out, "replicaset.apps/web serverside-applied\n",
        "{}",
        made.err
    );
    // What kubectl applies on its own side it applies as somebody else.
    world.ok("scale rs web --replicas=5");
    let refused = apply("", REPLICA_SET);
    assert!(!refused.ok);
    let words =
        "conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas";
    assert!(refused.err.contains(words), "{}", refused.err);
    let forced = apply("--force-conflicts", REPLICA_SET);
    assert!(forced.ok, "{}", forced.err);
    let owners = world.ok("get rs web --show-managed-fields -o yaml");
    assert!(owners.contains("operation: Apply"), "{owners}");
}
