//! Responses, each with the headers that keep other pages out.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What every response says about itself.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

pub(crate) const JSON: &str = "application/json";

/// A response.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A response that is there as a whole.
pub(crate) fn whole(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    answer(status, kind, Full::new(body.into()).boxed_unsync())
}

/// A refusal in words, as JSON.
pub(crate) fn refusal(status: StatusCode, why: &str) -> Response<Body> {
    let body = serde_json::json!({"error": why}).to_string();
    whole(status, JSON, body)
}

/// A response with a tag; short when the asker has it already.
pub(crate) fn tagged(
    asked: &HeaderMap,
    tag: &str,
    kind: &'static str,
    body: impl FnOnce() -> Bytes,
) -> Response<Body> {
    let tag = format!("\"{tag}\"");
    let known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        whole(StatusCode::NOT_MODIFIED, kind, Bytes::new())
    } else {
        whole(StatusCode::OK, kind, body())
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
