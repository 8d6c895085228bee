//! The command line: every flag of the controller that this one replaces, under its name.
//!
//! Source: `compat/controller.md` §1. A Deployment must start with only its image changed, so an
//! unknown flag is a warning, and one without effect says so once.

use std::ffi::OsString;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Parser, ValueEnum};
use controller::LeaderElection;
use controller::rights::LEASE;
use crds::durations::GoDuration;
use planner::{GenerationFormat, Settings};

mod ignored;

use ignored::Ignored;

/// Everything is listed anew this often at least, whatever is asked for: a lost event is repaired
/// in that time.
const LONGEST_RESYNC: Duration = Duration::from_secs(600);
/// Where the Lease is when nothing says where this controller runs.
const NAMESPACE: &str = "argo-rollouts";
/// Where a pod finds the name of its namespace.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Progressive delivery for Kubernetes: updates of `Rollout` objects, step by step.
#[derive(Debug, Parser)]
#[command(
    name = "rollouts-controller",
    disable_version_flag = true,
    next_line_help = false,
    after_help = "Examples:\n  \
        # In a cluster, all namespaces:\n  rollouts-controller\n\n  \
        # From a laptop, one namespace, without a Lease:\n  \
        rollouts-controller --kubeconfig ~/.kube/config --namespaced -n shop --leader-elect=false"
)]
pub(crate) struct Flags {
    /// Print the version and exit
    #[arg(long)]
    pub(crate) version: bool,

    /// Only one namespace: the one of --namespace, the kubeconfig or the service account
    #[arg(long, help_heading = "Scope", default_value = "false", default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub(crate) namespaced: bool,
    /// The namespace
    #[arg(long, short, help_heading = "Scope")]
    pub(crate) namespace: Option<String>,
    /// Only Rollouts with this value of argo-rollouts.argoproj.io/controller-instance-id; without
    /// it only those without that label
    #[arg(long, help_heading = "Scope", default_value = "")]
    instance_id: String,

    /// Seconds between two complete listings; at most 600 count
    #[arg(long, help_heading = "Work", default_value_t = 900)]
    rollout_resync: u64,
    /// Rollouts worked on at the same time
    #[arg(long, help_heading = "Work", default_value_t = 10)]
    pub(crate) rollout_threads: usize,
    /// How status.observedGeneration is written: string is what existing clients read, integer is
    /// what kstatus (Flux, Helm) reads
    #[arg(long, help_heading = "Work", value_enum, default_value_t = Generation::String)]
    observed_generation: Generation,
    /// Whether Ready, Reconciling and Stalled are written beside the other conditions
    #[arg(long, help_heading = "Work", default_value = "true", default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    kstatus_conditions: bool,

    /// Whether to act only while holding the Lease
    #[arg(long, help_heading = "Leader election", default_value = "true", default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    leader_elect: bool,
    /// How long others wait after the last renewal
    #[arg(long, help_heading = "Leader election", default_value = "15s", value_parser = duration)]
    leader_election_lease_duration: Duration,
    /// How long a leader that cannot renew goes on
    #[arg(long, help_heading = "Leader election", default_value = "10s", value_parser = duration)]
    leader_election_renew_deadline: Duration,
    /// How long between two attempts
    #[arg(long, help_heading = "Leader election", default_value = "2s", value_parser = duration)]
    leader_election_retry_period: Duration,

