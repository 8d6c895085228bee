//! One request, answered as it is: by a real API server, or by the embedded cluster.

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

/// Status code and body of an answer.
pub type Answer = (u16, Value);

/// Sends one request. A `body` of null is none.
///
/// # Errors
/// When there is no answer.
pub async fn ask(
    client: &Client,
    method: &str,
    path: &str,
    kind: &str,
    body: &Value,
) -> anyhow::Result<Answer> {
    let sent = match body {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(body)?,
    };
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .header("accept", "application/json")
        .body(Body::from(sent))?;
    let answer = client.send(request).await.context(path.to_owned())?;
    let code = answer.status().as_u16();
    let said = answer.into_body().collect().await?.to_bytes();
    Ok((code, serde_json::from_slice(&said).unwrap_or_default()))
}

/// A client whose `default` is another namespace.
pub(crate) fn in_namespace(client: &Client, namespace: &str) -> Client {
    let inner = client.clone();
    let there = format!("/namespaces/{namespace}/");
    let service = tower::service_fn(move |mut request: http::Request<Body>| {
        let (inner, there) = (inner.clone(), there.clone());
        async move {
            let uri = request.uri().to_string();
            *request.uri_mut() = uri.replacen("/namespaces/default/", &there, 1).parse()?;
            Ok::<_, tower::BoxError>(inner.send(request).await?)
        }
    });
    Client::new(service, "default")
}
