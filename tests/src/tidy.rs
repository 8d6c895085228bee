//! What the tidy tests need: the repository's files and its dependency graph.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Every file of the repository that git knows or would add, relative to the root and sorted.
///
/// # Errors
/// When git cannot be run.
pub fn files() -> anyhow::Result<Vec<String>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    anyhow::ensure!(output.status.success(), "git ls-files failed");
    let mut files: Vec<String> = String::from_utf8(output.stdout)?
        .lines()
        .filter(|file| root().join(file).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// The text of a file; `None` when it is not text.
#[must_use]
pub fn text(file: &str) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}
