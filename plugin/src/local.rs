//! `local`: an embedded cluster and the shipped controller in this process.
//!
//! The cluster, its ReplicaSet controller and kubelet, and the rollouts controller run on one
//! thread and on one clock, which goes as fast as `--speed` says; kubectl reaches them on a
//! loopback port. Nothing is written but the kubeconfig.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crds::Time;
use kube::Client;
use sim::{Cluster, Options};

use crate::args::Local;
use crate::failure::Failure;
use crate::name::Name;
use crate::output::Output;
use crate::session::Session;
use dashboard::ServerClock;

mod clock;
mod demo;
mod manifests;
mod show;

use clock::Clock;
use demo::{Action, Demo};
use show::Show;

/// The kinds that are installed.
const CRDS: [(&str, &str); 5] = [
    (
        "rollout",
        include_str!("../../crds/manifests/rollout-crd.yaml"),
    ),
    (
        "analysis run",
        include_str!("../../crds/manifests/analysis-run-crd.yaml"),
    ),
    (
        "analysis template",
        include_str!("../../crds/manifests/analysis-template-crd.yaml"),
    ),
    (
        "cluster analysis template",
        include_str!("../../crds/manifests/cluster-analysis-template-crd.yaml"),
    ),
    (
        "experiment",
        include_str!("../../crds/manifests/experiment-crd.yaml"),
    ),
];

/// The manifests of `--demo`.
const EXAMPLES: [(&str, &str); 2] = [
    (
        "examples/canary.yaml",
        include_str!("../../examples/canary.yaml"),
    ),
    (
        "examples/blue-green.yaml",
        include_str!("../../examples/blue-green.yaml"),
    ),
];

/// Runs the cluster until it is interrupted, or until the demo ends with `--exit`.
///
/// # Errors
/// When something cannot be set up, or when the demo does not end well.
pub(crate) fn local(args: &Local, output: &mut Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let result = runtime.block_on(run(args, output));
    // The thread that drives the clock ends by itself once nobody listens to it.
    runtime.shutdown_background();
    result
}

async fn run(args: &Local, output: &mut Output) -> Result<(), Failure> {
    let mut manifests = Vec::new();
    for file in &args.files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::error(format!("{}: {error}", file.display())))?;
        manifests.push((file.display().to_string(), text));
    }
    let mut clock = Clock::start(args.speed);
    let cluster = cluster()?;
    let _actors = cluster.start();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let server = sim::http_server::serve(cluster.service(), address)
        .await
        .map_err(|error| Failure::error(format!("cannot listen on {address}: {error}")))?;
    let kubeconfig = Kubeconfig::write(args, &server.url(), server.address().port())?;
    let session = session(&cluster);
    let config = controller::Config::default();
    let stop = config.shutdown.clone();
    let client = Client::new(cluster.service(), "default");
    let mut controller = tokio::spawn(controller::run(client, config));
    let dashboard = crate::verbs::start_dashboard(&session, None, args.dashboard_port).await?;
    greet(
        args,
        &server.url(),
        &dashboard.url(),
        &kubeconfig.path,
        output,
    )?;

    for (file, text) in &manifests {
        manifests::apply(&session, file, text, output).await?;
    }
    let mut demo = None;
    if args.demo {
        for (file, text) in EXAMPLES {
            manifests::apply(&session, file, text, output).await?;
        }
        demo = Some(Demo::new(session.clock.now()));
    }
    let mut show = Show::new(&session, export(&kubeconfig.path), args.demo, output)?;
    let mut end = std::pin::pin!(crate::verbs::interrupted());
    let result = loop {
        tokio::select! {
            () = clock.tick() => {}
            () = show.changed() => {}
            () = &mut end => break Ok(()),
            ended = &mut controller => break Err(ended_early(ended)),
        }
        let views = show.look(&session, output)?;
        if clock.is_frame() {
            show.draw(&views, output)?;
        }
        let Some(next) = demo
            .as_mut()
            .and_then(|demo| demo.next(&views, session.clock.now()))
        else {
            continue;
        };
        match next {
            Action::Say(text) => show.say(&text, output)?,
            Action::SetImages(image) => {
                for name in demo::NAMES {
                    manifests::set_image(&session, name, image).await?;
                    show.say(&format!("set image {name} {image}"), output)?;
                }
            }
            Action::Promote(name) => {
                show.say(&format!("promote {name}"), output)?;
                manifests::promote(&session, name).await?;
            }
            Action::End(Ok(text)) => {
                show.say(&text, output)?;
                demo = None;
                if args.exit {
                    break Ok(());
                }
                show.say("the cluster stays up for kubectl; Ctrl-C ends it", output)?;
            }
            Action::End(Err(text)) => {
                if args.exit {
                    break Err(Failure::Error(text));
                }
                show.say(&text, output)?;
                demo = None;
            }
        }
    };
    show.finish(output)?;
    stop.cancel();
    drop(kubeconfig);
    result
}

