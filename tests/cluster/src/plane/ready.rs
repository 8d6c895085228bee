//! Whether a plane's programs answer.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;

use super::{PATIENCE, Plane};

/// Nodes of a plane, so that pods are spread.
const NODES: usize = 3;

/// A client with what a kubeconfig says.
pub(crate) async fn client(kubeconfig: &Path) -> anyhow::Result<Client> {
    let read = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Waits until the API server says that it is ready.
pub(super) async fn api_server(plane: &mut Plane) -> anyhow::Result<()> {
    wait(plane, async |plane: &Plane| {
        // The API server makes it when it starts for the first time.
        ensure!(plane.authority().exists(), "there is no certificate yet");
        is_ready(&client(plane.kubeconfig()).await?).await
    })
    .await
}

/// Waits until the second API server says that it is ready; a client of it.
pub(super) async fn observer(plane: &mut Plane) -> anyhow::Result<Client> {
    let client = client(&plane.observer_kubeconfig()).await?;
    wait(plane, async |_: &Plane| is_ready(&client).await).await?;
    Ok(client)
}

async fn is_ready(client: &Client) -> anyhow::Result<()> {
    let request = http::Request::get("/readyz").body(Vec::new())?;
    client.request_text(request).await?;
    Ok(())
}

/// Adds the nodes, and waits until pods can be put on them.
pub(super) async fn nodes(plane: &mut Plane) -> anyhow::Result<()> {
    let nodes: Api<Node> = Api::all(client(plane.kubeconfig()).await?);
    for number in 0..NODES {
        let name = format!("node-{number}");
        let labels = json!({"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"});
        let node = serde_json::from_value(json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
        }))?;
        nodes.create(&PostParams::default(), &node).await?;
    }
    wait(plane, async |_: &Plane| {
        let all = nodes.list(&ListParams::default()).await?;
        let free = all.items.iter().filter(|node| is_free(node)).count();
        ensure!(free == NODES, "{free} of {NODES} nodes are ready");
        Ok(())
    })
    .await
    .context("nodes")
}

fn is_free(node: &Node) -> bool {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    let conditions = node.status.as_ref().and_then(|it| it.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    taints.is_none_or(Vec::is_empty)
        && conditions.any(|it| it.type_ == "Ready" && it.status == "True")
}

/// Looks until all is well. Ends early when a program of the plane has.
async fn wait(
    plane: &mut Plane,
    look: impl AsyncFn(&Plane) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let Err(error) = look(plane).await else {
            return Ok(());
        };
        if let Some(last_words) = plane.last_words() {
            bail!("{last_words}");
        }
        if begun.elapsed() > PATIENCE {
            return Err(error.context(format!("not ready in {PATIENCE:?}")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
