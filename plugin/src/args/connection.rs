//! The flags by which kubectl and its plugins choose a cluster; accepted anywhere in the line.

use clap::Args;

/// Whom to talk to: the flags of `kubectl options`.
#[derive(Debug, Clone, Args, Default)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionFlags {
    /// Namespace
    #[arg(short = 'n', long, global = true)]
    pub namespace: Option<String>,
    /// Path of the kubeconfig file
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// Context of the kubeconfig
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long, global = true, hide_short_help = true)]
    pub cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long, global = true, hide_short_help = true)]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(
        short = 's',
        long,
        global = true,
        value_name = "URL",
        hide_short_help = true
    )]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, hide_short_help = true)]
    pub token: Option<String>,
    /// User to act as
    #[arg(
        long = "as",
        id = "as_user",
        global = true,
        value_name = "USER",
        hide_short_help = true
    )]
    pub as_user: Option<String>,
    /// Group to act as; may be repeated
    #[arg(long, global = true, value_name = "GROUP", hide_short_help = true)]
    pub as_group: Vec<String>,
    /// Uid to act as
    #[arg(long, global = true, value_name = "UID", hide_short_help = true)]
    pub as_uid: Option<String>,
    /// Further facts of the user to act as, KEY=VALUE; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", hide_short_help = true)]
    pub as_user_extra: Vec<String>,
    /// File with certificates of authorities
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub certificate_authority: Option<String>,
    /// File with a client certificate
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub client_certificate: Option<String>,
    /// File with the key of the client certificate
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub client_key: Option<String>,
    /// Do not check the server's certificate
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_short_help = true)]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Name that the server's certificate must have
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// Give up a request after this time, e.g. 30s; 0 is never
    #[arg(long, global = true, value_name = "DURATION", hide_short_help = true)]
    pub request_timeout: Option<String>,
    /// Do not ask for compressed responses
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_short_help = true)]
    pub disable_compression: Option<bool>,
    /// Accepted for kubectl's sake; nothing is cached
    #[arg(long, global = true, value_name = "FOLDER", hide = true)]
    pub cache_dir: Option<String>,
    /// How much to tell about requests; 6 and more shows them on the error stream
    #[arg(
        short = 'v',
        long,
        alias = "v",
        global = true,
        value_name = "LEVEL",
        hide_short_help = true
    )]
    pub kloglevel: Option<u8>,
    /// Log level: debug, info, warn, error
    #[arg(long, global = true, value_name = "LEVEL", hide_short_help = true)]
    pub loglevel: Option<String>,
}
