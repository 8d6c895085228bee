//! What is asked, and what is answered.
//!
//! | path | answer |
//! |---|---|
//! | `/api/v1/rollouts` | `{now, trouble, rollouts}`: the list |
//! | `/api/v1/namespaces/{ns}/rollouts/{name}` | everything about one |
//! | `/api/v1/stream?rollout={ns}/{name}` | both as Server-Sent Events; see [`crate::stream`] |
//! | `/`, `/rollouts/…`, `/app.js`, … | the page |

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};

use crate::answer::{Body, JSON, refusal, tagged};
use crate::assets::asset;
use crate::guard::refused;
use crate::shared::Shared;
use crate::state::Key;
use crate::stream::stream;

/// Answers a request.
pub(crate) async fn respond<B>(shared: Arc<Shared>, request: Request<B>) -> Response<Body> {
    if let Some(refusal) = refused(&request) {
        return refusal;
    }
    let response = route(shared, &request).await;
    if request.method() == Method::HEAD {
        return response.map(|_| Empty::new().boxed_unsync());
    }
    response
}

async fn route<B>(shared: Arc<Shared>, request: &Request<B>) -> Response<Body> {
    let path = request.uri().path();
    let Some(rest) = path.strip_prefix("/api/v1/") else {
        return asset(path, request.headers())
            .unwrap_or_else(|| refusal(StatusCode::NOT_FOUND, "there is nothing at this path"));
    };
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["rollouts"] => list(&shared, request).await,
        ["stream"] => stream(&shared, request),
        ["namespaces", namespace, "rollouts", name] => {
            let key = ((*namespace).to_owned(), (*name).to_owned());
            page(&shared, &key, request).await
        }
        _ => refusal(
            StatusCode::NOT_FOUND,
            "there is nothing at this path; see /api/v1/rollouts, \
             /api/v1/namespaces/{namespace}/rollouts/{name} and /api/v1/stream",
        ),
    }
}

async fn list<B>(shared: &Shared, request: &Request<B>) -> Response<Body> {
    if let Err(refusal) = complete(shared).await {
        return refusal;
    }
    let state = shared.state();
    tagged(request.headers(), &state.id(), JSON, || {
        let rows = state.since(None).rows.join(",");
        let trouble = serde_json::json!(state.trouble());
        let now = shared.now();
        Bytes::from(format!(
            r#"{{"now":"{now}","trouble":{trouble},"rollouts":[{rows}]}}"#
        ))
    })
}

async fn page<B>(shared: &Shared, key: &Key, request: &Request<B>) -> Response<Body> {
    if let Err(refusal) = complete(shared).await {
        return refusal;
    }
    let absent = || {
        let why = format!("there is no rollout {} in namespace {}", key.1, key.0);
        refusal(StatusCode::NOT_FOUND, &why)
    };
    if shared.state().touched(key).is_none() {
        return absent();
    }
    let open = shared.open(key);
    open.settled().await;
    let Some(touched) = shared.state().touched(key) else {
        return absent();
    };
    let json = open.json(shared, key);
    let tag = page_tag(&json, touched);
    tagged(request.headers(), &tag, JSON, || Bytes::from(json))
}

/// A tag that is the same as long as nothing but the time changes.
fn page_tag(json: &str, touched: u64) -> String {
    use std::hash::{Hash, Hasher};
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    // The moment of reading is no change; it stands once, between these words.
    let (before, after) = json.split_once("\"now\":\"").unwrap_or((json, ""));
    let after = after.split_once('"').map_or(after, |(_, after)| after);
    (before, after).hash(&mut hasher);
    format!("{touched}-{:x}", hasher.finish())
}

/// Waits until the cluster was seen as a whole, or the refusal when it cannot be.
async fn complete(shared: &Shared) -> Result<(), Response<Body>> {
    let mut changes = shared.changes();
    loop {
        {
            let state = shared.state();
            if state.is_complete() {
                return Ok(());
            }
            let trouble = state.trouble();
            if !trouble.is_empty() {
                let why = trouble.join("; ");
                return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, &why));
            }
        }
        // The sender lives as long as `shared`.
        let _closed = changes.changed().await;
    }
}
