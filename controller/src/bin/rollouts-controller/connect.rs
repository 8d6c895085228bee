//! Which API server, and as whom.

use anyhow::Context as _;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::flags::Flags;

/// The connection that flags, kubeconfig and the pod's own service account give, in this order.
///
/// # Errors
/// When there is none, or when what is named does not exist or cannot be read.
pub(crate) async fn config(flags: &Flags) -> anyhow::Result<kube::Config> {
    let options = KubeConfigOptions {
        context: flags.context.clone(),
        cluster: flags.cluster.clone(),
        user: flags.user.clone(),
    };
    let is_named = flags.context.is_some() || flags.cluster.is_some() || flags.user.is_some();
    let mut config = match &flags.kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .with_context(|| format!("failed to use {}", path.display()))?
        }
        None if is_named => kube::Config::from_kubeconfig(&options)
            .await
            .context("failed to use the kubeconfig")?,
        None => kube::Config::infer()
            .await
            .context("failed to find a cluster; give --kubeconfig, or run in a pod")?,
    };
    if let Some(server) = &flags.server {
        config.cluster_url = server.parse().context("failed to read --server")?;
    }
    if let Some(namespace) = &flags.namespace {
        config.default_namespace.clone_from(namespace);
    }
    if let Some(user) = &flags.impersonate {
        config.auth_info.impersonate = Some(user.clone());
    }
    if !flags.impersonate_group.is_empty() {
        config.auth_info.impersonate_groups = Some(flags.impersonate_group.clone());
    }
    if let Some(token) = &flags.token {
        config.auth_info.token = Some(token.clone().into());
    }
    if let Some(name) = &flags.tls_server_name {
        config.tls_server_name = Some(name.clone());
    }
    config.accept_invalid_certs |= flags.insecure_skip_tls_verify;
    // Retries are decided on with a fresh view, not inside a request that may have been done.
    config.default_retry = false;
    Ok(config)
}
