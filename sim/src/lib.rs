//! An in-memory Kubernetes cluster: API server, ReplicaSet controller, kubelet, endpoints, garbage collector.

pub mod api_schema;
pub mod builtin;
pub mod discovery;
pub mod duplicates;
pub mod error;
pub mod field_error;
pub mod gvk;
pub mod http_server;
pub mod kubeconfig;
mod object;
pub mod openapi;
pub mod resources;
pub mod schema;
pub mod selector;
pub mod strategic;
pub mod table;

pub use error::ApiError;
pub use field_error::{FieldError, FieldReason};
pub use gvk::Gvk;
pub use http_server::Server;
pub use kubeconfig::kubeconfig;
pub use resources::{GroupResource, Registry, Resource};
