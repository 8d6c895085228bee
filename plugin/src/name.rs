//! The two names of the binary, and what differs between them.

use std::ffi::OsStr;
use std::path::Path;

/// Under which name the binary was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// `kubectl-rollouts`: our own.
    Rollouts,
    /// `kubectl-argo-rollouts`: as existing pipelines call it.
    ArgoRollouts,
}

impl Name {
    /// Reads the name from the first word of the command line; any unknown one is our own.
    ///
    /// A platform behind it (`kubectl-argo-rollouts-linux-amd64`, as downloads are called) is no
    /// part of the name.
    #[must_use]
    pub fn of(program: &OsStr) -> Self {
        let stem = Path::new(program).file_stem().unwrap_or(program);
        let stem = stem.to_str().unwrap_or_default();
        let known = ["kubectl-argo-rollouts", "kubectl_complete-argo-rollouts"];
        if known.iter().any(|name| stem.starts_with(name)) {
            Self::ArgoRollouts
        } else {
            Self::Rollouts
        }
    }

    /// Whether kubectl calls it to complete a word: every argument belongs to that word.
    #[must_use]
    pub fn is_completion(program: &OsStr) -> bool {
        let stem = Path::new(program).file_stem().and_then(OsStr::to_str);
        stem.is_some_and(|stem| stem.starts_with("kubectl_complete-"))
    }

    /// The name of the file.
    #[must_use]
    pub const fn binary(self) -> &'static str {
        match self {
            Self::Rollouts => "kubectl-rollouts",
            Self::ArgoRollouts => "kubectl-argo-rollouts",
        }
    }

    /// What people type.
    #[must_use]
    pub const fn typed(self) -> &'static str {
        match self {
            Self::Rollouts => "kubectl rollouts",
            Self::ArgoRollouts => "kubectl argo rollouts",
        }
    }

    /// Exit status for a line that cannot be understood.
    #[must_use]
    pub const fn usage_exit(self) -> u8 {
        match self {
            Self::Rollouts => 2,
            Self::ArgoRollouts => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_from_the_file_whatever_folder_it_is_in() {
        for (program, name) in [
            ("kubectl-argo-rollouts", Name::ArgoRollouts),
            ("/usr/local/bin/kubectl-argo-rollouts", Name::ArgoRollouts),
            ("kubectl-argo-rollouts.exe", Name::ArgoRollouts),
            ("./kubectl-argo-rollouts-linux-amd64", Name::ArgoRollouts),
            ("kubectl-rollouts", Name::Rollouts),
            ("/bin/other", Name::Rollouts),
        ] {
            assert_eq!(Name::of(OsStr::new(program)), name, "{program}");
        }
        assert!(Name::is_completion(OsStr::new(
            "/x/kubectl_complete-rollouts"
        )));
        assert!(!Name::is_completion(OsStr::new("kubectl-rollouts")));
    }
}