fn cluster() -> Result<Cluster, Failure> {
    let start = SystemTime::now();
    let seed = start
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let cluster = Cluster::new(Options {
        seed,
        start,
        ..Options::default()
    });
    for (what, text) in CRDS {
        let crd: serde_json::Value = serde_saphyr::from_str(text)
            .map_err(|error| Failure::error(format!("the {what} kind: {error}")))?;
        cluster
            .install_crd(crd)
            .map_err(|error| Failure::error(format!("the {what} kind: {error:?}")))?;
    }
    Ok(cluster)
}

fn session(cluster: &Cluster) -> Session {
    let inside = cluster.clone();
    let clock = ServerClock::inside(move || Time::from_unix(inside.now().timestamp()));
    let client = Client::new(cluster.service(), "default");
    Session::with_clock(client, "default", Name::Rollouts, clock)
}

fn greet(
    args: &Local,
    url: &str,
    dashboard: &str,
    kubeconfig: &Path,
    output: &mut Output,
) -> Result<(), Failure> {
    let speed = match args.speed {
        1 => String::new(),
        speed => format!(", {speed} of its seconds in one of yours"),
    };
    let export = export(kubeconfig);
    output.print(&format!(
        "A cluster with the rollouts controller runs at {url}{speed}.\n\
         The dashboard is at {dashboard}\n\
         In another shell:\n  \
         {export}\n\
         {}  \
         kubectl get rollouts,replicasets,pods\n  \
         kubectl rollouts get rollout NAME --watch\n",
        path_line()
    ))?;
    if !args.demo && args.files.is_empty() {
        output.print("  kubectl apply -f examples/canary.yaml\n")?;
    }
    output.print("\n")?;
    Ok(())
}

/// The line by which kubectl finds this program as its plugin; empty where it does already.
fn path_line() -> String {
    let own = std::env::current_exe().ok();
    let Some(folder) = own.as_deref().and_then(Path::parent) else {
        return String::new();
    };
    let known = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|one| one == folder));
    if known {
        String::new()
    } else {
        format!("  export PATH={}:\"$PATH\"\n", quoted(folder))
    }
}

/// The line that leads kubectl to the cluster.
fn export(kubeconfig: &Path) -> String {
    format!("export KUBECONFIG={}", quoted(kubeconfig))
}

/// A path that a shell reads as one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn ended_early(ended: Result<Result<(), controller::Error>, tokio::task::JoinError>) -> Failure {
    let words = |error: &dyn std::error::Error| match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    Failure::Error(match ended {
        Ok(Ok(())) => "the controller ended".to_owned(),
        Ok(Err(error)) => format!("the controller ended: {}", words(&error)),
        Err(error) => format!("the controller ended: {}", words(&error)),
    })
}

/// The kubeconfig file; one that nobody asked for is removed at the end.
struct Kubeconfig {
    path: PathBuf,
    temporary: bool,
}

impl Kubeconfig {
    fn write(args: &Local, url: &str, port: u16) -> Result<Self, Failure> {
        let (path, temporary) = match &args.kubeconfig_out {
            Some(path) => (path.clone(), false),
            None => {
                let name = format!("kubectl-rollouts-local-{port}.kubeconfig");
                (std::env::temp_dir().join(name), true)
            }
        };
        std::fs::write(&path, sim::kubeconfig(url, "default"))
            .map_err(|error| Failure::error(format!("{}: {error}", path.display())))?;
        // Another folder may be the current one in the other shell.
        let path = std::path::absolute(&path).unwrap_or(path);
        Ok(Self { path, temporary })
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        if self.temporary {
            // It names a cluster that is gone; one that stays behind harms nobody.
            drop(std::fs::remove_file(&self.path));
        }
    }
}