    /// Port of /metrics
    #[arg(
        long = "metricsPort",
        alias = "metricsport",
        help_heading = "Insight",
        default_value_t = 8090
    )]
    pub(crate) metrics_port: u16,
    /// Port of /healthz, /livez and /readyz
    #[arg(long = "healthzPort", help_heading = "Insight", default_value_t = 8080)]
    pub(crate) healthz_port: u16,
    /// trace, debug, info, warn or error
    #[arg(long, help_heading = "Insight", default_value = "info")]
    pub(crate) loglevel: String,
    /// text or json
    #[arg(long, help_heading = "Insight", default_value = "")]
    pub(crate) logformat: String,

    /// The kubeconfig file
    #[arg(long, help_heading = "Connection")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig
    #[arg(long, help_heading = "Connection")]
    pub(crate) context: Option<String>,
    /// Cluster in the kubeconfig
    #[arg(long, help_heading = "Connection")]
    pub(crate) cluster: Option<String>,
    /// User in the kubeconfig
    #[arg(long, help_heading = "Connection")]
    pub(crate) user: Option<String>,
    /// Address of the API server
    #[arg(long, short, help_heading = "Connection")]
    pub(crate) server: Option<String>,
    /// Bearer token
    #[arg(long, help_heading = "Connection")]
    pub(crate) token: Option<String>,
    /// User to impersonate
    #[arg(long = "as", help_heading = "Connection")]
    pub(crate) impersonate: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", help_heading = "Connection")]
    pub(crate) impersonate_group: Vec<String>,
    /// Name in the API server's certificate
    #[arg(long, help_heading = "Connection")]
    pub(crate) tls_server_name: Option<String>,
    /// Do not check the API server's certificate
    #[arg(long, help_heading = "Connection", default_value = "false", default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Controllers to run; only the complete one is supported
    #[arg(long, hide = true, value_delimiter = ',')]
    controllers: Vec<String>,
    #[command(flatten)]
    ignored: Ignored,
}

/// How `status.observedGeneration` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Generation {
    String,
    Integer,
}

/// Reads the command line. Returns the flags, and the arguments that nothing is known of.
///
/// # Errors
/// A value that cannot be read; or that only help was asked for.
pub(crate) fn read(
    arguments: impl Iterator<Item = OsString>,
) -> Result<(Flags, Vec<String>), clap::Error> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let mut unknown = Vec::new();
    loop {
        let error = match Flags::try_parse_from(&arguments) {
            Ok(flags) => return Ok((flags, unknown)),
            Err(error) => error,
        };
        let named = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(named)) if error.kind() == ErrorKind::UnknownArgument => {
                named.clone()
            }
            _ => return Err(error),
        };
        // clap names the flag alone; on the command line it may have a value behind `=`.
        let is_named = |argument: &OsString| {
            let argument = argument.to_string_lossy();
            argument == named || argument.starts_with(&format!("{named}="))
        };
        let Some(index) = arguments.iter().skip(1).position(is_named) else {
            return Err(error);
        };
        let removed = arguments.remove(index + 1);
        unknown.push(removed.to_string_lossy().into_owned());
    }
}

