//! Every write that the plugin can make, as a value: method, path and body.
//!
//! Pure, so that tests of other crates can send exactly what a user's command sends.
//! A controller of this API must react to these requests; no other writes exist.
//!
//! Source: `compat/cli.md` §3.

use serde_json::{Value, json};

mod image;
mod promote;
mod undo;

pub use image::{ImageError, set_image};
pub use promote::{PromoteMode, PromotePatches, promote};
pub use undo::{UndoPlan, undo};

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Path on the API server.
    pub path: String,
    /// Body, which also decides method and content type.
    pub body: Body,
}

/// What a write carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `PATCH` with `application/merge-patch+json`.
    MergePatch(Value),
    /// `PATCH` with `application/json-patch+json`.
    JsonPatch(Value),
    /// `PUT` of the whole object.
    Replace(Value),
}

/// Which subresource a patch goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The object itself.
    Main,
    /// `/status`; the object itself where the kind has no status subresource.
    Status,
}

impl Write {
    /// A merge patch of the object at `path`.
    #[must_use]
    pub fn merge(path: &str, target: Target, patch: Value) -> Self {
        let path = match target {
            Target::Main => path.to_owned(),
            Target::Status => format!("{path}/status"),
        };
        Self {
            path,
            body: Body::MergePatch(patch),
        }
    }

    /// The same write, answered but not kept by the API server.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.path.push_str("?dryRun=All");
        self
    }

    /// The write as a line for people: method, path, body.
    #[must_use]
    pub fn describe(&self) -> String {
        let (method, body) = match &self.body {
            Body::MergePatch(body) | Body::JsonPatch(body) => ("PATCH", body),
            Body::Replace(body) => ("PUT", body),
        };
        format!("{method} {} {body}", self.path)
    }
}

/// `abort R`: to the status.
#[must_use]
pub fn abort() -> Value {
    json!({"status": {"abort": true}})
}

/// `retry rollout R`: to the status.
#[must_use]
pub fn retry() -> Value {
    json!({"status": {"abort": false}})
}

/// `pause R`: to the object.
#[must_use]
pub fn pause() -> Value {
    json!({"spec": {"paused": true}})
}
