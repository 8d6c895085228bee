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

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::unfold;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::access::FRESH;
use crate::answer::{Body, answer};
use crate::login::Credentials;
use crate::page::{OpenPage, selector};
use crate::refused::Refused;
use crate::shared::Shared;
use crate::sight::Sight;
use crate::viewers::Seat;
use crate::watched::Key;

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(5);
/// Changes that come together are told together.
const TOGETHER: Duration = Duration::from_millis(100);

/// Answers with the stream.
///
/// # Errors
/// The refusal of somebody who is not known, or for whom there is no room.
pub(crate) async fn stream<B>(
    shared: &Arc<Shared>,
    credentials: Credentials,
    request: &Request<B>,
) -> Result<Response<Body>, Refused> {
    let page = wanted_page(request.uri().query().unwrap_or_default())
        .map_err(|why| Refused::new(StatusCode::BAD_REQUEST, why))?;
    let who = shared.access.who(&credentials).await?;
    let seat = shared.viewers.admit(&who);
    let seat = seat.map_err(Refused::unavailable)?;
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok());
    let seen = last.and_then(|id| shared.state().parse_id(id));
    let mut viewer = Viewer {
        changes: shared.changes(),
        page: page.map(|key| OpenedBy::new(shared, key)),
        shared: shared.clone(),
        credentials,
        sight: Sight::default(),
        asked: Arc::default(),
        looked: Instant::now(),
        seen,
        beat: None,
        _seat: seat,
    };
    viewer.look().await?;
    // Somebody who was away knows what they were allowed to see then, which may be less or more.
    // Whoever sees everything sees it still.
    if viewer.sight != Sight::unlimited() {
        viewer.seen = None;
    }
    let events = unfold(viewer, async |mut viewer| {
        let event = viewer.next().await?;
        Some((Ok(Frame::data(Bytes::from(event))), viewer))
    });
    Ok(answer(
        StatusCode::OK,
        "text/event-stream",
        StreamBody::new(events).boxed_unsync(),
    ))
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
    credentials: Credentials,
    sight: Sight,
    /// The namespaces that were asked about, and when.
    asked: Arc<BTreeSet<String>>,
    looked: Instant,
    /// Up to which change the list is known to the viewer.
    seen: Option<u64>,
    /// The last sign of life, with the trouble that it told of.
    beat: Option<(std::time::Instant, Vec<String>)>,
    _seat: Seat,
}

/// The page that a viewer looks at.
struct OpenedBy {
    open: Arc<OpenPage>,
    changes: watch::Receiver<u64>,
    key: Key,
    /// What the viewer was told last: changes of the Rollout, and of what was read for the page.
    sent: Option<(Option<u64>, u64)>,
}

impl OpenedBy {
    fn new(shared: &Shared, key: Key) -> Self {
        let open = shared.open(&key);
        Self {
            changes: open.changes(),
            open,
            key,
            sent: None,
        }
    }
}

impl Viewer {
    /// Waits for the next event; `None` once the viewer is not known any more, or cannot be asked
    /// about.
    async fn next(&mut self) -> Option<String> {
        loop {
            self.changes.mark_unchanged();
            self.look_again().await?;
            if let Some(event) = self.due() {
                return Some(event);
            }
            let mut wake = Instant::now() + BEAT;
            if self.is_somebody() {
                wake = wake.min(self.looked + FRESH);
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
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Whether there is anybody to ask about.
    const fn is_somebody(&self) -> bool {
        !matches!(self.credentials, Credentials::None)
    }

    /// Asks anew who the viewer is and what they may see, once the last answers are old, or do not
    /// tell of a namespace.
    async fn look_again(&mut self) -> Option<()> {
        if !self.is_somebody() {
            return Some(());
        }
        let namespaces = self.shared.state().namespaces();
        let is_known = Arc::ptr_eq(&namespaces, &self.asked) || self.sight.covers(&namespaces);
        if is_known && self.looked.elapsed() < FRESH {
            return Some(());
        }
        let before = self.sight.clone();
        self.look().await.ok()?;
        if self.sight != before {
            // What they see of what has not changed may be different.
            self.seen = None;
            if let Some(page) = &mut self.page {
                page.sent = None;
            }
        }
        Some(())
    }

    async fn look(&mut self) -> Result<(), Refused> {
        self.looked = Instant::now();
        let who = self.shared.access.who(&self.credentials).await?;
        self.asked = self.shared.state().namespaces();
        let page = self.page.as_ref().map(|page| &page.key);
        self.sight = self.shared.sight(&who, &self.asked, page).await?;
        Ok(())
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
        self.beat = Some((std::time::Instant::now(), trouble));
        Some(format!("event: beat\ndata: {data}\n\n"))
    }

    fn due_rollouts(&mut self) -> Option<String> {
        let state = self.shared.state();
        if !state.is_complete() || self.seen == Some(state.change()) {
            return None;
        }
        let now = self.shared.now();
        let difference = state.since(self.seen, &self.sight, now);
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
            now,
            difference.all,
            difference.rows.join(","),
            serde_json::json!(gone),
        ))
    }

    fn due_page(&mut self) -> Option<String> {
        let page = self.page.as_mut()?;
        let state = self.shared.state();
        if !state.is_complete() {
            return None;
        }
        let touched = state.touched(&page.key);
        // Another Rollout of the same name, or one that came after the page was opened. Without a
        // change it selects what it did.
        let is_touched = page.sent.is_none_or(|(before, _)| before != touched);
        let is_another =
            is_touched && selector(state.rollout(&page.key).as_ref()) != page.open.selector();
        drop(state);
        if is_another {
            *page = OpenedBy::new(&self.shared, page.key.clone());
        }
        let now = (touched, *page.changes.borrow_and_update());
        if page.sent == Some(now) {
            return None;
        }
        page.sent = Some(now);
        let json = page.open.json(&self.shared, &page.key, &self.sight);
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
