//! Who leads: one controller holds the Lease and writes; the others keep their caches warm.
//!
//! Source: `compat/controller.md` §3. The name is the one the peer uses, so that the two never act
//! at once. Unlike the peer we give the Lease back when we stop.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::LeaderElection;
use crate::controller::End;

/// Whether writes may be sent: while leading, and not past the time at which another controller
/// may take over.
#[derive(Debug, Clone)]
pub(crate) struct Fence(watch::Receiver<Leading>);

/// Whether we lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leading {
    /// Not now.
    No,
    /// Until then, unless renewed.
    Until(Instant),
    /// Without an election.
    Always,
}

impl Fence {
    /// Leads without an election.
    pub(crate) fn open() -> Self {
        Self(watch::channel(Leading::Always).1)
    }

    /// Does not lead before [`lead`] says so.
    pub(crate) fn closed() -> (Self, watch::Sender<Leading>) {
        let (sender, receiver) = watch::channel(Leading::No);
        (Self(receiver), sender)
    }

    /// Whether a Lease keeps others from writing at the same time.
    pub(crate) fn is_alone(&self) -> bool {
        *self.0.borrow() != Leading::Always
    }

    pub(crate) fn may_write(&self) -> bool {
        match *self.0.borrow() {
            Leading::No => false,
            Leading::Until(end) => Instant::now() < end,
            Leading::Always => true,
        }
    }

    /// Waits until we lead.
    pub(crate) async fn leads(&mut self) {
        // The sender lives as long as the election; without it nothing changes any more.
        if self
            .0
            .wait_for(|leading| *leading != Leading::No)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

/// Takes the Lease when it is free and renews it. Ends when told to, or when the Lease was held
/// and is lost.
pub(crate) async fn lead(
    client: Client,
    election: LeaderElection,
    clock: Clock,
    leading: watch::Sender<Leading>,
    stop: &CancellationToken,
) -> End {
    let api: Api<Lease> = Api::namespaced(client, &election.namespace);
    let mut seen: Option<(String, Instant)> = None;
    let mut held_since: Option<Instant> = None;
    loop {
        let before = Instant::now();
        let attempt = attempt(&api, &election, &clock, &mut seen);
        match tokio::time::timeout(election.renew_deadline, attempt).await {
            Ok(Ok(true)) => {
                if held_since.is_none() {
                    tracing::info!(
                        lease = election.name,
                        identity = election.identity,
                        "leading"
                    );
                }
                held_since = Some(before);
                // Another controller counts from when it saw our renewal, which is later.
                leading.send_replace(Leading::Until(before + election.renew_deadline));
            }
            Ok(Ok(false)) if held_since.is_some() => return End::LostLease,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, lease = election.name, "failed to take or renew the lease");
            }
            Err(_) => tracing::warn!(lease = election.name, "no answer about the lease in time"),
        }
        if held_since.is_some_and(|since| since.elapsed() >= election.renew_deadline) {
            return End::LostLease;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return End::Stopped,
            () = tokio::time::sleep(election.retry_period) => {}
        }
    }
}

/// Gives the Lease back, so that a successor need not wait.
pub(crate) async fn release(client: Client, election: &LeaderElection) {
    let api: Api<Lease> = Api::namespaced(client, &election.namespace);
    let Ok(Some(mut lease)) = api.get_opt(&election.name).await else {
        return;
    };
    let Some(spec) = lease
        .spec
        .as_mut()
        .filter(|spec| spec.holder_identity.as_deref() == Some(&election.identity))
    else {
        return;
    };
    spec.holder_identity = Some(String::new());
    spec.lease_duration_seconds = Some(1);
    if let Err(error) = api
        .replace(&election.name, &PostParams::default(), &lease)
        .await
    {
        tracing::warn!(%error, "failed to give the lease back");
    }
}

/// One try. Returns whether we hold the Lease now.
async fn attempt(
    api: &Api<Lease>,
    election: &LeaderElection,
    clock: &Clock,
    seen: &mut Option<(String, Instant)>,
) -> Result<bool, kube::Error> {
    let Some(lease) = api.get_opt(&election.name).await? else {
        let created = api
            .create(&PostParams::default(), &ours(None, election, clock)?)
            .await;
        return taken(created.map(drop));
    };
    let spec = lease.spec.clone().unwrap_or_default();
    let holder = spec.holder_identity.clone().unwrap_or_default();
    if holder != election.identity && !holder.is_empty() {
        // Clocks of two machines are not compared: the lease is free when it has not changed for
        // its duration by our own clock.
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        let duration = Duration::from_secs(
            u64::try_from(spec.lease_duration_seconds.unwrap_or(15)).unwrap_or(15),
        );
        match seen {
            Some((last, since)) if *last == version => {
                if since.elapsed() < duration {
                    return Ok(false);
                }
            }
            _ => {
                *seen = Some((version, Instant::now()));
                return Ok(false);
            }
        }
    }
    let is_held = holder == election.identity;
    let renewed = api
        .replace(
            &election.name,
            &PostParams::default(),
            &ours(Some(lease), election, clock)?,
        )
        .await;
    if is_held {
        // A conflict says that somebody changed the Lease since it was read, not that they hold it:
        // a note of a person is no reason to leave everything alone for a Lease's duration. The
        // next attempt reads who holds it, and the deadline counts meanwhile.
        return renewed.map(|_| true);
    }
    taken(renewed.map(drop))
}

fn taken(result: Result<(), kube::Error>) -> Result<bool, kube::Error> {
    match result {
        Ok(()) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

/// The Lease as held by us.
fn ours(
    before: Option<Lease>,
    election: &LeaderElection,
    clock: &Clock,
) -> Result<Lease, kube::Error> {
    let now = format!(
        "{}.000000Z",
        clock.now().second().to_string().trim_end_matches('Z')
    );
    let spec = before
        .as_ref()
        .and_then(|lease| lease.spec.clone())
        .unwrap_or_default();
    let ours = spec.holder_identity.as_deref() == Some(&election.identity);
    let transitions = spec
        .lease_transitions
        .unwrap_or(0)
        .saturating_add(i32::from(!ours && before.is_some()));
    let since = match spec.acquire_time.filter(|_| ours) {
        Some(since) => json!(since),
        None => json!(now),
    };
    let metadata = before.map(|lease| lease.metadata);
    let lease = json!({
        "metadata": metadata.map_or_else(|| json!({"name": election.name, "namespace": election.namespace}), |it| json!(it)),
        "spec": {
            "holderIdentity": election.identity,
            "leaseDurationSeconds": election.lease_duration.as_secs(),
            "acquireTime": since,
            "renewTime": now,
            "leaseTransitions": transitions,
        },
    });
    serde_json::from_value(lease).map_err(kube::Error::SerdeError)
}
