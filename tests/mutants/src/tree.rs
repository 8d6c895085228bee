//! A copy of the tree with build results of its own, in which mutants are planted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::mutant::Mutant;
use crate::plant::{ASK, plant};

/// A copy of the checkout as it was when the copy was made.
#[derive(Debug)]
pub struct Tree {
    scratch: PathBuf,
    /// What the files are without a mutant; people go on working in the checkout meanwhile.
    originals: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// Begins a copy in `scratch` of what git knows, or would add, of the checkout at `root`; what
    /// is not there any more is removed.
    ///
    /// # Errors
    /// When git cannot be run, or a file cannot be read or written.
    pub fn copy(root: &Path, scratch: PathBuf) -> anyhow::Result<Self> {
        let tree = Self {
            scratch,
            originals: files(root)?,
        };
        fs::create_dir_all(tree.folder())?;
        fs::create_dir_all(tree.logs())?;
        tree.seed_build();
        for file in walk(&tree.folder())? {
            let name = file
                .strip_prefix(tree.folder())?
                .to_string_lossy()
                .into_owned();
            if !tree.originals.contains_key(&name) {
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

    /// Plants these mutants, each with its number as its switch; all else is as in the checkout.
    ///
    /// # Errors
    /// When one does not fit the code, or a file cannot be written.
    pub fn plant(&self, mutants: &[(usize, &Mutant)]) -> anyhow::Result<()> {
        let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
        for (number, mutant) in mutants {
            let (package, _) = mutant
                .file
                .split_once("src/")
                .with_context(|| format!("{} is in no crate", mutant.file))?;
            let root = self.originals.keys().find(|file| {
                file.strip_prefix(package)
                    .is_some_and(|it| it == "src/lib.rs")
            });
            by_file
                .entry(root.context("there is no lib.rs")?)
                .or_default();
            let here = by_file.entry(&mutant.file).or_default();
            here.push((*number, *mutant));
        }
        for (file, original) in &self.originals {
            let Some(mutants) = by_file.get(file.as_str()) else {
                self.write(file, original)?;
                continue;
            };
            let mut text = plant(std::str::from_utf8(original)?, mutants)?;
            if file.ends_with("src/lib.rs") {
                text.push_str(ASK);
            }
            self.write(file, text.as_bytes())?;
        }
        Ok(())
    }

    /// Writes a file of the copy, unless it is like that: what is written is built anew.
    fn write(&self, file: &str, wanted: &[u8]) -> anyhow::Result<()> {
        let path = self.folder().join(file);
        if fs::read(&path).is_ok_and(|present| present == wanted) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, wanted).with_context(|| file.to_owned())
    }

    /// Starts from what was built of the dependencies for the checkout. All of ours is newer in the
    /// copy and is built anew. A copy that fails costs time alone.
    fn seed_build(&self) {
        for profile in ["debug", "quick"] {
            self.seed_profile(profile);
        }
    }

    fn seed_profile(&self, profile: &str) {
        let there = self.build().join(profile);
        let Some(target) = self.scratch.parent().map(|it| it.join(profile)) else {
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
fn files(root: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
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
    let names = text.split('\0').filter(|name| root.join(name).is_file());
    names
        .map(|name| Ok((name.to_owned(), fs::read(root.join(name))?)))
        .collect()
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
