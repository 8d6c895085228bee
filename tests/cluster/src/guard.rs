//! Processes and a folder that are gone when this process is, however it ends.
//!
//! A small shell waits on a pipe from this process. The pipe ends when this process ends, killed or
//! not; then the shell kills what it was told of and removes the folder. It is in a process group of
//! its own, as everything that is started here, so that Ctrl-C in a terminal does not reach it.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::watch_log::since_1970;

const KEEPER: &str = r#"
groups=" "
while read -r verb group; do
  case $verb in
    keep) groups="$groups$group " ;;
    gone) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
# No `--`: dash, which is sh on Debian, takes it for a number.
for group in $groups; do kill -9 "-$group" 2>/dev/null; done
# What was killed may be about to write; the second time nobody is left who could.
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
"#;

/// See the module.
#[derive(Debug)]
pub struct Guard {
    folder: PathBuf,
    keeper: Mutex<Child>,
}

impl Guard {
    /// A guard with a new folder that nobody else may read.
    ///
    /// # Errors
    /// When there is no `mktemp` or no `sh`.
    pub fn new() -> anyhow::Result<Self> {
        let folder = Command::new("mktemp")
            .args(["-d", "-t", "rollouts-plane.XXXXXX"])
            .output()
            .context("mktemp cannot be run")?;
        ensure!(folder.status.success(), "mktemp: {}", folder.status);
        let folder = PathBuf::from(String::from_utf8_lossy(&folder.stdout).trim());
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("sh cannot be run")?;
        Ok(Self {
            folder,
            keeper: Mutex::new(keeper),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program whose output goes to `<name>.log` in the folder.
    ///
    /// `HOME` is the folder, and no kubeconfig of the user's is in the environment.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start(&self, name: &str, command: &mut Command) -> anyhow::Result<Process> {
        let log = self.folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        let begun = since_1970();
        let child = command
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env_remove("KUBECONFIG")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be run"))?;
        self.tell("keep", child.id());
        Ok(Process { child, log, begun })
    }

    /// Ends a program without asking it.
    pub fn kill(&self, mut process: Process) {
        // An error means that it has ended already.
        let _ = process.child.kill();
        let _ = process.child.wait();
        self.tell("gone", process.child.id());
    }

    /// Asks a program to end, and waits for it so long; kills it then.
    ///
    /// # Errors
    /// When it cannot be asked or waited for.
    pub fn stop(&self, mut process: Process, patience: Duration) -> anyhow::Result<ExitStatus> {
        let begun = Instant::now();
        let id = process.child.id();
        let asked = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()?;
        ensure!(asked.success(), "kill -TERM {id}: {asked}");
        while process.child.try_wait()?.is_none() && begun.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(20));
        }
        // An error means that it has ended already.
        let _ = process.child.kill();
        let status = process.child.wait()?;
        self.tell("gone", id);
        Ok(status)
    }

    fn tell(&self, verb: &str, process: u32) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = keeper.stdin.as_mut();
        let told = pipe.map(|pipe| writeln!(pipe, "{verb} {process}"));
        assert!(
            matches!(told, Some(Ok(()))),
            "the keeper of processes is gone"
        );
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let keeper = self
            .keeper
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

/// A program that a guard started.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
    begun: Duration,
}

impl Process {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// When it was started, since 1970.
    #[must_use]
    pub const fn begun(&self) -> Duration {
        self.begun
    }

    /// Whether it has ended with status 0.
    pub fn has_ended_well(&mut self) -> bool {
        let status = self.child.try_wait().ok().flatten();
        status.is_some_and(|status| status.success())
    }

    /// What it said last, when it has ended.
    pub fn last_words(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.get(lines.len().saturating_sub(15)..);
        Some(format!("{status}\n{}", last.unwrap_or_default().join("\n")))
    }
}
