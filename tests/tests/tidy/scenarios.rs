//! Every scenario makes a claim of its own and rests on a rule that exists.

use std::collections::{BTreeMap, BTreeSet};

use tests::scenario::parse::{Scenario, read_all};
use tests::tidy::{root, text};

fn scenarios() -> Vec<Scenario> {
    read_all(&root().join("tests/scenarios")).unwrap()
}

/// The ids in the first column of the index of rules.
fn rules() -> BTreeSet<String> {
    text("tests/scenarios/RULES.md")
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .filter(|id| *id != "rule" && !id.starts_with("---"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn there_are_at_least_forty_scenarios() {
    assert!(scenarios().len() >= 40);
}

#[test]
fn no_two_scenarios_make_the_same_claim() {
    let mut claims: BTreeMap<String, String> = BTreeMap::new();
    for scenario in scenarios() {
        let other = claims.insert(scenario.claim.to_lowercase(), scenario.name.clone());
        assert_eq!(other, None, "{} claims the same", scenario.name);
    }
}

#[test]
fn every_rule_that_a_scenario_names_is_in_the_index() {
    let rules = rules();
    for scenario in scenarios() {
        for rule in &scenario.covers {
            assert!(rules.contains(rule), "{}: no rule {rule}", scenario.name);
        }
    }
}

#[test]
fn every_rule_of_the_index_has_a_scenario() {
    let covered: BTreeSet<String> = scenarios().into_iter().flat_map(|it| it.covers).collect();
    let bare: Vec<String> = rules().difference(&covered).cloned().collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn every_scenario_has_its_golden_transcript_and_none_is_left_over() {
    for scenario in scenarios() {
        assert!(
            scenario.path.with_extension("golden").is_file(),
            "{}",
            scenario.name
        );
    }
    for entry in std::fs::read_dir(root().join("tests/scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "golden") {
            assert!(path.with_extension("scn").is_file(), "{}", path.display());
        }
    }
}

#[test]
fn every_example_is_applied_by_a_scenario() {
    let lines: Vec<String> = scenarios()
        .into_iter()
        .flat_map(|it| it.lines)
        .map(|line| line.text)
        .collect();
    for file in tests::tidy::files().unwrap() {
        if file.starts_with("examples/") && file.ends_with(".yaml") {
            assert!(lines.contains(&format!("apply {file}")), "{file}");
        }
    }
}
