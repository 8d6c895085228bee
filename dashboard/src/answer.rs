//! Responses, each with the headers that keep other pages out.

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::FutureExt;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use crate::document;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What every response says about itself, beside its policy.
const HEADERS: [(HeaderName, &str); 6] = [
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

/// What a browser may do with a response: run the one script and the one style of the page, which are
/// named by their digests, and ask nobody but us.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src 'self' data:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        document::SCRIPT.digest(),
        document::STYLE.digest(),
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// Bytes below which compressing is not worth it.
const SMALL: u64 = 1024;

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// A response.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The same response, smaller, for somebody who takes it so. Streams stay as they are.
pub(crate) fn compressed(asked: &HeaderMap, response: Response<Body>) -> Response<Body> {
    let accepts = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|accepted| accepted.to_str().ok())
        .flat_map(|accepted| accepted.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case("gzip"));
    let size = response.body().size_hint().exact();
    if !accepts || size.is_none_or(|size| size < SMALL) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is there as a whole.
    let whole = match body.collect().now_or_never() {
        Some(Ok(whole)) => whole.to_bytes(),
        Some(Err(never)) => match never {},
        None => Bytes::new(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let encoded = encoder.write_all(&whole).and_then(|()| encoder.finish());
    let bytes = match encoded {
        Ok(smaller) => {
            let gzip = HeaderValue::from_static("gzip");
            parts.headers.insert(header::CONTENT_ENCODING, gzip);
            Bytes::from(smaller)
        }
        // Writing to memory does not fail.
        Err(_) => whole,
    };
    let vary = HeaderValue::from_static("Accept-Encoding");
    parts.headers.insert(header::VARY, vary);
    Response::from_parts(parts, Full::new(bytes).boxed_unsync())
}

/// A response that is there as a whole.
pub(crate) fn whole(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    answer(status, kind, Full::new(body.into()).boxed_unsync())
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
