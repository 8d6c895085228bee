//! Which crate uses which, and what the pure ones keep out.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tests::tidy::{root, text};

/// The crates that decide and show: no runtime, no client, no clock.
const PURE: [&str; 4] = ["crds", "planner", "safety", "view"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn metadata() -> Value {
    let json = cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    serde_json::from_str(&json).unwrap()
}

type Edges = BTreeMap<String, BTreeSet<String>>;

fn edges_that_are() -> Edges {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter();
            (
                name(package),
                uses.map(name).filter(|it| ours.contains(it)).collect(),
            )
        })
        .collect()
}

/// The rows of the table "Which crate may use which".
fn edges_that_are_listed() -> Edges {
    let text = text("ARCHITECTURE.md").unwrap();
    let section = text.split("## Which crate may use which").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let names = |cell: &str| -> BTreeSet<String> {
        let parts = cell.split('`').skip(1).step_by(2);
        parts.map(str::to_owned).collect()
    };
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (names(cells[1]).into_iter().next().unwrap(), names(cells[2]))
        })
        .collect()
}

#[test]
fn crates_use_each_other_exactly_as_the_architecture_lists() {
    assert_eq!(edges_that_are(), edges_that_are_listed());
}

#[test]
fn pure_crates_have_no_runtime_no_client_and_no_http() {
    for crate_ in PURE {
        let tree = cargo(&[
            "tree",
            "-p",
            crate_,
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--offline",
            "--locked",
        ]);
        let used: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        for banned in [
            "tokio",
            "hyper",
            "kube-client",
            "kube-runtime",
            "tower",
            "reqwest",
            "rand",
        ] {
            assert!(!used.contains(banned), "{crate_} uses {banned}");
        }
    }
}

#[test]
fn pure_crates_never_read_a_clock_or_do_input_and_output() {
    let banned = [
        "SystemTime",
        "Instant::now",
        "Utc::now",
        "Timestamp::now",
        "Zoned::now",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "HashMap",
        "HashSet",
        "async fn",
    ];
    for folder in [
        "crds/src/",
        "controller/planner/src/",
        "controller/safety/src/",
        "plugin/view/src/",
    ] {
        for file in tests::tidy::files().unwrap() {
            // Generators are programs of their own beside the pure library.
            if !file.starts_with(folder) || file.contains("/bin/") {
                continue;
            }
            let source = text(&file).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for word in banned {
                assert!(!code.contains(word), "{file} has {word}");
            }
        }
    }
}

#[test]
fn there_is_one_major_version_of_each_kubernetes_crate() {
    let lock = text("Cargo.lock").unwrap();
    for name in [
        "kube",
        "kube-core",
        "kube-client",
        "k8s-openapi",
        "tokio",
        "hyper",
        "http",
        "rustls",
    ] {
        let count = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert!(count <= 1, "{count} versions of {name}");
    }
}
