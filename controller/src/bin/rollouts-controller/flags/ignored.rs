//! Flags that are accepted and do nothing (yet).

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

const ANALYSIS: &str = "analysis is not supported by this version";
const EXPERIMENTS: &str = "experiments are not supported by this version";
const ROUTERS: &str = "traffic routers are not supported by this version";
const EPHEMERAL: &str = "ephemeral metadata is not supported by this version";
const NOTIFICATIONS: &str = "notifications are not supported by this version";
const LIMITS: &str =
    "requests are limited by --rollout-threads and by the API server's priority and fairness";
const ONE_LOOP: &str = "Services need no worker of their own";

const NAMED: &str = "name it in the kubeconfig";
const NO_PASSWORDS: &str = "the API server knows no passwords; use a kubeconfig";

/// Whether a flag may stand without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Value,
    Switch,
}
use Takes::{Switch, Value};

/// Name, form, and why it does nothing.
const FLAGS: [(&str, Takes, &str); 34] = [
    ("kloglevel", Value, "there is no second log; use --loglevel"),
    ("qps", Value, LIMITS),
    ("burst", Value, LIMITS),
    ("experiment-threads", Value, EXPERIMENTS),
    ("analysis-threads", Value, ANALYSIS),
    ("service-threads", Value, ONE_LOOP),
    ("ingress-threads", Value, ROUTERS),
    ("ephemeral-metadata-threads", Value, EPHEMERAL),
    ("ephemeral-metadata-update-pod-retries", Value, EPHEMERAL),
    ("istio-api-version", Value, ROUTERS),
    ("ambassador-api-version", Value, ROUTERS),
    ("traffic-split-api-version", Value, ROUTERS),
    ("traefik-api-group", Value, ROUTERS),
    ("traefik-api-version", Value, ROUTERS),
    ("ingress-api-version", Value, ROUTERS),
    ("appmesh-crd-version", Value, ROUTERS),
    ("alb-ingress-classes", Value, ROUTERS),
    ("nginx-ingress-classes", Value, ROUTERS),
    ("aws-verify-target-group", Switch, ROUTERS),
    ("alb-verify-weight", Switch, ROUTERS),
    ("aws-target-group-binding-api-version", Value, ROUTERS),
    ("alb-tag-key-resource-id", Value, ROUTERS),
    ("self-service-notification-enabled", Switch, NOTIFICATIONS),
    (
        "enable-pprof-address",
        Value,
        "there is no profile to serve",
    ),
    ("certificate-authority", Value, NAMED),
    ("client-certificate", Value, NAMED),
    ("client-key", Value, NAMED),
    ("proxy-url", Value, NAMED),
    ("username", Value, NO_PASSWORDS),
    ("password", Value, NO_PASSWORDS),
    ("as-uid", Value, "use --as and --as-group"),
    (
        "request-timeout",
        Value,
        "every request has a limit of its own",
    ),
    ("disable-compression", Switch, "the API server decides"),
    ("cache-dir", Value, "nothing is cached on disk"),
];

/// Flags that were given and do nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Vec<(&'static str, &'static str)>);

impl Ignored {
    /// Their names, and why they do nothing.
    pub(crate) fn given(&self) -> Vec<(&'static str, &'static str)> {
        self.0.clone()
    }
}

impl FromArgMatches for Ignored {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let given = FLAGS.iter().filter(|(name, ..)| is_given(name));
        Ok(Self(given.map(|(name, _, why)| (*name, *why)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Ignored {
    fn augment_args(command: Command) -> Command {
        FLAGS.iter().fold(command, |command, (name, takes, _)| {
            let flag = Arg::new(*name)
                .long(*name)
                .hide(true)
                .action(ArgAction::Append);
            command.arg(match takes {
                Value => flag.num_args(1),
                Switch => flag
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true"),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
