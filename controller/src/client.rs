//! The client that everything here uses: it reads the server's clock and counts requests.

use std::sync::Arc;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// Wraps `client`: each answer's `Date` sets `clock`, and each request is counted.
pub(crate) fn observed(client: Client, clock: Clock, metrics: Arc<Metrics>) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, clock, metrics) = (client.clone(), clock.clone(), metrics.clone());
        async move {
            let call = metrics.request(request.method(), request.uri());
            let response: Result<Response<Body>, kube::Error> = client.send(request).await;
            if let Ok(response) = &response {
                let date = response
                    .headers()
                    .get(http::header::DATE)
                    .and_then(|date| date.to_str().ok());
                if let Some(date) = date {
                    clock.server_said(date);
                }
            }
            metrics.answered(call, response.as_ref().ok().map(Response::status));
            response
        }
    });
    Client::new(service, namespace)
}
