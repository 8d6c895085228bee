//! What was found once is not found again: every file of `regressions/`, named after the behaviour.

use std::path::Path;

use search::case::Case;

#[test]
fn what_was_found_once_is_not_found_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are regressions");
    let mut broken = Vec::new();
    for file in files {
        let case = Case::read(&file).unwrap();
        if let Some(found) = case.replay().found {
            broken.push(format!("{}: {} {}", file.display(), found.id, found.what));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
