//! Changes as Server-Sent Events.
//!
//! | event | data | when |
//! |---|---|---|
//! | `rollouts` | `{now, all, rollouts, gone}`; `gone` as `namespace/name` | something in the list changed; the first has `all: true`, or what changed since `Last-Event-ID` |
//! | `page` | as `/api/v1/namespaces/{ns}/rollouts/{name}` | something about the Rollout of `?rollout=` changed |
//! | `beat` | `{now, trouble}` | at the start, every five seconds, and when `trouble` changes |
//!
//! An event is made when the viewer's connection can take it, from the state of that moment: a
//! slow viewer gets fewer and larger ones, and nothing is buffered for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::unfold;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::sleep;

use crate::answer::{Body, answer, refusal};
use crate::page::OpenPage;
use crate::shared::{STREAMS, Shared};
use crate::state::Key;

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(5);
/// Changes that come together are told together.
const TOGETHER: Duration = Duration::from_millis(100);

/// Answers with the stream.
pub(crate) fn stream<B>(shared: &Arc<Shared>, request: &Request<B>) -> Response<Body> {
    let Ok(permit) = shared.streams.clone().try_acquire_owned() else {
        let why = format!("{STREAMS} viewers look already; close a tab and try again");
        return refusal(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    let page = match wanted_page(request.uri().query().unwrap_or_default()) {
        Ok(page) => page,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, &why),
    };
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok());
    let seen = last.and_then(|id| shared.state().parse_id(id));
    let viewer = Viewer {
        changes: shared.changes(),
        page: page.map(|key| {
            let open = shared.open(&key);
            OpenedBy {
                changes: open.changes(),
                open,
                key,
                sent: None,
            }
        }),
        shared: shared.clone(),
        seen,
        beat: None,
        _permit: permit,
    };
    let events = unfold(viewer, async |mut viewer| {
        let event = viewer.next().await;
        Some((Ok(Frame::data(Bytes::from(event))), viewer))
    });
    answer(
        StatusCode::OK,
        "text/event-stream",
        StreamBody::new(events).boxed_unsync(),
    )
}

/// The Rollout that the query names.
fn wanted_page(query: &str) -> Result<Option<Key>, String> {
    let Some(wanted) = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("rollout="))
    else {
        return Ok(None);
    };
    // Names of Kubernetes objects need no escapes but that of the slash.
    let wanted = wanted.replace("%2F", "/").replace("%2f", "/");
    let is_name = |text: &str| {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        !text.is_empty() && text.bytes().all(plain)
    };
    match wanted.split_once('/') {
        Some((namespace, name)) if is_name(namespace) && is_name(name) => {
            Ok(Some((namespace.to_owned(), name.to_owned())))
        }
        _ => Err(format!("rollout is \"{wanted}\"; use NAMESPACE/NAME")),
    }
}

/// Somebody who looks.
struct Viewer {
    shared: Arc<Shared>,
    changes: watch::Receiver<()>,
    page: Option<OpenedBy>,
    /// Up to which change the list is known to the viewer.
    seen: Option<u64>,
    /// The last sign of life, with the trouble that it told of.
    beat: Option<(Instant, Vec<String>)>,
    _permit: OwnedSemaphorePermit,
}

/// The page that a viewer looks at.
struct OpenedBy {
    open: Arc<OpenPage>,
    changes: watch::Receiver<u64>,
    key: Key,
    /// What the viewer was told last: changes of the Rollout, and of what was read for the page.
    sent: Option<(Option<u64>, u64)>,
}

impl Viewer {
    /// Waits for the next event.
    async fn next(&mut self) -> String {
        loop {
            self.changes.mark_unchanged();
            if let Some(event) = self.due() {
                return event;
            }
            let page = async {
                match &mut self.page {
                    Some(page) => drop(page.changes.changed().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.changes.changed() => sleep(TOGETHER).await,
                () = page => sleep(TOGETHER).await,
                () = sleep(BEAT) => {}
            }
        }
    }

    /// An event that can be sent now.
    fn due(&mut self) -> Option<String> {
        self.due_beat()
            .or_else(|| self.due_rollouts())
            .or_else(|| self.due_page())
    }

    fn due_beat(&mut self) -> Option<String> {
        let trouble = self.shared.state().trouble();
        // In real time: an embedded cluster may let its own go faster.
        let known = self
            .beat
            .as_ref()
            .is_some_and(|(at, told)| at.elapsed() < BEAT && *told == trouble);
        if known {
            return None;
        }
        let data = serde_json::json!({"now": self.shared.now(), "trouble": trouble});
        self.beat = Some((Instant::now(), trouble));
        Some(format!("event: beat\ndata: {data}\n\n"))
    }

    fn due_rollouts(&mut self) -> Option<String> {
        let state = self.shared.state();
        if !state.is_complete() || self.seen == Some(state.change()) {
            return None;
        }
        let difference = state.since(self.seen);
        let first = self.seen.is_none();
        self.seen = Some(state.change());
        if !first && difference.rows.is_empty() && difference.gone.is_empty() && !difference.all {
            return None;
        }
        let gone = difference.gone.iter();
        let gone: Vec<String> = gone.map(|(ns, name)| format!("{ns}/{name}")).collect();
        Some(format!(
            "event: rollouts\nid: {}\ndata: {{\"now\":\"{}\",\"all\":{},\"rollouts\":[{}],\"gone\":{}}}\n\n",
            state.id(),
            self.shared.now(),
            difference.all,
            difference.rows.join(","),
            serde_json::json!(gone),
        ))
    }

    fn due_page(&mut self) -> Option<String> {
        let page = self.page.as_mut()?;
        let touched = {
            let state = self.shared.state();
            if !state.is_complete() {
                return None;
            }
            state.touched(&page.key)
        };
        let now = (touched, *page.changes.borrow_and_update());
        if page.sent == Some(now) {
            return None;
        }
        page.sent = Some(now);
        let json = page.open.json(&self.shared, &page.key);
        Some(format!("event: page\ndata: {json}\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_by_namespace_and_name() {
        let key = Some(("shop".to_owned(), "web".to_owned()));
        for (query, expected) in [
            ("", Ok(None)),
            ("other=1", Ok(None)),
            ("rollout=shop/web", Ok(key.clone())),
            ("a=b&rollout=shop%2Fweb", Ok(key)),
        ] {
            assert_eq!(wanted_page(query), expected, "{query}");
        }
        for query in [
            "rollout=",
            "rollout=web",
            "rollout=/web",
            "rollout=shop/",
            "rollout=shop/web/x",
            "rollout=shop/web,metadata.name=x",
            "rollout=%2e%2e/web",
        ] {
            assert!(wanted_page(query).is_err(), "{query}");
        }
    }
}
