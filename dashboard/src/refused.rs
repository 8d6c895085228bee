//! A request that is not answered, and why.

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};

use crate::answer::{Body, JSON, whole};

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    why: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { status, why }
    }

    /// Somebody who is not known.
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, why)
    }

    /// While the API server, or the cluster behind it, does not tell what is needed.
    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why)
    }

    pub(crate) fn not_found(why: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, why)
    }
}

/// In words, as JSON.
impl From<Refused> for Response<Body> {
    fn from(Refused { status, why }: Refused) -> Self {
        let body = serde_json::json!({"error": why}).to_string();
        let mut response = whole(status, JSON, body);
        let also = match status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "GET, HEAD")),
            _ => None,
        };
        if let Some((name, value)) = also {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }
}
