//! Files of the page that are asked for by themselves.

use bytes::Bytes;
use http::{HeaderMap, Response};

use crate::answer::{Body, tagged};

const ICON: &str = include_str!("../ui/dist/icon.svg");

/// The file at `path`.
pub(crate) fn file(path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    (path == "/icon.svg").then(|| {
        let bytes = || Bytes::from_static(ICON.as_bytes());
        tagged(asked, env!("CARGO_PKG_VERSION"), "image/svg+xml", bytes)
    })
}
