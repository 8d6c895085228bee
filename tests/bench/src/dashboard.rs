//! What the dashboard costs whoever opens it, and the machine that it runs on.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use crds::Time;
use dashboard::{Dashboard, Login, Options};
use kube::Client;
use serde::Deserialize;

use crate::family::Family;
use crate::memory::live;
use crate::report::Table;
use crate::world::on_virtual_time;

/// Those who look at once.
const VIEWERS: usize = 50;

/// What a browser has seen.
#[derive(Deserialize)]
struct Painted {
    /// Milliseconds from the address typed to the first words on the screen.
    paint: u64,
    /// Requests that were answered by then.
    requests: u64,
}

/// Bytes, requests, the first paint, and what the server holds, for so many Rollouts with ten old
/// ReplicaSets each. Where there is no Chromium, what it would see is left out.
///
/// # Errors
/// When a dashboard does not start or does not answer.
pub fn table(rollouts: usize) -> Result<Table> {
    let family = Arc::new(on_virtual_time(Family::made())?);
    let mut table = Table::new(
        &format!("The dashboard ({rollouts} Rollouts, {VIEWERS} viewers)"),
        &["what", "the list", "a page"],
    );
    let paths = ["/", "/rollouts/default/web-0000"];
    let mut bytes = Vec::new();
    let mut painted = Vec::new();
    for path in paths {
        let seen = alone(async {
            let running = Running::start(&family, rollouts).await?;
            let document = running.document(path).await?;
            anyhow::Ok((document, running.painted(path).await?))
        })?;
        bytes.push(Some(seen.0));
        painted.push(seen.1);
    }
    let of = |read: fn(&Painted) -> u64| painted.iter().map(move |it| it.as_ref().map(read));
    table.row("requests before the first paint", of(|it| it.requests));
    table.row("bytes of the document, compressed", bytes);
    table.row("milliseconds to the first paint", of(|it| it.paint));
    let mut held = Vec::new();
    let mut unwatched = None;
    for is_page in [false, true] {
        let (before, after) = alone(watched(&family, rollouts, is_page))?;
        unwatched = Some(before);
        held.push(Some(after));
    }
    table.row("bytes held by the server, nobody looks", [unwatched, None]);
    table.row("bytes held by the server, all look", held);
    Ok(table)
}

/// Runs a future on a runtime of its own: nothing of an earlier measurement is left.
fn alone<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(future)
}

/// A dashboard over copies of a family.
struct Running {
    dashboard: Dashboard,
    address: SocketAddr,
}

impl Running {
    async fn start(family: &Arc<Family>, rollouts: usize) -> Result<Self> {
        let options = Options {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            namespace: None,
            clock: Arc::new(|| Time::from_unix(1_767_312_000)),
            login: Login::None,
            hosts: Vec::new(),
        };
        let client = Client::new(family.service(rollouts, true), "default");
        let dashboard = Dashboard::start(client, options).await?;
        let address = dashboard.url();
        let address = address.trim_start_matches("http://").trim_end_matches('/');
        let running = Self {
            address: address.parse()?,
            dashboard,
        };
        // Answered once the cluster was read.
        running.answer("/api/v1/rollouts").await?;
        Ok(running)
    }

    async fn answer(&self, path: &str) -> Result<Vec<u8>> {
        let (address, path) = (self.address, path.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let mut stream = ask(address, &path)?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            anyhow::Ok(answer)
        });
        let answer = asked.await??;
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "not answered");
        Ok(answer)
    }

    /// Bytes of a document with its head.
    async fn document(&self, path: &str) -> Result<u64> {
        Ok(u64::try_from(self.answer(path).await?.len())?)
    }

    /// What a Chromium sees; `None` where there is none.
    async fn painted(&self, path: &str) -> Result<Option<Painted>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboard/ui/paint.mjs");
        let url = format!("{}{}", self.dashboard.url().trim_end_matches('/'), path);
        let seen = tokio::task::spawn_blocking(move || {
            let output = Command::new("node").arg(script).arg(url).output().ok()?;
            output.status.success().then_some(output.stdout)
        });
        let text = seen.await?;
        let painted = text.map(|text| serde_json::from_slice(&text)).transpose();
        painted.context("what the browser has seen")
    }
}

/// Asks for a path, compressed.
fn ask(address: SocketAddr, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let rest = format!("Host: {address}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    write!(stream, "GET {path} HTTP/1.1\r\n{rest}")?;
    Ok(stream)
}

/// Bytes that a server holds while nobody looks, and once all look at the list, or each at a page
/// of their own. Viewers read on threads whose buffers are not on the heap.
async fn watched(family: &Arc<Family>, rollouts: usize, is_page: bool) -> Result<(u64, u64)> {
    let before = live();
    let running = Running::start(family, rollouts).await?;
    let alone = live().saturating_sub(before);
    let told = Arc::new(AtomicU64::new(0));
    for number in 0..VIEWERS {
        let (address, told) = (running.address, told.clone());
        let query = if is_page {
            format!("?rollout=default/web-{:04}", number % rollouts.max(1))
        } else {
            String::new()
        };
        std::thread::spawn(move || {
            let Ok(mut stream) = ask(address, &format!("/api/v1/stream{query}")) else {
                return;
            };
            let mut buffer = [0; 16 * 1024];
            while let Ok(size @ 1..) = stream.read(&mut buffer) {
                told.fetch_add(size as u64, Ordering::Relaxed);
            }
        });
    }
    // Until everybody was told everything: signs of life are all that comes now.
    let mut last = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(4)).await;
        let now = told.load(Ordering::Relaxed);
        if now.saturating_sub(last) < 64 * 1024 && now > 0 {
            break;
        }
        last = now;
    }
    Ok((alone, live().saturating_sub(before)))
}
