//! `rollouts-controller`: flags, connection, logs, signals; the work itself is in the library.

mod connect;
mod flags;
mod logs;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use controller::{ClockMode, Config, Controller, End};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use flags::Flags;

/// How long the plans in hand may take after a signal.
const LAST_WORK: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let (flags, unknown) = match flags::read(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => error.exit(),
    };
    if flags.version {
        println!("rollouts-controller: v{}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    logs::start(&flags);
    for unknown in unknown {
        tracing::warn!(argument = unknown, "unknown flag, ignored");
    }
    for (flag, why) in flags.without_effect() {
        tracing::warn!(flag, why, "this flag has no effect");
    }
    match start(flags) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn start(flags: Flags) -> anyhow::Result<ExitCode> {
    flags.refuse_unsupported()?;
    let connection = connect::config(&flags).await?;
    let shutdown = CancellationToken::new();
    let config = config(&flags, &connection.default_namespace, shutdown.clone());
    let server = connection.cluster_url.to_string();
    let client = kube::Client::try_from(connection).context("failed to set up the client")?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        server,
        namespace = config.namespace.as_deref().unwrap_or("all"),
        instance_id = config.instance_id,
        "rollouts-controller starts"
    );
    let mut work = tokio::spawn(Controller::new(client, config).run());
    let end = tokio::select! {
        end = &mut work => end,
        told = told_to_stop() => {
            told?;
            tracing::info!("stopping: the plans in hand are finished");
            shutdown.cancel();
            match tokio::time::timeout(LAST_WORK, &mut work).await {
                Ok(end) => end,
                Err(_) => anyhow::bail!("the plans in hand took longer than {LAST_WORK:?}"),
            }
        }
    };
    match end.context("the controller ended by a bug")?? {
        End::Stopped => tracing::info!("stopped"),
        // As users know it: the process ends well and is started again by its Deployment.
        End::LostLease => tracing::warn!("the lease is lost; another controller acts now"),
    }
    Ok(ExitCode::SUCCESS)
}

fn config(flags: &Flags, own_namespace: &str, shutdown: CancellationToken) -> Config {
    let namespace = flags.namespaced.then(|| own_namespace.to_owned());
    let everywhere = |port: u16| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port));
    Config {
        namespace,
        instance_id: flags.instance_id(),
        settings: flags.settings(),
        workers: flags.rollout_threads,
        resync: flags.resync(),
        clock: ClockMode::SlowerOfBoth,
        leader_election: flags.leader_election(),
        health_address: everywhere(flags.healthz_port),
        metrics_address: everywhere(flags.metrics_port),
        shutdown,
        ..Config::default()
    }
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to watch for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
