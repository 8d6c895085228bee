//! The flags of each verb.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use crds::durations::GoDuration;

use super::{CompletionTarget, DryRun, Format, Rest};

/// `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// What.
    #[command(subcommand)]
    pub kind: GetKind,
}

/// What to get.
#[derive(Debug, Subcommand)]
pub enum GetKind {
    /// Show a rollout with its revisions, ReplicaSets and pods
    #[command(
        visible_aliases = ["ro", "rollouts"],
        after_help = "Examples:\n  kubectl rollouts get rollout myapp\n\n  \
            # Go on seeing it\n  kubectl rollouts get rollout myapp --watch\n\n  \
            # For a script\n  kubectl rollouts get rollout myapp -o json"
    )]
    Rollout(GetRollout),
    /// Not in this version.
    #[command(hide = true, aliases = ["exp", "experiments"])]
    Experiment(Rest),
}

/// `get rollout`.
#[derive(Debug, Args)]
pub struct GetRollout {
    /// Name of the rollout
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// Go on showing it as it changes
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub watch: bool,
    /// With --watch, end after this many seconds; 0 is never
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub timeout_seconds: u64,
    /// Form of the answer
    #[arg(short, long, value_name = "FORM")]
    pub output: Option<Format>,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// What.
    #[command(subcommand)]
    pub kind: ListKind,
}

/// What to list.
#[derive(Debug, Subcommand)]
pub enum ListKind {
    /// List rollouts
    #[command(
        visible_aliases = ["ro", "rollout"],
        after_help = "Examples:\n  kubectl rollouts list rollouts\n\n  \
            # Of all namespaces, and a line for each change\n  \
            kubectl rollouts list rollouts --all-namespaces --watch"
    )]
    Rollouts(ListRollouts),
    /// Not in this version.
    #[command(hide = true, aliases = ["exp", "experiment"])]
    Experiments(Rest),
}

/// `list rollouts`.
#[derive(Debug, Args)]
pub struct ListRollouts {
    /// Only the rollout of this name
    #[arg(long)]
    pub name: Option<String>,
    /// Of all namespaces
    #[arg(short = 'A', long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub all_namespaces: bool,
    /// A line for each change
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub watch: bool,
    /// Show when
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub timestamps: bool,
    /// Form of the answer
    #[arg(short, long, value_name = "FORM")]
    pub output: Option<Format>,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Name of the rollout
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// Wait for the end; --watch=false looks once
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_possible_values = true)]
    pub watch: bool,
    /// Give up after this time, e.g. 10m; 0 is never
    #[arg(short, long, default_value = "0s", value_parser = duration, value_name = "DURATION")]
    pub timeout: Duration,
    /// A pause that only a person ends counts as success
    #[arg(long)]
    pub success_on_pause: bool,
    /// End with success as soon as it is paused, healthy, or at a step counted from 0
    #[arg(long, value_parser = until, value_name = "paused|healthy|step:N")]
    pub until: Option<Until>,
    /// Form of the answer; json and yaml look once
    #[arg(short, long, value_name = "FORM")]
    pub output: Option<Format>,
}

/// Until what `status` waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Phase Paused.
    Paused,
    /// Phase Healthy.
    Healthy,
    /// The step with this index, or a later one.
    Step(i32),
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Name of the rollout
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// Form of the answer
    #[arg(short, long, value_name = "FORM")]
    pub output: Option<Format>,
}

/// A verb about one or more rollouts.
#[derive(Debug, Args)]
pub struct Names {
    /// Names of rollouts
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// Show or check the requests without keeping a change
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client", hide_default_value = true)]
    pub dry_run: DryRun,
}

/// `retry`.
#[derive(Debug, Args)]
pub struct Retry {
    /// What.
    #[command(subcommand)]
    pub kind: RetryKind,
}

/// What to retry.
#[derive(Debug, Subcommand)]
pub enum RetryKind {
    /// Try an aborted update again
    #[command(
        visible_aliases = ["ro", "rollouts"],
        after_help = "Examples:\n  kubectl rollouts retry rollout myapp"
    )]
    Rollout(Names),
    /// Not in this version.
    #[command(hide = true, aliases = ["exp", "experiments"])]
    Experiment(Rest),
}