impl Flags {
    pub(crate) fn instance_id(&self) -> Option<String> {
        Some(self.instance_id.clone()).filter(|id| !id.is_empty())
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            kstatus_conditions: self.kstatus_conditions,
            observed_generation: match self.observed_generation {
                Generation::String => GenerationFormat::Text,
                Generation::Integer => GenerationFormat::Number,
            },
        }
    }

    /// Time between two complete listings.
    pub(crate) fn resync(&self) -> Duration {
        Duration::from_secs(self.rollout_resync.max(1)).min(LONGEST_RESYNC)
    }

    pub(crate) fn leader_election(&self) -> Option<LeaderElection> {
        self.leader_elect.then(|| LeaderElection {
            namespace: controller_namespace(),
            name: match self.instance_id() {
                Some(id) => format!("{LEASE}-{id}"),
                None => LEASE.to_owned(),
            },
            identity: identity(),
            lease_duration: self.leader_election_lease_duration,
            renew_deadline: self.leader_election_renew_deadline,
            retry_period: self.leader_election_retry_period,
        })
    }

    /// Flags that were given and do nothing, and why.
    pub(crate) fn without_effect(&self) -> Vec<(&'static str, &'static str)> {
        self.ignored.given()
    }

    /// # Errors
    /// When something is asked for that cannot be left out without harm.
    pub(crate) fn refuse_unsupported(&self) -> anyhow::Result<()> {
        match self.controllers.first().map(String::as_str) {
            None => Ok(()),
            Some("analysis") => anyhow::bail!(
                "--controllers=analysis is not supported by this version; remove the flag to run the Rollout controller"
            ),
            Some(other) => anyhow::bail!("unsupported controller: {other}"),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = GoDuration::parse(text).map_err(|error| error.to_string())?;
    let nanos = u64::try_from(duration.nanoseconds()).map_err(|_| "is negative".to_owned())?;
    Ok(Duration::from_nanos(nanos))
}

/// Where this controller runs.
fn controller_namespace() -> String {
    let variable = std::env::var("POD_NAMESPACE").ok();
    let file = || std::fs::read_to_string(OWN_NAMESPACE).ok();
    let found = variable.filter(|it| !it.is_empty()).or_else(file);
    found.map_or_else(|| NAMESPACE.to_owned(), |it| it.trim().to_owned())
}

/// `<hostname>_<uuid>`: another one for each process.
fn identity() -> String {
    let file = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = std::env::var("HOSTNAME").ok().or_else(file);
    let host = host.unwrap_or_else(|| "unknown".to_owned());
    // Each `RandomState` has keys of its own, from the system's randomness.
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    let uuid = format!("{high:016x}{low:016x}");
    let (a, rest) = uuid.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{}_{a}-{b}-{c}-{d}-{e}", host.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> (Flags, Vec<String>) {
        let line = format!("rollouts-controller {line}");
        read(line.split_whitespace().map(OsString::from)).unwrap()
    }

    #[test]
    fn without_flags_the_documented_defaults_hold() {
        let (flags, unknown) = read_line("");
        assert_eq!(unknown, [""; 0]);
        assert_eq!((flags.metrics_port, flags.healthz_port), (8090, 8080));
        assert_eq!(flags.resync(), Duration::from_secs(600));
        assert_eq!(flags.settings(), Settings::default());
        let election = flags.leader_election().unwrap();
        assert_eq!(election.name, "argo-rollouts-controller-lock");
        assert_eq!(election.lease_duration, Duration::from_secs(15));
        assert_eq!(flags.without_effect(), []);
    }

    #[test]
    fn every_flag_of_an_existing_deployment_is_accepted() {
        let (flags, unknown) = read_line(
            "--rollout-resync 300 --namespaced --namespace shop --loglevel debug --logformat json \
             --kloglevel 2 --metricsport 1 --healthzPort 2 --instance-id blue --qps 40 --burst 80 \
             --rollout-threads 3 --experiment-threads 4 --analysis-threads 5 --service-threads 6 \
             --ingress-threads 7 --ephemeral-metadata-threads 8 \
             --ephemeral-metadata-update-pod-retries 9 --istio-api-version v1 \
             --ambassador-api-version v2 --traffic-split-api-version v1alpha2 \
             --traefik-api-group traefik.io --traefik-api-version traefik.io/v1alpha1 \
             --ingress-api-version networking/v1 --appmesh-crd-version v1beta2 \
             --alb-ingress-classes alb --alb-ingress-classes other --nginx-ingress-classes nginx \
             --aws-verify-target-group --alb-verify-weight=true \
             --aws-target-group-binding-api-version v1 --alb-tag-key-resource-id x \
             --leader-elect=false --leader-election-lease-duration 1m0s \
             --leader-election-renew-deadline 40s --leader-election-retry-period 500ms \
             --self-service-notification-enabled --enable-pprof-address :6060",
        );
        assert_eq!(unknown, [""; 0]);
        assert!(flags.namespaced);
        assert_eq!(flags.resync(), Duration::from_secs(300));
        assert_eq!(flags.leader_election(), None);
        assert_eq!(flags.instance_id().as_deref(), Some("blue"));
        assert_eq!(flags.without_effect().len(), 24);
    }

    #[test]
    fn an_unknown_flag_is_named_and_the_others_count() {
        let (flags, unknown) = read_line("--new-thing=3 --loglevel warn --other 7 -n shop");
        assert_eq!(unknown, ["--new-thing=3", "--other", "7"]);
        assert_eq!(flags.loglevel, "warn");
        assert_eq!(flags.namespace.as_deref(), Some("shop"));
    }

    #[test]
    fn an_instance_has_a_lease_of_its_own() {
        let (flags, _) = read_line("--instance-id blue");
        let election = flags.leader_election().unwrap();
        assert_eq!(election.name, "argo-rollouts-controller-lock-blue");
        assert_ne!(election.identity, flags.leader_election().unwrap().identity);
    }

    #[test]
    fn what_cannot_be_left_out_is_refused() {
        let refusal = |line: &str| {
            read_line(line)
                .0
                .refuse_unsupported()
                .unwrap_err()
                .to_string()
        };
        assert!(refusal("--controllers=analysis").contains("not supported by this version"));
        assert_eq!(refusal("--controllers=x"), "unsupported controller: x");
        assert!(read_line("").0.refuse_unsupported().is_ok());
    }
}
