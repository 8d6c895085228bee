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
