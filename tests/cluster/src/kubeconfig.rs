//! Kubeconfig files for those who use a plane.

use std::path::Path;

use serde_json::json;

/// Writes a kubeconfig of one user.
pub(crate) fn write(
    path: &Path,
    server: &str,
    authority: &Path,
    token: &str,
) -> std::io::Result<()> {
    let text = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plane",
        "clusters": [{"name": "plane", "cluster": {
            "server": server, "certificate-authority": authority,
        }}],
        "users": [{"name": "user", "user": {"token": token}}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "user"}}],
    });
    std::fs::write(path, format!("{text:#}\n"))
}
