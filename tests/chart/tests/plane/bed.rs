//! A control plane with nothing installed, and simulated pods that are ready while their program is.

use std::time::{Duration, Instant};

use chart::Helm;
use cluster::Plane;

use crate::kubelet::Kubelet;
use crate::tools::Tools;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Bed {
    pub(crate) tools: Tools,
    pub(crate) kubelet: Kubelet,
}

impl Bed {
    /// `None` where a plane or Helm cannot be built and `CI` is not set; says so.
    pub(crate) fn start() -> Option<Self> {
        let missing = Helm::find().err().or_else(|| cluster::kubectl().err());
        if let Some(error) = missing {
            assert!(std::env::var_os("CI").is_none(), "{error:#}");
            eprintln!("NOT RUN: {error:#}");
            return None;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let plane = runtime.block_on(async {
            let mut plane = Plane::start().await.unwrap();
            plane.work().await.unwrap();
            plane
        });
        Some(Self {
            tools: Tools::of(plane),
            kubelet: Kubelet::new(),
        })
    }

    /// Waits until `look` finds something; its error says what it saw.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Tools) -> Result<T, String>,
    ) -> T {
        let begun = Instant::now();
        loop {
            self.kubelet.sync(&self.tools);
            match look(&self.tools) {
                Ok(found) => return found,
                Err(seen) if begun.elapsed() > PATIENCE => {
                    panic!(
                        "{what}: not in {PATIENCE:?}; {seen}\n{}",
                        self.kubelet.logs()
                    )
                }
                Err(_) => std::thread::sleep(Duration::from_millis(300)),
            }
        }
    }

    /// What every program of a pod has said so far.
    pub(crate) fn logs(&self) -> String {
        self.kubelet.logs()
    }
}
