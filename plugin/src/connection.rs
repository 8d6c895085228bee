//! From kubectl's flags and files to a client.

use std::collections::HashMap;
use std::path::Path;

use crds::durations::GoDuration;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::args::ConnectionFlags;
use crate::failure::Failure;
use crate::name::Name;
use crate::session::Session;

/// Connects as the flags, `KUBECONFIG`, `~/.kube/config` or the pod's service account say, in
/// this order. Nothing is sent yet.
///
/// # Errors
/// When a file cannot be read, or what it says cannot be used.
pub(crate) async fn connect(flags: &ConnectionFlags, name: Name) -> Result<Session, Failure> {
    let config = config(flags).await?;
    let namespace = match &flags.namespace {
        Some(namespace) => namespace.clone(),
        None => config.default_namespace.clone(),
    };
    let client = Client::try_from(config)?;
    Ok(Session::new(client, &namespace, name))
}

async fn config(flags: &ConnectionFlags) -> Result<Config, Failure> {
    let broken = |error: kube::config::KubeconfigError| {
        // Without a file the cause is in the text already.
        let text = error.to_string();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        match source.filter(|source| !text.contains(source.as_str())) {
            Some(source) => Failure::Error(format!("{text}: {source}")),
            None => Failure::Error(text),
        }
    };
    let kubeconfig = match &flags.kubeconfig {
        Some(path) => Kubeconfig::read_from(Path::new(path)).map_err(broken)?,
        None => match Kubeconfig::read() {
            Ok(kubeconfig) => kubeconfig,
            Err(_unreadable) if flags.server.is_some() => Kubeconfig::default(),
            Err(error) => {
                // Inside a pod there is no kubeconfig; elsewhere the first error tells more.
                return match Config::incluster() {
                    Ok(mut config) => apply(flags, &mut config).map(|()| config),
                    Err(_not_in_a_pod) => Err(broken(error)),
                };
            }
        },
    };
    let mut config = if kubeconfig.contexts.is_empty() {
        let server = flags.server.as_deref().ok_or_else(|| {
            Failure::error("no cluster is configured; set KUBECONFIG or pass --kubeconfig")
        })?;
        Config::new(uri(server)?)
    } else {
        let options = KubeConfigOptions {
            context: flags.context.clone(),
            cluster: flags.cluster.clone(),
            user: flags.user.clone(),
        };
        Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(broken)?
    };
    apply(flags, &mut config)?;
    Ok(config)
}

fn apply(flags: &ConnectionFlags, config: &mut Config) -> Result<(), Failure> {
    if let Some(server) = &flags.server {
        config.cluster_url = uri(server)?;
    }
    if let Some(file) = &flags.certificate_authority {
        config.root_cert_file = Some(file.into());
    }
    if let Some(insecure) = flags.insecure_skip_tls_verify {
        config.accept_invalid_certs = insecure;
    }
    if let Some(name) = &flags.tls_server_name {
        config.tls_server_name = Some(name.clone());
    }
    if let Some(disable) = flags.disable_compression {
        config.disable_compression = disable;
    }
    if let Some(timeout) = &flags.request_timeout {
        let length = GoDuration::parse(timeout)
            .map_err(|error| Failure::error(format!("--request-timeout: {error}")))?;
        let length = u64::try_from(length.nanoseconds()).unwrap_or(0);
        // A read timeout would end watches as well, so it is the connection that is bounded.
        config.connect_timeout = (length > 0).then(|| std::time::Duration::from_nanos(length));
    }
    authenticate(flags, &mut config.auth_info)
}

fn authenticate(flags: &ConnectionFlags, auth: &mut AuthInfo) -> Result<(), Failure> {
    if let Some(token) = &flags.token {
        auth.token = Some(token.clone().into());
    }
    if let Some(file) = &flags.client_certificate {
        auth.client_certificate = Some(file.clone());
        auth.client_certificate_data = None;
    }
    if let Some(file) = &flags.client_key {
        auth.client_key = Some(file.clone());
        auth.client_key_data = None;
    }
    if let Some(user) = &flags.as_user {
        auth.impersonate = Some(user.clone());
    }
    if let Some(uid) = &flags.as_uid {
        auth.impersonate_uid = Some(uid.clone());
    }
    if !flags.as_group.is_empty() {
        auth.impersonate_groups = Some(flags.as_group.clone());
    }
    let mut extra: HashMap<String, Vec<String>> = HashMap::new();
    for pair in &flags.as_user_extra {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Failure::error(format!("--as-user-extra is \"{pair}\"; use KEY=VALUE"))
        })?;
        extra
            .entry(key.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    if !extra.is_empty() {
        auth.impersonate_user_extra = Some(extra);
    }
    Ok(())
}

fn uri(server: &str) -> Result<http::Uri, Failure> {
    let with_scheme = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    with_scheme
        .parse()
        .map_err(|error| Failure::error(format!("--server is \"{server}\": {error}")))
}
