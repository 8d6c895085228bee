//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use dashboard::Login;
use http::HeaderName;

/// Rollouts live in a browser, read-only, for all who may see them.
#[derive(Debug, Parser)]
#[command(
    name = "rollouts-dashboard",
    version,
    after_help = "Examples:\n  \
        # In a cluster: each viewer logs in with a token and sees what they may read\n  \
        rollouts-dashboard --listen 0.0.0.0:3100 --login token --host rollouts.example.com\n\n  \
        # Beside a proxy that knows who its users are\n  \
        rollouts-dashboard --login proxy --host rollouts.example.com\n\n  \
        # On a laptop\n  \
        rollouts-dashboard --kubeconfig ~/.kube/config"
)]
pub(crate) struct Flags {
    /// Where to listen; beyond loopback only with --login token
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3100")]
    pub(crate) listen: SocketAddr,
    /// Only this namespace
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// How viewers are told apart
    #[arg(long, value_enum, default_value_t = How::None)]
    pub(crate) login: How,
    /// A name that it is reached by, beside this machine's own; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    /// Header in which a proxy names the user
    #[arg(long, value_name = "HEADER", default_value = "X-Remote-User")]
    pub(crate) user_header: String,
    /// Header in which a proxy names the groups of the user
    #[arg(long, value_name = "HEADER", default_value = "X-Remote-Group")]
    pub(crate) groups_header: String,
    /// The kubeconfig file; in a pod its service account is used without
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Least level that is logged: trace, debug, info, warn or error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) loglevel: tracing_subscriber::filter::LevelFilter,
    /// How logs are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) logformat: LogFormat,
}

/// How viewers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum How {
    /// Not at all: whoever is on this machine sees what the dashboard may read
    None,
    /// By a bearer token, which the API server reviews
    Token,
    /// By headers of a proxy that listens for them on this machine
    Proxy,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of words
    Text,
    /// A line of JSON
    Json,
}

impl Flags {
    /// How viewers are told apart.
    ///
    /// # Errors
    /// When a header cannot have the name that was given.
    pub(crate) fn login(&self) -> anyhow::Result<Login> {
        let header = |flag: &str, name: &str| {
            let context = || format!("{flag} is {name:?}; use the name of a header");
            name.parse::<HeaderName>().with_context(context)
        };
        Ok(match self.login {
            How::None => Login::None,
            How::Token => Login::Token,
            How::Proxy => Login::Proxy {
                user: header("--user-header", &self.user_header)?,
                groups: header("--groups-header", &self.groups_header)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_are_sound() {
        Flags::command().debug_assert();
    }

    #[test]
    fn the_proxy_headers_have_names() {
        let line = ["rollouts-dashboard", "--login", "proxy"];
        let flags = Flags::try_parse_from(line).unwrap();
        let Login::Proxy { user, groups } = flags.login().unwrap() else {
            panic!("no proxy");
        };
        assert_eq!(
            (user.as_str(), groups.as_str()),
            ("x-remote-user", "x-remote-group")
        );
        let line = line.into_iter().chain(["--user-header", "not a name"]);
        let error = Flags::try_parse_from(line).unwrap().login().unwrap_err();
        assert!(error.to_string().contains("--user-header"), "{error}");
    }
}
