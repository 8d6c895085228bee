//! What goes wrong with a request, as the Status object that Kubernetes answers with.

use serde_json::{Map, Value, json};
use std::fmt;

use crate::field_error::{FieldError, join};
use crate::resources::GroupResource;

/// One refused request: the HTTP status and everything that the Status body says.
///
/// The texts are those of the real API server, because kubectl prints them as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status, also in the body.
    pub code: u16,
    /// `NotFound`, `Conflict`, …: what clients branch on.
    pub reason: String,
    /// What kubectl prints after `Error from server (reason): `.
    pub message: String,
    /// `details` of the Status; `Null` when it has none.
    pub details: Value,
    /// Seconds of a `Retry-After` header (and `details.retryAfterSeconds`).
    pub retry_after: Option<u32>,
}

impl ApiError {
    /// A refusal with a code, reason and message of the caller's choice.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            details: Value::Null,
            retry_after: None,
        }
    }

    /// 404: no object of that name.
    pub fn not_found(resource: &GroupResource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{resource} {name:?} not found"))
            .with_object(resource, name)
    }

    /// 404: no such path or kind on this server.
    pub fn unknown_path() -> Self {
        let mut error = Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        );
        error.details = json!({});
        error
    }

    /// 409: the name is taken.
    pub fn already_exists(resource: &GroupResource, name: &str) -> Self {
        Self::new(
            409,
            "AlreadyExists",
            format!("{resource} {name:?} already exists"),
        )
        .with_object(resource, name)
    }

    /// 409: the object is not what the caller thought; `why` follows the standard beginning.
    pub fn conflict(resource: &GroupResource, name: &str, why: &str) -> Self {
        Self::new(
            409,
            "Conflict",
            format!("Operation cannot be fulfilled on {resource} {name:?}: {why}"),
        )
        .with_object(resource, name)
    }

    /// 409: the resourceVersion sent is not the newest.
    pub fn modified(resource: &GroupResource, name: &str) -> Self {
        Self::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 403 on one object; `why` follows `… is forbidden: `.
    pub fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::new(403, "Forbidden", message).with_object(resource, name)
    }

    /// 422: fields of an object are wrong. `kind` is `ReplicaSet`, `group` may be empty.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let qualified = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        let causes: Vec<Value> = errors
            .iter()
            .map(|e| json!({"reason": e.reason.as_str(), "message": e.body, "field": e.field}))
            .collect();
        let mut details = Map::new();
        put(&mut details, "name", name);
        put(&mut details, "group", group);
        put(&mut details, "kind", kind);
        details.insert("causes".into(), Value::Array(causes));
        Self {
            details: Value::Object(details),
            ..Self::new(
                422,
                "Invalid",
                format!("{qualified} {name:?} is invalid: {}", join(errors)),
            )
        }
    }

    /// 422: a patch that is well-formed and cannot be applied.
    ///
    /// The server does not say which operation failed, and why.
    pub fn unprocessable() -> Self {
        Self::new(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
        )
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 405: the resource exists and has no such verb.
    pub fn method_not_supported(resource: &GroupResource, verb: &str) -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            format!("{verb} is not supported on resources of kind \"{resource}\""),
        )
        .with_object(resource, "")
    }

    /// 405: the path exists, and has no such method.
    pub fn unserved_method() -> Self {
        let why = "the server does not allow this method on the requested resource";
        let mut error = Self::new(405, "MethodNotAllowed", why);
        error.details = json!({});
        error
    }

    /// 406: none of the media types asked for can be given.
    pub fn not_acceptable() -> Self {
        Self::new(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json",
        )
    }

    /// 415: the body is of a type that this resource does not take.
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {}",
                accepted.join(", ")
            ),
        )
    }

    /// 410: the history that the request needs is gone.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 504: a resourceVersion from the future.
    pub fn version_too_large(wanted: u64, current: u64) -> Self {
        let mut error = Self::new(
            504,
            "Timeout",
            format!("Timeout: Too large resource version: {wanted}, current: {current}"),
        );
        error.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        error.retry_after = Some(1);
        error
    }

    /// 413: the request body is above 3 MiB.
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: limit is {limit}"),
        )
    }

    /// 429: come back later.
    pub fn too_many_requests(seconds: u32) -> Self {
        let mut error = Self::new(
            429,
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
        );
        error.retry_after = Some(seconds);
        error.details = json!({"retryAfterSeconds": seconds});
        error
    }

    /// 500.
    pub fn internal(message: impl fmt::Display) -> Self {
        let mut error = Self::new(
            500,
            "InternalError",
            format!("Internal error occurred: {message}"),
        );
        error.details = json!({"causes": [{"message": message.to_string()}]});
        error
    }

    /// 501: the real server has it, this one does not model it and does not guess.
    pub fn not_modelled(what: impl fmt::Display) -> Self {
        Self::new(
            501,
            "NotImplemented",
            format!("{what} is not modelled by this embedded cluster"),
        )
    }

    /// Adds a machine-readable cause.
    #[must_use]
    pub fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        if !self.details.is_object() {
            self.details = json!({});
        }
        if let Some(details) = self.details.as_object_mut() {
            let causes = details.entry("causes").or_insert_with(|| json!([]));
            if let Some(list) = causes.as_array_mut() {
                list.push(json!({"reason": reason, "message": message, "field": field}));
            }
        }
        self
    }

    /// The Status object.
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if !self.details.is_null()
            && let Some(map) = status.as_object_mut()
        {
            map.insert("details".into(), self.details.clone());
        }
        status
    }

    fn with_object(mut self, resource: &GroupResource, name: &str) -> Self {
        let mut details = Map::new();
        put(&mut details, "name", name);
        put(&mut details, "group", &resource.group);
        put(&mut details, "kind", &resource.resource);
        self.details = Value::Object(details);
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// Sets a text unless it is empty, as `omitempty` does.
fn put(map: &mut Map<String, Value>, key: &str, value: &str) {
    if !value.is_empty() {
        map.insert(key.to_owned(), Value::from(value));
    }
}
