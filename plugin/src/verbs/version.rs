//! `version`.
//!
//! Source: `compat/cli.md` §8.

use crate::name::Name;

/// What `version` prints.
pub(super) fn text(name: Name, short: bool) -> String {
    let commit = option_env!("GIT_COMMIT").unwrap_or("unknown");
    let sha: String = commit.chars().take(7).collect();
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("{}: v{version}+{sha}\n", name.binary());
    if !short {
        for (key, value) in [
            ("BuildDate", option_env!("BUILD_DATE").unwrap_or("unknown")),
            ("GitCommit", commit),
            (
                "GitTreeState",
                option_env!("GIT_TREE_STATE").unwrap_or("unknown"),
            ),
            // Programs look for these lines; there is no Go in it.
            ("GoVersion", "none"),
            ("Compiler", "rustc"),
        ] {
            text.push_str(&format!("  {key}: {value}\n"));
        }
        let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
        text.push_str(&format!("  Platform: {system}/{machine}\n"));
    }
    text
}
