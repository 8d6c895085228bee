//! Sizes, and words that have no place in a repository.

use tests::tidy::{files, text};

/// Lines that one idea may take; a table of test cases may take more.
fn limit(file: &str) -> usize {
    if file.contains("/tests/") { 700 } else { 450 }
}

#[test]
fn no_source_file_is_too_long_for_one_idea() {
    let mut long = Vec::new();
    for file in files().unwrap() {
        if file.ends_with(".rs") || file.ends_with(".go") || file.ends_with(".sh") {
            let lines = text(&file).unwrap().lines().count();
            if lines > limit(&file) {
                long.push(format!("{file}: {lines}"));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Written in two parts, so that this file does not find itself.
    let words = [
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/Us", "ers/"],
        ["/wo", "rk/"],
        ["/sh", "ared/"],
    ]
    .map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in files().unwrap() {
        let Some(text) = text(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                found.push(format!("{file}:{}: {line}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_is_left_half_done() {
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["to", "do!("],
        ["unimple", "mented!("],
        ["#[ig", "nore"],
    ]
    .map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in files().unwrap() {
        if !file.ends_with(".rs") {
            continue;
        }
        for (number, line) in text(&file).unwrap().lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                found.push(format!("{file}:{}: {line}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_module_is_called_mod_rs_or_utils() {
    for file in files().unwrap() {
        let name = file.rsplit('/').next().unwrap();
        // What several test programs share has to be called mod.rs.
        let shared_by_tests = file.contains("/tests/") && name == "mod.rs";
        let bad = ["mod.rs", "utils.rs", "util.rs"].contains(&name);
        assert!(!bad || shared_by_tests, "{file}");
    }
}
