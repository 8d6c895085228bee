//! The stock kubectl, built from the module that `tests/cluster/go.mod` pins.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where kubectl is. The first call may build it, which takes minutes; the script says so.
///
/// Fails the test when it cannot be built and `CI` is set. Elsewhere the test says that it did
/// not run, so that the other tests can be worked on without Go or a network.
pub(crate) fn path() -> Option<&'static PathBuf> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster/tools.sh");
        let output = Command::new("bash")
            .args([script, "kubectl"])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("bash is there");
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if output.status.success() && path.is_file() {
            return Some(path);
        }
        assert!(
            std::env::var_os("CI").is_none(),
            "tests/cluster/tools.sh gave no kubectl ({})",
            output.status
        );
        eprintln!("NOT RUN: tests/cluster/tools.sh gave no kubectl");
        None
    })
    .as_ref()
}
