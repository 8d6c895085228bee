//! The client that everything here uses: it says who we are, reads the server's time from every
//! answer, counts requests, and gives up on one that takes too long.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use tower::BoxError;

use crate::clock::Clock;
use crate::http_date;
use crate::metrics::{Metrics, RequestKind};

/// Who we are to the API server.
const USER_AGENT: &str = concat!("rollouts-controller/", env!("CARGO_PKG_VERSION"));

/// A client on top of `inner`.
pub(crate) fn observed(
    inner: Client,
    clock: Clock,
    metrics: Arc<Metrics>,
    timeout: Duration,
) -> Client {
    let namespace = inner.default_namespace().to_owned();
    let service = tower::service_fn(move |mut request: Request<Body>| {
        let (inner, clock, metrics) = (inner.clone(), clock.clone(), metrics.clone());
        request
            .headers_mut()
            .insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        async move {
            let kind = kind_of(request.method(), request.uri());
            let answer =
                tokio::time::timeout(timeout, answer(&inner, &clock, request, &kind)).await;
            let answer =
                answer.unwrap_or_else(|_| Err("no answer from the API server in time".into()));
            let code = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
            metrics.request(kind, code);
            answer
        }
    });
    Client::new(service, namespace)
}

/// The whole answer; of a watch only its beginning.
async fn answer(
    inner: &Client,
    clock: &Clock,
    request: Request<Body>,
    kind: &RequestKind,
) -> Result<Response<Body>, BoxError> {
    let answer = inner.send(request).await?;
    let date = answer.headers().get(header::DATE);
    if let Some(seconds) = date.and_then(|date| http_date::parse(date.to_str().ok()?)) {
        clock.server_said(seconds);
    }
    if kind.verb == "Watch" {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What is asked for, by method and address.
fn kind_of(method: &Method, uri: &http::Uri) -> RequestKind {
    let mut path = uri.path().split('/').filter(|part| !part.is_empty());
    // `/api/v1/…` or `/apis/<group>/<version>/…`.
    let prefix = if path.next() == Some("apis") { 2 } else { 1 };
    let mut path = path.skip(prefix).peekable();
    let namespace = match path.next_if_eq(&"namespaces") {
        Some(_) => path.next().unwrap_or_default(),
        None => "",
    };
    let resource = path.next().unwrap_or("Unknown").to_owned();
    let named = path.next().is_some();
    let subresource = path.next().unwrap_or_default().to_owned();
    let is = |wanted: &str| {
        uri.query()
            .unwrap_or_default()
            .split('&')
            .any(|it| it == wanted)
    };
    let verb = match (method, named) {
        (&Method::GET, _) if is("watch=true") || is("watch=1") => "Watch",
        (&Method::GET, true) => "Get",
        (&Method::GET, false) => "List",
        (&Method::POST, _) => "Create",
        (&Method::PUT, _) => "Update",
        (&Method::PATCH, _) => "Patch",
        (&Method::DELETE, _) => "Delete",
        _ => "Unknown",
    };
    RequestKind {
        verb,
        resource,
        subresource,
        namespace: namespace.to_owned(),
        dry_run: is("dryRun=All"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_by_its_method_and_address() {
        let table = [
            (
                Method::GET,
                "/apis/argoproj.io/v1alpha1/rollouts?limit=500",
                "List rollouts  in ",
            ),
            (
                Method::GET,
                "/apis/argoproj.io/v1alpha1/rollouts?watch=true",
                "Watch rollouts  in ",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/shop/services/web",
                "Get services  in shop",
            ),
            (
                Method::POST,
                "/apis/apps/v1/namespaces/shop/replicasets?dryRun=All",
                "Create replicasets  in shop",
            ),
            (
                Method::PATCH,
                "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status",
                "Patch rollouts status in shop",
            ),
            (Method::GET, "/version", "List Unknown  in "),
        ];
        for (method, uri, expected) in table {
            let kind = kind_of(&method, &uri.parse().unwrap());
            let RequestKind {
                verb,
                resource,
                subresource,
                namespace,
                dry_run,
            } = kind;
            assert_eq!(
                format!("{verb} {resource} {subresource} in {namespace}"),
                expected
            );
            assert_eq!(dry_run, uri.contains("dryRun"));
        }
    }
}
