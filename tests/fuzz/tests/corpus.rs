//! Every target over its committed corpus, and over small changes of it.

use std::path::Path;

use fuzz::mutate::{Dice, mutated};
use fuzz::targets::{TARGETS, Target};

/// Inputs of a corpus that are worth the name.
const LEAST: usize = 10;

/// The files of a target's corpus, sorted by name.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// Mutants of each file; a target whose input is a whole cluster takes fewer.
fn mutants(target: &Target) -> usize {
    if target.name == "patches" { 1 } else { 150 }
}

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let files = corpus(target);
    assert!(files.len() >= LEAST, "{name} has {} files", files.len());
    let mut behaviours = std::collections::BTreeSet::new();
    for (file, bytes) in &files {
        println!("{name}/{file}");
        behaviours.insert((target.run)(bytes));
    }
    // A corpus that always leads to the same thing tests nothing.
    assert!(
        behaviours.len() >= 3,
        "{name} only ever leads to {behaviours:?}"
    );
    let mut dice = Dice::new(1);
    for (file, bytes) in &files {
        for number in 0..mutants(target) {
            let other = &files[dice.below(files.len())].1;
            let bytes = mutated(bytes, other, &mut dice);
            println!(
                "{name}/{file}, mutant {number}: {:?}",
                String::from_utf8_lossy(&bytes)
            );
            (target.run)(&bytes);
        }
    }
}

#[test]
fn durations_hold() {
    run("durations");
}

#[test]
fn numbers_of_pods_hold() {
    run("int_or_percent");
}

#[test]
fn label_selectors_hold() {
    run("label_selector");
}

#[test]
fn manifests_hold() {
    run("manifest");
}

#[test]
fn observations_hold() {
    run("observation");
}

#[test]
fn patches_hold() {
    run("patches");
}

#[test]
fn steps_hold() {
    run("steps");
}

#[test]
fn every_target_has_a_test_here() {
    let source = include_str!("corpus.rs");
    for target in TARGETS {
        assert!(
            source.contains(&format!("run(\"{}\")", target.name)),
            "{}",
            target.name
        );
    }
}
