//! What is asked, and what is answered.
//!
//! | path | answer |
//! |---|---|
//! | `/api/v1/rollouts` | `{now, trouble, rollouts}`: the list |
//! | `/api/v1/namespaces/{ns}/rollouts/{name}` | everything about one |
//! | `/api/v1/namespaces/{ns}/rollouts/{name}/manifest` | its manifest, without what may be secret |
//! | `/api/v1/stream?rollout={ns}/{name}` | list and page as Server-Sent Events; see [`crate::stream`] |
//! | `/api/v1/schema` | the JSON Schema of these answers |
//! | `/`, `/rollouts/…`, `/icon.svg` | the page |
//! | `/healthz`, `/readyz` | whether it runs, and whether it has read the cluster |

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};

use crate::answer::{Body, JSON, TEXT, compressed, tagged, whole};
use crate::document::document;
use crate::guard::refused;
use crate::kind::Kind;
use crate::refused::Refused;
use crate::shared::Shared;
use crate::sight::Sight;
use crate::stream::stream;
use crate::watched::Key;
use crate::{assets, schema};

/// Answers a request.
pub(crate) async fn respond<B>(shared: Arc<Shared>, request: Request<B>) -> Response<Body> {
    // Those who ask have no name for us.
    if let Some(answer) = health(&shared, &request) {
        return answer;
    }
    if let Some(refusal) = refused(&request, &shared.hosts) {
        return refusal.into();
    }
    let routed = route(shared, &request).await;
    let response = routed.unwrap_or_else(Response::from);
    if request.method() == Method::HEAD {
        return response.map(|_| Empty::new().boxed_unsync());
    }
    compressed(request.headers(), response)
}

/// The answer to a probe. It tells nothing of the cluster.
fn health<B>(shared: &Shared, request: &Request<B>) -> Option<Response<Body>> {
    if request.method() != Method::GET {
        return None;
    }
    let (status, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok"),
        "/readyz" if shared.state().is_complete() => (StatusCode::OK, "ok"),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "reading the cluster"),
        _ => return None,
    };
    Some(whole(status, TEXT, text))
}

async fn route<B>(shared: Arc<Shared>, request: &Request<B>) -> Result<Response<Body>, Refused> {
    let path = request.uri().path();
    let headers = request.headers();
    let Some(rest) = path.strip_prefix("/api/v1/") else {
        if path == "/" || path.starts_with("/rollouts/") {
            return Ok(document(&shared, request).await);
        }
        return assets::file(path, headers)
            .ok_or_else(|| Refused::not_found("there is nothing at this path"));
    };
    // Who asks for what is not there is told so only once they are known.
    let credentials = shared.login.credentials(headers)?;
    let parts: Vec<&str> = rest.split('/').collect();
    if parts == ["stream"] {
        return stream(&shared, credentials, request).await;
    }
    let who = shared.access.who(&credentials).await?;
    match parts.as_slice() {
        ["schema"] => Ok(schema::answer(headers)),
        ["rollouts"] => {
            complete(&shared).await?;
            let namespaces = shared.state().namespaces();
            let sight = shared.sight(&who, &namespaces, None).await?;
            Ok(list(&shared, &sight, request))
        }
        ["namespaces", namespace, "rollouts", name, rest @ ..] => {
            complete(&shared).await?;
            let key = ((*namespace).to_owned(), (*name).to_owned());
            let sight = shared.sight(&who, &[].into(), Some(&key)).await?;
            if !sight.sees(Kind::Rollout, namespace) {
                let why = format!("you may not list rollouts in {namespace}");
                return Err(Refused::new(StatusCode::FORBIDDEN, why));
            }
            match rest {
                [] => page(&shared, &key, &sight, request).await,
                ["manifest"] => manifest(&shared, &key, request),
                _ => Err(nothing()),
            }
        }
        _ => Err(nothing()),
    }
}

fn nothing() -> Refused {
    Refused::not_found(
        "there is nothing at this path; see /api/v1/rollouts, \
         /api/v1/namespaces/{namespace}/rollouts/{name}, /api/v1/stream and /api/v1/schema",
    )
}

fn list<B>(shared: &Shared, sight: &Sight, request: &Request<B>) -> Response<Body> {
    let state = shared.state();
    let tag = format!("{}-{:x}", state.id(), digest(sight));
    tagged(request.headers(), &tag, JSON, || {
        let now = shared.now();
        let rows = state.since(None, sight, now).rows.join(",");
        let trouble = serde_json::json!(state.trouble());
        Bytes::from(format!(
            r#"{{"now":"{now}","trouble":{trouble},"rollouts":[{rows}]}}"#
        ))
    })
}

async fn page<B>(
    shared: &Shared,
    key: &Key,
    sight: &Sight,
    request: &Request<B>,
) -> Result<Response<Body>, Refused> {
    if shared.state().touched(key).is_none() {
        return Err(absent(key));
    }
    let open = shared.open(key);
    open.settled().await;
    let touched = shared.state().touched(key).ok_or_else(|| absent(key))?;
    let json = open.json(shared, key, sight);
    let tag = page_tag(&json, touched);
    Ok(tagged(request.headers(), &tag, JSON, || Bytes::from(json)))
}

fn manifest<B>(
    shared: &Shared,
    key: &Key,
    request: &Request<B>,
) -> Result<Response<Body>, Refused> {
    let state = shared.state();
    let json = state.rollout(key).ok_or_else(|| absent(key))?;
    let text = format!("{json:#}\n");
    let tag = format!("{:x}", digest(&text));
    Ok(tagged(request.headers(), &tag, JSON, || Bytes::from(text)))
}

fn absent(key: &Key) -> Refused {
    let (namespace, name) = key;
    Refused::not_found(format!(
        "there is no rollout {name} in namespace {namespace}"
    ))
}

/// A tag that is the same as long as nothing but the time changes.
fn page_tag(json: &str, touched: u64) -> String {
    // The moment of reading is no change; it stands once, between these words.
    let (before, after) = json.split_once("\"now\":\"").unwrap_or((json, ""));
    let after = after.split_once('"').map_or(after, |(_, after)| after);
    format!("{touched}-{:x}", digest(&(before, after)))
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Waits until the cluster was seen as a whole, or the refusal when it cannot be.
async fn complete(shared: &Shared) -> Result<(), Refused> {
    let mut changes = shared.changes();
    loop {
        {
            let state = shared.state();
            if state.is_complete() {
                return Ok(());
            }
            let trouble = state.trouble();
            if !trouble.is_empty() {
                return Err(Refused::unavailable(trouble.join("; ")));
            }
        }
        // The sender lives as long as `shared`.
        let _closed = changes.changed().await;
    }
}
