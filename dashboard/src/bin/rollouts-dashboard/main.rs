//! `rollouts-dashboard`: the dashboard of a cluster; flags, connection, logs, signals.

mod flags;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use dashboard::{Dashboard, Options, ServerClock};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use flags::{Flags, LogFormat};

fn main() -> ExitCode {
    let flags = Flags::parse();
    start_logging(&flags);
    match run(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(flags: &Flags) -> anyhow::Result<()> {
    let login = flags.login()?;
    let connection = connection(flags).await?;
    let server = connection.cluster_url.to_string();
    let client = kube::Client::try_from(connection).context("failed to set up the client")?;
    let clock = ServerClock::default();
    let client = clock.watch(client);
    let options = Options {
        address: flags.listen,
        namespace: flags.namespace.clone(),
        clock: Arc::new(move || clock.now()),
        login,
        hosts: flags.hosts.clone(),
    };
    let dashboard = Dashboard::start(client, options).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        server,
        url = dashboard.url(),
        namespace = flags.namespace.as_deref().unwrap_or("all"),
        login = ?flags.login,
        "rollouts-dashboard starts"
    );
    let mut terminate = signal(SignalKind::terminate()).context("failed to watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to watch for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopped");
    Ok(())
}

async fn connection(flags: &Flags) -> anyhow::Result<kube::Config> {
    let options = KubeConfigOptions {
        context: flags.context.clone(),
        ..KubeConfigOptions::default()
    };
    match &flags.kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .with_context(|| format!("failed to use {}", path.display()))
        }
        None if flags.context.is_some() => kube::Config::from_kubeconfig(&options)
            .await
            .context("failed to use the kubeconfig"),
        None => kube::Config::infer()
            .await
            .context("failed to find a cluster; give --kubeconfig, or run in a pod"),
    }
}

fn start_logging(flags: &Flags) {
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match flags.logformat {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => layer.with_ansi(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(flags.loglevel))
        .init();
}
