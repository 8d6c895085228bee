//! Links lead somewhere, and what the documents show is true.

use std::path::Path;

use tests::tidy::{files, root, text};

/// Targets of `[text](target)` outside code.
fn links(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        for part in prose.split("](").skip(1) {
            found.extend(part.split(')').next().map(str::to_owned));
        }
    }
    found
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for file in files().unwrap() {
        if !file.ends_with(".md") {
            continue;
        }
        let markdown = text(&file).unwrap();
        for link in links(&markdown) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, section) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                root().join(&file)
            } else {
                root().join(&file).parent().unwrap().join(path)
            };
            let has_section = || {
                let text = std::fs::read_to_string(&target).unwrap_or_default();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                section.is_empty() || headings.any(|heading| anchor(heading) == section)
            };
            if !target.exists() || !has_section() {
                broken.push(format!("{file}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_repository_has_the_documents_that_people_look_for() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "docs/glossary.md",
        "docs/unsupported.md",
        "docs/decisions/README.md",
    ] {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
}

#[test]
fn every_decision_is_in_the_list_of_decisions() {
    let list = text("docs/decisions/README.md").unwrap();
    for file in files().unwrap() {
        let name = Path::new(&file).file_name().unwrap().to_string_lossy();
        if file.starts_with("docs/decisions/0") {
            assert!(list.contains(&*name), "{file} is not listed");
        }
    }
}

#[test]
fn the_test_command_of_the_readme_is_the_one_of_the_gate() {
    let command = "cargo test --workspace";
    assert!(text("README.md").unwrap().contains(command));
    assert!(text(".ci/run").unwrap().contains(command));
}
