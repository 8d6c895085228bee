//! A command's connection: whom it talks to, about which namespace, and how requests are sent.

use crds::Rollout;
use http::{Method, Request, header};
use kube::Client;
use serde_json::Value;

use crate::failure::{Failure, is_not_found};
use crate::name::Name;
use crate::requests::{Body, Write};
use dashboard::ServerClock;

/// A connection to one cluster with a namespace.
#[derive(Clone)]
pub struct Session {
    /// Sends requests.
    pub client: Client,
    /// The namespace that commands are about.
    pub namespace: String,
    /// The cluster's clock.
    pub clock: ServerClock,
    /// Under which name we were called.
    pub name: Name,
}

impl Session {
    /// A session over `client`.
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: Name) -> Self {
        Self::with_clock(client, namespace, name, ServerClock::default())
    }

    /// A session over `client` that tells the time by `clock`.
    #[must_use]
    pub fn with_clock(client: Client, namespace: &str, name: Name, clock: ServerClock) -> Self {
        Self {
            client: clock.watch(client),
            namespace: namespace.to_owned(),
            clock,
            name,
        }
    }

    /// The path of a Rollout.
    #[must_use]
    pub fn rollout_path(&self, name: &str) -> String {
        format!(
            "/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts/{name}",
            self.namespace
        )
    }

    /// The path of ReplicaSets of the namespace.
    #[must_use]
    pub fn replica_sets_path(&self) -> String {
        format!("/apis/apps/v1/namespaces/{}/replicasets", self.namespace)
    }

    /// The path of pods of the namespace.
    #[must_use]
    pub fn pods_path(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    /// The object at `path`.
    ///
    /// # Errors
    /// What the API server or the connection says.
    pub async fn get(&self, path: &str) -> Result<Value, kube::Error> {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    /// The items of the list at `path`; each with the kind that the list implies left out, as the
    /// API server sends them.
    ///
    /// # Errors
    /// What the API server or the connection says.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, kube::Error> {
        let mut list = self.get(path).await?;
        Ok(match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        })
    }

    /// Sends a write; the API server's answer.
    ///
    /// # Errors
    /// What the API server or the connection says.
    pub async fn write(&self, write: &Write) -> Result<Value, kube::Error> {
        let (method, kind, body) = match &write.body {
            Body::MergePatch(body) => (Method::PATCH, "application/merge-patch+json", body),
            Body::JsonPatch(body) => (Method::PATCH, "application/json-patch+json", body),
            Body::Replace(body) => (Method::PUT, "application/json", body),
        };
        let bytes = serde_json::to_vec(body).map_err(kube::Error::SerdeError)?;
        self.send(method, &write.path, Some(kind), bytes).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, kube::Error> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::ACCEPT, "application/json");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(body).map_err(kube::Error::HttpError)?;
        self.client.request(request).await
    }

    /// Creates `object` in the collection at `path`, refusing fields that the kind does not have.
    ///
    /// # Errors
    /// What the API server or the connection says.
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value, kube::Error> {
        let body = serde_json::to_vec(object).map_err(kube::Error::SerdeError)?;
        let path = format!("{path}?fieldValidation=Strict");
        self.send(Method::POST, &path, Some("application/json"), body)
            .await
    }

    /// The Rollout `name`, as the API server has it.
    ///
    /// # Errors
    /// With the words that scripts know when it is not there.
    pub async fn rollout_json(&self, name: &str) -> Result<Value, Failure> {
        match self.get(&self.rollout_path(name)).await {
            Ok(json) => Ok(json),
            Err(error) if is_not_found(&error) => Err(not_found(&error, name)),
            Err(error) => Err(error.into()),
        }
    }

    /// The Rollout `name`.
    ///
    /// # Errors
    /// As [`Session::rollout_json`], and when the object cannot be read as a Rollout.
    pub async fn rollout(&self, name: &str) -> Result<Rollout, Failure> {
        decode(&self.rollout_json(name).await?, name)
    }
}

/// Reads a Rollout out of its JSON.
///
/// # Errors
/// With the place that cannot be read.
pub(crate) fn decode(json: &Value, name: &str) -> Result<Rollout, Failure> {
    <Rollout as serde::Deserialize>::deserialize(json)
        .map_err(|error| Failure::error(format!("rollout \"{name}\" cannot be read: {error}")))
}

fn not_found(error: &kube::Error, name: &str) -> Failure {
    // The same status code says that the kind is not installed; its text has no name.
    let words = crate::failure::words(error);
    if words.contains(name) {
        Failure::error(format!("rollout.argoproj.io \"{name}\" not found"))
    } else {
        Failure::error(format!(
            "{words}; is the Rollout kind installed in this cluster? (crds/manifests)"
        ))
    }
}
