//! The seam for faults: a hook that sees every request and may spoil it.

use std::time::Duration;

use crate::error::ApiError;
use crate::resources::GroupResource;

/// Which side of a request the hook is called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has happened yet; an answer from the hook prevents it.
    Before,
    /// The request has been carried out and would be answered with this HTTP status; an answer
    /// from the hook replaces the true one, so the caller does not learn that it was done.
    After(u16),
}

/// What a hook is told about a request.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Before or after it is carried out.
    pub phase: Phase,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The resource; `None` for discovery, health and the like.
    pub resource: Option<GroupResource>,
    /// `status`, `scale`, `eviction`; empty for the main resource.
    pub subresource: String,
    /// Empty for cluster-scoped requests and for requests on all namespaces.
    pub namespace: String,
    /// Empty for requests on collections.
    pub name: String,
    /// The path without the query.
    pub path: String,
    /// Who asks: `fieldManager`, else the user agent up to the first `/`, else an actor's name.
    pub writer: String,
    /// The body as sent; empty when there is none.
    pub body: bytes::Bytes,
}

impl RequestInfo {
    /// Whether the request can change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }
}

/// What a hook does to a request.
#[derive(Debug, Clone)]
pub enum Intercept {
    /// Answer this instead.
    Answer(ApiError),
    /// Go on after a while. The cluster's own actors do not wait.
    Delay(Duration),
    /// Break the connection: the caller gets a transport error and no answer.
    Reset,
}

/// A hook; called in the order of the requests, never with a lock of the cluster held.
pub(crate) type Hook = Box<dyn Fn(&RequestInfo) -> Option<Intercept> + Send + Sync>;
