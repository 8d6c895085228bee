//! The controller of a cluster: started, ended, doubled, started again.

use std::process::Command;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::{ACCOUNT, Cluster, NAMESPACE, words};
use crate::guard::Process;
use crate::programs;

impl Cluster {
    /// Starts the controller.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_controller(&self) -> anyhow::Result<()> {
        let process = self.run_controller("rollouts-controller", &[])?;
        self.use_controller(process);
        Ok(())
    }

    /// Starts a second controller, which waits until it gets the Lease; [`Self::use_controller`] makes
    /// it the one that everything else here is about.
    ///
    /// # Errors
    /// When it does not start.
    pub fn stand_by(&self) -> anyhow::Result<Process> {
        self.run_controller("standby", &[])
    }

    /// The controller from now on.
    pub fn use_controller(&self, process: Process) {
        *self.controller() = Some(process);
    }

    /// Ends the controller with SIGKILL, and starts another one.
    ///
    /// # Errors
    /// When the new one does not start.
    pub fn replace_controller(&self) -> anyhow::Result<()> {
        self.stop_controller();
        self.start_controller()
    }

    /// Ends the controller with SIGKILL, if there is one.
    pub fn stop_controller(&self) {
        let old = self.controller().take();
        if let Some(old) = old {
            self.guard.kill(old);
        }
    }

    /// Asks the controller to end, as a Deployment does, and waits until it has.
    ///
    /// # Errors
    /// When there is none, or it does not end well in half a minute.
    pub fn ask_controller_to_end(&self) -> anyhow::Result<()> {
        let old = self.controller().take().context("no controller")?;
        let status = self.guard.stop(old, Duration::from_secs(30))?;
        ensure!(status.success(), "the controller ended with {status}");
        Ok(())
    }

    /// Starts a second controller, and ends the first with SIGKILL: the second waits until the Lease
    /// of the first is over.
    ///
    /// # Errors
    /// When the second does not start.
    pub fn hand_over(&self) -> anyhow::Result<()> {
        let old = self.controller().take();
        self.start_controller()?;
        if let Some(old) = old {
            self.guard.kill(old);
        }
        Ok(())
    }

    /// Starts the controller again if it has ended, as a Deployment does; whether it had.
    ///
    /// # Errors
    /// When it did not end well, with its last words; or does not start again.
    pub fn restart_ended_controller(&self) -> anyhow::Result<bool> {
        let mut controller = self.controller();
        let Some(process) = controller.as_mut() else {
            return Ok(false);
        };
        let Some(last_words) = process.last_words() else {
            return Ok(false);
        };
        if !process.has_ended_well() {
            bail!("the controller ended: {last_words}");
        }
        if let Some(old) = controller.take() {
            self.guard.kill(old);
        }
        *controller = Some(self.run_controller("rollouts-controller", &[])?);
        Ok(true)
    }

    /// What the controller said before it ended, if it has.
    #[must_use]
    pub fn controller_ended(&self) -> Option<String> {
        self.controller().as_mut()?.last_words()
    }

    /// The controller's process id, and when it was started, since 1970.
    #[must_use]
    pub fn controller_process(&self) -> Option<(u32, Duration)> {
        let controller = self.controller();
        controller.as_ref().map(|it| (it.id(), it.begun()))
    }

    fn controller(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.controller
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the shipped controller with its own ServiceAccount and these arguments besides; its
    /// files have the name.
    pub(crate) fn run_controller(&self, name: &str, more: &[&str]) -> anyhow::Result<Process> {
        let ask = format!("create token {ACCOUNT} --duration=24h -n {NAMESPACE}");
        let token = self.kubectl(&words(&ask), "")?;
        ensure!(!token.trim().is_empty(), "an empty token");
        // The server and whom to trust are those of the kubeconfig; who speaks is not.
        let view = words("config view --raw --flatten --minify -o json");
        let mut kubeconfig: serde_json::Value = serde_json::from_str(&self.kubectl(&view, "")?)?;
        kubeconfig["users"][0]["user"] = serde_json::json!({"token": token.trim()});
        if let Some(proxy) = &self.proxy {
            kubeconfig["clusters"][0]["cluster"] = serde_json::json!({"server": proxy.url()});
        }
        let path = self.guard.folder().join(format!("{name}.kubeconfig"));
        std::fs::write(&path, kubeconfig.to_string())?;
        let mut command = Command::new(programs::shipped("rollouts-controller")?);
        command
            .arg("--kubeconfig")
            .arg(&path)
            .args(["--metricsPort=0", "--healthzPort=0", "--logformat=text"])
            .args(more)
            .env("POD_NAMESPACE", NAMESPACE);
        self.guard.start(name, &mut command)
    }

    /// Ends a program with SIGKILL.
    pub(crate) fn kill(&self, process: Process) {
        self.guard.kill(process);
    }
}
