//! `dashboard`: rollouts in a browser, until it is interrupted.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::interrupted;
use crate::args::Dashboard;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

/// `dashboard`, of all namespaces or of one.
pub(super) async fn dashboard(
    session: &Session,
    namespace: Option<&str>,
    args: &Dashboard,
    output: &mut Output,
) -> Result<(), Failure> {
    let dashboard = start(session, namespace, args.port).await?;
    let url = dashboard.url();
    output.print(&format!(
        "The dashboard is at {url} (read-only, on this machine only; Ctrl-C ends it)\n"
    ))?;
    if args.open {
        open(&url, output);
    }
    interrupted().await;
    Ok(())
}

/// Starts the dashboard on the loopback address.
pub(crate) async fn start(
    session: &Session,
    namespace: Option<&str>,
    port: u16,
) -> Result<::dashboard::Dashboard, Failure> {
    let clock = session.clock.clone();
    let options = ::dashboard::Options {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        namespace: namespace.map(str::to_owned),
        clock: Arc::new(move || clock.now()),
        login: ::dashboard::Login::None,
        hosts: Vec::new(),
    };
    ::dashboard::Dashboard::start(session.client.clone(), options)
        .await
        .map_err(|error| {
            Failure::error(format!(
                "cannot listen on port {port}: {error}; choose another with --port, or 0 for any"
            ))
        })
}

/// Asks the desktop to open `url`; says so when it cannot.
fn open(url: &str, output: &mut Output) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        output.remark(&format!(
            "{program} cannot be started: {error}; open {url}\n"
        ));
    }
}
