//! What a watch tells when its way is disturbed.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tower::BoxError;

use super::fault::{Fate, Fault};

/// Half an event.
const CUT: &[u8] = br#"{"type":"MODIFIED","object":{"kind":"#;
/// What an API server says that no longer knows what was between.
const EXPIRED: &[u8] = br#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}
"#;

/// Passes on what a watch tells until its life is over, and then ends it as its fault says.
pub(super) fn watch(body: Body, fate: Fate) -> impl Stream<Item = Result<Bytes, BoxError>> + Send {
    let end = Instant::now() + fate.life;
    let late = match fate.fault {
        Some(Fault::WatchLate) => fate.late,
        _ => Duration::ZERO,
    };
    let told = stream::unfold(read(body, late), move |mut told| async move {
        let (due, chunk) = tokio::select! {
            biased;
            () = sleep_until(end) => return None,
            next = told.recv() => next?,
        };
        // What would come after its end is lost.
        if due > end {
            sleep_until(end).await;
            return None;
        }
        sleep_until(due).await;
        Some((chunk, told))
    });
    let last: Vec<Result<Bytes, BoxError>> = match fate.fault {
        Some(Fault::WatchCut) => vec![
            Ok(Bytes::from_static(CUT)),
            Err("the watch is cut off".into()),
        ],
        Some(Fault::WatchExpired) => vec![Ok(Bytes::from_static(EXPIRED))],
        _ => Vec::new(),
    };
    told.chain(stream::iter(last))
}

/// What the API server tells, and when each piece is due. Read at once, so that nothing gets later
/// than that.
fn read(body: Body, late: Duration) -> mpsc::UnboundedReceiver<(Instant, Result<Bytes, BoxError>)> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut body = body.into_data_stream();
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                next = body.next() => next,
                () = sender.closed() => return,
            };
            let Some(chunk) = next else { return };
            let chunk = chunk.map_err(BoxError::from);
            if sender.send((Instant::now() + late, chunk)).is_err() {
                return;
            }
        }
    });
    receiver
}
