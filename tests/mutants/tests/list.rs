//! The list of mutants itself: each still fits the code, and there are enough in enough places.

#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mutants::mutant::{Mutant, Tier, read_all};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

fn all() -> Vec<Mutant> {
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants")).unwrap()
}

#[test]
fn every_mutant_fits_the_code_exactly_once() {
    let mut wrong = Vec::new();
    for mutant in all() {
        let text = fs::read_to_string(root().join(&mutant.file)).unwrap_or_default();
        if let Err(error) = mutant.apply(&text) {
            wrong.push(error.to_string());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_mutant_is_planted_in_code_of_its_tier_and_not_in_its_tests() {
    for mutant in all() {
        let planner = mutant.file.starts_with("controller/planner/src/");
        let executor = mutant.file.starts_with("controller/src/");
        assert_eq!(planner, mutant.tier == Tier::Planner, "{}", mutant.name);
        assert_eq!(executor, mutant.tier == Tier::Executor, "{}", mutant.name);
        let text = fs::read_to_string(root().join(&mutant.file)).unwrap();
        let planted = mutant.apply(&text).unwrap();
        let tests = |text: &str| text.split_once("#[cfg(test)]").map(|(_, it)| it.to_owned());
        assert_eq!(tests(&text), tests(&planted), "{}", mutant.name);
    }
}

#[test]
fn there_are_enough_mutants_in_enough_places() {
    let all = all();
    let files: BTreeSet<&str> = all.iter().map(|mutant| mutant.file.as_str()).collect();
    let of = |tier: Tier| all.iter().filter(|mutant| mutant.tier == tier).count();
    assert!(all.len() >= 110, "{} mutants", all.len());
    assert!(of(Tier::Executor) >= 30, "{}", of(Tier::Executor));
    assert!(files.len() >= 25, "in {} files", files.len());
}

#[test]
fn no_two_mutants_are_the_same_wrong() {
    let all = all();
    let planted: BTreeSet<(String, String)> = all
        .iter()
        .map(|mutant| {
            let text = fs::read_to_string(root().join(&mutant.file)).unwrap();
            (mutant.file.clone(), mutant.apply(&text).unwrap())
        })
        .collect();
    assert_eq!(planted.len(), all.len());
}