/// `promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// Name of the rollout
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// Skip all steps, pauses and analysis that are left
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub full: bool,
    /// Deprecated: use promote without flags
    #[arg(short = 'c', long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, hide = true)]
    pub skip_current_step: bool,
    /// Deprecated: use --full
    #[arg(short = 'a', long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, hide = true)]
    pub skip_all_steps: bool,
    /// Show or check the requests without keeping a change
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client", hide_default_value = true)]
    pub dry_run: DryRun,
}

/// `set`.
#[derive(Debug, Args)]
pub struct Set {
    /// What.
    #[command(subcommand)]
    pub kind: SetKind,
}

/// What to set.
#[derive(Debug, Subcommand)]
pub enum SetKind {
    /// Set the image of a container
    #[command(after_help = "Examples:\n  \
        kubectl rollouts set image myapp web=registry.example.com/web:v2\n\n  \
        # Of all containers\n  kubectl rollouts set image myapp '*=registry.example.com/web:v2'")]
    Image(SetImage),
}

/// `set image`.
#[derive(Debug, Args)]
pub struct SetImage {
    /// Name of the rollout, then CONTAINER=IMAGE
    #[arg(value_name = "ROLLOUT CONTAINER=IMAGE")]
    pub words: Vec<String>,
    /// Show or check the requests without keeping a change
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client", hide_default_value = true)]
    pub dry_run: DryRun,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// Name of the rollout
    #[arg(value_name = "ROLLOUT")]
    pub names: Vec<String>,
    /// The revision to go back to; 0 is the one before the newest
    #[arg(long, default_value_t = 0, value_name = "REVISION")]
    pub to_revision: i64,
    /// Show or check the requests without keeping a change
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client", hide_default_value = true)]
    pub dry_run: DryRun,
}

/// `dashboard`.
#[derive(Debug, Args)]
pub struct Dashboard {
    /// Port on the loopback address; 0 is any free one
    #[arg(short, long, default_value_t = 3100)]
    pub port: u16,
    /// Open it in the browser
    #[arg(long)]
    pub open: bool,
}

/// `local`.
#[derive(Debug, Args)]
pub struct Local {
    /// Write a kubeconfig for kubectl here
    #[arg(long, value_name = "FILE")]
    pub kubeconfig_out: Option<PathBuf>,
    /// Port on the loopback address; 0 is any free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Port of the dashboard; 0 is any free one
    #[arg(long, default_value_t = 0)]
    pub dashboard_port: u16,
    /// Manifests to apply at the start; may be repeated
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Seconds of the cluster in a second of yours
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub speed: u32,
    /// Apply the examples and roll a new version out
    #[arg(long)]
    pub demo: bool,
    /// With --demo, end when the demo ends: 0 only if both rollouts are healthy
    #[arg(long, requires = "demo")]
    pub exit: bool,
}

/// `version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Only the version
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set,
          hide_default_value = true, hide_possible_values = true)]
    pub short: bool,
}

/// `completion`.
#[derive(Debug, Args)]
pub struct Completion {
    /// For what
    #[arg(value_name = "SHELL")]
    pub target: CompletionTarget,
}

/// A duration in Go's notation, not negative.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = GoDuration::parse(text).map_err(|error| error.to_string())?;
    u64::try_from(duration.nanoseconds())
        .map(Duration::from_nanos)
        .map_err(|_negative| format!("\"{text}\" is negative; use 0 or more"))
}

fn until(text: &str) -> Result<Until, String> {
    let step = text
        .strip_prefix("step:")
        .and_then(|index| index.parse::<i32>().ok());
    match (text, step) {
        ("paused", _) => Ok(Until::Paused),
        ("healthy", _) => Ok(Until::Healthy),
        (_, Some(index)) => Ok(Until::Step(index)),
        _ => Err(format!("\"{text}\" is none of paused, healthy, step:N")),
    }
}
