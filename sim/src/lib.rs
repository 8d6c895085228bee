//! An in-memory Kubernetes cluster: API server, ReplicaSet controller, kubelet, endpoints, garbage collector.

pub mod api_schema;
pub mod builtin;
pub mod field_error;
pub mod gvk;
pub mod schema;

pub use field_error::{FieldError, FieldReason};
pub use gvk::Gvk;
