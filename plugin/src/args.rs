//! The command line: verbs and flags of both names.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

mod connection;
mod verbs;

pub use connection::ConnectionFlags;
pub use verbs::{
    Completion, Dashboard, Explain, Get, GetKind, GetRollout, List, ListKind, ListRollouts, Local,
    Names, Promote, Retry, RetryKind, Set, SetImage, SetKind, StatusArgs, Undo, Until, VersionArgs,
};

/// See and steer rollouts.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-rollouts",
    bin_name = "kubectl rollouts",
    about = "See and steer rollouts, and try them on your own machine without a cluster",
    disable_version_flag = true,
    after_help = "Examples:\n  \
        # Try everything without a cluster\n  kubectl rollouts local --demo\n\n  \
        # See a rollout, and go on seeing it\n  kubectl rollouts get rollout myapp --watch\n\n  \
        # What does it wait on, and what releases it?\n  kubectl rollouts explain myapp\n\n  \
        # Go on after a pause\n  kubectl rollouts promote myapp"
)]
pub struct Cli {
    /// Whom to talk to.
    #[command(flatten)]
    pub connection: ConnectionFlags,
    /// Colours and signs.
    #[command(flatten)]
    pub dress: Dress,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Colours and signs.
#[derive(Debug, Clone, Args, Default)]
pub struct Dress {
    /// Do not colour the output
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true",
          action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true)]
    pub no_color: bool,
    /// When to colour the output; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<ColourChoice>,
    /// Plain characters instead of signs
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourChoice {
    /// In a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// In which form a read answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// `rollout.argoproj.io/NAME` alone.
    Name,
    /// Text with more columns.
    Wide,
}

/// Whether a write is really made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Shows the requests and sends none.
    Client,
    /// The API server checks the requests and keeps nothing.
    Server,
    /// Really.
    None,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show a rollout with its revisions, ReplicaSets and pods
    Get(Get),
    /// List rollouts
    List(List),
    /// Show the status of a rollout, and wait for its end
    #[command(
        after_help = "Exit status: 0 at the end (or with --watch=false unless Degraded), \
        1 when Degraded, not found or out of time.\n\nExamples:\n  \
        # Wait until it is healthy, at most ten minutes\n  \
        kubectl rollouts status myapp --timeout 10m\n\n  \
        # Look once\n  kubectl rollouts status myapp --watch=false\n\n  \
        # In a pipeline with a manual gate: a pause is a success too\n  \
        kubectl rollouts status myapp --success-on-pause"
    )]
    Status(StatusArgs),
    /// Say what a rollout waits on, and the one thing that releases it
    #[command(after_help = "Examples:\n  kubectl rollouts explain myapp")]
    Explain(Explain),
    /// Go on after a pause, or with the next step
    #[command(after_help = "Examples:\n  \
        # Go on after a pause\n  kubectl rollouts promote myapp\n\n  \
        # Skip everything that is left\n  kubectl rollouts promote myapp --full")]
    Promote(Promote),
    /// Stop an update: traffic goes back to the stable version
    #[command(after_help = "Examples:\n  kubectl rollouts abort myapp")]
    Abort(Names),
    /// Try an aborted update again
    Retry(Retry),
    /// Pause a rollout until it is promoted
    #[command(after_help = "Examples:\n  kubectl rollouts pause myapp")]
    Pause(Names),
    /// Set the image of a container
    Set(Set),
    /// Go back to an earlier revision
    #[command(after_help = "Examples:\n  \
        # To the revision before\n  kubectl rollouts undo myapp\n\n  \
        # To a revision by its number\n  kubectl rollouts undo myapp --to-revision=3")]
    Undo(Undo),
    /// Run a cluster with the controller in this process, to try rollouts without a cluster
    #[command(after_help = "Examples:\n  \
        # Watch a canary and a blue-green rollout, a minute a second\n  \
        kubectl rollouts local --demo --speed 60\n\n  \
        # A cluster for kubectl, with your own manifests\n  \
        kubectl rollouts local --kubeconfig-out local.kubeconfig -f app.yaml")]
    Local(Local),
    /// Show the version
    Version(VersionArgs),
    /// Print a script that completes words in a shell
    #[command(after_help = "Examples:\n  \
        # For the binary itself\n  source <(kubectl-rollouts completion bash)\n\n  \
        # For `kubectl rollouts`: a file that kubectl calls\n  \
        kubectl rollouts completion kubectl > /usr/local/bin/kubectl_complete-rollouts")]
    Completion(Completion),
    /// Look at rollouts in a browser, live
    Dashboard(Dashboard),
    /// Completes a word for kubectl.
    #[command(name = "__complete", hide = true)]
    Complete(Rest),
    /// Not in this version.
    #[command(hide = true)]
    Create(Rest),
    /// Not in this version.
    #[command(hide = true)]
    Lint(Rest),
    /// Not in this version.
    #[command(hide = true)]
    Restart(Rest),
    /// Not in this version.
    #[command(hide = true)]
    Terminate(Rest),
    /// Not in this version.
    #[command(hide = true)]
    Notifications(Rest),
}

/// Anything.
#[derive(Debug, Args)]
pub struct Rest {
    /// All that follows.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    pub words: Vec<String>,
}

/// What a completion script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionTarget {
    /// A shell.
    Bash,
    /// A shell.
    Zsh,
    /// A shell.
    Fish,
    /// A shell.
    Powershell,
    /// The file that kubectl calls for plugins.
    Kubectl,
}

impl CompletionTarget {
    /// The shell; `None` for kubectl.
    #[must_use]
    pub const fn shell(self) -> Option<Shell> {
        match self {
            Self::Bash => Some(Shell::Bash),
            Self::Zsh => Some(Shell::Zsh),
            Self::Fish => Some(Shell::Fish),
            Self::Powershell => Some(Shell::PowerShell),
            Self::Kubectl => None,
        }
    }
}

/// A file of manifests, or `-` for the standard input.
pub type ManifestPath = PathBuf;
