//! A copy of the tree with build results of its own, in which wrongs are planted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::mutant::Mutant;

/// A copy of the checkout.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    scratch: PathBuf,
}

impl Tree {
    /// Makes `scratch` a copy of what git knows, or would add, of the checkout at `root`. Files that
    /// are the same already are not touched, so that builds start where the last one ended.
    ///
    /// # Errors
    /// When git cannot be run, or a file cannot be read or written.
    pub fn copy(root: &Path, scratch: PathBuf) -> anyhow::Result<Self> {
        let tree = Self {
            root: root.to_owned(),
            scratch,
        };
        fs::create_dir_all(tree.folder())?;
        fs::create_dir_all(tree.logs())?;
        tree.seed_build();
        let files = files(root)?;
        for file in &files {
            tree.restore(file)?;
        }
        for file in walk(&tree.folder())? {
            let name = file
                .strip_prefix(tree.folder())?
                .to_string_lossy()
                .into_owned();
            if !files.contains(&name) {
                fs::remove_file(&file)?;
            }
        }
        Ok(tree)
    }

    /// Where the copy is.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.scratch.join("tree")
    }

    /// Where the copy is built.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.scratch.join("build")
    }

    /// Where what the killers say is kept.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.scratch.join("logs")
    }

    /// Plants a wrong.
    ///
    /// # Errors
    /// When it does not apply exactly once, or the file cannot be written.
    pub fn plant(&self, mutant: &Mutant) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.root.join(&mutant.file))
            .with_context(|| format!("{} cannot be read", mutant.file))?;
        fs::write(self.folder().join(&mutant.file), mutant.apply(&text)?)?;
        Ok(())
    }

    /// Makes a file what it is in the checkout.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn restore(&self, file: &str) -> anyhow::Result<()> {
        let wanted = fs::read(self.root.join(file)).with_context(|| file.to_owned())?;
        let path = self.folder().join(file);
        if fs::read(&path).is_ok_and(|present| present == wanted) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // `copy` keeps the permissions; the time is that of now, so that cargo builds anew.
        fs::copy(self.root.join(file), path).with_context(|| file.to_owned())?;
        Ok(())
    }

    /// Starts from what was built of the dependencies for the checkout. All of ours is newer in the
    /// copy and is built anew. A copy that fails costs time alone.
    fn seed_build(&self) {
        let there = self.build().join("debug");
        let Some(target) = self.scratch.parent().map(|it| it.join("debug")) else {
            return;
        };
        if there.exists() || !target.is_dir() || fs::create_dir_all(&there).is_err() {
            return;
        }
        for part in ["deps", "build", ".fingerprint"] {
            let copy = Command::new("cp")
                .args(["-a", "--reflink=auto"])
                .arg(target.join(part))
                .arg(&there)
                .status();
            if !copy.is_ok_and(|status| status.success()) {
                let _ = fs::remove_dir_all(&there);
                return;
            }
        }
    }
}

/// What git knows, or would add, and is there.
fn files(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git cannot be run")?;
    ensure!(output.status.success(), "git ls-files failed");
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .split('\0')
        .filter(|file| !file.is_empty() && root.join(file).is_file())
        .map(str::to_owned)
        .collect())
}

/// All files below a folder.
fn walk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}
