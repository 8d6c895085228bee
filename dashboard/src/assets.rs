//! The page itself: what `ui/build.mjs` made, inside the binary.

use bytes::Bytes;
use http::{HeaderMap, Response};
use sha2::{Digest, Sha256};

use crate::answer::{Body, tagged};

struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";

const INDEX: Asset = Asset {
    path: "/",
    kind: HTML,
    bytes: include_bytes!("../ui/dist/index.html"),
};

const FILES: [Asset; 3] = [
    Asset {
        path: "/app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../ui/dist/app.js"),
    },
    Asset {
        path: "/app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../ui/dist/app.css"),
    },
    Asset {
        path: "/icon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../ui/dist/icon.svg"),
    },
];

/// The file at `path`; the page for the addresses it gives itself.
pub(crate) fn asset(path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let is_page = path == INDEX.path || path.starts_with("/rollouts/");
    let asset = if is_page {
        &INDEX
    } else {
        FILES.iter().find(|file| file.path == path)?
    };
    let digest = Sha256::digest(asset.bytes);
    let tag: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(tagged(asked, &tag, asset.kind, || {
        Bytes::from_static(asset.bytes)
    }))
}
