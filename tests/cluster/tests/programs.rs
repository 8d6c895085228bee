//! The embedded cluster answers as a real API server does: generated programs of requests to both.
//!
//! Many more run by `cargo run -p cluster --bin conformance -- --programs 10000`; a difference is run
//! again with `--seed N --programs 1`, or, once it is small, with `--file PROGRAM`.

use cluster::conformance::{Found, KNOWN, NOT_DRAWN, Pair, Program, check, draw};
use sim::{ApiError, Cluster, Intercept, Options, Phase};

/// Takes half a minute.
const PROGRAMS: usize = 500;
const WORKERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_programs_are_answered_alike() {
    let Some(pair) = Pair::start_if_there_is_one().await else {
        return;
    };
    let found = check(&pair, 1, PROGRAMS, WORKERS, 3).await.unwrap();
    assert!(found.differences.is_empty(), "{}", shown(&found));
    assert_eq!(found.programs, PROGRAMS);
}

/// Programs that were answered differently once. Their seeds draw others by now.
const ONCE_DIFFERENT: [(&str, &str); 6] = [
    (
        "a last-applied annotation quotes a resourceVersion",
        r#"
1 POST configmaps {"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"name":"a"}}
2 PATCH:apply configmaps/a?fieldManager=kubectl&force=true {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"$rv1"},"data":{"k":"1"}}
3 GET configmaps/a
"#,
    ),
    (
        "a JSON patch copies what is not there",
        r#"
1 POST configmaps {"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"app":"x"},"name":"a"},"data":{"l":"3","n":null}}
2 PATCH:json configmaps/a [{"from":"/data/k","op":"copy","path":"/data/copy"}]
3 PATCH:json configmaps/a [{"from":"/metadata/labels/k","op":"copy","path":"/metadata/labels/copy"}]
4 PATCH:apply configmaps/b?fieldManager=one {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"k":null}}
"#,
    ),
    (
        "the times of an Event are given up",
        r#"
1 PATCH:apply events/a?fieldManager=two {"apiVersion":"v1","kind":"Event","metadata":{"name":"a"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:00:00Z","involvedObject":{"kind":"Rollout","name":"b","namespace":"$namespace"},"reason":"Told","message":"told","type":"Normal"}
2 PATCH:apply events/a?fieldManager=two {"apiVersion":"v1","kind":"Event","metadata":{"name":"a"},"involvedObject":{"kind":"Rollout","name":"b","namespace":"$namespace"}}
3 POST events {"apiVersion":"v1","kind":"Event","metadata":{"name":"b"},"involvedObject":{"kind":"Rollout","name":"b","namespace":"$namespace"},"reason":"Told","message":"told","type":"Normal"}
"#,
    ),
    (
        "an address that a dry run gave is sent back",
        r#"
1 POST services {"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"externalName":"example.com","type":"ExternalName"}}
2 PUT services/a?dryRun=All {"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"name":"http","port":80}],"selector":{"app":"x"}}}
3 PUT services/a {"$of":2,"metadata":{"annotations":{"note":"1"},"resourceVersion":null}}
4 GET services/a
"#,
    ),
    (
        "the scale of a ReplicaSet is applied",
        r#"
1 POST replicasets {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"image":"shop:v1","name":"main"}]}}}}
2 PATCH:apply replicasets/a/scale?fieldManager=one {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":3}}
3 PATCH:apply replicasets/a/scale?fieldManager=one&force=true {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":3}}
4 GET replicasets/a
5 PATCH:apply replicasets/a?fieldManager=two {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a"},"spec":{"replicas":4}}
6 PATCH:apply replicasets/a/scale?fieldManager=two&force=true {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":0}}
7 PATCH:apply replicasets/a/scale?fieldManager=one {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{}}
8 PATCH:apply replicasets/a/scale?fieldManager=two {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"other"},"spec":{"replicas":1}}
9 PATCH:apply replicasets/a/scale?fieldManager=two {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":-1}}
10 PATCH:merge replicasets/a {"metadata":{"managedFields":[{}]}}
11 PATCH:apply replicasets/a/scale?fieldManager=two&force=true {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":5}}
12 GET replicasets/a
13 PATCH:apply replicasets/a/scale?fieldManager=two&force=true {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a","resourceVersion":"0"},"spec":{"replicas":6}}
14 PATCH:apply replicasets/b/scale?fieldManager=two {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"b"},"spec":{"replicas":5}}
"#,
    ),
    (
        "the scale of a Rollout is applied",
        r#"
1 POST rollouts {"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"a"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"x"}},"strategy":{"canary":{}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"image":"shop","name":"main"}]}}}}
2 PATCH:apply rollouts/a/scale?fieldManager=one {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":2}}
3 GET rollouts/a
4 PATCH:apply rollouts/a/scale?fieldManager=two {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":3}}
5 PATCH:apply rollouts/a/scale?fieldManager=two&force=true {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":3}}
6 PATCH:apply rollouts/a/scale?fieldManager=one {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{}}
7 PATCH:merge rollouts/a {"metadata":{"managedFields":[{}]}}
8 PATCH:apply rollouts/a/scale?fieldManager=one {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":2}}
9 GET rollouts/a
"#,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_differed_once_are_answered_alike() {
    let Some(pair) = Pair::start_if_there_is_one().await else {
        return;
    };
    for (what, program) in ONCE_DIFFERENT {
        let program = Program::parse(program.trim()).unwrap();
        let difference = pair.differ(&program).await.unwrap();
        assert!(difference.is_none(), "{what}: {}", difference.unwrap());
    }
}

/// The comparison is worth something: a server that keeps one object too many is found out, and what
/// is left of the program is short.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_wrong_is_found_and_made_small() {
    let embedded = Cluster::new(Options::default());
    embedded.intercept(|request| {
        // Every second name cannot be deleted, and everybody is told that it was.
        let spoils = request.verb == "delete" && request.name == "b";
        let lie = || ApiError::new(200, "", "deleted");
        (request.phase == Phase::Before && spoils).then(|| Intercept::Answer(lie()))
    });
    let Some(pair) = Pair::start_with(&embedded).await else {
        return;
    };
    let found = check(&pair, 1, 300, WORKERS, 1).await.unwrap();
    let (_, program, difference) = found.differences.first().expect("a difference");
    assert!(program.0.len() <= 4, "{program}{difference}");
    let is_delete = program.0.iter().any(|it| it.method == "DELETE");
    assert!(is_delete, "{program}{difference}");
}

#[test]
fn a_program_is_read_as_it_is_written() {
    for seed in 1..200 {
        let program = draw(seed);
        assert_eq!(Program::parse(&program.to_string()).unwrap(), program);
        assert_eq!(draw(seed), program);
    }
}

#[test]
fn programs_ask_for_everything() {
    let all: Vec<String> = (1..400)
        .flat_map(|seed| draw(seed).0)
        .map(|it| it.to_string())
        .collect();
    for wanted in [
        "POST ",
        "GET ",
        "PUT ",
        "DELETE ",
        "WATCH ",
        "PATCH:json ",
        "PATCH:merge ",
        "PATCH:strategic ",
        "PATCH:apply ",
        "/status",
        "/scale",
        "finalizers",
        "ownerReferences",
        "labelSelector",
        "fieldSelector",
        "limit=",
        "continue=",
        "resourceVersion=$rv",
        "dryRun=All",
        "force=true",
        "propagationPolicy",
        "preconditions",
        "managedFields",
    ] {
        assert!(all.iter().any(|it| it.contains(wanted)), "{wanted}");
    }
    let applies_scale = |it: &String| it.contains("PATCH:apply ") && it.contains("/scale");
    assert!(all.iter().any(applies_scale), "an apply of a scale");
}

#[test]
fn every_known_difference_is_public_with_its_reason() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");
    let page = std::fs::read_to_string(page).unwrap();
    let known = KNOWN.iter().map(|known| (known.what, known.why));
    let rows: Vec<String> = known
        .chain(NOT_DRAWN.iter().copied())
        .map(|(what, why)| format!("| {what} | {why} |"))
        .collect();
    for row in &rows {
        assert!(page.contains(row), "docs/conformance.md lacks {row}");
    }
    let (_, listed) = page.split_once("## Known differences").unwrap();
    let listed = listed.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(
        listed,
        rows.len() + 2,
        "docs/conformance.md lists what is not there"
    );
    assert!(KNOWN.len() <= 5, "mend the embedded cluster instead");
}

fn shown(found: &Found) -> String {
    let differences = found.differences.iter();
    differences
        .map(|(seed, program, it)| format!("\n# seed {seed}\n{program}DIFFERENT: {it}\n"))
        .collect()
}
