//! What the answers of the API are, as a JSON Schema.

use std::sync::LazyLock;

use bytes::Bytes;
use crds::Time;
use http::{HeaderMap, Response};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::answer::{Body, JSON, tagged};
use crate::page::{Missing, Page};
use crate::row::Row;

/// The answers of the API by their paths, and the events of the stream by their names.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Api {
    /// `GET /api/v1/rollouts`.
    list: List,
    /// `GET /api/v1/namespaces/{namespace}/rollouts/{name}`, and the event `page`.
    page: PageOrMissing,
    /// The event `rollouts` of `GET /api/v1/stream`.
    rollouts: Change,
    /// The event `beat` of `GET /api/v1/stream`.
    beat: Beat,
    /// Every answer that is a refusal: 400, 401, 403, 404, 405, 503.
    refusal: Refusal,
}

/// The Rollouts that the viewer may see.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct List {
    /// When this was read, by the API server's clock.
    now: Time,
    /// What is not up to date, and why.
    trouble: Vec<String>,
    /// By namespace and name.
    rollouts: Vec<Row>,
}

/// What changed in the list.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Change {
    /// When this was read, by the API server's clock.
    now: Time,
    /// Whether `rollouts` are all there are.
    all: bool,
    /// Those that are new or different.
    rollouts: Vec<Row>,
    /// Those that are gone, as `namespace/name`.
    gone: Vec<String>,
}

/// A sign of life.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Beat {
    /// The time of the cluster.
    now: Time,
    /// What is not up to date, and why.
    trouble: Vec<String>,
}

/// A refusal.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Refusal {
    /// Why, and what to do.
    error: String,
}

/// Everything about one Rollout, or why it cannot be shown.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum PageOrMissing {
    Page(Box<Page<'static>>),
    Missing(Missing<'static>),
}

static SCHEMA: LazyLock<String> = LazyLock::new(|| {
    // What is written, not what could be read.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Api>();
    format!("{:#}\n", schema.to_value())
});

/// Answers with the schema.
pub(crate) fn answer(asked: &HeaderMap) -> Response<Body> {
    tagged(asked, env!("CARGO_PKG_VERSION"), JSON, || {
        Bytes::from_static(SCHEMA.as_bytes())
    })
}
